// Hashes. Fields are answered in order here; a real server answers them in any order.
#include <array>
#include <cmath>

#include "model/commands/command_parts.h"
#include "model/data/number.h"

namespace model {
namespace {

std::int64_t number_of(std::size_t size) {
  return static_cast<std::int64_t>(size);
}

const std::string* value_of(const Hash* hash, const std::string& field) {
  if (hash == nullptr) return nullptr;
  const auto place = hash->find(field);
  return place == hash->end() ? nullptr : &place->second;
}

void reply_value(Call& call, const std::string* value) {
  value == nullptr ? call.reply.null() : call.reply.bulk(*value);
}

void store(Call& call, const std::string& field, const std::string& value) {
  change_or_create<Hash>(call, call.argv[1], [&](Hash& hash) { hash[field] = value; });
  ++call.dirty;
}

// --- writing
// ---------------------------------------------------------------------------------------

// The number of fields that are new; nothing when an error was replied.
std::optional<std::int64_t> set_fields(Call& call) {
  if (call.argv.size() % 2 == 1) return wrong_number_of_arguments(call), std::nullopt;
  call.look_as<Hash>(call.argv[1]);
  if (call.failed) return std::nullopt;
  std::int64_t added = 0;
  change_or_create<Hash>(call, call.argv[1], [&](Hash& hash) {
    for (std::size_t i = 2; i < call.argv.size(); i += 2)
      added += hash.insert_or_assign(call.argv[i], call.argv[i + 1]).second;
  });
  call.dirty += (call.argv.size() - 2) / 2;
  return added;
}

void hset(Call& call) {
  if (const std::optional<std::int64_t> added = set_fields(call)) call.reply.integer(*added);
}

void hmset(Call& call) {
  if (set_fields(call)) call.reply.ok();
}

void hsetnx(Call& call) {
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (call.failed) return;
  const bool missing = value_of(hash, call.argv[2]) == nullptr;
  if (missing) store(call, call.argv[2], call.argv[3]);
  call.reply.integer(missing ? 1 : 0);
}

void hdel(Call& call) {
  remove_named<Hash>(call);
}

void hincrby(Call& call) {
  const std::optional<std::int64_t> by = integer_argument(call, call.argv[3]);
  if (!by) return;
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (call.failed) return;
  std::int64_t number = 0;
  if (const std::string* const value = value_of(hash, call.argv[2])) {
    const auto held = integer_argument(call, *value, "ERR hash value is not an integer");
    if (!held) return;
    number = *held;
  }
  if (__builtin_add_overflow(number, *by, &number))
    return call.error("ERR increment or decrement would overflow");
  store(call, call.argv[2], std::to_string(number));
  call.reply.integer(number);
}

void hincrbyfloat(Call& call) {
  const std::optional<long double> by = to_long_double(call.argv[3]);
  if (!by) return call.error(kNotAFloat);
  if (std::isinf(*by)) return call.error("ERR value is NaN or Infinity");
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (call.failed) return;
  const std::string* const value = value_of(hash, call.argv[2]);
  const std::optional<long double> held = value == nullptr ? 0.0L : to_long_double(*value);
  if (!held) return call.error("ERR hash value is not a float");
  const long double sum = *held + *by;
  if (std::isnan(sum) || std::isinf(sum))
    return call.error("ERR increment would produce NaN or Infinity");
  const std::string text = text_of(sum);
  store(call, call.argv[2], text);
  call.rewrite({"HSET", call.argv[1], call.argv[2], text});  // replicas must not add on their own
  call.reply.bulk(text);
}

// --- reading
// ---------------------------------------------------------------------------------------

void hget(Call& call) {
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (!call.failed) reply_value(call, value_of(hash, call.argv[2]));
}

void hmget(Call& call) {
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (call.failed) return;
  call.reply.array(call.argv.size() - 2);
  for (const std::string& field : call.argv.subspan(2)) reply_value(call, value_of(hash, field));
}

void hlen(Call& call) {
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (!call.failed) call.reply.integer(hash == nullptr ? 0 : number_of(hash->size()));
}

void hexists(Call& call) {
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (!call.failed) call.reply.integer(value_of(hash, call.argv[2]) != nullptr ? 1 : 0);
}

void hstrlen(Call& call) {
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (call.failed) return;
  const std::string* const value = value_of(hash, call.argv[2]);
  call.reply.integer(value == nullptr ? 0 : number_of(value->size()));
}

void reply_all(Call& call, bool fields, bool values) {
  const Hash* const hash = call.look_as<Hash>(call.argv[1]);
  if (call.failed) return;
  if (hash == nullptr) return call.reply.array(0);
  call.reply.array(hash->size() * (fields && values ? 2 : 1));
  for (const auto& [field, value] : *hash) {
    if (fields) call.reply.bulk(field);
    if (values) call.reply.bulk(value);
  }
}

void hgetall(Call& call) {
  reply_all(call, true, true);
}
void hkeys(Call& call) {
  reply_all(call, true, false);
}
void hvals(Call& call) {
  reply_all(call, false, true);
}

constexpr auto kCommands = std::to_array<Command>({
    {"hdel", -3, flag::write, hdel},
    {"hexists", 3, flag::readonly, hexists},
    {"hget", 3, flag::readonly, hget},
    {"hgetall", 2, flag::readonly, hgetall},
    {"hincrby", 4, flag::write | flag::denyoom, hincrby},
    {"hincrbyfloat", 4, flag::write | flag::denyoom, hincrbyfloat},
    {"hkeys", 2, flag::readonly, hkeys},
    {"hlen", 2, flag::readonly, hlen},
    {"hmget", -3, flag::readonly, hmget},
    {"hmset", -4, flag::write | flag::denyoom, hmset},
    {"hset", -4, flag::write | flag::denyoom, hset},
    {"hsetnx", 4, flag::write | flag::denyoom, hsetnx},
    {"hstrlen", 3, flag::readonly, hstrlen},
    {"hvals", 2, flag::readonly, hvals},
});

}  // namespace

std::span<const Command> hash_commands() {
  return kCommands;
}

}  // namespace model
