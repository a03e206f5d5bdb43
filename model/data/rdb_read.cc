#include <utility>

#include "model/data/number.h"
#include "model/data/rdb.h"
#include "model/data/rdb_codes.h"
#include "model/data/rdb_input.h"
#include "model/data/rdb_value.h"
#include "model/data/resp.h"

namespace model {
namespace {

// A module's id holds its name, nine letters of six bits each, and ten bits of a version.
std::string module_name(std::uint64_t id) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string name(9, ' ');
  id >>= 10;
  for (std::size_t i = name.size(); i-- > 0; id >>= 6) name[i] = kLetters[id & 63];
  return name;
}

// Reads a whole file. The first problem stops everything.
class Reader {
 public:
  Reader(std::string_view file, int newest, unsigned databases)
      : file_(file), in_(file), newest_(newest) {
    content_.data = Keyspace(databases);
  }

  std::variant<RdbContent, RdbError> read() {
    header();
    while (in_.good() && !ended_) record();
    if (in_.good()) checksum();
    if (in_.error()) return *in_.error();
    if (replication_.id.size() == 40) content_.replication = replication_;
    return std::move(content_);
  }

 private:
  void header() {
    const std::string_view signature = in_.take(rdb::kSignature.size(), "the signature");
    if (in_.good() && signature != rdb::kSignature)
      return in_.fail(RdbError::Kind::not_an_rdb, "wrong signature, expected \"REDIS\"");
    const std::string_view digits = in_.take(4, "the version");
    if (!in_.good()) return;
    for (const char c : digits) {
      if (c < '0' || c > '9')
        return in_.fail(RdbError::Kind::not_an_rdb, "version is not a number of four digits");
      content_.version = content_.version * 10 + (c - '0');
    }
    if (content_.version < 1 || content_.version > newest_)
      in_.fail(RdbError::Kind::not_an_rdb,
               "can't handle RDB format version " + std::to_string(content_.version));
  }

  void record() {
    const std::uint8_t code = in_.byte("an opcode or a type");
    switch (code) {
      case rdb::kEof:
        ended_ = in_.good();
        break;
      case rdb::kAux:
        aux();
        break;
      case rdb::kSelectDb:
        select();
        break;
      case rdb::kResizeDb:  // hints; the keys themselves count
        in_.length("the number of keys");
        in_.length("the number of keys that expire");
        break;
      case rdb::kExpireMs:
        expires_ = ms(in_.little_signed(8, "an expiry time"));
        break;
      case rdb::kExpireSeconds:
        expires_ = ms(in_.little_signed(4, "an expiry time") * 1000);
        break;
      case rdb::kFreq:  // how a cache would rate the next key: not part of the data
        in_.byte("a key's frequency");
        break;
      case rdb::kIdle:
        in_.length("a key's idle time");
        break;
      case rdb::kFunction2:
        content_.functions.push_back(in_.string("a library of functions"));
        break;
      case rdb::kFunction:
        in_.corrupt("pre-release function format not supported");
        break;
      case rdb::kModuleAux:
        in_.corrupt("the file contains data of module '" + module_name(in_.length("a module's id")) +
                    "', and there are no modules");
        break;
      default:
        key(code);
    }
  }

  static WallTime ms(std::int64_t count) { return WallTime(std::chrono::milliseconds(count)); }

  void aux() {
    std::string name = in_.string("the name of a field");
    std::string value = in_.string("the value of a field");
    if (name == "repl-id") replication_.id = value;
    if (name == "repl-stream-db" || name == "repl-offset") {
      const std::int64_t number = to_integer(value).value_or(0);
      if (name == "repl-offset") replication_.offset = number;
      if (name == "repl-stream-db") replication_.stream_db = static_cast<int>(number);
    }
    content_.aux.emplace_back(std::move(name), std::move(value));
  }

  void select() {
    const std::uint64_t db = in_.length("the number of a database");
    if (db < content_.data.databases()) {
      db_ = static_cast<unsigned>(db);
    } else {
      in_.corrupt("expected a database below " + std::to_string(content_.data.databases()) +
                  ", found " + std::to_string(db));
    }
  }

  void key(std::uint8_t type) {
    if (!in_.good()) return;
    if (type > rdb::kStream3)
      return in_.corrupt("expected an opcode or the type of a value, found " +
                         std::to_string(type));
    const std::string name = in_.string("a key");
    Value value = read_rdb_value(in_, type);
    if (!in_.good()) return;
    if (content_.data.find(db_, name) != nullptr)
      return in_.corrupt("expected keys that differ, found " + model::quoted(name) + " twice");
    // Empty aggregates should not be in a file; Redis leaves them out with a warning (R13.2).
    if (!is_empty_aggregate(value)) content_.data.put(db_, name, std::move(value), expires_);
    expires_.reset();
  }

  void checksum() {
    if (content_.version >= rdb::kFirstChecksummed) {
      const std::uint64_t computed = crc64(0, file_.substr(0, in_.position()));
      const std::uint64_t stored = in_.little(8, "the checksum");
      if (in_.good() && stored != 0 && stored != computed) return in_.corrupt("wrong checksum");
    }
    if (in_.good() && in_.left() > 0)
      in_.corrupt("expected the end, found " + std::to_string(in_.left()) + " bytes more");
  }

  std::string_view file_;
  RdbInput in_;
  int newest_;
  RdbContent content_;
  RdbReplication replication_;
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
