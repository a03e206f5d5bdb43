#include <bit>
#include <cmath>
#include <utility>

#include "model/data/byte_reader.h"
#include "model/data/lzf.h"
#include "model/data/number.h"
#include "model/data/packed.h"
#include "model/data/rdb.h"
#include "model/data/rdb_codes.h"

namespace model {
namespace {

// Reads a whole file. The first problem stops everything: readers answer something empty from then
// on, and loops end.
class Reader {
 public:
  Reader(std::string_view file, int newest, unsigned databases)
      : file_(file), in_(file), newest_(newest) {
    content_.data = Keyspace(databases);
  }

  std::variant<RdbContent, RdbError> read() {
    header();
    while (good() && !ended_) record();
    if (good()) checksum();
    if (error_) return *error_;
    if (replication_.id.size() == 40) content_.replication = replication_;
    return std::move(content_);
  }

 private:
  // --- problems
  // ------------------------------------------------------------------------------------

  bool good() {
    if (!error_ && !in_.ok()) fail(RdbError::Kind::short_read, "the file ends too early");
    return !error_;
  }

  void fail(RdbError::Kind kind, std::string problem) {
    if (!error_) error_ = RdbError{kind, in_.position(), std::move(problem)};
  }

  void corrupt(std::string problem) {
    // What was read behind the end is no evidence of anything else.
    if (good()) fail(RdbError::Kind::corrupt, std::move(problem));
  }

  // --- the file
  // ------------------------------------------------------------------------------------

  void header() {
    const std::string_view signature = in_.take(rdb::kSignature.size());
    if (in_.ok() && signature != rdb::kSignature)
      return fail(RdbError::Kind::not_an_rdb, "wrong signature");
    const std::string_view digits = in_.take(4);
    if (!good()) return;
    for (const char c : digits) {
      if (c < '0' || c > '9') return fail(RdbError::Kind::not_an_rdb, "version is not a number");
      content_.version = content_.version * 10 + (c - '0');
    }
    if (content_.version < 1 || content_.version > newest_)
      fail(RdbError::Kind::not_an_rdb,
           "can't handle RDB format version " + std::to_string(content_.version));
  }

  void record() {
    const std::uint8_t code = in_.byte();
    switch (code) {
      case rdb::kEof:
        ended_ = true;
        break;
      case rdb::kAux:
        aux();
        break;
      case rdb::kSelectDb:
        select();
        break;
      case rdb::kResizeDb:
        length();
        length();
        break;  // hints; the keys themselves count
      case rdb::kExpireMs:
        expires_ = ms(in_.little_signed(8));
        break;
      case rdb::kExpireSeconds:
        expires_ = ms(in_.little_signed(4) * 1000);
        break;
      case rdb::kFreq:
        in_.byte();
        break;
      case rdb::kIdle:
        length();
        break;
      case rdb::kFunction2:
        content_.aux.emplace_back("function", string());
        break;
      case rdb::kFunction:
        corrupt("pre-release function format not supported");
        break;
      case rdb::kModuleAux:
        corrupt("the file contains module data, and there are no modules");
        break;
      default:
        key(code);
    }
  }

  static WallTime ms(std::int64_t count) { return WallTime(std::chrono::milliseconds(count)); }

  void aux() {
    std::string name = string(), value = string();
    if (name == "repl-id") replication_.id = value;
    if (name == "repl-stream-db" || name == "repl-offset") {
      const std::int64_t number = to_integer(value).value_or(0);
      if (name == "repl-offset") replication_.offset = number;
      if (name == "repl-stream-db") replication_.stream_db = static_cast<int>(number);
    }
    content_.aux.emplace_back(std::move(name), std::move(value));
  }

  void select() {
    const std::uint64_t db = length();
    if (db >= content_.data.databases())
      return corrupt("database " + std::to_string(db) + " of a server with more than " +
                     std::to_string(content_.data.databases()) + " databases");
    db_ = static_cast<unsigned>(db);
  }

