#include "model/data/encoding.h"

#include <algorithm>
#include <string>

#include "model/data/number.h"

namespace model {
namespace {

// Sizes and limits as numbers of one kind; a limit below zero is one that everything exceeds.
bool within(std::size_t size, std::int64_t limit) {
  return limit >= 0 && size <= static_cast<std::uint64_t>(limit);
}

struct Name {
  const EncodingLimits& limits;
  bool small_sets;

  std::string_view operator()(const String& string) const {
    constexpr std::size_t kEmbedded = 44;
    if (to_integer(string)) return "int";
    return string.size() <= kEmbedded ? "embstr" : "raw";
  }
  std::string_view operator()(const List&) const { return "quicklist"; }
  std::string_view operator()(const Set& set) const {
    if (is_intset(set, limits)) return "intset";
    return small_sets && is_listpack(set, limits) ? "listpack" : "hashtable";
  }
  std::string_view operator()(const Hash& hash) const {
    return is_listpack(hash, limits) ? "listpack" : "hashtable";
  }
  std::string_view operator()(const SortedSet& sorted) const {
    return is_listpack(sorted, limits) ? "listpack" : "skiplist";
  }
  std::string_view operator()(const Stream&) const { return "stream"; }
};

}  // namespace

StreamNodeLimits stream_node_limits(const EncodingLimits& limits) {
  return {static_cast<std::size_t>(limits.stream_node_max_bytes),
          static_cast<std::size_t>(limits.stream_node_max_entries)};
}

bool is_listpack(const Hash& hash, const EncodingLimits& limits) {
  const std::int64_t longest = limits.hash_max_listpack_value;
  return within(hash.size(), limits.hash_max_listpack_entries) &&
         std::all_of(hash.begin(), hash.end(), [&](const auto& pair) {
           return within(pair.first.size(), longest) && within(pair.second.size(), longest);
         });
}

bool is_listpack(const SortedSet& sorted, const EncodingLimits& limits) {
  return within(sorted.size(), limits.zset_max_listpack_entries) &&
         std::all_of(sorted.begin(), sorted.end(), [&](const auto& pair) {
           return within(pair.first.size(), limits.zset_max_listpack_value);
         });
}

bool is_listpack(const Set& set, const EncodingLimits& limits) {
  return within(set.size(), limits.set_max_listpack_entries) &&
         std::all_of(set.begin(), set.end(), [&](const std::string& member) {
           return within(member.size(), limits.set_max_listpack_value);
         });
}

bool is_intset(const Set& set, const EncodingLimits& limits) {
  return within(set.size(), limits.set_max_intset_entries) &&
         std::all_of(set.begin(), set.end(),
                     [](const std::string& member) { return to_integer(member).has_value(); });
}

std::string_view encoding_name(const Value& value, const EncodingLimits& limits, bool small_sets) {
  return std::visit(Name{limits, small_sets}, value);
}

}  // namespace model
