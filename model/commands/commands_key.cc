// Keys of any type: their names, places and expiry times.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <utility>

#include "model/commands/command_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

// --- existence
// -------------------------------------------------------------------------------------

// DEL and UNLINK: the stream carries the one the client said.
void del(Call& call) {
  std::int64_t deleted = 0;
  for (const std::string& key : call.argv.subspan(1))
    if (call.look(key) != nullptr && call.data.erase(call.db, key)) ++deleted;
  call.dirty += static_cast<std::uint64_t>(deleted);
  call.reply.integer(deleted);
}

void exists(Call& call) {
  std::int64_t found = 0;
  for (const std::string& key : call.argv.subspan(1)) found += call.look(key) != nullptr ? 1 : 0;
  call.reply.integer(found);
}

void type(Call& call) {
  const Entry* const entry = call.look(call.argv[1]);
  call.reply.simple(entry == nullptr ? "none" : type_name(entry->value));
}

void dbsize(Call& call) {
  call.reply.integer(static_cast<std::int64_t>(call.data.size(call.db)));
}

// --- walking through
// -------------------------------------------------------------------------------

bool is_overdue(const Call& call, const Entry& entry) {
  return call.overdue != Overdue::ignore && entry.expires && call.now > *entry.expires;
}

// KEYS leaves overdue keys out, but does not erase them (R8.3).
void keys(Call& call) {
  std::vector<std::string> found;
  for (const auto& [key, entry] : call.data.database(call.db))
    if (matches(call.argv[1], key) && !is_overdue(call, entry)) found.push_back(key);
  reply_strings(call, found);
}

struct ScanOptions {
  std::string_view pattern = "*";
  std::string_view type;  // empty: all
  std::size_t count = 10;
};

std::optional<ScanOptions> parse_scan(Call& call) {
  ScanOptions options;
  std::size_t i = 2;
  for (; i + 1 < call.argv.size(); i += 2) {
    const std::string_view word = call.argv[i];
    if (same_word(word, "MATCH")) {
      options.pattern = call.argv[i + 1];
    } else if (same_word(word, "TYPE")) {
      options.type = call.argv[i + 1];
    } else if (same_word(word, "COUNT")) {
      const std::optional<std::int64_t> count = integer_argument(call, call.argv[i + 1]);
      if (!count) return std::nullopt;
      if (*count < 1) break;
      options.count = static_cast<std::size_t>(*count);
    } else {
      break;
    }
  }
  if (i == call.argv.size()) return options;
  call.syntax_error();
  return std::nullopt;
}

// Redis is lenient here: nothing at all is 0, and signs are read.
std::optional<std::uint64_t> cursor_of(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const std::uint64_t cursor = std::strtoull(text.c_str(), &end, 10);
  const bool blank = !text.empty() && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'));
  if (blank || end != text.c_str() + text.size() || errno == ERANGE) return std::nullopt;
  return cursor;
}

// FNV-1a: where a key stands in the order of SCAN.
std::uint64_t scan_place(std::string_view key) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// The cursor is the place of the first key not seen yet, so that a key which is there all the time
// is returned whatever comes and goes meanwhile. Keys of one place are returned together.
void scan(Call& call) {
  const std::optional<std::uint64_t> cursor = cursor_of(call.argv[1]);
  if (!cursor) return call.error("ERR invalid cursor");
  const std::optional<ScanOptions> options = parse_scan(call);
  if (!options) return;

  std::vector<std::pair<std::uint64_t, std::string>> ahead;
  for (const auto& [key, entry] : call.data.database(call.db))
    if (const std::uint64_t place = scan_place(key); place >= *cursor)
      ahead.emplace_back(place, key);
  std::sort(ahead.begin(), ahead.end());
  std::size_t taken = std::min(options->count, ahead.size());
  while (taken > 0 && taken < ahead.size() && ahead[taken].first == ahead[taken - 1].first) ++taken;

  std::vector<std::string> found;
  for (std::size_t i = 0; i < taken; ++i) {
    const std::string& key = ahead[i].second;
    if (!matches(options->pattern, key)) continue;
    const Entry* const entry = call.data.find(call.db, key);
    if (!options->type.empty() && !same_word(options->type, type_name(entry->value))) continue;
    if (call.look(key) != nullptr) found.push_back(key);
  }
  call.reply.array(2);
  call.reply.bulk(std::to_string(taken < ahead.size() ? ahead[taken].first : 0));
  reply_strings(call, found);
}

