// Going through one aggregate, and drawing from it: HSCAN, SSCAN, ZSCAN, HRANDFIELD, ZRANDMEMBER.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <utility>

#include "model/commands/command_parts.h"
#include "model/commands/commands_zset_range.h"
#include "model/commands/families.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // element, what belongs to it

Pairs pairs_of(const Hash& hash) {
  return {hash.begin(), hash.end()};
}
Pairs pairs_of(const Set& set) {
  Pairs pairs;
  for (const std::string& member : set) pairs.emplace_back(member, "");
  return pairs;
}
Pairs pairs_of(const SortedSet& sorted) {
  Pairs pairs;
  for (const auto* item : ranking(sorted)) pairs.emplace_back(item->first, text_of(item->second));
  return pairs;
}

// --- scanning
// --------------------------------------------------------------------------------------

// Redis is lenient here: signs are read.
bool is_cursor(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  std::strtoull(text.c_str(), &end, 10);
  const bool blank = !text.empty() && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'));
  return !blank && end == text.c_str() + text.size() && errno != ERANGE;
}

// All at once, as a real server does with what it holds compactly; a large table it gives out in
// pieces, whose borders nobody may rely on.
template <class T>
void scan(Call& call, bool with_values) {
  if (!is_cursor(call.argv[2])) return call.error("ERR invalid cursor");
  const T* const held = call.look_as<T>(call.argv[1]);
  if (call.failed) return;
  if (held == nullptr) {
    call.reply.array(2);
    call.reply.bulk("0");
    return call.reply.array(0);
  }
  std::string_view pattern = "*";
  for (std::size_t i = 3; i < call.argv.size(); i += 2) {
    const bool more = i + 1 < call.argv.size();
    if (more && same_word(call.argv[i], "COUNT")) {
      const auto count = integer_argument(call, call.argv[i + 1]);
      if (count && *count < 1) call.syntax_error();
    } else if (more && same_word(call.argv[i], "MATCH")) {
      pattern = call.argv[i + 1];
    } else {
      call.syntax_error();
    }
    if (call.failed) return;
  }
  std::vector<std::string> found;
  for (auto& [element, value] : pairs_of(*held)) {
    if (!matches(pattern, element)) continue;
    found.push_back(element);
    if (with_values) found.push_back(value);
  }
  call.reply.array(2);
  call.reply.bulk("0");
  reply_strings(call, found);
}

void hscan(Call& call) {
  scan<Hash>(call, true);
}
void sscan(Call& call) {
  scan<Set>(call, false);
}
void zscan(Call& call) {
  scan<SortedSet>(call, true);
}

// --- drawing
// ---------------------------------------------------------------------------------------

// A negative count draws that many, and may draw the same again.
std::vector<std::size_t> draw_places(Chance& chance, std::size_t size, std::int64_t count) {
  std::vector<std::size_t> places;
  if (count < 0) {
    for (; count < 0; ++count) places.push_back(static_cast<std::size_t>(chance.below(size)));
    return places;
  }
  for (std::size_t i = 0; i < size; ++i) places.push_back(i);
  const std::size_t wanted = std::min(size, static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < wanted && wanted < size; ++i)
    std::swap(places[i], places[i + static_cast<std::size_t>(chance.below(size - i))]);
  places.resize(wanted);
  return places;
}

// COMMAND key [count [WITHVALUES]]
template <class T>
void draw_from(Call& call, std::string_view with_word) {
  const bool counted = call.argv.size() > 2;
  std::int64_t count = 1;
  if (counted) {
    const auto given = signed_count(call, call.argv[2]);
    if (!given) return;
    count = *given;
  }
  const bool with = call.argv.size() > 3;
  if (call.argv.size() > 4 || (with && !same_word(call.argv[3], with_word)))
    return call.syntax_error();
  constexpr std::int64_t kHalf = std::numeric_limits<std::int64_t>::max() / 2;
  if (with && (count < -kHalf || count > kHalf)) return call.error("ERR value is out of range");
  const T* const held = call.look_as<T>(call.argv[1]);
  if (call.failed) return;
  if (held == nullptr) return counted ? call.reply.array(0) : call.reply.null();
  const Pairs pairs = pairs_of(*held);
  const auto places = draw_places(call.chance, pairs.size(), count);
  if (!counted) return call.reply.bulk(pairs[places.front()].first);
  call.reply.array(places.size() * (with ? 2 : 1));
  for (const std::size_t place : places) {
    call.reply.bulk(pairs[place].first);
    if (with) call.reply.bulk(pairs[place].second);
  }
}

void hrandfield(Call& call) {
  draw_from<Hash>(call, "WITHVALUES");
}
void zrandmember(Call& call) {
  draw_from<SortedSet>(call, "WITHSCORES");
}

constexpr auto kCommands = std::to_array<Command>({
    {"hrandfield", -2, flag::readonly, hrandfield},
    {"hscan", -3, flag::readonly, hscan},
    {"sscan", -3, flag::readonly, sscan},
    {"zrandmember", -2, flag::readonly, zrandmember},
    {"zscan", -3, flag::readonly, zscan},
});

}  // namespace

std::span<const Command> scan_commands() {
  return kCommands;
}

}  // namespace model
