// The compact containers that RDB files hold as one string each (reference 13.6 to 13.9). All give
// their elements as text, integers included, in order; pairs as first, second, first, second.
// Nothing when the bytes are not exactly one container: wrong totals, counts, back lengths, bytes
// left over.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace model {

using Elements = std::vector<std::string>;

std::optional<Elements> read_intset(std::string_view bytes);
std::optional<Elements> read_listpack(std::string_view bytes);
std::optional<Elements> read_ziplist(std::string_view bytes);
std::optional<Elements> read_zipmap(std::string_view bytes);

}  // namespace model