// Draws until a key is not overdue. A replica may not erase them, and gives up after 100 tries.
void randomkey(Call& call) {
  int tries = 100;
  while (call.data.size(call.db) > 0) {
    auto place = call.data.database(call.db).begin();
    std::advance(place, call.chance.below(call.data.size(call.db)));
    const std::string key = place->first;
    const bool all_expire = call.data.expiring(call.db) == call.data.size(call.db);
    const bool give_up = call.overdue == Overdue::hide && all_expire && --tries == 0;
    if (give_up || call.look(key) != nullptr) return call.reply.bulk(key);
  }
  call.reply.null();
}

// --- moving
// ----------------------------------------------------------------------------------------

// The key is a new one, even where there was one: somebody may wait for it (R7.14).
void place(Call& call, unsigned db, const std::string& key, const Entry& entry) {
  call.data.erase(db, key);
  call.data.put(db, key, Value(entry.value), entry.expires);
}

void rename_key(Call& call, bool only_new) {
  const std::string &from = call.argv[1], &to = call.argv[2];
  if (call.look(from) == nullptr) return call.error(kNoSuchKey);
  if (from == to) return only_new ? call.reply.integer(0) : call.reply.ok();
  if (call.look(to) != nullptr && only_new) return call.reply.integer(0);
  const Entry entry = *call.data.find(call.db, from);
  call.data.erase(call.db, from);
  place(call, call.db, to, entry);
  ++call.dirty;
  only_new ? call.reply.integer(1) : call.reply.ok();
}

void rename(Call& call) {
  rename_key(call, false);
}
void renamenx(Call& call) {
  rename_key(call, true);
}

constexpr std::string_view kSameObject = "ERR source and destination objects are the same";

void copy(Call& call) {
  unsigned to_db = call.db;
  bool replace = false;
  for (std::size_t i = 3; i < call.argv.size(); ++i) {
    if (same_word(call.argv[i], "REPLACE")) {
      replace = true;
    } else if (same_word(call.argv[i], "DB") && i + 1 < call.argv.size()) {
      const std::optional<unsigned> db = database_argument(call, call.argv[++i]);
      if (!db) return;
      to_db = *db;
    } else {
      return call.syntax_error();
    }
  }
  const std::string &from = call.argv[1], &to = call.argv[2];
  if (from == to && to_db == call.db) return call.error(kSameObject);
  if (call.look(from) == nullptr) return call.reply.integer(0);
  if (call.look(to_db, to) != nullptr && !replace) return call.reply.integer(0);
  const Entry entry = *call.data.find(call.db, from);
  place(call, to_db, to, entry);
  ++call.dirty;
  call.reply.integer(1);
}

void move(Call& call) {
  const std::string& key = call.argv[1];
  const std::optional<unsigned> to_db = database_argument(call, call.argv[2]);
  if (!to_db) return;
  if (*to_db == call.db) return call.error(kSameObject);
  if (call.look(key) == nullptr) return call.reply.integer(0);
  if (call.look(*to_db, key) != nullptr) return call.reply.integer(0);
  const Entry entry = *call.data.find(call.db, key);
  place(call, *to_db, key, entry);
  call.data.erase(call.db, key);
  ++call.dirty;
  call.reply.integer(1);
}

void swapdb(Call& call) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kHighest = std::numeric_limits<std::int32_t>::max();
  std::array<std::int64_t, 2> dbs{};
  constexpr std::array<std::string_view, 2> kErrors = {"ERR invalid first DB index",
                                                       "ERR invalid second DB index"};
  for (std::size_t i = 0; i < dbs.size(); ++i) {
    const std::optional<std::int64_t> db = to_integer(call.argv[i + 1]);
    if (!db || *db < kLowest || *db > kHighest) return call.error(kErrors[i]);
    dbs[i] = *db;
  }
  if (std::min(dbs[0], dbs[1]) < 0 || std::max(dbs[0], dbs[1]) >= call.data.databases())
    return call.error(kNoSuchDb);
  call.data.swap(static_cast<unsigned>(dbs[0]), static_cast<unsigned>(dbs[1]));
  ++call.dirty;
  call.reply.ok();
}

bool flush_options_are_good(Call& call) {
  if (call.argv.size() == 1) return true;
  if (call.argv.size() == 2 &&
      (same_word(call.argv[1], "ASYNC") || same_word(call.argv[1], "SYNC")))
    return true;
  call.syntax_error();
  return false;
}

