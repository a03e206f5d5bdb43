// Formulas in a scenario's texts: "@{a.master_repl_offset+1}" is a field of a node's INFO,
// "@{before}" what a `remember` step put by; whole numbers may be added and taken away.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/world/world.h"

namespace scenarios {

using Remembered = std::map<std::string, std::string, std::less<>>;

// Node -> the offset behind which its stream is looked at.
using Taps = std::map<std::string, model::Offset, std::less<>>;

// What a scenario's words are judged against.
struct Sight {
  const World& world;
  const Remembered& remembered;
  const Taps& taps;
};

// A field of INFO on a node; nothing when it has none of that name or does not run.
std::optional<std::string> info_field(const World& world, std::size_t node, std::string_view field);

struct Resolved {
  std::string text;
  std::string problem;  // "there is no field ... in a's INFO", or empty
};
// `text` with its formulas replaced.
Resolved resolve(const Sight& sight, std::string_view text);

// The same where no world is: what a term stands for ("before", "a.master_repl_offset") is asked.
using ValueOf = std::function<std::optional<std::string>(std::string_view term)>;
Resolved resolve(const ValueOf& value_of, std::string_view text);

// `text` with each `from` replaced by `to`.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace scenarios
