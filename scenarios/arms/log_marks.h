// Marks of the model that a real redis-server 7.0.15 shows as well: by a line of its log. A wait
// for such a mark can be taken on real servers; the others are inside the model alone.
#pragma once

#include <optional>
#include <string_view>

namespace scenarios::arms {

// What the line has in it.
std::optional<std::string_view> log_line_of(std::string_view mark);

}  // namespace scenarios::arms
