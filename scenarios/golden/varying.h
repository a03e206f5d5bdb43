// What differs from run to run, found wherever it stands in a text: replication ids and times of
// day.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace scenarios::golden {

constexpr std::size_t kIdLength = 40, kTimeLength = 13;  // milliseconds since 1970

bool is_digit(char c);  // whatever the locale

using Renamer = std::function<std::string(const std::string&)>;

// `text` with every id, a run of 40 hex digits and no more, replaced by what `name` makes of it.
std::string with_ids_renamed(const std::string& text, const Renamer& name);
// The same of times of day, runs of 13 digits that begin with 1.
std::string with_times_renamed(const std::string& text, const Renamer& name);

}  // namespace scenarios::golden
