#include "model/data/rdb.h"
#include "model/data/rdb_codes.h"
#include "model/data/rdb_output.h"
#include "model/data/rdb_value.h"

namespace model {
namespace {

// The first version that has a thing (reference 13).
constexpr int kAuxFields = 7, kReplicationFields = 8, kFunctions = 10;

// What an idle server uses, about: its length counts, as it does in a real file.
constexpr const char* kUsedMemory = "1048576";

class Writer {
 public:
  explicit Writer(const RdbOptions& options)
      : options_(options), out_(options.compress), values_(out_, options.version, options.encoding) {}

  std::string file(const Keyspace& data) && {
    header();
    if (options_.version >= kFunctions)
      for (const std::string& library : options_.functions) {
        out_.byte(rdb::kFunction2);
        out_.string(library);
      }
    for (unsigned db = 0; db < data.databases(); ++db) database(data, db);
    out_.byte(rdb::kEof);
    if (options_.version >= rdb::kFirstChecksummed)
      out_.little(options_.checksum ? crc64(0, out_.bytes()) : 0, 8);
    return out_.bytes();
  }

 private:
  void header() {
    std::string digits = std::to_string(options_.version);
    digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
    out_.raw(rdb::kSignature);
    out_.raw(digits);
    if (options_.version < kAuxFields) return;
    const bool introduced = !options_.server_version.empty();
    if (introduced) {
      aux(options_.by_valkey ? "valkey-ver" : "redis-ver", options_.server_version);
      aux("redis-bits", "64");
      aux("ctime", std::to_string(options_.created.time_since_epoch().count() / 1000));
      aux("used-mem", kUsedMemory);
    }
    if (options_.version < kReplicationFields) return;
    if (options_.replication) {
      aux("repl-stream-db", std::to_string(options_.replication->stream_db));
      aux("repl-id", options_.replication->id);
      aux("repl-offset", std::to_string(options_.replication->offset));
    }
    if (introduced) aux(options_.version < kFunctions ? "aof-preamble" : "aof-base", "0");
  }

  void aux(std::string_view name, std::string_view value) {
    out_.byte(rdb::kAux);
    out_.string(name);
    out_.string(value);
  }

  void database(const Keyspace& data, unsigned db) {
    if (data.size(db) == 0) return;
    out_.byte(rdb::kSelectDb);
    out_.length(db);
    if (options_.version >= kAuxFields) {
      out_.byte(rdb::kResizeDb);
      out_.length(data.size(db));
      out_.length(data.expiring(db));
    }
    for (const auto& [key, entry] : data.database(db)) {
      if (entry.expires) {
        out_.byte(rdb::kExpireMs);
        out_.little(static_cast<std::uint64_t>(entry.expires->time_since_epoch().count()), 8);
      }
      out_.byte(values_.type(entry.value));
      out_.string(key);
      values_.payload(entry.value);
    }
  }

  const RdbOptions& options_;
  RdbOutput out_;
  RdbValueWriter values_;
};

}  // namespace

std::string encode_rdb(const Keyspace& data, const RdbOptions& options) {
  return Writer(options).file(data);
}

}  // namespace model
