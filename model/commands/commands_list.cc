// Lists, without the forms that wait: those belong to the server.
#include <algorithm>
#include <array>
#include <iterator>

#include "model/commands/command_parts.h"
#include "model/data/text.h"

namespace model {
namespace {

enum class End : std::uint8_t { left, right };

std::optional<End> end_argument(Call& call, std::string_view word) {
  if (same_word(word, "LEFT")) return End::left;
  if (same_word(word, "RIGHT")) return End::right;
  call.syntax_error();
  return std::nullopt;
}

std::int64_t length_of(const List& list) {
  return static_cast<std::int64_t>(list.size());
}

void push(List& list, End end, std::string element) {
  if (end == End::left) {
    list.push_front(std::move(element));
  } else {
    list.push_back(std::move(element));
  }
}

std::vector<std::string> pop(Call& call, std::string_view key, End end, std::size_t count) {
  std::vector<std::string> popped;
  change<List>(call, key, [&](List& list) {
    for (count = std::min(count, list.size()); count > 0; --count) {
      std::string& element = end == End::left ? list.front() : list.back();
      popped.push_back(std::move(element));
      end == End::left ? list.pop_front() : list.pop_back();
    }
  });
  call.dirty += popped.size();
  return popped;
}

// --- both ends
// -------------------------------------------------------------------------------------

void push_all(Call& call, End end, bool only_existing) {
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  if (list == nullptr && only_existing) return call.reply.integer(0);
  std::int64_t length = 0;
  change_or_create<List>(call, call.argv[1], [&](List& held) {
    for (const std::string& element : call.argv.subspan(2)) push(held, end, element);
    length = length_of(held);
  });
  call.dirty += call.argv.size() - 2;
  call.reply.integer(length);
}

void lpush(Call& call) {
  push_all(call, End::left, false);
}
void rpush(Call& call) {
  push_all(call, End::right, false);
}
void lpushx(Call& call) {
  push_all(call, End::left, true);
}
void rpushx(Call& call) {
  push_all(call, End::right, true);
}

void pop_from(Call& call, End end) {
  if (call.argv.size() > 3) return wrong_number_of_arguments(call);
  const bool counted = call.argv.size() == 3;
  std::optional<std::int64_t> count = 1;
  if (counted)
    count = integer_from(call, call.argv[2], 0, "ERR value is out of range, must be positive");
  if (!count) return;
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  if (list == nullptr) return counted ? call.reply.null_array() : call.reply.null();
  if (*count == 0) return call.reply.array(0);
  const auto popped = pop(call, call.argv[1], end, static_cast<std::size_t>(*count));
  if (!counted) return call.reply.bulk(popped.front());
  reply_strings(call, popped);
}

void lpop(Call& call) {
  pop_from(call, End::left);
}
void rpop(Call& call) {
  pop_from(call, End::right);
}

void move_element(Call& call, End from, End to) {
  const List* const source = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  if (source == nullptr) return call.reply.null();
  call.look_as<List>(call.argv[2]);
  if (call.failed) return;
  std::string element;
  const auto rotate = [&](List& list) {
    element = from == End::left ? list.front() : list.back();
    from == End::left ? list.pop_front() : list.pop_back();
    push(list, to, element);
  };
  if (call.argv[1] == call.argv[2]) {
    change<List>(call, call.argv[1], rotate);
  } else {
    element = pop(call, call.argv[1], from, 1).front();
    change_or_create<List>(call, call.argv[2], [&](List& list) { push(list, to, element); });
  }
  call.dirty = 1;
  call.reply.bulk(element);
}

void rpoplpush(Call& call) {
  move_element(call, End::right, End::left);
}

void lmove(Call& call) {
  const std::optional<End> from = end_argument(call, call.argv[3]);
  if (!from) return;
  if (const std::optional<End> to = end_argument(call, call.argv[4]))
    move_element(call, *from, *to);
}

// LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count]
void lmpop(Call& call) {
  constexpr CountedKeys kErrors = {kNumkeysError, "ERR syntax error"};
  std::size_t at = 1;
  const std::optional<Args> keys = counted_keys(call, at, kErrors);
  if (!keys) return;
  if (at == call.argv.size()) return call.syntax_error();
  const std::optional<End> end = end_argument(call, call.argv[at]);
  if (!end) return;
  const std::optional<std::int64_t> count = pop_count(call, call.argv.subspan(at + 1));
  if (!count) return;
  for (const std::string& key : *keys) {
    const List* const list = call.look_as<List>(key);
    if (call.failed) return;
    if (list == nullptr) continue;
    const auto popped = pop(call, key, *end, static_cast<std::size_t>(*count));
    call.rewrite({*end == End::left ? "LPOP" : "RPOP", key, std::to_string(popped.size())});
    call.reply.array(2);
    call.reply.bulk(key);
    return reply_strings(call, popped);
  }
  call.reply.null_array();
}

// --- looking
// ---------------------------------------------------------------------------------------

void llen(Call& call) {
  const List* const list = call.look_as<List>(call.argv[1]);
  if (!call.failed) call.reply.integer(list == nullptr ? 0 : length_of(*list));
}

void lrange(Call& call) {
  const std::optional<Bounds> bounds = bounds_argument(call, call.argv[2], call.argv[3]);
  if (!bounds) return;
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  const IndexRange range =
      list == nullptr ? IndexRange() : index_range(bounds->start, bounds->stop, list->size());
  call.reply.array(range.size);
  for (std::size_t i = 0; i < range.size; ++i) call.reply.bulk((*list)[range.first + i]);
}

// Of an element, counted from either end; nothing when there is none.
std::optional<std::size_t> place_of(const List& list, std::int64_t index) {
  if (index < 0) index += length_of(list);
  if (index < 0 || index >= length_of(list)) return std::nullopt;
  return static_cast<std::size_t>(index);
}

void lindex(Call& call) {
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  if (list == nullptr) return call.reply.null();
  const std::optional<std::int64_t> index = integer_argument(call, call.argv[2]);
  if (!index) return;
  const std::optional<std::size_t> place = place_of(*list, *index);
  place ? call.reply.bulk((*list)[*place]) : call.reply.null();
}

struct PositionOptions {
  std::int64_t rank = 1;              // which match first; negative: from the end
  std::optional<std::int64_t> count;  // 0: all
  std::int64_t most_compared = 0;     // 0: all
};

std::optional<PositionOptions> parse_positions(Call& call) {
  PositionOptions options;
  for (std::size_t i = 3; i < call.argv.size(); i += 2) {
    std::optional<std::int64_t> number;
    if (i + 1 == call.argv.size()) {
      call.syntax_error();
    } else if (const std::string& text = call.argv[i + 1]; same_word(call.argv[i], "RANK")) {
      number = integer_argument(call, text);
      if (number == 0) {
        call.error(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second "
            "... or use negative to start from the end of the list");
        return std::nullopt;
      }
      options.rank = number.value_or(0);
    } else if (same_word(call.argv[i], "COUNT")) {
      number = integer_from(call, text, 0, "ERR COUNT can't be negative");
      options.count = number;
    } else if (same_word(call.argv[i], "MAXLEN")) {
      number = integer_from(call, text, 0, "ERR MAXLEN can't be negative");
      options.most_compared = number.value_or(0);
    } else {
      call.syntax_error();
    }
    if (!number) return std::nullopt;
  }
  return options;
}

std::vector<std::int64_t> positions(const List& list, std::string_view element,
                                    const PositionOptions& options) {
  std::vector<std::int64_t> found;
  const std::int64_t wanted = options.count.value_or(1);
  std::int64_t to_skip = options.rank < 0 ? -(options.rank + 1) : options.rank - 1;
  std::int64_t compared = 0;
  while (compared < length_of(list) &&
         (options.most_compared == 0 || compared < options.most_compared)) {
    const std::int64_t at = options.rank < 0 ? length_of(list) - 1 - compared : compared;
    ++compared;
    if (list[static_cast<std::size_t>(at)] != element || to_skip-- > 0) continue;
    found.push_back(at);
    if (static_cast<std::int64_t>(found.size()) == wanted) break;
  }
  return found;
}

void lpos(Call& call) {
  const std::optional<PositionOptions> options = parse_positions(call);
  if (!options) return;
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  std::vector<std::int64_t> found;
  if (list != nullptr) found = positions(*list, call.argv[2], *options);
  if (!options->count) return found.empty() ? call.reply.null() : call.reply.integer(found.front());
  call.reply.array(found.size());
  for (const std::int64_t place : found) call.reply.integer(place);
}

// --- the middle
// ------------------------------------------------------------------------------------

void lset(Call& call) {
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  if (list == nullptr) return call.error(kNoSuchKey);
  const std::optional<std::int64_t> index = integer_argument(call, call.argv[2]);
  if (!index) return;
  const std::optional<std::size_t> place = place_of(*list, *index);
  if (!place) return call.error("ERR index out of range");
  change<List>(call, call.argv[1], [&](List& held) { held[*place] = call.argv[3]; });
  ++call.dirty;
  call.reply.ok();
}

void linsert(Call& call) {
  const bool after = same_word(call.argv[2], "AFTER");
  if (!after && !same_word(call.argv[2], "BEFORE")) return call.syntax_error();
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  if (list == nullptr) return call.reply.integer(0);
  const auto pivot = std::find(list->begin(), list->end(), call.argv[3]);
  if (pivot == list->end()) return call.reply.integer(-1);
  const auto place = pivot - list->begin() + (after ? 1 : 0);
  std::int64_t length = 0;
  change<List>(call, call.argv[1], [&](List& held) {
    held.insert(held.begin() + place, call.argv[4]);
    length = length_of(held);
  });
  ++call.dirty;
  call.reply.integer(length);
}

// Removes the first (or, negative, the last) `count` that are equal to `element`; 0: all.
std::int64_t remove_equal(List& list, std::int64_t count, std::string_view element) {
  const bool from_end = count < 0;
  const std::uint64_t most =
      from_end ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  if (from_end) std::reverse(list.begin(), list.end());
  std::uint64_t removed = 0;
  const auto kept = std::remove_if(list.begin(), list.end(), [&](const std::string& held) {
    return held == element && (most == 0 || removed < most) && ++removed > 0;
  });
  list.erase(kept, list.end());
  if (from_end) std::reverse(list.begin(), list.end());
  return static_cast<std::int64_t>(removed);
}

void lrem(Call& call) {
  const std::optional<std::int64_t> count = integer_argument(call, call.argv[2]);
  if (!count) return;
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  std::int64_t removed = 0;
  if (list != nullptr)
    change<List>(call, call.argv[1],
                 [&](List& held) { removed = remove_equal(held, *count, call.argv[3]); });
  call.dirty += static_cast<std::uint64_t>(removed);
  call.reply.integer(removed);
}

void ltrim(Call& call) {
  const std::optional<Bounds> bounds = bounds_argument(call, call.argv[2], call.argv[3]);
  if (!bounds) return;
  const List* const list = call.look_as<List>(call.argv[1]);
  if (call.failed) return;
  if (list != nullptr) {
    const IndexRange range = index_range(bounds->start, bounds->stop, list->size());
    call.dirty += list->size() - range.size;
    change<List>(call, call.argv[1], [&](List& held) {
      const auto first = held.begin() + static_cast<std::ptrdiff_t>(range.first);
      const auto last = first + static_cast<std::ptrdiff_t>(range.size);
      held.erase(last, held.end());
      held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(range.first));
    });
  }
  call.reply.ok();
}

constexpr auto kCommands = std::to_array<Command>({
    {"lindex", 3, flag::readonly, lindex},
    {"linsert", 5, flag::write | flag::denyoom, linsert},
    {"llen", 2, flag::readonly, llen},
    {"lmove", 5, flag::write | flag::denyoom, lmove},
    {"lmpop", -4, flag::write, lmpop},
    {"lpop", -2, flag::write, lpop},
    {"lpos", -3, flag::readonly, lpos},
    {"lpush", -3, flag::write | flag::denyoom, lpush},
    {"lpushx", -3, flag::write | flag::denyoom, lpushx},
    {"lrange", 4, flag::readonly, lrange},
    {"lrem", 4, flag::write, lrem},
    {"lset", 4, flag::write | flag::denyoom, lset},
    {"ltrim", 4, flag::write, ltrim},
    {"rpop", -2, flag::write, rpop},
    {"rpoplpush", 3, flag::write | flag::denyoom, rpoplpush},
    {"rpush", -3, flag::write | flag::denyoom, rpush},
    {"rpushx", -3, flag::write | flag::denyoom, rpushx},
});

}  // namespace

std::span<const Command> list_commands() {
  return kCommands;
}

}  // namespace model
