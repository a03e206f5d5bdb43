// Pops that wait for a key: BLPOP and its kin (R7.14, table 7.4).
//
// Each first does what its form without B does, on the first key that has something. When none has,
// it says so in Call::block; the server then keeps the client and runs the same command again, for
// one key (Call::served), when that key is ready. In a transaction or a script it does not wait.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "model/commands/command_parts.h"
#include "model/data/text.h"

namespace model {
namespace {

constexpr auto kTooLong = std::numeric_limits<std::int64_t>::max();

// Seconds, with a fraction, as milliseconds rounded up; 0: for ever.
std::optional<Duration> timeout_argument(Call& call, const std::string& text) {
  std::size_t used = 0;
  long double seconds = 0;
  const bool blank = text.empty() || std::isspace(static_cast<unsigned char>(text[0])) != 0;
  if (!blank) {
    char* end = nullptr;
    seconds = std::strtold(text.c_str(), &end);
    used = static_cast<std::size_t>(end - text.c_str());
  }
  if (blank || used != text.size() || std::isnan(seconds)) {
    call.error("ERR timeout is not a float or out of range");
    return std::nullopt;
  }
  const long double ms = std::ceil(seconds * 1000);
  const auto most = static_cast<long double>(kTooLong);
  if (ms < 0 || ms > most) {  // Redis lets what is too large overflow
    call.error("ERR timeout is negative");
    return std::nullopt;
  }
  if (ms > most - static_cast<long double>(count_of(call.now))) {
    call.error("ERR timeout is out of range");
    return std::nullopt;
  }
  constexpr long double kCenturies = 1e13L;  // ms: what a Duration holds for certain
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(ms, kCenturies)));
}

// The keys to look at: all, or the one that has become ready.
Args keys_now(Call& call, Args keys) {
  return call.served == nullptr ? keys : Args(call.served, 1);
}

// The first key that is there. A key of another type is an error (and `failed`).
template <class T>
const std::string* first_with(Call& call, Args keys) {
  for (const std::string& key : keys_now(call, keys)) {
    if (call.look_as<T>(key) != nullptr) return &key;
    if (call.failed) return nullptr;
  }
  return nullptr;
}

enum class Nil : std::uint8_t { array, bulk };

template <class T>
void wait_for(Call& call, Args keys, Duration timeout, Nil nil) {
  if (!call.may_block) return nil == Nil::array ? call.reply.null_array() : call.reply.null();
  call.block = KeyWait{{keys.begin(), keys.end()}, Value(T()).index(), timeout};
}

// Runs the command that does not wait in the place of `call`; it answers into `out`.
void run_instead(Call& call, std::span<const Command> family, std::vector<std::string> argv,
                 std::string& out) {
  const auto command = std::find_if(family.begin(), family.end(), [&](const Command& c) {
    return same_word(c.name, argv.front());
  });
  Call inner{.data = call.data, .db = call.db, .argv = argv, .now = call.now,
             .overdue = call.overdue, .rules = call.rules, .chance = call.chance,
             .reply = ReplyWriter(out), .before = std::move(call.before)};
  command->run(inner);
  call.before = std::move(inner.before);
  call.expired += inner.expired;
  call.dirty += inner.dirty;
  call.failed = inner.failed;
  if (inner.dirty == 0) return;
  call.instead = std::move(inner.instead);
  if (!call.instead) call.rewrite(std::move(argv));
}

// --- lists ----------------------------------------------------------------------------------------

// BLPOP key [key ...] timeout
void pop_one(Call& call, std::string_view instead) {
  const auto timeout = timeout_argument(call, call.argv.back());
  if (!timeout) return;
  const Args keys = call.argv.subspan(1, call.argv.size() - 2);
  const std::string* const key = first_with<List>(call, keys);
  if (call.failed) return;
  if (key == nullptr) return wait_for<List>(call, keys, *timeout, Nil::array);
  std::string popped;
  run_instead(call, list_commands(), {std::string(instead), *key}, popped);
  call.reply.array(2);
  call.reply.bulk(*key);
  call.reply.raw(popped);
}

void blpop(Call& call) {
  pop_one(call, "LPOP");
}
void brpop(Call& call) {
  pop_one(call, "RPOP");
}

void move_one(Call& call, std::vector<std::string> instead) {
  const auto timeout = timeout_argument(call, call.argv.back());
  if (!timeout) return;
  const Args source = call.argv.subspan(1, 1);
  call.look_as<List>(source.front());
  if (call.failed) return;
  if (call.look(source.front()) == nullptr)
    return wait_for<List>(call, source, *timeout, Nil::bulk);
  std::string moved;
  run_instead(call, list_commands(), std::move(instead), moved);
  call.reply.raw(moved);
}

