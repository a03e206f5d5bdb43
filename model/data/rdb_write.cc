#include <bit>

#include "model/data/lzf.h"
#include "model/data/number.h"
#include "model/data/rdb.h"
#include "model/data/rdb_codes.h"

namespace model {
namespace {

// What an idle server uses, about: its length counts, as it does in a real file.
constexpr const char* kUsedMemory = "1048576";

class Writer {
 public:
  explicit Writer(const RdbOptions& options) : options_(options) {}

  std::string file(const Keyspace& data) && {
    header();
    for (unsigned db = 0; db < data.databases(); ++db) database(data, db);
    byte(rdb::kEof);
    little(options_.checksum ? crc64(0, out_) : 0, 8);
    return std::move(out_);
  }

  // Plain encodings only: every version of Redis reads them (R13.1).
  void operator()(const String& string) { bytes(string); }
  void operator()(const List& list) { strings(list); }
  void operator()(const Set& set) { strings(set); }
  void operator()(const Hash& hash) {
    length(hash.size());
    for (const auto& [field, value] : hash) {
      bytes(field);
      bytes(value);
    }
  }
  void operator()(const SortedSet& sorted) {
    length(sorted.size());
    for (const auto& [member, score] : sorted) {
      bytes(member);
      little(std::bit_cast<std::uint64_t>(score), 8);
    }
  }

 private:
  void header() {
    std::string digits = std::to_string(options_.version);
    digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
    (out_ += rdb::kSignature) += digits;
    const bool introduced = !options_.server_version.empty();
    if (introduced) {
      aux("redis-ver", options_.server_version);
      aux("redis-bits", "64");
      aux("ctime", std::to_string(options_.created.time_since_epoch().count() / 1000));
      aux("used-mem", kUsedMemory);
    }
    if (options_.replication) {
      aux("repl-stream-db", std::to_string(options_.replication->stream_db));
      aux("repl-id", options_.replication->id);
      aux("repl-offset", std::to_string(options_.replication->offset));
    }
    if (introduced) aux(options_.version < 10 ? "aof-preamble" : "aof-base", "0");
  }

  void aux(std::string_view name, std::string_view value) {
    byte(rdb::kAux);
    bytes(name);
    bytes(value);
  }

  void database(const Keyspace& data, unsigned db) {
    if (data.size(db) == 0) return;
    byte(rdb::kSelectDb);
    length(db);
    byte(rdb::kResizeDb);
    length(data.size(db));
    length(data.expiring(db));
    for (const auto& [key, entry] : data.database(db)) {
      if (entry.expires) {
        byte(rdb::kExpireMs);
        little(static_cast<std::uint64_t>(entry.expires->time_since_epoch().count()), 8);
      }
      constexpr std::uint8_t kTypes[] = {rdb::kString, rdb::kList, rdb::kSet, rdb::kHash,
                                         rdb::kZset2};
      byte(kTypes[entry.value.index()]);
      bytes(key);
      std::visit(*this, entry.value);
    }
  }

  template <class Strings>
  void strings(const Strings& all) {
    length(all.size());
    for (const std::string& one : all) bytes(one);
  }

  void byte(std::uint64_t value) { out_ += static_cast<char>(value & 0xff); }

  void little(std::uint64_t number, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) byte(number >> (8 * i));
  }

  void big(std::uint64_t number, std::size_t size) {
    for (std::size_t i = size; i-- > 0;) byte(number >> (8 * i));
  }

  void length(std::uint64_t size) {
    if (size < 64) return byte(size);
    if (size < 16384) return big(0x4000 | size, 2);
    const bool fits = size <= 0xffffffff;
    byte(fits ? 0x80 : 0x81);
    big(size, fits ? 4 : 8);
  }

  void bytes(std::string_view text) {
    constexpr std::size_t kLongestInteger = 11, kWorthPacking = 20, kLeastSaved = 4;
    if (text.size() <= kLongestInteger && integer(text)) return;
    if (options_.compress && text.size() > kWorthPacking) {
      if (const std::optional<std::string> packed = lzf_pack(text, text.size() - kLeastSaved)) {
        byte(0xc0 | rdb::kLzf);
        length(packed->size());
        length(text.size());
        out_ += *packed;
        return;
      }
    }
    length(text.size());
    out_ += text;
  }

  bool integer(std::string_view text) {
    const std::optional<std::int64_t> number = to_integer(text);
    if (!number) return false;
    const auto fits = [&](int bits) { return *number >> (bits - 1) == *number >> 63; };
    if (!fits(32)) return false;
    const rdb::Encoding encoding = fits(8) ? rdb::kInt8 : fits(16) ? rdb::kInt16 : rdb::kInt32;
    byte(0xc0U | encoding);
    little(static_cast<std::uint64_t>(*number), std::size_t{1} << encoding);
    return true;
  }

  const RdbOptions& options_;
  std::string out_;
};

}  // namespace

std::string encode_rdb(const Keyspace& data, const RdbOptions& options) {
  return Writer(options).file(data);
}

}  // namespace model
