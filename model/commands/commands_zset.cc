// Sorted sets.
#include <algorithm>
#include <array>
#include <cmath>

#include "model/commands/command_parts.h"
#include "model/commands/commands_zset_range.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

constexpr std::string_view kMustBePositive = "ERR value is out of range, must be positive";

std::int64_t number_of(std::size_t size) {
  return static_cast<std::int64_t>(size);
}

void reply_score(Call& call, double score) {
  call.reply.bulk(text_of(score));
}

const double* score_of(const SortedSet* sorted, const std::string& member) {
  if (sorted == nullptr) return nullptr;
  const auto place = sorted->find(member);
  return place == sorted->end() ? nullptr : &place->second;
}

void reply_ranking(Call& call, const Ranking& items, bool with_scores) {
  call.reply.array(items.size() * (with_scores ? 2 : 1));
  for (const auto* item : items) {
    call.reply.bulk(item->first);
    if (with_scores) reply_score(call, item->second);
  }
}

// --- ZADD
// ------------------------------------------------------------------------------------------

struct AddOptions {
  bool nx = false, xx = false, gt = false, lt = false;
  bool changed = false;    // CH: count updates, too
  bool increment = false;  // INCR
};

// The options from argv[2] on; `at` becomes the place of the first score.
AddOptions parse_add(const Call& call, std::size_t& at) {
  AddOptions options;
  for (at = 2; at < call.argv.size(); ++at) {
    const std::string& word = call.argv[at];
    if (same_word(word, "NX")) {
      options.nx = true;
    } else if (same_word(word, "XX")) {
      options.xx = true;
    } else if (same_word(word, "GT")) {
      options.gt = true;
    } else if (same_word(word, "LT")) {
      options.lt = true;
    } else if (same_word(word, "CH")) {
      options.changed = true;
    } else if (same_word(word, "INCR")) {
      options.increment = true;
    } else {
      break;
    }
  }
  return options;
}

std::string_view problem_of(const AddOptions& options, std::size_t arguments) {
  if (arguments % 2 != 0 || arguments == 0) return "ERR syntax error";
  if (options.nx && options.xx) return "ERR XX and NX options at the same time are not compatible";
  if ((options.gt && options.nx) || (options.lt && options.nx) || (options.gt && options.lt))
    return "ERR GT, LT, and/or NX options at the same time are not compatible";
  if (options.increment && arguments > 2)
    return "ERR INCR option supports a single increment-element pair";
  return {};
}

// What one pair comes to: nothing when the options say that it is left alone.
std::optional<double> resulting_score(const AddOptions& options, const double* current,
                                      double score) {
  if (current == nullptr) return options.xx ? std::nullopt : std::optional(score);
  if (options.nx) return std::nullopt;
  if (options.increment) score += *current;
  if ((options.lt && score >= *current) || (options.gt && score <= *current)) return std::nullopt;
  return score;
}

void add(Call& call, const AddOptions& options, Args pairs) {
  std::vector<double> scores;
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const std::optional<double> score = float_argument(call, pairs[i]);
    if (!score) return;
    scores.push_back(*score);
  }
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  if (sorted == nullptr && options.xx)
    return options.increment ? call.reply.null() : call.reply.integer(0);

  std::int64_t added = 0, updated = 0;
  std::optional<double> last;
  change_or_create<SortedSet>(call, call.argv[1], [&](SortedSet& held) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const std::string& member = pairs[2 * i + 1];
      const double* const current = score_of(&held, member);
      last = resulting_score(options, current, scores[i]);
      if (!last || std::isnan(*last)) continue;
      added += current == nullptr;
      updated += current != nullptr && *current != *last;
      held[member] = *last + 0.0;  // a set holds no -0, though replies may say so
    }
  });
  if (last && std::isnan(*last)) return call.error("ERR resulting score is not a number (NaN)");
  call.dirty += static_cast<std::uint64_t>(added + updated);
  if (!options.increment) return call.reply.integer(options.changed ? added + updated : added);
  last ? reply_score(call, *last) : call.reply.null();
}

void zadd(Call& call) {
  std::size_t at = 0;
  const AddOptions options = parse_add(call, at);
  const Args pairs = call.argv.subspan(at);
  const std::string_view problem = problem_of(options, pairs.size());
  problem.empty() ? add(call, options, pairs) : call.error(problem);
}

void zincrby(Call& call) {
  AddOptions options;
  options.increment = true;
  add(call, options, call.argv.subspan(2));
}

