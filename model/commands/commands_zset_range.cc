#include "model/commands/commands_zset_range.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "model/commands/command_parts.h"

namespace model {
namespace {

// More lenient than scores are elsewhere: what strtod reads from the front, blanks and nothing
// included.
std::optional<ScoreBound> score_bound(std::string_view text) {
  ScoreBound bound;
  bound.open = text.starts_with('(');
  const std::string number(text.substr(bound.open ? 1 : 0));
  char* end = nullptr;
  bound.score = std::strtod(number.c_str(), &end);
  if (*end != '\0' || std::isnan(bound.score)) return std::nullopt;
  return bound;
}

std::optional<MemberBound> member_bound(std::string_view text) {
  if (text == "-") return MemberBound{MemberBound::Kind::before_all, {}, false};
  if (text == "+") return MemberBound{MemberBound::Kind::after_all, {}, false};
  if (!text.starts_with('[') && !text.starts_with('(')) return std::nullopt;
  return MemberBound{MemberBound::Kind::member, std::string(text.substr(1)), text[0] == '('};
}

bool above(const ScoreBound& least, double score) {
  return least.open ? score > least.score : score >= least.score;
}

bool below(const ScoreBound& greatest, double score) {
  return greatest.open ? score < greatest.score : score <= greatest.score;
}

bool above(const MemberBound& least, const std::string& member) {
  if (least.kind != MemberBound::Kind::member) return least.kind == MemberBound::Kind::before_all;
  return least.open ? member > least.member : member >= least.member;
}

bool below(const MemberBound& greatest, const std::string& member) {
  if (greatest.kind != MemberBound::Kind::member)
    return greatest.kind == MemberBound::Kind::after_all;
  return greatest.open ? member < greatest.member : member <= greatest.member;
}

// From the first that has reached the range to the last before one that has left it. By member that
// is all of the range only when all scores are equal; what Redis answers otherwise is what this
// walk meets: the elements that LIMIT skips are not looked at.
template <class Iterator, class Reached, class Within>
Ranking walk(Iterator at, Iterator end, const Range& range, Reached reached, Within within) {
  Ranking found;
  at = std::find_if(at, end, reached);
  if (range.skip < 0 || range.skip >= end - at) return found;
  for (at += range.skip; at != end && within(*at); ++at) {
    if (range.most >= 0 && static_cast<std::int64_t>(found.size()) >= range.most) break;
    found.push_back(*at);
  }
  return found;
}

// Bounds that cross hold nothing, whatever the scores are.
bool crossed(const Range& range) {
  if (range.by != RangeBy::member) return false;
  const MemberBound &least = range.least_member, &greatest = range.greatest_member;
  if (least.kind != greatest.kind) return least.kind > greatest.kind;
  return least.member > greatest.member ||
         (least.member == greatest.member && (least.open || greatest.open));
}

Ranking by_rank(Ranking all, const Range& range) {
  if (range.reverse) std::reverse(all.begin(), all.end());
  const IndexRange place = index_range(range.start, range.stop, all.size());
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(place.first);
  return {first, first + static_cast<std::ptrdiff_t>(place.size)};
}

}  // namespace

Ranking ranking(const SortedSet& sorted) {
  Ranking all;
  for (const auto& item : sorted) all.push_back(&item);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto* a, const auto* b) { return a->second < b->second; });
  return all;
}

bool range_bounds(Call& call, Range& range, std::string_view least, std::string_view greatest) {
  if (range.by == RangeBy::rank) {
    const std::optional<std::int64_t> start = integer_argument(call, least);
    if (!start) return false;
    const std::optional<std::int64_t> stop = integer_argument(call, greatest);
    if (!stop) return false;
    range.start = *start;
    range.stop = *stop;
  } else if (range.by == RangeBy::score) {
    const auto low = score_bound(least), high = score_bound(greatest);
    if (!low || !high) return call.error("ERR min or max is not a float"), false;
    range.least_score = *low;
    range.greatest_score = *high;
  } else {
    const auto low = member_bound(least), high = member_bound(greatest);
    if (!low || !high) return call.error("ERR min or max not valid string range item"), false;
    range.least_member = *low;
    range.greatest_member = *high;
  }
  return true;
}

Ranking select(const SortedSet& sorted, const Range& range) {
  Ranking all = ranking(sorted);
  if (range.by == RangeBy::rank) return by_rank(std::move(all), range);
  if (all.empty() || crossed(range)) return {};
  const bool by_score = range.by == RangeBy::score;
  const auto is_above = [&](const auto* item) {
    return by_score ? above(range.least_score, item->second)
                    : above(range.least_member, item->first);
  };
  const auto is_below = [&](const auto* item) {
    return by_score ? below(range.greatest_score, item->second)
                    : below(range.greatest_member, item->first);
  };
  if (!is_above(all.back()) || !is_below(all.front())) return {};
  return range.reverse ? walk(all.rbegin(), all.rend(), range, is_below, is_above)
                       : walk(all.begin(), all.end(), range, is_above, is_below);
}

}  // namespace model
