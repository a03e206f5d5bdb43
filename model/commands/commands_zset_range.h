// Ranges over a sorted set, as the Z... commands write them: by rank, by score, by member.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/commands/command.h"

namespace model {

// In order of score, then of member. Points into the set.
using Ranking = std::vector<const SortedSet::value_type*>;
Ranking ranking(const SortedSet& sorted);

// ZADD as `call.argv` says it; GEOADD is one too.
void run_zadd(Call& call);

enum class RangeBy : std::uint8_t { rank, score, member };

// "(1.5" leaves the bound out; "-inf" and "+inf" are open ends.
struct ScoreBound {
  double score = 0;
  bool open = false;
};

// "[a" or "(a"; "-" and "+" lie in front of and behind all members.
struct MemberBound {
  enum class Kind : std::uint8_t { before_all, member, after_all } kind = Kind::member;
  std::string member;
  bool open = false;
};

struct Range {
  RangeBy by = RangeBy::rank;
  std::int64_t start = 0, stop = -1;          // by rank
  ScoreBound least_score, greatest_score;     // by score
  MemberBound least_member, greatest_member;  // by member
  bool reverse = false;                       // highest first; ranks count from there, too
  std::int64_t skip = 0;                      // LIMIT: leave out so many; negative: all
  std::int64_t most = -1;                     // LIMIT: at most so many; negative: all
};

// Reads the two bounds, lowest first, or replies the error.
bool range_bounds(Call& call, Range& range, std::string_view least, std::string_view greatest);

Ranking select(const SortedSet& sorted, const Range& range);

}  // namespace model
