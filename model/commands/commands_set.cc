// Sets. Members are answered in order here; a real server answers them in any order.
#include <algorithm>
#include <array>

#include "model/commands/command_parts.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

std::int64_t size_of(const Set* set) {
  return set == nullptr ? 0 : static_cast<std::int64_t>(set->size());
}

void reply_set(Call& call, const Set& set) {
  call.reply.array(set.size());
  for (const std::string& member : set) call.reply.bulk(member);
}

// --- members
// ---------------------------------------------------------------------------------------

void sadd(Call& call) {
  call.look_as<Set>(call.argv[1]);
  if (call.failed) return;
  std::int64_t added = 0;
  change_or_create<Set>(call, call.argv[1], [&](Set& set) {
    for (const std::string& member : call.argv.subspan(2)) added += set.insert(member).second;
  });
  call.dirty += static_cast<std::uint64_t>(added);
  call.reply.integer(added);
}

void srem(Call& call) {
  remove_named<Set>(call);
}

void smembers(Call& call) {
  const Set* const set = call.look_as<Set>(call.argv[1]);
  if (!call.failed) reply_set(call, set == nullptr ? Set() : *set);
}

void scard(Call& call) {
  const Set* const set = call.look_as<Set>(call.argv[1]);
  if (!call.failed) call.reply.integer(size_of(set));
}

void sismember(Call& call) {
  const Set* const set = call.look_as<Set>(call.argv[1]);
  if (!call.failed) call.reply.integer(set != nullptr && set->contains(call.argv[2]) ? 1 : 0);
}

void smismember(Call& call) {
  const Set* const set = call.look_as<Set>(call.argv[1]);
  if (call.failed) return;
  call.reply.array(call.argv.size() - 2);
  for (const std::string& member : call.argv.subspan(2))
    call.reply.integer(set != nullptr && set->contains(member) ? 1 : 0);
}

void smove(Call& call) {
  const std::string &from = call.argv[1], &to = call.argv[2], &member = call.argv[3];
  const bool missing = call.look(from) == nullptr;
  call.look(to);  // an overdue destination goes even when there is nothing to move
  if (missing) return call.reply.integer(0);
  const Set* const set = call.look_as<Set>(from);
  if (!call.failed) call.look_as<Set>(to);
  if (call.failed) return;
  const bool present = set->contains(member);
  if (present && from != to) {
    change<Set>(call, from, [&](Set& held) { held.erase(member); });
    change_or_create<Set>(call, to, [&](Set& held) { held.insert(member); });
    ++call.dirty;
  }
  call.reply.integer(present ? 1 : 0);
}

// --- at random
// -------------------------------------------------------------------------------------

std::vector<std::string> members_of(const Set& set) {
  return {set.begin(), set.end()};
}

void remove_and_tell(Call& call, const std::string& key, const std::vector<std::string>& members) {
  call.instead.emplace();
  const std::size_t most = call.rules.spop_in_batches ? 1024 : 1;  // V35
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i % most == 0) call.instead->push_back({call.db, {"SREM", key}});
    call.instead->back().argv.push_back(members[i]);
  }
  call.dirty += members.size();
  change<Set>(call, key, [&](Set& held) {
    for (const std::string& member : members) held.erase(member);
  });
}

// The draw is the master's alone: the stream carries what it was.
void spop(Call& call) {
  const std::string& key = call.argv[1];
  if (call.argv.size() > 3) return call.syntax_error();
  const bool counted = call.argv.size() == 3;
  std::optional<std::int64_t> count = 1;
  if (counted)
    count = integer_from(call, call.argv[2], 0, "ERR value is out of range, must be positive");
  if (!count) return;
  const Set* const set = call.look_as<Set>(key);
  if (call.failed) return;
  if (set == nullptr) return counted ? call.reply.array(0) : call.reply.null();
  if (*count == 0) return call.reply.array(0);
  if (counted && *count >= size_of(set)) {
    reply_set(call, *set);
    call.dirty += set->size();
    call.data.erase(call.db, key);
    return call.rewrite({"DEL", key});
  }
  const auto popped = draw(call.chance, members_of(*set), static_cast<std::size_t>(*count));
  remove_and_tell(call, key, popped);
  counted ? reply_strings(call, popped) : call.reply.bulk(popped.front());
}

