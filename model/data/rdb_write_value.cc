#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "model/data/number.h"
#include "model/data/packed_write.h"
#include "model/data/rdb_codes.h"
#include "model/data/rdb_value.h"

namespace model {
namespace {

// The first version that writes a type.
constexpr int kQuicklists = 7, kBinaryScores = 8, kListpacks = 10, kSetListpacks = 11;

// Lists before quicklists: list-max-ziplist-entries and -value.
constexpr std::size_t kZiplistEntries = 512, kZiplistValue = 64;

bool is_ziplist(const List& list) {
  return list.size() <= kZiplistEntries &&
         std::all_of(list.begin(), list.end(),
                     [](const std::string& element) { return element.size() <= kZiplistValue; });
}

using Pair = const SortedSet::value_type*;

std::vector<Pair> by_score(const SortedSet& sorted) {
  std::vector<Pair> pairs;
  for (const auto& pair : sorted) pairs.push_back(&pair);
  std::stable_sort(pairs.begin(), pairs.end(), [](Pair a, Pair b) { return a->second < b->second; });
  return pairs;
}

std::vector<std::int64_t> integers(const Set& set) {
  std::vector<std::int64_t> members;
  for (const std::string& member : set) members.push_back(*to_integer(member));
  std::sort(members.begin(), members.end());
  return members;
}

// How large a list's node may get: list-max-listpack-size.
class NodeLimit {
 public:
  explicit NodeLimit(std::int64_t setting) : setting_(setting) {}
  bool allows(std::size_t bytes, std::size_t count) const {
    constexpr std::size_t kSafe = 8192, kSmallest = 4096;
    if (setting_ > 0) return bytes <= kSafe && count <= static_cast<std::uint64_t>(setting_);
    if (setting_ == 0) return false;
    const std::int64_t doublings = std::min<std::int64_t>(-setting_, 5) - 1;
    return bytes <= kSmallest << doublings;
  }

 private:
  std::int64_t setting_;
};

// Nodes of a list as pushing at its end makes them; `Pack` is the kind of container.
template <class Pack>
std::vector<std::string> nodes_of(const List& list, NodeLimit limit, std::size_t header,
                                  std::size_t (*guess)(std::string_view),
                                  std::size_t (*exact)(std::string_view)) {
  std::vector<std::string> nodes;
  Pack node;
  std::size_t bytes = header, count = 0;
  for (const std::string& element : list) {
    if (count > 0 && !limit.allows(bytes + guess(element), count + 1)) {
      nodes.push_back(std::move(node).finish());
      node = Pack();
      bytes = header;
      count = 0;
    }
    node.add(element);
    bytes += exact(element);
    ++count;
  }
  nodes.push_back(std::move(node).finish());
  return nodes;
}

// Redis guesses high.
std::size_t listpack_guess(std::string_view element) {
  return element.size() + 8;
}
std::size_t ziplist_guess(std::string_view element) {
  const std::size_t size = element.size();
  return size + (size < 254 ? 1 : 5) + (size < 64 ? 1 : size < 16384 ? 2 : 5);
}

// What an element takes behind one that is short enough: close enough to where nodes end.
std::size_t ziplist_bytes(std::string_view element) {
  ZiplistWriter one;
  one.add(element);
  return std::move(one).finish().size() - ZiplistWriter().finish().size();
}

}  // namespace

struct RdbValueWriter::Types {
  int version;
  const EncodingLimits& limits;

  rdb::Type operator()(const String&) const { return rdb::kString; }
  rdb::Type operator()(const List& list) const {
    if (version >= kListpacks) return rdb::kListQuicklist2;
    if (version >= kQuicklists) return rdb::kListQuicklist;
    return is_ziplist(list) ? rdb::kListZiplist : rdb::kList;
  }
  rdb::Type operator()(const Set& set) const {
    if (is_intset(set, limits)) return rdb::kSetIntset;
    return version >= kSetListpacks && is_listpack(set, limits) ? rdb::kSetListpack : rdb::kSet;
  }
  rdb::Type operator()(const Hash& hash) const {
    if (!is_listpack(hash, limits)) return rdb::kHash;
    return version >= kListpacks ? rdb::kHashListpack : rdb::kHashZiplist;
  }
  rdb::Type operator()(const SortedSet& sorted) const {
    if (!is_listpack(sorted, limits)) return version >= kBinaryScores ? rdb::kZset2 : rdb::kZset;
    return version >= kListpacks ? rdb::kZsetListpack : rdb::kZsetZiplist;
  }
  rdb::Type operator()(const Stream&) const {
    if (version < kListpacks) return rdb::kStream;
    return version < kSetListpacks ? rdb::kStream2 : rdb::kStream3;
  }
};

struct RdbValueWriter::Payload {
  RdbOutput& out;
  int version;
  const EncodingLimits& limits;
  std::uint8_t type;

