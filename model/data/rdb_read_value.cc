#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "model/data/number.h"
#include "model/data/packed.h"
#include "model/data/rdb_codes.h"
#include "model/data/rdb_value.h"

namespace model {
namespace {

using Unpack = std::optional<Elements> (*)(std::string_view);

class ValueReader {
 public:
  explicit ValueReader(RdbInput& in) : in_(in) {}

  Value read(std::uint8_t type) {
    switch (type) {
      case rdb::kString:
        return in_.string("a string");
      case rdb::kList:
        return list(&ValueReader::plain_node);
      case rdb::kListQuicklist:
        return list(&ValueReader::ziplist_node);
      case rdb::kListQuicklist2:
        return list(&ValueReader::quicklist2_node);
      case rdb::kListZiplist:
        return list_of(packed(read_ziplist, "a ziplist"));
      case rdb::kSet:
        return set_of(strings(1, "a set's member"));
      case rdb::kSetIntset:
        return set_of(packed(read_intset, "an intset"));
      case rdb::kSetListpack:
        return set_of(packed(read_listpack, "a listpack"));
      case rdb::kHash:
        return hash_of(strings(2, "a hash's field or value"));
      case rdb::kHashZipmap:
        return hash_of(packed(read_zipmap, "a zipmap"));
      case rdb::kHashZiplist:
        return hash_of(packed(read_ziplist, "a ziplist"));
      case rdb::kHashListpack:
        return hash_of(packed(read_listpack, "a listpack"));
      case rdb::kZset:
        return sorted_set(&ValueReader::text_score);
      case rdb::kZset2:
        return sorted_set(&ValueReader::binary_score);
      case rdb::kZsetZiplist:
        return sorted_set_of(packed(read_ziplist, "a ziplist"));
      case rdb::kZsetListpack:
        return sorted_set_of(packed(read_listpack, "a listpack"));
      case rdb::kStream:
      case rdb::kStream2:
      case rdb::kStream3:
        return read_rdb_stream(in_, type);
      case rdb::kModule:
      case rdb::kModule2:
        in_.corrupt("expected a value, found a module's, and there are no modules");
        break;
      default:
        in_.corrupt("expected the type of a value, found " + std::to_string(type));
    }
    return {};
  }

 private:
  List list(void (ValueReader::*node)(List&)) {
    List list;
    for (std::uint64_t nodes = in_.length("a list"); in_.good() && nodes > 0; --nodes)
      (this->*node)(list);
    return list;
  }

  void plain_node(List& list) { list.push_back(in_.string("a list's element")); }

  void ziplist_node(List& list) { extend(list, packed(read_ziplist, "a ziplist")); }

  void quicklist2_node(List& list) {
    const std::uint64_t container = in_.length("the kind of a list's node");
    if (container == 1) return list.push_back(in_.string("a list's element"));
    if (container == 2) return extend(list, packed(read_listpack, "a listpack"));
    in_.corrupt("expected a list's node of kind 1 or 2, found " + std::to_string(container));
  }

  static void extend(List& list, Elements elements) {
    for (std::string& element : elements) list.push_back(std::move(element));
  }

  static List list_of(Elements elements) {
    List list;
    extend(list, std::move(elements));
    return list;
  }

  Set set_of(Elements elements) {
    Set set;
    for (std::string& member : elements)
      if (!set.insert(std::move(member)).second)
        in_.corrupt("expected set members that differ, found one twice");
    return set;
  }

  Hash hash_of(Elements elements) {
    Hash hash;
    if (elements.size() % 2 != 0) in_.corrupt("expected a value for each hash field");
    for (std::size_t i = 0; i + 1 < elements.size(); i += 2)
      if (!hash.emplace(std::move(elements[i]), std::move(elements[i + 1])).second)
        in_.corrupt("expected hash fields that differ, found one twice");
    return hash;
  }

  SortedSet sorted_set_of(Elements elements) {
    SortedSet sorted;
    if (elements.size() % 2 != 0) in_.corrupt("expected a score for each member");
    for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
      const std::optional<double> score = to_double(elements[i + 1]);
      add_scored(sorted, std::move(elements[i]), score.value_or(std::nan("")));
    }
    return sorted;
  }

  SortedSet sorted_set(double (ValueReader::*score)()) {
    SortedSet sorted;
    for (std::uint64_t members = in_.length("a sorted set"); in_.good() && members > 0; --members) {
      std::string member = in_.string("a sorted set's member");
      add_scored(sorted, std::move(member), (this->*score)());
    }
    return sorted;
  }

  void add_scored(SortedSet& sorted, std::string member, double score) {
    if (!in_.good()) return;
    if (std::isnan(score)) return in_.corrupt("expected a score, found what is not a number");
    const double plain = score == 0 ? 0.0 : score;  // never -0
    if (!sorted.emplace(std::move(member), plain).second)
      in_.corrupt("expected members that differ, found one twice");
  }

  double binary_score() { return std::bit_cast<double>(in_.little(8, "a score")); }

  double text_score() {
    const std::uint8_t size = in_.byte("the length of a score");
    switch (size) {
      case 253:
        return std::nan("");
      case 254:
        return HUGE_VAL;
      case 255:
        return -HUGE_VAL;
      default:
        return to_double(in_.take(size, "a score")).value_or(std::nan(""));
    }
  }

  // `each` strings for each unit of the length in front.
  Elements strings(std::uint64_t each, std::string_view what) {
    Elements elements;
    for (std::uint64_t units = in_.length(what); in_.good() && units > 0; --units)
      for (std::uint64_t i = 0; i < each; ++i) elements.push_back(in_.string(what));
    return elements;
  }

  Elements packed(Unpack unpack, std::string_view what) {
    const std::string bytes = in_.string(what);
    if (!in_.good()) return {};
    std::optional<Elements> elements = unpack(bytes);
    if (!elements)
      in_.corrupt("expected " + std::string(what) + ", found " + std::to_string(bytes.size()) +
                  " bytes that are none");
    return std::move(elements).value_or(Elements());
  }

  RdbInput& in_;
};

}  // namespace

Value read_rdb_value(RdbInput& in, std::uint8_t type) {
  return ValueReader(in).read(type);
}

}  // namespace model