// --- single members
// --------------------------------------------------------------------------------

void zrem(Call& call) {
  remove_named<SortedSet>(call);
}

void zcard(Call& call) {
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (!call.failed) call.reply.integer(sorted == nullptr ? 0 : number_of(sorted->size()));
}

void zscore(Call& call) {
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  const double* const score = score_of(sorted, call.argv[2]);
  score == nullptr ? call.reply.null() : reply_score(call, *score);
}

void zmscore(Call& call) {
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  call.reply.array(call.argv.size() - 2);
  for (const std::string& member : call.argv.subspan(2)) {
    const double* const score = score_of(sorted, member);
    score == nullptr ? call.reply.null() : reply_score(call, *score);
  }
}

void reply_rank(Call& call, bool reverse) {
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  if (score_of(sorted, call.argv[2]) == nullptr) return call.reply.null();
  const Ranking all = ranking(*sorted);
  const auto place = std::find_if(all.begin(), all.end(),
                                  [&](const auto* item) { return item->first == call.argv[2]; });
  call.reply.integer(reverse ? all.end() - place - 1 : place - all.begin());
}

void zrank(Call& call) {
  reply_rank(call, false);
}
void zrevrank(Call& call) {
  reply_rank(call, true);
}

// --- ranges
// ----------------------------------------------------------------------------------------

struct RangeQuery {
  Range range;
  bool with_scores = false;
};

struct RangeForm {  // what the words of one command leave open
  std::optional<RangeBy> by;
  std::optional<bool> reverse;
  bool may_have_scores = true;
};

// min max [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES], from argv[at] on.
std::optional<RangeQuery> parse_range(Call& call, std::size_t at, const RangeForm& form) {
  RangeQuery query;
  Range& range = query.range;
  std::optional<RangeBy> by = form.by;
  range.reverse = form.reverse.value_or(false);
  for (std::size_t i = at + 2; i < call.argv.size(); ++i) {
    const std::string& word = call.argv[i];
    if (form.may_have_scores && same_word(word, "WITHSCORES")) {
      query.with_scores = true;
    } else if (same_word(word, "LIMIT") && i + 2 < call.argv.size()) {
      const std::optional<std::int64_t> skip = integer_argument(call, call.argv[++i]);
      if (!skip) return std::nullopt;
      const std::optional<std::int64_t> most = integer_argument(call, call.argv[++i]);
      if (!most) return std::nullopt;
      range.skip = *skip;
      range.most = *most;
    } else if (!form.reverse && same_word(word, "REV")) {
      range.reverse = true;
    } else if (!by && same_word(word, "BYLEX")) {
      by = RangeBy::member;
    } else if (!by && same_word(word, "BYSCORE")) {
      by = RangeBy::score;
    } else {
      return call.syntax_error(), std::nullopt;
    }
  }
  range.by = by.value_or(RangeBy::rank);
  if (range.by == RangeBy::rank && range.most != -1) {
    call.error(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or "
        "BYLEX");
    return std::nullopt;
  }
  if (range.by == RangeBy::member && query.with_scores) {
    call.error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return std::nullopt;
  }
  const bool highest_first = range.reverse && range.by != RangeBy::rank;
  const std::string& least = call.argv[at + (highest_first ? 1 : 0)];
  const std::string& greatest = call.argv[at + (highest_first ? 0 : 1)];
  if (!range_bounds(call, range, least, greatest)) return std::nullopt;
  return query;
}

void reply_range(Call& call, const RangeForm& form) {
  const std::optional<RangeQuery> query = parse_range(call, 2, form);
  if (!query) return;
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  reply_ranking(call, sorted == nullptr ? Ranking() : select(*sorted, query->range),
                query->with_scores);
}

void zrange(Call& call) {
  reply_range(call, {});
}
void zrevrange(Call& call) {
  reply_range(call, {RangeBy::rank, true});
}
void zrangebyscore(Call& call) {
  reply_range(call, {RangeBy::score, false});
}
void zrevrangebyscore(Call& call) {
  reply_range(call, {RangeBy::score, true});
}
void zrangebylex(Call& call) {
  reply_range(call, {RangeBy::member, false});
}
void zrevrangebylex(Call& call) {
  reply_range(call, {RangeBy::member, true});
}

void zrangestore(Call& call) {
  const std::optional<RangeQuery> query = parse_range(call, 3, {{}, {}, false});
  if (!query) return;
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[2]);
  if (call.failed) return;
  SortedSet result;
  if (sorted != nullptr)
    for (const auto* item : select(*sorted, query->range)) result.insert(*item);
  const std::size_t size = result.size();
  store_result(call, call.argv[1], std::move(result), size);
}