  void key(std::uint8_t type) {
    const std::string name = string();
    Value value = this->value(type);
    if (!good()) return;
    if (content_.data.find(db_, name) != nullptr) return corrupt("duplicated key");
    // Empty aggregates should not be in a file; Redis leaves them out with a warning.
    if (!is_empty_aggregate(value)) content_.data.put(db_, name, std::move(value), expires_);
    expires_.reset();
  }

  void checksum() {
    if (content_.version >= rdb::kFirstChecksummed) {
      const std::uint64_t computed = crc64(0, file_.substr(0, in_.position()));
      const std::uint64_t stored = in_.little(8);
      if (good() && stored != 0 && stored != computed) return corrupt("wrong checksum");
    }
    if (good() && in_.left() > 0) corrupt("bytes behind the end");
  }

  // --- values
  // --------------------------------------------------------------------------------------

  Value value(std::uint8_t type) {
    switch (type) {
      case rdb::kString:
        return string();
      case rdb::kList:
        return list(&Reader::plain_node);
      case rdb::kListQuicklist:
        return list(&Reader::ziplist_node);
      case rdb::kListQuicklist2:
        return list(&Reader::quicklist2_node);
      case rdb::kListZiplist:
        return list_of(packed(read_ziplist));
      case rdb::kSet:
        return set_of(strings(1));
      case rdb::kSetIntset:
        return set_of(packed(read_intset));
      case rdb::kSetListpack:
        return set_of(packed(read_listpack));
      case rdb::kHash:
        return hash_of(strings(2));
      case rdb::kHashZipmap:
        return hash_of(packed(read_zipmap));
      case rdb::kHashZiplist:
        return hash_of(packed(read_ziplist));
      case rdb::kHashListpack:
        return hash_of(packed(read_listpack));
      case rdb::kZset:
        return sorted_set(&Reader::text_score);
      case rdb::kZset2:
        return sorted_set(&Reader::binary_score);
      case rdb::kZsetZiplist:
        return sorted_set_of(packed(read_ziplist));
      case rdb::kZsetListpack:
        return sorted_set_of(packed(read_listpack));
      case rdb::kStream:
      case rdb::kStream2:
      case rdb::kStream3:
        corrupt("streams are not supported");
        break;
      case rdb::kModule:
      case rdb::kModule2:
        corrupt("a module's value, and there are no modules");
        break;
      default:
        corrupt("unknown type or opcode " + std::to_string(type));
    }
    return {};
  }

  List list(void (Reader::*node)(List&)) {
    List list;
    for (std::uint64_t nodes = length(); good() && nodes > 0; --nodes) (this->*node)(list);
    return list;
  }

  void plain_node(List& list) { list.push_back(string()); }

  void ziplist_node(List& list) { extend(list, packed(read_ziplist)); }

  void quicklist2_node(List& list) {
    const std::uint64_t container = length();
    if (container == 1) return list.push_back(string());
    if (container == 2) return extend(list, packed(read_listpack));
    corrupt("unknown quicklist container " + std::to_string(container));
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
      if (!set.insert(std::move(member)).second) corrupt("duplicated set member");
    return set;
  }

  Hash hash_of(Elements elements) {
    Hash hash;
    if (elements.size() % 2 != 0) corrupt("a hash field without value");
    for (std::size_t i = 0; i + 1 < elements.size(); i += 2)
      if (!hash.emplace(std::move(elements[i]), std::move(elements[i + 1])).second)
        corrupt("duplicated hash field");
    return hash;
  }

  SortedSet sorted_set_of(Elements elements) {
    SortedSet sorted;
    if (elements.size() % 2 != 0) corrupt("a member without score");
    for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
      const std::optional<double> score = to_double(elements[i + 1]);
      add_scored(sorted, std::move(elements[i]), score.value_or(std::nan("")));
    }
    return sorted;
  }