void flushdb(Call& call) {
  if (!flush_options_are_good(call)) return;
  call.dirty += call.data.size(call.db);
  call.data.clear(call.db);
  call.force = true;  // R7.4
  call.reply.ok();
}

void flushall(Call& call) {
  if (!flush_options_are_good(call)) return;
  call.dirty += call.data.size();
  call.data.clear();
  call.force = true;
  call.reply.ok();
}

// --- expiry
// ----------------------------------------------------------------------------------------

struct ExpireOptions {
  bool nx = false, xx = false, gt = false, lt = false;
};

std::optional<ExpireOptions> parse_expire(Call& call) {
  ExpireOptions options;
  for (const std::string& word : call.argv.subspan(3)) {
    if (same_word(word, "NX")) {
      options.nx = true;
    } else if (same_word(word, "XX")) {
      options.xx = true;
    } else if (same_word(word, "GT")) {
      options.gt = true;
    } else if (same_word(word, "LT")) {
      options.lt = true;
    } else {
      call.error("ERR Unsupported option " + word);
      return std::nullopt;
    }
  }
  if (options.nx && (options.xx || options.gt || options.lt)) {
    call.error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return std::nullopt;
  }
  if (options.gt && options.lt) {
    call.error("ERR GT and LT options at the same time are not compatible");
    return std::nullopt;
  }
  return options;
}

// A key without expiry time counts as one that lives for ever.
bool allows(const ExpireOptions& options, std::optional<WallTime> current, WallTime when) {
  if (options.nx && current) return false;
  if (options.xx && !current) return false;
  if (options.gt && (!current || when <= *current)) return false;
  return !(options.lt && current && when >= *current);
}

// Unlike SET's, these times may lie in the past.
std::optional<WallTime> deadline_argument(Call& call, Clock clock) {
  std::optional<std::int64_t> number = integer_argument(call, call.argv[2]);
  if (!number) return std::nullopt;
  const bool in_seconds = clock == Clock::seconds || clock == Clock::seconds_from_now;
  const bool from_now = clock == Clock::ms_from_now || clock == Clock::seconds_from_now;
  if ((in_seconds && __builtin_mul_overflow(*number, std::int64_t{1000}, &*number)) ||
      (from_now && __builtin_add_overflow(*number, count_of(call.now), &*number))) {
    invalid_expire_time(call);
    return std::nullopt;
  }
  return WallTime(std::chrono::milliseconds(*number));
}

void expire_at(Call& call, Clock clock) {
  const std::optional<ExpireOptions> options = parse_expire(call);
  if (!options) return;
  const std::optional<WallTime> when = deadline_argument(call, clock);
  if (!when) return;
  const std::string& key = call.argv[1];
  const Entry* const entry = call.look(key);
  if (entry == nullptr || !allows(*options, entry->expires, *when)) return call.reply.integer(0);
  call.reply.integer(1);
  ++call.dirty;
  // Only a master may turn a time that has passed into a deletion (R8.7).
  const bool may_delete =
      call.overdue == Overdue::erase_and_tell || !call.rules.past_deadline_waits_for_del;
  if (*when <= call.now && may_delete) {
    call.data.erase(call.db, key);
    return call.rewrite({"DEL", key});
  }
  call.data.set_expiry(call.db, key, *when);
  const bool absolute = call.rules.expire_is_absolute && call.rules.deadlines_are_absolute;
  if (clock == Clock::ms || !absolute) return;
  std::vector<std::string> argv(call.argv.begin(), call.argv.end());
  argv[0] = "PEXPIREAT";
  argv[2] = std::to_string(count_of(*when));
  call.rewrite(std::move(argv));
}

void expire(Call& call) {
  expire_at(call, Clock::seconds_from_now);
}
void pexpire(Call& call) {
  expire_at(call, Clock::ms_from_now);
}
void expireat(Call& call) {
  expire_at(call, Clock::seconds);
}
void pexpireat(Call& call) {
  expire_at(call, Clock::ms);
}

// What the four TTL commands answer, before rounding: ms, or -1 without expiry, or -2 without key.
void reply_time(Call& call, bool from_now, bool in_seconds) {
  const Entry* const entry = call.look(call.argv[1]);
  if (entry == nullptr) return call.reply.integer(-2);
  if (!entry->expires) return call.reply.integer(-1);
  std::int64_t ms = count_of(*entry->expires);
  if (from_now) ms = std::max<std::int64_t>(ms - count_of(call.now), 0);
  call.reply.integer(in_seconds ? (ms + 500) / 1000 : ms);
}

