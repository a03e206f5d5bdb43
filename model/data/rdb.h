// A keyspace as an RDB file, and back (R13.1 to R13.3, reference section 13).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/data/keyspace.h"
#include "model/types.h"

namespace model {

// What a snapshot knows about the replication history it was taken from (R4.19).
struct RdbReplication {
  int stream_db = 0;   // repl-stream-db
  std::string id;      // repl-id
  Offset offset = 0;   // repl-offset
  bool operator==(const RdbReplication&) const = default;
};

struct RdbOptions {
  int version = 10;                            // the number in the header
  std::string server_version = "7.0.15";       // redis-ver; empty: no aux but those of replication
  bool by_valkey = false;                      // the version is under the name valkey-ver
  WallTime created{};                          // ctime
  std::optional<RdbReplication> replication;
  bool compress = true;                        // rdbcompression: LZF for long strings
  bool checksum = true;                        // rdbchecksum: otherwise eight zero bytes
};

// The whole file, checksum included. Keys are written in order; equal input gives equal bytes.
std::string encode_rdb(const Keyspace& data, const RdbOptions& options);

struct RdbContent {
  int version = 0;
  Keyspace data;
  std::optional<RdbReplication> replication;
  // All of them, in order; libraries of functions too, under the name "function".
  std::vector<std::pair<std::string, std::string>> aux;
};

struct RdbError {
  enum class Kind {
    short_read,      // it ends too early
    not_an_rdb,      // wrong signature or a version above `newest`
    corrupt,         // checksum, lengths, opcodes: a real server exits (R4.23)
  };
  Kind kind{};
  std::size_t position = 0;  // byte offset in the file
  std::string problem;
};

// `newest` is the highest version accepted. Overdue keys are kept. Never reads outside `file`, never
// allocates more than the file can justify. `databases` is the number configured (R13.3).
std::variant<RdbContent, RdbError> decode_rdb(std::string_view file, int newest, unsigned databases);

// CRC-64 (Jones), reflected, init 0: crc64("123456789") == 0xe9c6d914c4b8d9ca.
std::uint64_t crc64(std::uint64_t crc, std::string_view bytes);

}  // namespace model