  SortedSet sorted_set(double (Reader::*score)()) {
    SortedSet sorted;
    for (std::uint64_t members = length(); good() && members > 0; --members) {
      std::string member = string();
      add_scored(sorted, std::move(member), (this->*score)());
    }
    return sorted;
  }

  void add_scored(SortedSet& sorted, std::string member, double score) {
    if (std::isnan(score)) return corrupt("a score that is not a number");
    const double plain = score == 0 ? 0.0 : score;  // never -0
    if (!sorted.emplace(std::move(member), plain).second) corrupt("duplicated member");
  }

  double binary_score() { return std::bit_cast<double>(in_.little(8)); }

  double text_score() {
    const std::uint8_t size = in_.byte();
    switch (size) {
      case 253:
        return std::nan("");
      case 254:
        return HUGE_VAL;
      case 255:
        return -HUGE_VAL;
      default:
        return to_double(in_.take(size)).value_or(std::nan(""));
    }
  }

  // --- parts
  // ---------------------------------------------------------------------------------------

  struct Length {
    std::uint64_t size = 0;
    bool encoded = false;  // then `size` is the number of a string encoding
  };

  Length any_length() {
    const std::uint64_t first = in_.byte();
    switch (first >> 6) {
      case 0:
        return {first & 0x3f};
      case 1:
        return {(first & 0x3f) << 8 | in_.byte()};
      case 3:
        return {first & 0x3f, true};
      default:
        break;
    }
    if (first == 0x80) return {in_.big(4)};
    if (first == 0x81) return {in_.big(8)};
    corrupt("unknown length encoding " + std::to_string(first));
    return {};
  }

  std::uint64_t length() {
    const Length length = any_length();
    if (length.encoded) corrupt("a string encoding where a length should be");
    return good() ? length.size : 0;
  }

  std::string string() {
    const Length length = any_length();
    if (!good()) return {};
    if (!length.encoded) return std::string(in_.take(length.size));
    switch (length.size) {
      case rdb::kInt8:
        return std::to_string(in_.little_signed(1));
      case rdb::kInt16:
        return std::to_string(in_.little_signed(2));
      case rdb::kInt32:
        return std::to_string(in_.little_signed(4));
      case rdb::kLzf:
        return packed_string();
      default:
        corrupt("unknown string encoding " + std::to_string(length.size));
    }
    return {};
  }

  std::string packed_string() {
    const std::uint64_t packed_size = length(), size = length();
    const std::string_view packed = in_.take(packed_size);
    if (!good()) return {};
    std::optional<std::string> bytes = lzf_unpack(packed, static_cast<std::size_t>(size));
    if (!bytes) corrupt("invalid LZF compressed string");
    return std::move(bytes).value_or(std::string());
  }

  // `each` strings for each unit of the length in front.
  Elements strings(std::uint64_t each) {
    Elements elements;
    for (std::uint64_t units = length(); good() && units > 0; --units)
      for (std::uint64_t i = 0; i < each; ++i) elements.push_back(string());
    return elements;
  }

  Elements packed(std::optional<Elements> (*unpack)(std::string_view)) {
    const std::string bytes = string();
    if (!good()) return {};
    std::optional<Elements> elements = unpack(bytes);
    if (!elements) corrupt("a packed container is damaged");
    return std::move(elements).value_or(Elements());
  }

  std::string_view file_;
  ByteReader in_;
  int newest_;
  RdbContent content_;
  RdbReplication replication_;
  std::optional<RdbError> error_;
  unsigned db_ = 0;
  std::optional<WallTime> expires_;  // of the next key
  bool ended_ = false;
};

}  // namespace

std::variant<RdbContent, RdbError> decode_rdb(std::string_view file, int newest,
                                              unsigned databases) {
  return Reader(file, newest, databases).read();
}

}  // namespace model