void count_range(Call& call, RangeBy by) {
  Range range;
  range.by = by;
  if (!range_bounds(call, range, call.argv[2], call.argv[3])) return;
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  call.reply.integer(sorted == nullptr ? 0 : number_of(select(*sorted, range).size()));
}

void zcount(Call& call) {
  count_range(call, RangeBy::score);
}
void zlexcount(Call& call) {
  count_range(call, RangeBy::member);
}

std::vector<std::string> members_of(const Ranking& items) {
  std::vector<std::string> members;
  for (const auto* item : items) members.push_back(item->first);
  return members;
}

void remove_range(Call& call, RangeBy by) {
  Range range;
  range.by = by;
  if (!range_bounds(call, range, call.argv[2], call.argv[3])) return;
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  if (sorted == nullptr) return call.reply.integer(0);
  const std::vector<std::string> members = members_of(select(*sorted, range));
  change<SortedSet>(call, call.argv[1], [&](SortedSet& held) {
    for (const std::string& member : members) held.erase(member);
  });
  call.dirty += members.size();
  call.reply.integer(number_of(members.size()));
}

void zremrangebyrank(Call& call) {
  remove_range(call, RangeBy::rank);
}
void zremrangebyscore(Call& call) {
  remove_range(call, RangeBy::score);
}
void zremrangebylex(Call& call) {
  remove_range(call, RangeBy::member);
}

// --- popping
// ---------------------------------------------------------------------------------------

enum class End : std::uint8_t { min, max };

using Scored = std::vector<std::pair<std::string, double>>;

Scored pop(Call& call, const std::string& key, End end, std::int64_t count) {
  Range range;
  range.reverse = end == End::max;
  range.stop = count - 1;
  Scored popped;
  change<SortedSet>(call, key, [&](SortedSet& held) {
    for (const auto* item : select(held, range)) popped.emplace_back(*item);
    for (const auto& [member, score] : popped) held.erase(member);
  });
  call.dirty += popped.size();
  return popped;
}

void pop_from(Call& call, End end) {
  if (call.argv.size() > 3) return call.syntax_error();
  std::optional<std::int64_t> count = 1;
  if (call.argv.size() == 3) count = integer_from(call, call.argv[2], 0, kMustBePositive);
  if (!count) return;
  const SortedSet* const sorted = call.look_as<SortedSet>(call.argv[1]);
  if (call.failed) return;
  Scored popped;
  if (sorted != nullptr && *count > 0) popped = pop(call, call.argv[1], end, *count);
  call.reply.array(popped.size() * 2);
  for (const auto& [member, score] : popped) {
    call.reply.bulk(member);
    reply_score(call, score);
  }
}

void zpopmin(Call& call) {
  pop_from(call, End::min);
}
void zpopmax(Call& call) {
  pop_from(call, End::max);
}

// ZMPOP numkeys key [key ...] MIN|MAX [COUNT count]
void zmpop(Call& call) {
  constexpr CountedKeys kErrors = {kNumkeysError, "ERR syntax error"};
  std::size_t at = 1;
  const std::optional<Args> keys = counted_keys(call, at, kErrors);
  if (!keys) return;
  if (at == call.argv.size()) return call.syntax_error();
  const bool from_min = same_word(call.argv[at], "MIN");
  if (!from_min && !same_word(call.argv[at], "MAX")) return call.syntax_error();
  const std::optional<std::int64_t> count = pop_count(call, call.argv.subspan(at + 1));
  if (!count) return;
  for (const std::string& key : *keys) {
    const SortedSet* const sorted = call.look_as<SortedSet>(key);
    if (call.failed) return;
    if (sorted == nullptr) continue;
    const Scored popped = pop(call, key, from_min ? End::min : End::max, *count);
    call.rewrite({from_min ? "ZPOPMIN" : "ZPOPMAX", key, std::to_string(popped.size())});
    call.reply.array(2);
    call.reply.bulk(key);
    call.reply.array(popped.size());
    for (const auto& [member, score] : popped) {
      call.reply.array(2);
      call.reply.bulk(member);
      reply_score(call, score);
    }
    return;
  }
  call.reply.null_array();
}

// --- several sets
// ----------------------------------------------------------------------------------

enum class Operator : std::uint8_t { intersection, sum, difference };
enum class Aggregate : std::uint8_t { sum, min, max };

