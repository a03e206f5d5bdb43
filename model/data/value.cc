#include "model/data/value.h"

#include <array>

namespace model {

std::string_view type_name(const Value& value) {
  constexpr std::array<std::string_view, 6> kNames = {"string", "list", "set",
                                                     "hash",   "zset", "stream"};
  static_assert(kNames.size() == std::variant_size_v<Value>);
  return kNames[value.index()];
}

}  // namespace model
