// JSON text to Scenario, or every error in it at once.
//
// An error says where (file:line:column and JSON pointer), what was expected, what was found, and the
// nearest known word where a name is misspelt:
//
//   s.json:12:17: /nodes/b/config/repl-backlog-sice: expected a configuration name, found
//   "repl-backlog-sice" (did you mean "repl-backlog-size"?)
//
// Never throws on bad input, never crashes, whatever the bytes are.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scenarios/language/scenario.h"

namespace scenarios {

struct LoadError {
  Place place;
  std::string expected;   // may be empty: the problem says it all
  std::string found;
  std::string nearest;    // a known word, or empty
  std::string problem;    // the whole in one sentence, without the place
};

using LoadErrors = std::vector<LoadError>;

// `name` is the scenario's name (the file's stem), used in traces.
std::variant<Scenario, LoadErrors> load_scenario(std::string_view json, std::string name);

// "file:line:column: pointer: problem"
std::string to_text(const LoadError& error, std::string_view file);

}  // namespace scenarios
