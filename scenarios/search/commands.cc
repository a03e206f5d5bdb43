// Commands whose effect depends on all that came before: a write that is lost, doubled, or applied
// in another database shows in the data for ever after. Plain overwrites would hide it.
#include <algorithm>

#include "scenarios/search/script.h"

namespace scenarios {
namespace {

std::string key(Script& s, char kind, std::size_t of = 2) {
  return std::string(1, kind) + std::to_string(s.dice.below(of));
}

// A lifetime of the order of what a link or a run takes, in milliseconds.
std::string lifetime(Script& s) {
  const auto delay = static_cast<std::int64_t>(s.delay.count() / 1000);
  const std::int64_t time =
      s.dice.pick<std::int64_t>({500, 100, 50, 10, 1, 1000, 2000, delay, 2 * delay + 1, 3 * delay});
  return std::to_string(std::max<std::int64_t>(1, time));
}

std::string on_strings(Script& s, char side) {
  Dice& dice = s.dice;
  switch (dice.weighted<int>(
      {{6, 0}, {4, 1}, {3, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {1, 7}, {1, 8}, {1, 9}})) {
    case 0:
      return "INCR " + key(s, 'n');
    case 1: {
      const std::string which = key(s, 's');
      return "APPEND " + which + " " + value_of(1 + dice.below(6), side);
    }
    case 2:
      return "SET " + key(s, 's') + " " + value_of(3, side);
    case 3:
      return "DEL " + key(s, dice.pick({'n', 's'}));
    case 4:
      return "INCRBY " + key(s, 'n') + " " + value_of(1, side);
    case 5:
      return "GETSET " + key(s, 's') + " " + value_of(2, side);
    case 6:
      return "SETNX " + key(s, 's') + " " + value_of(2, side);
    case 7:
      return "MSET n0 " + value_of(1, side) + " s0 " + value_of(2, side);
    case 8:
      return "INCRBYFLOAT " + key(s, 'n') + " 0.5";
    default:
      return "INCR " + key(s, 's');  // as a rule an error
  }
}

std::string on_collections(Script& s, char side) {
  Dice& dice = s.dice;
  switch (dice.below(22)) {
    case 0:
      return "RPUSH l0 " + value_of(2, side);
    case 1:
      return "LPOP l0";
    case 2:
      return "SADD t0 " + value_of(1 + dice.below(3), side);
    case 3:
      return "SPOP t0";
    case 4:
      return "HINCRBY h0 " + value_of(1, side) + " 1";
    case 5:
      return "ZINCRBY z0 1 " + value_of(1 + dice.below(2), side);
    case 6:
      return "LPUSH l0 " + value_of(1, side) + " " + value_of(2, side);
    case 7:
      return "SADD t0 1 2 3 4 5 6";
    case 8:
      return "SPOP t0 " + std::to_string(1 + dice.below(3));
    case 9:
      return "RPOPLPUSH l0 l1";
    case 10:
      return "ZADD z0 1 1 2 2";
    case 11:
      return "ZPOPMIN z0";
    case 12:
      return "SMOVE t0 t1 1";
    case 13:
      return "XADD q0 MAXLEN 3 * f " + value_of(1, side);
    case 14:
      return "LMOVE l0 l1 LEFT RIGHT";
    case 15:
      return "SINTERSTORE t1 t0 t1";
    case 16:
      return "ZUNIONSTORE z1 2 z0 z1";
    case 17:
      return "HINCRBYFLOAT h0 g 0.1";
    case 18:
      return "SETRANGE s1 3 " + value_of(2, side);
    case 19:
      return "GETDEL s1";
    case 20:
      return "PFADD p0 " + value_of(1 + dice.below(4), side);
    default:
      return "HINCRBY h0 f 2";
  }
}

std::string on_lifetimes(Script& s, char side) {
  Dice& dice = s.dice;
  const std::string x = key(s, 'x');
  switch (dice.below(12)) {
    case 0:
      return "SET " + x + " 5 PX " + lifetime(s);
    case 1:
      return "PEXPIRE " + x + " " + lifetime(s);
    case 2:
      return "PERSIST " + x;
    case 3:
      return "INCR " + x;
    case 4:
      return "SETEX " + x + " 1 " + value_of(1, side);
    case 5:
      return "EXPIRE " + x + " 1";
    case 6:
      return "GETEX " + x + " PX " + lifetime(s);
    case 7:
      return "APPEND " + x + " " + value_of(1, side);
    case 8: {
      const std::string other = key(s, dice.pick({'n', 's', 'l'}));
      return "PEXPIRE " + other + " " + lifetime(s);
    }
    case 9:
      return "GET " + x;
    case 10:
      return "PEXPIRE " + x + " -1";
    default:
      return "SET " + x + " 1 KEEPTTL";
  }
}

std::string seldom_used(Script& s) {
  switch (s.dice.below(6)) {
    case 0:
      return "FLUSHDB";
    case 1:
      return "FLUSHALL";
    case 2:
      return "SWAPDB 0 1";
    case 3:
      return "RENAME s0 s1";
    case 4:
      return "MOVE n0 1";
    default:
      return "COPY s0 s1 REPLACE";
  }
}

// What enters the stream is what a script did, not the script.
std::string by_script(Script& s, char side) {
  const std::string v = value_of(1 + s.dice.below(3), side);
  switch (s.dice.below(7)) {
    case 0:
      return "EVAL \"redis.call('incr', KEYS[1]) return redis.call('append', KEYS[2], ARGV[1])\" 2 n0 s0 " + v;
    case 1:
      return "EVAL \"return redis.call('spop', KEYS[1])\" 1 t0";
    case 2:
      return "EVAL \"redis.call('set', KEYS[1], 1, 'px', ARGV[1]) return redis.call('incr', KEYS[1])\" 1 x0 " + lifetime(s);
    case 3:  // fails half way
      return "EVAL \"redis.call('incr', KEYS[1]) return redis.call('incr', KEYS[2])\" 2 n0 l0";
    case 4:
      return "EVAL \"return redis.call('incr', KEYS[1])\" 1 n1";
    case 5:
      return "FUNCTION LOAD REPLACE \"#!lua name=lib\\nredis.register_function('f', function(k, a) redis.call('incr', "
             "k[1]) return redis.call('append', k[2], a[1]) end)\"";
    default:
      return "FCALL f 2 n0 s0 " + v;
  }
}

std::string single(Script& s, char side) {
  const std::size_t collections = s.on(Family::collections) ? 5 : 0;
  const std::size_t lifetimes = s.on(Family::expiry) ? 5 : 0;
  const std::size_t big = s.big > 0 ? 3 : 0;
  const std::size_t flushes = s.on(Family::flushes) ? 1 : 0;
  const std::size_t scripts = s.on(Family::scripts) ? 4 : 0;
  switch (s.dice.weighted<int>(
      {{8, 0}, {collections, 1}, {lifetimes, 2}, {big, 3}, {flushes, 4}, {scripts, 5}})) {
    case 5:
      return by_script(s, side);
    case 1:
      return on_collections(s, side);
    case 2:
      return on_lifetimes(s, side);
    case 3:
      return "APPEND s0 " + value_of(s.big + s.dice.below(64), side);
    case 4:
      return seldom_used(s);
    default:
      return on_strings(s, side);
  }
}

}  // namespace

std::string value_of(std::size_t size, char side) {
  return std::string(size, side);
}

std::vector<std::string> operation(Script& s, char side) {
  std::vector<std::string> lines;
  if (s.untouched) return lines;
  const auto select = [&] {
    if (s.databases > 1 && s.dice.chance(1, 3))
      lines.push_back("SELECT " + std::to_string(s.dice.below(s.databases)));
  };
  select();
  if (!s.on(Family::transactions) || !s.dice.chance(1, 2)) {
    lines.push_back(single(s, side));
    return lines;
  }
  lines.emplace_back("MULTI");
  const std::size_t parts = 1 + s.dice.below(4);
  for (std::size_t i = 0; i < parts; ++i) {
    select();
    lines.push_back(single(s, side));
  }
  lines.emplace_back(s.dice.chance(1, 15) ? "DISCARD" : "EXEC");
  return lines;
}

std::vector<std::string> operations(Script& s, std::size_t count, char side) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::string& line : operation(s, side)) lines.push_back(std::move(line));
  }
  return lines;
}

std::string read_command(Script& s) {
  switch (s.dice.below(6)) {
    case 0:
      return "GET " + key(s, 'n');
    case 1:
      return "GET " + key(s, 'x');
    case 2:
      return "EXISTS x0 x1 n0";
    case 3:
      return "LRANGE l0 0 -1";
    case 4:
      return "PTTL " + key(s, 'x');
    default:
      return "TYPE " + key(s, 'x');
  }
}

}  // namespace scenarios