// A negative count draws that many, and may draw the same again.
void srandmember(Call& call) {
  if (call.argv.size() > 3) return call.syntax_error();
  const bool counted = call.argv.size() == 3;
  const std::optional<std::int64_t> count =
      counted ? signed_count(call, call.argv[2]) : std::optional<std::int64_t>(1);
  if (!count) return;
  const Set* const set = call.look_as<Set>(call.argv[1]);
  if (call.failed) return;
  if (set == nullptr) return counted ? call.reply.array(0) : call.reply.null();
  const std::vector<std::string> members = members_of(*set);
  if (*count >= 0) {
    const auto drawn = draw(call.chance, members, static_cast<std::size_t>(*count));
    return counted ? reply_strings(call, drawn) : call.reply.bulk(drawn.front());
  }
  call.reply.array(static_cast<std::size_t>(-*count));
  for (std::int64_t i = *count; i < 0; ++i)
    call.reply.bulk(members[static_cast<std::size_t>(call.chance.below(members.size()))]);
}

// --- several sets
// ----------------------------------------------------------------------------------

enum class Operator : std::uint8_t { intersection, sum, difference };

// A missing key is an empty set. Nothing when one is of another type; all are looked at first.
std::optional<std::vector<const Set*>> sets_of(Call& call, Args keys) {
  static const Set kNone;
  for (const std::string& key : keys) {
    call.look_as<Set>(key);
    if (call.failed) return std::nullopt;
  }
  std::vector<const Set*> sets;
  for (const std::string& key : keys) {  // pointers only now: looking may have erased some
    const Entry* const entry = call.look(key);
    sets.push_back(entry == nullptr ? &kNone : &std::get<Set>(entry->value));
  }
  return sets;
}

Set combine(const std::vector<const Set*>& sets, Operator how) {
  Set result = *sets.front();
  for (std::size_t i = 1; i < sets.size(); ++i) {
    if (how == Operator::sum) {
      result.insert(sets[i]->begin(), sets[i]->end());
    } else {
      const bool keep = how == Operator::intersection;
      std::erase_if(result, [&](const std::string& m) { return sets[i]->contains(m) != keep; });
    }
  }
  return result;
}

void combine_and_reply(Call& call, Operator how) {
  if (const auto sets = sets_of(call, call.argv.subspan(1))) reply_set(call, combine(*sets, how));
}

void combine_and_store(Call& call, Operator how) {
  const auto sets = sets_of(call, call.argv.subspan(2));
  if (!sets) return;
  Set result = combine(*sets, how);
  const std::size_t size = result.size();
  store_result(call, call.argv[1], std::move(result), size);
}

void sinter(Call& call) {
  combine_and_reply(call, Operator::intersection);
}
void sunion(Call& call) {
  combine_and_reply(call, Operator::sum);
}
void sdiff(Call& call) {
  combine_and_reply(call, Operator::difference);
}
void sinterstore(Call& call) {
  combine_and_store(call, Operator::intersection);
}
void sunionstore(Call& call) {
  combine_and_store(call, Operator::sum);
}
void sdiffstore(Call& call) {
  combine_and_store(call, Operator::difference);
}

// SINTERCARD numkeys key [key ...] [LIMIT limit]
void sintercard(Call& call) {
  constexpr CountedKeys kErrors = {kNumkeysError,
                                   "ERR Number of keys can't be greater than number of args"};
  std::size_t at = 1;
  const std::optional<Args> keys = counted_keys(call, at, kErrors);
  if (!keys) return;
  std::int64_t limit = 0;
  for (; at < call.argv.size(); at += 2) {
    if (!same_word(call.argv[at], "LIMIT") || at + 1 == call.argv.size())
      return call.syntax_error();
    const auto most = integer_from(call, call.argv[at + 1], 0, "ERR LIMIT can't be negative");
    if (!most) return;
    limit = *most;
  }
  const auto sets = sets_of(call, *keys);
  if (!sets) return;
  const auto size = static_cast<std::int64_t>(combine(*sets, Operator::intersection).size());
  call.reply.integer(limit == 0 ? size : std::min(size, limit));
}

constexpr auto kCommands = std::to_array<Command>({
    {"sadd", -3, flag::write | flag::denyoom, sadd},
    {"scard", 2, flag::readonly, scard},
    {"sdiff", -2, flag::readonly, sdiff},
    {"sdiffstore", -3, flag::write | flag::denyoom, sdiffstore},
    {"sinter", -2, flag::readonly, sinter},
    {"sintercard", -3, flag::readonly, sintercard},
    {"sinterstore", -3, flag::write | flag::denyoom, sinterstore},
    {"sismember", 3, flag::readonly, sismember},
    {"smembers", 2, flag::readonly, smembers},
    {"smismember", -3, flag::readonly, smismember},
    {"smove", 4, flag::write | flag::denyoom, smove},
    {"spop", -2, flag::write, spop},
    {"srandmember", -2, flag::readonly, srandmember},
    {"srem", -3, flag::write, srem},
    {"sunion", -2, flag::readonly, sunion},
    {"sunionstore", -3, flag::write | flag::denyoom, sunionstore},
});

}  // namespace

std::span<const Command> set_commands() {
  return kCommands;
}

}  // namespace model
