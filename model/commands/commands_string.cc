// Strings: whole values, numbers in text, bytes and bits.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "model/commands/command_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

constexpr std::size_t kLongestString = 512 * 1024 * 1024;  // proto-max-bulk-len

bool too_long(Call& call, std::size_t size, std::size_t more) {
  if (size <= kLongestString && more <= kLongestString - size) return false;
  call.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  return true;
}

void reply_string(Call& call, const String* string) {
  if (string == nullptr) return call.reply.null();
  call.reply.bulk(*string);
}

// --- SET and its kin
// -------------------------------------------------------------------------------

struct SetOptions {
  bool if_missing = false;  // NX
  bool if_present = false;  // XX
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;  // GETEX only
  std::optional<Clock> clock;
  std::string_view when;  // with `clock`
};

std::optional<Clock> clock_word(std::string_view word) {
  if (same_word(word, "EX")) return Clock::seconds_from_now;
  if (same_word(word, "PX")) return Clock::ms_from_now;
  if (same_word(word, "EXAT")) return Clock::seconds;
  if (same_word(word, "PXAT")) return Clock::ms;
  return std::nullopt;
}

// One way to expire at most; the same word may be said again, and the last one counts.
bool accept_clock(SetOptions& options, Clock clock, std::string_view when) {
  if (options.keep_ttl || options.persist || (options.clock && *options.clock != clock))
    return false;
  options.clock = clock;
  options.when = when;
  return true;
}

bool accept_set_word(SetOptions& options, std::string_view word) {
  if (same_word(word, "NX")) return options.if_missing = true, !options.if_present;
  if (same_word(word, "XX")) return options.if_present = true, !options.if_missing;
  if (same_word(word, "GET")) return options.get = true;
  if (same_word(word, "KEEPTTL")) return options.keep_ttl = true, !options.clock;
  return false;
}

bool accept_getex_word(SetOptions& options, std::string_view word) {
  return same_word(word, "PERSIST") && (options.persist = true, !options.clock);
}