struct Source {
  SortedSet members;
  double weight = 1;
};

struct Combination {
  Operator how{};
  std::vector<Source> sources;
  Aggregate aggregate = Aggregate::sum;
  bool with_scores = false;
  std::int64_t limit = 0;  // of ZINTERCARD; 0: none
};

// Plain sets take part with a score of 1.
std::optional<SortedSet> source_of(Call& call, const std::string& key) {
  const Entry* const entry = call.look(key);
  if (entry == nullptr) return SortedSet();
  if (const auto* const sorted = std::get_if<SortedSet>(&entry->value)) return *sorted;
  const auto* const set = std::get_if<Set>(&entry->value);
  if (set == nullptr) return call.wrong_type(), std::nullopt;
  SortedSet sorted;
  for (const std::string& member : *set) sorted.emplace(member, 1.0);
  return sorted;
}

bool parse_weights(Call& call, std::size_t& at, Combination& combination) {
  if (call.argv.size() - at <= combination.sources.size()) return call.syntax_error(), false;
  for (Source& source : combination.sources) {
    const auto weight = float_argument(call, call.argv[++at], "ERR weight value is not a float");
    if (!weight) return false;
    source.weight = *weight;
  }
  return true;
}

bool parse_aggregate(Call& call, std::size_t& at, Combination& combination) {
  if (++at == call.argv.size()) return call.syntax_error(), false;
  const std::string& word = call.argv[at];
  if (same_word(word, "SUM")) return combination.aggregate = Aggregate::sum, true;
  if (same_word(word, "MIN")) return combination.aggregate = Aggregate::min, true;
  if (same_word(word, "MAX")) return combination.aggregate = Aggregate::max, true;
  return call.syntax_error(), false;
}

enum class Answer : std::uint8_t { store, reply, count };

// numkeys key [key ...] [WEIGHTS w ...] [AGGREGATE SUM|MIN|MAX] [WITHSCORES] or [LIMIT n], from
// argv[at] on.
std::optional<Combination> parse_combination(Call& call, std::size_t at, Operator how,
                                             Answer answer) {
  if (!integer_argument(call, call.argv[at])) return std::nullopt;
  const std::string too_few =
      "ERR at least 1 input key is needed for '" + lower(call.argv[0]) + "' command";
  const std::optional<Args> keys = counted_keys(call, at, {too_few, "ERR syntax error"});
  if (!keys) return std::nullopt;
  Combination combination;
  combination.how = how;
  for (const std::string& key : *keys) {
    std::optional<SortedSet> members = source_of(call, key);
    if (!members) return std::nullopt;
    combination.sources.push_back({std::move(*members), 1});
  }
  const bool scored = how != Operator::difference && answer != Answer::count;
  for (; at < call.argv.size(); ++at) {
    const std::string& word = call.argv[at];
    if (scored && same_word(word, "WEIGHTS")) {
      if (!parse_weights(call, at, combination)) return std::nullopt;
    } else if (scored && same_word(word, "AGGREGATE")) {
      if (!parse_aggregate(call, at, combination)) return std::nullopt;
    } else if (answer == Answer::reply && same_word(word, "WITHSCORES")) {
      combination.with_scores = true;
    } else if (answer == Answer::count && same_word(word, "LIMIT") && at + 1 < call.argv.size()) {
      const auto limit = integer_from(call, call.argv[++at], 0, "ERR LIMIT can't be negative");
      if (!limit) return std::nullopt;
      combination.limit = *limit;
    } else {
      return call.syntax_error(), std::nullopt;
    }
  }
  return combination;
}

double number_or_zero(double score) {
  return std::isnan(score) ? 0.0 : score;
}

double aggregated(Aggregate how, double a, double b) {
  switch (how) {
    case Aggregate::sum:
      return number_or_zero(a + b);  // inf and -inf
    case Aggregate::min:
      return std::min(a, b);
    case Aggregate::max:
      return std::max(a, b);
  }
  return a;
}

SortedSet difference(const std::vector<Source>& sources) {
  SortedSet result = sources.front().members;
  for (std::size_t i = 1; i < sources.size(); ++i)
    std::erase_if(result,
                  [&](const auto& item) { return sources[i].members.contains(item.first); });
  return result;
}

