// DUMP and RESTORE: a value as bytes, and back.
#include <array>
#include <utility>

#include "model/commands/command_parts.h"
#include "model/data/number.h"
#include "model/data/rdb_dump.h"
#include "model/data/text.h"

namespace model {
namespace {

void dump(Call& call) {
  const Entry* const entry = call.look(call.argv[1]);
  if (entry == nullptr) return call.reply.null();
  call.reply.bulk(encode_dump(entry->value, call.rules.rdb_version, call.encoding));
}

struct RestoreOptions {
  bool replace = false, absolute = false;
  std::int64_t ttl = 0;  // ms, 0: none
};

std::optional<RestoreOptions> parse_restore(Call& call) {
  RestoreOptions options;
  bool idle = false, frequent = false;
  for (std::size_t i = 4; i < call.argv.size(); ++i) {
    const std::string& word = call.argv[i];
    const bool more = i + 1 < call.argv.size();
    if (same_word(word, "REPLACE")) {
      options.replace = true;
    } else if (same_word(word, "ABSTTL")) {
      options.absolute = true;
    } else if (same_word(word, "IDLETIME") && more && !frequent) {
      const auto seconds = integer_argument(call, call.argv[++i]);
      if (seconds && *seconds < 0) call.error("ERR Invalid IDLETIME value, must be >= 0");
      idle = true;
    } else if (same_word(word, "FREQ") && more && !idle) {
      const auto count = integer_argument(call, call.argv[++i]);
      if (count && (*count < 0 || *count > 255))
        call.error("ERR Invalid FREQ value, must be >= 0 and <= 255");
      frequent = true;
    } else {
      call.syntax_error();
    }
    if (call.failed) return std::nullopt;
  }
  return options;
}

// RESTORE key ttl value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ count]
void restore(Call& call) {
  std::optional<RestoreOptions> options = parse_restore(call);
  if (!options) return;
  const std::string& key = call.argv[1];
  if (call.look(key) != nullptr && !options->replace)
    return call.error("BUSYKEY Target key name already exists.");
  const auto ttl = integer_argument(call, call.argv[2]);
  if (!ttl) return;
  if (*ttl < 0) return call.error("ERR Invalid TTL value, must be >= 0");
  options->ttl = *ttl;

  std::variant<Value, RdbError> read = decode_dump(call.argv[3], call.rules.rdb_version);
  if (const auto* const error = std::get_if<RdbError>(&read))
    return call.error(error->kind == RdbError::Kind::not_an_rdb
                          ? "ERR DUMP payload version or checksum are wrong"
                          : "ERR Bad data format");
  const bool replaced = options->replace && call.data.erase(call.db, key);
  std::optional<WallTime> expires;
  if (options->ttl > 0) {
    expires = WallTime(std::chrono::milliseconds(options->ttl));
    if (!options->absolute) *expires += call.now.time_since_epoch();
    // What has expired already is only the deletion of what was there. A replica leaves that to its
    // master (R8.7).
    if (call.overdue == Overdue::erase_and_tell && *expires < call.now) {
      if (replaced) {
        ++call.dirty;
        call.rewrite({"DEL", key});
      }
      return call.reply.ok();
    }
  }
  call.data.put(call.db, key, std::move(std::get<Value>(read)), expires);
  ++call.dirty;
  call.reply.ok();
  if (!expires || options->absolute) return;
  std::vector<std::string> argv(call.argv.begin(), call.argv.end());
  argv[2] = std::to_string(count_of(*expires));
  argv.emplace_back("ABSTTL");
  call.rewrite(std::move(argv));
}

constexpr auto kCommands = std::to_array<Command>({
    {"dump", 2, flag::readonly, dump},
    {"restore", -4, flag::write | flag::denyoom, restore},
    {"restore-asking", -4, flag::write | flag::denyoom, restore},
});

}  // namespace

std::span<const Command> dump_commands() {
  return kCommands;
}

}  // namespace model