// The options from argv[first] on; `accept` knows those without an argument.
template <class Accept>
std::optional<SetOptions> parse_options(Call& call, std::size_t first, Accept accept) {
  SetOptions options;
  for (std::size_t i = first; i < call.argv.size(); ++i) {
    const std::optional<Clock> clock = clock_word(call.argv[i]);
    const bool understood =
        clock ? ++i < call.argv.size() && accept_clock(options, *clock, call.argv[i])
              : accept(options, call.argv[i]);
    if (!understood) {
      call.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

void store(Call& call, std::string_view key, std::string_view value,
           std::optional<WallTime> expires = {}) {
  call.data.put(call.db, key, String(value), expires);
  ++call.dirty;
}

// A deadline as a point in time, rather than from now.
bool says_a_time(Args argv) {
  return std::any_of(argv.begin(), argv.end(), [](const std::string& word) {
    return same_word(word, "EXAT") || same_word(word, "PXAT");
  });
}

// Puts a deadline where replicas can only read it one way (R7.17).
void store_until(Call& call, const std::string& key, const std::string& value, WallTime expires) {
  store(call, key, value, expires);
  using Ttl = Rules::Ttl;  // V33
  if (call.rules.set_ttl == Ttl::as_written) return;
  const bool relative = (call.rules.set_ttl == Ttl::milliseconds && !says_a_time(call.argv)) ||
                        !call.rules.deadlines_are_absolute;
  const WallTime origin = relative ? call.now : WallTime{};
  call.rewrite({"SET", key, value, relative ? "PX" : "PXAT",
                std::to_string((expires - origin).count())});
}

void rewrite_without_get(Call& call) {
  std::vector<std::string> argv(call.argv.begin(), call.argv.begin() + 3);
  for (const std::string& option : call.argv.subspan(3))
    if (!same_word(option, "GET")) argv.push_back(option);
  call.rewrite(std::move(argv));
}

// What SET learnt later (6.0, 6.2) is a syntax error before.
bool knows_options(Call& call) {
  const auto later = [](const std::string& word) {
    return same_word(word, "EXAT") || same_word(word, "PXAT") || same_word(word, "KEEPTTL") ||
           same_word(word, "GET");
  };
  return call.rules.set_has_all_options || call.argv.size() < 4 ||
         std::none_of(call.argv.begin() + 3, call.argv.end(), later);
}

void set(Call& call) {
  if (!knows_options(call)) return call.syntax_error();
  const std::optional<SetOptions> options = parse_options(call, 3, accept_set_word);
  if (!options) return;
  std::optional<WallTime> expires;
  if (options->clock) {
    expires = expiry_argument(call, options->when, *options->clock);
    if (!expires) return;
  }
  const std::string& key = call.argv[1];
  if (options->get) {
    const String* const old = call.look_as<String>(key);
    if (call.failed) return;
    reply_string(call, old);
  }
  const Entry* const found = call.look(key);
  if ((options->if_missing && found != nullptr) || (options->if_present && found == nullptr)) {
    if (!options->get) call.reply.null();
    return;
  }
  if (expires) {
    store_until(call, key, call.argv[2], *expires);
  } else {
    store(call, key, call.argv[2],
          options->keep_ttl && found != nullptr ? found->expires : std::nullopt);
    if (options->get) rewrite_without_get(call);
  }
  if (!options->get) call.reply.ok();
}

void setnx(Call& call) {
  const bool missing = call.look(call.argv[1]) == nullptr;
  if (missing) store(call, call.argv[1], call.argv[2]);
  call.reply.integer(missing ? 1 : 0);
}

void set_with_expiry(Call& call, Clock clock) {
  const std::optional<WallTime> expires = expiry_argument(call, call.argv[2], clock);
  if (!expires) return;
  call.look(call.argv[1]);
  store_until(call, call.argv[1], call.argv[3], *expires);
  call.reply.ok();
}

void setex(Call& call) {
  set_with_expiry(call, Clock::seconds_from_now);
}
void psetex(Call& call) {
  set_with_expiry(call, Clock::ms_from_now);
}

void get(Call& call) {
  const String* const string = call.look_as<String>(call.argv[1]);
  if (!call.failed) reply_string(call, string);
}

void getset(Call& call) {
  get(call);
  if (call.failed) return;
  store(call, call.argv[1], call.argv[2]);
  call.rewrite({"SET", call.argv[1], call.argv[2]});
}

void erase_and_tell(Call& call, const std::string& key) {
  call.data.erase(call.db, key);
  ++call.dirty;
  call.rewrite({"DEL", key});
}

void getdel(Call& call) {
  get(call);
  if (!call.failed && call.look(call.argv[1]) != nullptr) erase_and_tell(call, call.argv[1]);
}

void getex(Call& call) {
  const std::optional<SetOptions> options = parse_options(call, 2, accept_getex_word);
  if (!options) return;
  const std::string& key = call.argv[1];
  const String* const string = call.look_as<String>(key);
  if (call.failed) return;
  if (string == nullptr) return call.reply.null();
  std::optional<WallTime> expires;
  if (options->clock) {
    expires = expiry_argument(call, options->when, *options->clock);
    if (!expires) return;
  }
  call.reply.bulk(*string);
  if (expires && *expires <= call.now && call.overdue == Overdue::erase_and_tell)
    return erase_and_tell(call, key);
  if (!expires && !(options->persist && call.look(key)->expires)) return;
  call.data.set_expiry(call.db, key, expires);
  ++call.dirty;
  if (!expires) return call.rewrite({"PERSIST", key});
  if (call.rules.set_ttl == Rules::Ttl::milliseconds && !says_a_time(call.argv)) {
    return call.rewrite({"PEXPIRE", key, std::to_string((*expires - call.now).count())});
  }
  call.rewrite({"PEXPIREAT", key, std::to_string(count_of(*expires))});
}

// --- several at once
// -------------------------------------------------------------------------------

void mget(Call& call) {
  call.reply.array(call.argv.size() - 1);
  for (const std::string& key : call.argv.subspan(1)) {
    const Entry* const entry = call.look(key);  // another type is a null here, not an error
    reply_string(call, entry == nullptr ? nullptr : std::get_if<String>(&entry->value));
  }
}

void store_pairs(Call& call) {
  for (std::size_t i = 1; i < call.argv.size(); i += 2) {
    call.look(call.argv[i]);
    store(call, call.argv[i], call.argv[i + 1]);
  }
}

void mset(Call& call) {
  if (call.argv.size() % 2 == 0) return wrong_number_of_arguments(call);
  store_pairs(call);
  call.reply.ok();
}

void msetnx(Call& call) {
  if (call.argv.size() % 2 == 0) return wrong_number_of_arguments(call);
  for (std::size_t i = 1; i < call.argv.size(); i += 2)
    if (call.look(call.argv[i]) != nullptr) return call.reply.integer(0);
  store_pairs(call);
  call.reply.integer(1);
}

// --- parts of a string
// -----------------------------------------------------------------------------

void append(Call& call) {
  const std::string& tail = call.argv[2];
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed || (string != nullptr && too_long(call, string->size(), tail.size()))) return;
  std::size_t size = 0;
  change_or_create<String>(call, call.argv[1], [&](String& held) { size = (held += tail).size(); });
  ++call.dirty;
  call.reply.integer(static_cast<std::int64_t>(size));
}

void strlen(Call& call) {
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  call.reply.integer(string == nullptr ? 0 : static_cast<std::int64_t>(string->size()));
}

void setrange(Call& call) {
  const std::optional<std::int64_t> offset = integer_argument(call, call.argv[2]);
  if (!offset) return;
  if (*offset < 0) return call.error("ERR offset is out of range");
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  const std::string& patch = call.argv[3];
  std::size_t size = string == nullptr ? 0 : string->size();
  if (!patch.empty()) {
    const auto at = static_cast<std::size_t>(*offset);
    if (too_long(call, at, patch.size())) return;
    change_or_create<String>(call, call.argv[1], [&](String& held) {
      if (held.size() < at + patch.size()) held.resize(at + patch.size(), '\0');
      held.replace(at, patch.size(), patch);
      size = held.size();
    });
    ++call.dirty;
  }
  call.reply.integer(static_cast<std::int64_t>(size));
}

void getrange(Call& call) {
  const std::optional<std::int64_t> start = integer_argument(call, call.argv[2]);
  if (!start) return;
  std::optional<std::int64_t> stop = integer_argument(call, call.argv[3]);
  if (!stop) return;
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  if (string == nullptr || (*start < 0 && *stop < 0 && *start > *stop)) return call.reply.bulk("");
  // Unlike other ranges, this one ends at the first byte when it ends before it.
  if (*stop < 0)
    *stop = std::max<std::int64_t>(*stop + static_cast<std::int64_t>(string->size()), 0);
  const IndexRange range = index_range(*start, *stop, string->size());
  call.reply.bulk(std::string_view(*string).substr(range.first, range.size));
}

// --- numbers
// ---------------------------------------------------------------------------------------

void increment(Call& call, std::int64_t by) {
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  std::int64_t number = 0;
  if (string != nullptr) {
    const std::optional<std::int64_t> held = integer_argument(call, *string);
    if (!held) return;
    number = *held;
  }
  if (__builtin_add_overflow(number, by, &number))
    return call.error("ERR increment or decrement would overflow");
  change_or_create<String>(call, call.argv[1],
                           [&](String& held) { held = std::to_string(number); });
  ++call.dirty;
  call.reply.integer(number);
}

void incr(Call& call) {
  increment(call, 1);
}
void decr(Call& call) {
  increment(call, -1);
}

void incrby(Call& call) {
  if (const auto by = integer_argument(call, call.argv[2])) increment(call, *by);
}

void decrby(Call& call) {
  const std::optional<std::int64_t> by = integer_argument(call, call.argv[2]);
  if (!by) return;
  if (*by == std::numeric_limits<std::int64_t>::min())
    return call.error("ERR decrement would overflow");
  increment(call, -*by);
}

void incrbyfloat(Call& call) {
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  const std::optional<long double> held = string == nullptr ? 0.0L : to_long_double(*string);
  const std::optional<long double> by = to_long_double(call.argv[2]);
  if (!held || !by) return call.error(kNotAFloat);
  const long double sum = *held + *by;
  if (std::isnan(sum) || std::isinf(sum))
    return call.error("ERR increment would produce NaN or Infinity");
  const std::string text = text_of(sum);
  change_or_create<String>(call, call.argv[1], [&](String& value) { value = text; });
  ++call.dirty;
  call.rewrite({"SET", call.argv[1], text});  // replicas must not add on their own
  if (call.rules.incrbyfloat_keeps_ttl) call.instead->back().argv.push_back("KEEPTTL");  // V34
  call.reply.bulk(text);
}

// --- bits
// ------------------------------------------------------------------------------------------

struct BitPlace {
  std::size_t byte;
  unsigned mask;
};

// Bit 0 is the highest of the first byte.
std::optional<BitPlace> bit_argument(Call& call) {
  constexpr std::string_view kError = "ERR bit offset is not an integer or out of range";
  const std::optional<std::int64_t> offset = integer_argument(call, call.argv[2], kError);
  if (!offset) return std::nullopt;
  const auto byte = static_cast<std::size_t>(*offset) / 8;
  if (*offset < 0 || byte >= kLongestString) {
    call.error(kError);
    return std::nullopt;
  }
  return BitPlace{byte, 0x80U >> (*offset % 8)};
}

bool bit_of(const String* string, BitPlace place) {
  return string != nullptr && place.byte < string->size() &&
         (static_cast<unsigned char>((*string)[place.byte]) & place.mask) != 0;
}

void setbit(Call& call) {
  const std::optional<BitPlace> place = bit_argument(call);
  if (!place) return;
  constexpr std::string_view kNotABit = "ERR bit is not an integer or out of range";
  const std::optional<std::int64_t> bit = integer_argument(call, call.argv[3], kNotABit);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return call.error(kNotABit);
  const String* const string = call.look_as<String>(call.argv[1]);
  if (call.failed) return;
  const bool old = bit_of(string, *place);
  const bool grows = string == nullptr || string->size() <= place->byte;
  if (grows || old != (*bit == 1)) {
    change_or_create<String>(call, call.argv[1], [&](String& held) {
      if (grows) held.resize(place->byte + 1, '\0');
      const auto byte = static_cast<unsigned char>(held[place->byte]);
      held[place->byte] = static_cast<char>(*bit == 1 ? byte | place->mask : byte & ~place->mask);
    });
    ++call.dirty;
  }
  call.reply.integer(old ? 1 : 0);
}

void getbit(Call& call) {
  const std::optional<BitPlace> place = bit_argument(call);
  if (!place) return;
  const String* const string = call.look_as<String>(call.argv[1]);
  if (!call.failed) call.reply.integer(bit_of(string, *place) ? 1 : 0);
}

constexpr auto kCommands = std::to_array<Command>({
    {"append", 3, flag::write | flag::denyoom, append},
    {"decr", 2, flag::write | flag::denyoom, decr},
    {"decrby", 3, flag::write | flag::denyoom, decrby},
    {"get", 2, flag::readonly, get},
    {"getbit", 3, flag::readonly, getbit},
    {"getdel", 2, flag::write, getdel},
    {"getex", -2, flag::write, getex},
    {"getrange", 4, flag::readonly, getrange},
    {"getset", 3, flag::write | flag::denyoom, getset},
    {"incr", 2, flag::write | flag::denyoom, incr},
    {"incrby", 3, flag::write | flag::denyoom, incrby},
    {"incrbyfloat", 3, flag::write | flag::denyoom, incrbyfloat},
    {"mget", -2, flag::readonly, mget},
    {"mset", -3, flag::write | flag::denyoom, mset},
    {"msetnx", -3, flag::write | flag::denyoom, msetnx},
    {"psetex", 4, flag::write | flag::denyoom, psetex},
    {"set", -3, flag::write | flag::denyoom, set},
    {"setbit", 4, flag::write | flag::denyoom, setbit},
    {"setex", 4, flag::write | flag::denyoom, setex},
    {"setnx", 3, flag::write | flag::denyoom, setnx},
    {"setrange", 4, flag::write | flag::denyoom, setrange},
    {"strlen", 2, flag::readonly, strlen},
    {"substr", 4, flag::readonly, getrange},
});

}  // namespace

std::span<const Command> string_commands() {
  return kCommands;
}

}  // namespace model