void ttl(Call& call) {
  reply_time(call, true, true);
}
void pttl(Call& call) {
  reply_time(call, true, false);
}
void expiretime(Call& call) {
  reply_time(call, false, true);
}
void pexpiretime(Call& call) {
  reply_time(call, false, false);
}

void persist(Call& call) {
  const Entry* const entry = call.look(call.argv[1]);
  const bool had_expiry = entry != nullptr && entry->expires;
  if (had_expiry) {
    call.data.set_expiry(call.db, call.argv[1], std::nullopt);
    ++call.dirty;
  }
  call.reply.integer(had_expiry ? 1 : 0);
}

// --- looking inside
// --------------------------------------------------------------------------------

// Small numbers are shared by all keys, and say so.
std::int64_t reference_count(const Value& value) {
  const String* const string = std::get_if<String>(&value);
  const std::optional<std::int64_t> number = string == nullptr ? std::nullopt : to_integer(*string);
  const bool shared = number && *number >= 0 && *number < 10000;
  return shared ? std::numeric_limits<std::int32_t>::max() : 1;
}

// Every subcommand but HELP looks at one key without touching it.
const Entry* object_argument(Call& call) {
  const Entry* const entry = call.look(call.argv[2]);
  if (entry == nullptr) call.reply.null();
  return entry;
}

void object_encoding(Call& call) {
  if (const Entry* const entry = object_argument(call))
    call.reply.bulk(encoding_name(entry->value, call.encoding));
}

void object_refcount(Call& call) {
  if (const Entry* const entry = object_argument(call))
    call.reply.integer(reference_count(entry->value));
}

// The model does not rate keys: nothing has been idle.
void object_idletime(Call& call) {
  if (object_argument(call) != nullptr) call.reply.integer(0);
}

void object_freq(Call& call) {
  if (object_argument(call) == nullptr) return;
  call.error(
      "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
      "when switching between policies at runtime LRU and LFU data will take some time to adjust.");
}

void object_help(Call& call) {
  constexpr std::string_view kLines[] = {
      "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "ENCODING <key>",
      "    Return the kind of internal representation used in order to store the value",
      "    associated with a <key>.",
      "FREQ <key>",
      "    Return the access frequency index of the <key>. The returned integer is",
      "    proportional to the logarithm of the recent access frequency of the key.",
      "IDLETIME <key>",
      "    Return the idle time of the <key>, that is the approximated number of",
      "    seconds elapsed since the last access to the key.",
      "REFCOUNT <key>",
      "    Return the number of references of the value associated with the specified",
      "    <key>.",
      "HELP",
      "    Prints this help."};
  reply_lines(call, kLines);
}

constexpr auto kObjectCommands = std::to_array<Subcommand>({
    {"encoding", 3, object_encoding},
    {"freq", 3, object_freq},
    {"help", 2, object_help},
    {"idletime", 3, object_idletime},
    {"refcount", 3, object_refcount},
});

void object(Call& call) {
  run_subcommand(call, kObjectCommands);
}

constexpr auto kCommands = std::to_array<Command>({
    {"copy", -3, flag::write | flag::denyoom, copy},
    {"dbsize", 1, flag::readonly, dbsize},
    {"del", -2, flag::write, del},
    {"exists", -2, flag::readonly, exists},
    {"expire", -3, flag::write, expire},
    {"expireat", -3, flag::write, expireat},
    {"expiretime", 2, flag::readonly, expiretime},
    {"flushall", -1, flag::write, flushall},
    {"flushdb", -1, flag::write, flushdb},
    {"keys", 2, flag::readonly, keys},
    {"move", 3, flag::write, move},
    {"object", -2, flag::readonly, object},
    {"persist", 2, flag::write, persist},
    {"pexpire", -3, flag::write, pexpire},
    {"pexpireat", -3, flag::write, pexpireat},
    {"pexpiretime", 2, flag::readonly, pexpiretime},
    {"pttl", 2, flag::readonly, pttl},
    {"randomkey", 1, flag::readonly, randomkey},
    {"rename", 3, flag::write, rename},
    {"renamenx", 3, flag::write, renamenx},
    {"scan", -2, flag::readonly, scan},
    {"swapdb", 3, flag::write, swapdb},
    {"touch", -2, flag::readonly, exists},
    {"ttl", 2, flag::readonly, ttl},
    {"type", 2, flag::readonly, type},
    {"unlink", -2, flag::write, del},
});

}  // namespace

std::span<const Command> key_commands() {
  return kCommands;
}

}  // namespace model