  void operator()(const String& string) const { out.string(string); }

  void operator()(const List& list) const {
    if (type == rdb::kList) {
      out.length(list.size());
      for (const std::string& element : list) out.string(element);
    } else if (type == rdb::kListZiplist) {
      ZiplistWriter all;
      for (const std::string& element : list) all.add(element);
      out.string(std::move(all).finish());
    } else {
      nodes(list);
    }
  }

  void operator()(const Set& set) const {
    if (type == rdb::kSetIntset) return out.string(write_intset(integers(set)));
    if (type == rdb::kSetListpack) {
      ListpackWriter all;
      for (const std::string& member : set) all.add(member);
      return out.string(std::move(all).finish());
    }
    out.length(set.size());
    for (const std::string& member : set) out.string(member);
  }

  void operator()(const Hash& hash) const {
    if (type == rdb::kHashListpack) return pairs<ListpackWriter>(hash);
    if (type == rdb::kHashZiplist) return pairs<ZiplistWriter>(hash);
    out.length(hash.size());
    for (const auto& [field, value] : hash) {
      out.string(field);
      out.string(value);
    }
  }

  void operator()(const SortedSet& sorted) const {
    if (type == rdb::kZsetListpack) return scores<ListpackWriter>(sorted);
    if (type == rdb::kZsetZiplist) return scores<ZiplistWriter>(sorted);
    std::vector<Pair> ranking = by_score(sorted);
    std::reverse(ranking.begin(), ranking.end());  // highest first, so that loading only prepends
    out.length(ranking.size());
    for (const Pair pair : ranking) {
      out.string(pair->first);
      type == rdb::kZset2 ? out.little(std::bit_cast<std::uint64_t>(pair->second), 8)
                          : text_score(pair->second);
    }
  }

  void operator()(const Stream& stream) const { write_rdb_stream(out, stream, version); }

 private:
  void nodes(const List& list) const {
    const NodeLimit limit(limits.list_max_listpack_size);
    const bool listpacks = type == rdb::kListQuicklist2;
    constexpr std::uint64_t kPacked = 2;
    const std::vector<std::string> all =
        listpacks ? nodes_of<ListpackWriter>(list, limit, 7, listpack_guess, listpack_bytes)
                  : nodes_of<ZiplistWriter>(list, limit, 11, ziplist_guess, ziplist_bytes);
    out.length(all.size());
    for (const std::string& node : all) {
      if (listpacks) out.length(kPacked);
      out.string(node);
    }
  }

  template <class Pack>
  void pairs(const Hash& hash) const {
    Pack all;
    for (const auto& [field, value] : hash) {
      all.add(field);
      all.add(value);
    }
    out.string(std::move(all).finish());
  }

  template <class Pack>
  void scores(const SortedSet& sorted) const {
    Pack all;
    for (const Pair pair : by_score(sorted)) {
      all.add(pair->first);
      all.add(text_of(pair->second));
    }
    out.string(std::move(all).finish());
  }

  void text_score(double score) const {
    if (std::isinf(score)) return out.byte(score > 0 ? 254 : 255);
    const std::string text = text_of(score);
    out.byte(text.size());
    out.raw(text);
  }
};

std::uint8_t RdbValueWriter::type(const Value& value) const {
  return std::visit(Types{version_, limits_}, value);
}

void RdbValueWriter::payload(const Value& value) {
  std::visit(Payload{out_, version_, limits_, type(value)}, value);
}

}  // namespace model
