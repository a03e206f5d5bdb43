// A command: its row in the table, and what its handler may touch.
//
// Data commands are functions of a keyspace and their arguments: they see a Call and nothing else.
// They neither know who is asking nor where replies and stream bytes go. What the stream will carry
// is decided here too, as in Redis: by default the command as the client wrote it if it changed
// anything
// (`dirty`), or what the handler puts in its place (R7.2 to R7.6, table 7.4).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/encoding.h"
#include "model/data/keyspace.h"
#include "model/data/resp.h"
#include "model/rules.h"
#include "model/types.h"

namespace model {

// One command as it enters the stream, for database `db`.
struct Operation {
  unsigned db = 0;
  std::vector<std::string> argv;
  bool operator==(const Operation&) const = default;
};

// How a lookup treats a key that is overdue (R8.3, R8.5, R8.6, R8.10).
enum class Overdue : std::uint8_t {
  erase_and_tell,  // master: the key goes, and DEL is part of the unit
  hide,            // replica's clients, or a paused master: missing, but still there
  ignore,          // commands from the master act on the physical key
  erase_quietly,   // a writable replica's own write: gone, nothing in the stream (R8.8)
};

// A command that waits for a key to be there (BLPOP). It is run again when one is, for that key.
struct KeyWait {
  std::vector<std::string> keys;
  std::size_t type = 0;              // index in Value of what is waited for
  Duration timeout{0};               // 0: for ever
  std::vector<std::string> argv = {};  // what is run again; empty: the command as it came
  bool every_change = false;         // ready at every change, not only when the key appears
  bool operator==(const KeyWait&) const = default;
};

struct Call {
  Keyspace& data;
  unsigned db;  // the caller's selected database
  Args argv;
  WallTime now;  // frozen at the start of the command (R8.2)
  Overdue overdue;
  const Rules& rules;
  Chance& chance;
  ReplyWriter reply;

  // --- results ---
  std::uint64_t dirty = 0;        // changes made; 0 = nothing to propagate (R7.3)
  std::vector<Operation> before = {};  // lazy expiry: goes into the unit before the command
  std::optional<std::vector<Operation>> instead = {};  // replaces the command in the stream
  bool force = false;                             // propagate even when nothing changed (R7.4)
  std::uint64_t expired = 0;                      // keys that lazy expiry removed
  bool failed = false;                            // an error was replied
  std::optional<KeyWait> block = {};                // nothing done, nothing replied: it waits

  // --- settings ---
  EncodingLimits encoding = {};

  // --- for commands that can wait
  bool may_block = false;               // not in a transaction, a script, or our master's stream
  const std::string* served = nullptr;  // run again for this key, which has become ready
  struct Shown {
    WallTime deadline{};
    std::string key;  // if that has passed
  };
  std::optional<Shown> shown = {};  // of the keys found that expire, the one that does so first

  // Lookups with expiry applied as `overdue` says.
  const Entry* look(std::string_view key) { return look(db, key); }
  const Entry* look(unsigned in_db, std::string_view key);
  // Wrong-type safe: null when missing; replies -WRONGTYPE and sets failed when of another type.
  template <class T>
  const T* look_as(std::string_view key) {
    const Entry* const entry = look(key);
    if (entry == nullptr) return nullptr;
    const T* const held = std::get_if<T>(&entry->value);
    if (held == nullptr) wrong_type();
    return held;
  }

  void error(std::string_view text);  // replies and sets failed
  void wrong_type();
  void syntax_error() { error("ERR syntax error"); }
  void rewrite(std::vector<std::string> argv_in_stream);  // one operation, same db
};

namespace flag {
inline constexpr std::uint32_t write = 1;  // may change data: refused on read-only replicas
inline constexpr std::uint32_t readonly = 2;
inline constexpr std::uint32_t denyoom = 4;
inline constexpr std::uint32_t admin = 8;
inline constexpr std::uint32_t loading = 16;   // allowed while loading
inline constexpr std::uint32_t stale = 32;     // allowed with a broken link and serve-stale-data no
inline constexpr std::uint32_t no_multi = 64;  // refused inside MULTI
inline constexpr std::uint32_t no_async_loading = 128;
inline constexpr std::uint32_t may_replicate = 256;  // PUBLISH and the like
inline constexpr std::uint32_t no_auth = 512;        // allowed before AUTH
inline constexpr std::uint32_t blocking = 1024;      // may wait for a key
inline constexpr std::uint32_t no_script = 2048;     // refused in scripts
inline constexpr std::uint32_t own_flags = 4096;     // a script says itself what it does
inline constexpr std::uint32_t pubsub = 8192;        // allowed to a client that has subscribed
}  // namespace flag

struct Turn;     // model/state.h: one input's view of the server
struct Session;  // model/session.h: a client's connection

struct Command {
  std::string_view name;  // lower case
  int arity;              // as Redis: exact, or -n for at least n; the name counts
  std::uint32_t flags;
  void (*run)(Call&) = nullptr;                    // a data command, or
  void (*serve)(Turn&, Session&, Args) = nullptr;  // one that concerns the server itself
  // Of the table of all commands:
  std::size_t number = 0;  // its place there
  int since = 0;           // the release that it came with
};

// By name, any letter case; null when unknown.
const Command* find_command(std::string_view name);
std::span<const Command> commands();  // all of them, sorted by name
std::span<const Command> string_commands();  // commands_string.cc
std::span<const Command> key_commands();     // commands_key.cc: DEL, EXPIRE, FLUSHALL, SCAN, ...
std::span<const Command> list_commands();    // commands_list.cc
std::span<const Command> set_commands();     // commands_set.cc
std::span<const Command> hash_commands();    // commands_hash.cc
std::span<const Command> zset_commands();    // commands_zset.cc
std::span<const Command> stream_commands();        // commands_stream.cc
std::span<const Command> stream_read_commands();   // commands_stream_read.cc
std::span<const Command> stream_group_commands();  // commands_stream_group.cc
std::span<const Command> stream_claim_commands();  // commands_stream_claim.cc
std::span<const Command> stream_info_commands();   // commands_stream_info.cc
std::span<const Command> bit_commands();           // commands_bit.cc: BITCOUNT, BITOP, BITFIELD, ...
std::span<const Command> dump_commands();          // commands_dump.cc: DUMP, RESTORE
std::span<const Command> blocking_commands();  // commands_blocking.cc: BLPOP, BZPOPMIN, ...
std::vector<std::span<const Command>> data_commands();  // all of the above
std::span<const Command> server_commands();  // commands_server.cc
std::span<const Command> acl_commands();     // commands_acl.cc
std::span<const Command> client_commands();  // commands_client.cc: CLIENT
std::span<const Command> pubsub_commands();  // commands_pubsub.cc: PUBLISH, SUBSCRIBE, ...
std::span<const Command> script_commands();  // commands_script.cc: EVAL, FUNCTION, ...

}  // namespace model