// Smallest set first, as in Redis: with floating point the order of a sum can be seen.
SortedSet combine(Combination combination) {
  if (combination.how == Operator::difference) return difference(combination.sources);
  std::stable_sort(
      combination.sources.begin(), combination.sources.end(),
      [](const Source& a, const Source& b) { return a.members.size() < b.members.size(); });
  SortedSet result;
  for (const Source& source : combination.sources) {
    const bool first = &source == &combination.sources.front();
    if (!first && combination.how == Operator::intersection)
      std::erase_if(result, [&](const auto& item) { return !source.members.contains(item.first); });
    for (const auto& [member, score] : source.members) {
      const double weighted = number_or_zero(score * source.weight);  // 0 times inf
      const auto place = result.find(member);
      if (place != result.end()) {
        place->second = aggregated(combination.aggregate, place->second, weighted);
      } else if (first || combination.how == Operator::sum) {
        result.emplace(member, weighted);
      }
    }
  }
  return result;
}

void combine_and_store(Call& call, Operator how) {
  auto combination = parse_combination(call, 2, how, Answer::store);
  if (!combination) return;
  SortedSet result = combine(std::move(*combination));
  for (auto& [member, score] : result) score += 0.0;  // a set holds no -0
  const std::size_t size = result.size();
  store_result(call, call.argv[1], std::move(result), size);
}

void combine_and_reply(Call& call, Operator how) {
  auto combination = parse_combination(call, 1, how, Answer::reply);
  if (!combination) return;
  const bool with_scores = combination->with_scores;
  const SortedSet result = combine(std::move(*combination));
  reply_ranking(call, ranking(result), with_scores);
}

void zunionstore(Call& call) {
  combine_and_store(call, Operator::sum);
}
void zinterstore(Call& call) {
  combine_and_store(call, Operator::intersection);
}
void zdiffstore(Call& call) {
  combine_and_store(call, Operator::difference);
}
void zunion(Call& call) {
  combine_and_reply(call, Operator::sum);
}
void zinter(Call& call) {
  combine_and_reply(call, Operator::intersection);
}
void zdiff(Call& call) {
  combine_and_reply(call, Operator::difference);
}

void zintercard(Call& call) {
  auto combination = parse_combination(call, 1, Operator::intersection, Answer::count);
  if (!combination) return;
  const std::int64_t limit = combination->limit;
  const std::int64_t size = number_of(combine(std::move(*combination)).size());
  call.reply.integer(limit == 0 ? size : std::min(size, limit));
}

constexpr auto kCommands = std::to_array<Command>({
    {"zadd", -4, flag::write | flag::denyoom, zadd},
    {"zcard", 2, flag::readonly, zcard},
    {"zcount", 4, flag::readonly, zcount},
    {"zdiff", -3, flag::readonly, zdiff},
    {"zdiffstore", -4, flag::write | flag::denyoom, zdiffstore},
    {"zincrby", 4, flag::write | flag::denyoom, zincrby},
    {"zinter", -3, flag::readonly, zinter},
    {"zintercard", -3, flag::readonly, zintercard},
    {"zinterstore", -4, flag::write | flag::denyoom, zinterstore},
    {"zlexcount", 4, flag::readonly, zlexcount},
    {"zmpop", -4, flag::write, zmpop},
    {"zmscore", -3, flag::readonly, zmscore},
    {"zpopmax", -2, flag::write, zpopmax},
    {"zpopmin", -2, flag::write, zpopmin},
    {"zrange", -4, flag::readonly, zrange},
    {"zrangebylex", -4, flag::readonly, zrangebylex},
    {"zrangebyscore", -4, flag::readonly, zrangebyscore},
    {"zrangestore", -5, flag::write | flag::denyoom, zrangestore},
    {"zrank", 3, flag::readonly, zrank},
    {"zrem", -3, flag::write, zrem},
    {"zremrangebylex", 4, flag::write, zremrangebylex},
    {"zremrangebyrank", 4, flag::write, zremrangebyrank},
    {"zremrangebyscore", 4, flag::write, zremrangebyscore},
    {"zrevrange", -4, flag::readonly, zrevrange},
    {"zrevrangebylex", -4, flag::readonly, zrevrangebylex},
    {"zrevrangebyscore", -4, flag::readonly, zrevrangebyscore},
    {"zrevrank", 3, flag::readonly, zrevrank},
    {"zscore", 3, flag::readonly, zscore},
    {"zunion", -3, flag::readonly, zunion},
    {"zunionstore", -4, flag::write | flag::denyoom, zunionstore},
});

}  // namespace

void run_zadd(Call& call) {
  zadd(call);
}

std::span<const Command> zset_commands() {
  return kCommands;
}

}  // namespace model