bool is_end(std::string_view word) {
  return same_word(word, "LEFT") || same_word(word, "RIGHT");
}

// BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout. Served at once it keeps the client's
// spelling in the stream, served later it has Redis's own.
void blmove(Call& call) {
  const Args a = call.argv;
  if (!is_end(a[3]) || !is_end(a[4])) return call.syntax_error();
  const bool later = call.served != nullptr;
  move_one(call, {"LMOVE", a[1], a[2], later ? lower(a[3]) : a[3], later ? lower(a[4]) : a[4]});
}

void brpoplpush(Call& call) {
  move_one(call, {"RPOPLPUSH", call.argv[1], call.argv[2]});
}

// --- sorted sets ----------------------------------------------------------------------------------

// BZPOPMIN key [key ...] timeout
void zpop_one(Call& call, std::string_view instead) {
  const auto timeout = timeout_argument(call, call.argv.back());
  if (!timeout) return;
  const Args keys = call.argv.subspan(1, call.argv.size() - 2);
  const std::string* const key = first_with<SortedSet>(call, keys);
  if (call.failed) return;
  if (key == nullptr) return wait_for<SortedSet>(call, keys, *timeout, Nil::array);
  std::string popped;
  run_instead(call, zset_commands(), {std::string(instead), *key}, popped);
  call.reply.array(3);
  call.reply.bulk(*key);
  call.reply.raw(std::string_view(popped).substr(popped.find('\n') + 1));  // no array around them
}

void bzpopmin(Call& call) {
  zpop_one(call, "ZPOPMIN");
}
void bzpopmax(Call& call) {
  zpop_one(call, "ZPOPMAX");
}

// --- many from one --------------------------------------------------------------------------------

struct Many {
  Args keys;
  std::vector<std::string> options;  // from the word behind the keys on
};

// B?MPOP timeout numkeys key [key ...] <word> [COUNT count]
std::optional<Many> parse_many(Call& call, std::string_view low, std::string_view high) {
  constexpr CountedKeys kErrors = {kNumkeysError, "ERR syntax error"};
  std::size_t at = 2;
  const std::optional<Args> keys = counted_keys(call, at, kErrors);
  if (!keys) return std::nullopt;
  const Args rest = call.argv.subspan(at);
  const bool good = !rest.empty() && (same_word(rest[0], low) || same_word(rest[0], high)) &&
                    (rest.size() == 1 || (rest.size() == 3 && same_word(rest[1], "COUNT")));
  if (!good) {
    call.syntax_error();
    return std::nullopt;
  }
  if (rest.size() == 3 &&
      !integer_from(call, rest[2], 1, "ERR count should be greater than 0")) {
    return std::nullopt;
  }
  return Many{*keys, {rest.begin(), rest.end()}};
}

template <class T>
void pop_many(Call& call, std::span<const Command> family, std::string_view instead,
              std::string_view low, std::string_view high) {
  const std::optional<Many> many = parse_many(call, low, high);
  if (!many) return;
  const auto timeout = timeout_argument(call, call.argv[1]);
  if (!timeout) return;
  const std::string* const key = first_with<T>(call, many->keys);
  if (call.failed) return;
  if (key == nullptr) return wait_for<T>(call, many->keys, *timeout, Nil::array);
  std::vector<std::string> argv = {std::string(instead), "1", *key};
  argv.insert(argv.end(), many->options.begin(), many->options.end());
  std::string popped;
  run_instead(call, family, std::move(argv), popped);
  call.reply.raw(popped);
}

void blmpop(Call& call) {
  pop_many<List>(call, list_commands(), "LMPOP", "LEFT", "RIGHT");
}
void bzmpop(Call& call) {
  pop_many<SortedSet>(call, zset_commands(), "ZMPOP", "MIN", "MAX");
}

constexpr std::uint32_t kWaits = flag::write | flag::blocking | flag::no_script;

constexpr auto kCommands = std::to_array<Command>({
    {"blmove", 6, kWaits | flag::denyoom, blmove},
    {"blmpop", -5, kWaits, blmpop},
    {"blpop", -3, kWaits, blpop},
    {"brpop", -3, kWaits, brpop},
    {"brpoplpush", 4, kWaits | flag::denyoom, brpoplpush},
    {"bzmpop", -5, kWaits, bzmpop},
    {"bzpopmax", -3, kWaits, bzpopmax},
    {"bzpopmin", -3, kWaits, bzpopmin},
});

}  // namespace

std::span<const Command> blocking_commands() {
  return kCommands;
}

}  // namespace model
