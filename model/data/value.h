// What a key holds. One alternative a data type; a new type is an alternative here, its commands in
// a file of its own, and its encodings in rdb.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "model/data/stream.h"

namespace model {

using String = std::string;
using List = std::deque<std::string>;
using Set = std::set<std::string>;
using Hash = std::map<std::string, std::string>;
using SortedSet = std::map<std::string, double>;  // member -> score

using Value = std::variant<String, List, Set, Hash, SortedSet, Stream>;

// The word TYPE answers: "string", "list", "set", "hash", "zset", "stream".
std::string_view type_name(const Value& value);

}  // namespace model
