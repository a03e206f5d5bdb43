#include "model/commands/command_parts.h"

#include <algorithm>
#include <limits>

#include "model/data/number.h"
#include "model/data/text.h"

namespace model {

std::optional<std::int64_t> integer_argument(Call& call, std::string_view text,
                                             std::string_view error) {
  const std::optional<std::int64_t> number = to_integer(text);
  if (!number) call.error(error);
  return number;
}

std::optional<std::int64_t> integer_from(Call& call, std::string_view text, std::int64_t least,
                                         std::string_view error) {
  const std::optional<std::int64_t> number = to_integer(text);
  if (number && *number >= least) return number;
  call.error(error);
  return std::nullopt;
}

std::optional<std::int64_t> signed_count(Call& call, std::string_view text) {
  const std::optional<std::int64_t> number = integer_argument(call, text);
  if (!number || *number != std::numeric_limits<std::int64_t>::min()) return number;
  call.error(
      "ERR value is out of range, value must between -9223372036854775807 and "
      "9223372036854775807");
  return std::nullopt;
}

std::optional<double> float_argument(Call& call, std::string_view text, std::string_view error) {
  const std::optional<double> number = to_double(text);
  if (!number) call.error(error);
  return number;
}

std::optional<unsigned> database_argument(Call& call, std::string_view text) {
  const std::optional<std::int64_t> number = to_integer(text);
  if (!number || *number < std::numeric_limits<std::int32_t>::min() ||
      *number > std::numeric_limits<std::int32_t>::max()) {
    call.error(kNotAnInteger);
    return std::nullopt;
  }
  if (*number < 0 || *number >= call.data.databases()) {
    call.error(kNoSuchDb);
    return std::nullopt;
  }
  return static_cast<unsigned>(*number);
}

std::optional<WallTime> expiry_argument(Call& call, std::string_view text, Clock clock) {
  const std::optional<std::int64_t> number = integer_argument(call, text);
  if (!number) return std::nullopt;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const bool in_seconds = clock == Clock::seconds || clock == Clock::seconds_from_now;
  const bool from_now = clock == Clock::ms_from_now || clock == Clock::seconds_from_now;
  if (*number > 0 && (!in_seconds || *number <= kMost / 1000)) {
    const std::int64_t ms = in_seconds ? *number * 1000 : *number;
    const std::int64_t base = from_now ? count_of(call.now) : 0;
    if (ms <= kMost - base) return WallTime(std::chrono::milliseconds(ms + base));
  }
  invalid_expire_time(call);
  return std::nullopt;
}

void invalid_expire_time(Call& call) {
  call.error("ERR invalid expire time in '" + lower(call.argv[0]) + "' command");
}

void wrong_number_of_arguments(Call& call) {
  call.error("ERR wrong number of arguments for '" + lower(call.argv[0]) + "' command");
}

IndexRange index_range(std::int64_t start, std::int64_t stop, std::size_t size) {
  const auto length = static_cast<std::int64_t>(size);
  if (start < 0) start = std::max<std::int64_t>(start + length, 0);
  if (stop < 0) stop += length;
  stop = std::min(stop, length - 1);
  if (start > stop || start >= length) return {};
  return {static_cast<std::size_t>(start), static_cast<std::size_t>(stop - start + 1)};
}

std::optional<Bounds> bounds_argument(Call& call, std::string_view start, std::string_view stop) {
  const std::optional<std::int64_t> first = integer_argument(call, start);
  if (!first) return std::nullopt;
  const std::optional<std::int64_t> last = integer_argument(call, stop);
  if (!last) return std::nullopt;
  return Bounds{*first, *last};
}

std::optional<std::int64_t> pop_count(Call& call, Args options) {
  if (options.empty()) return 1;
  if (options.size() == 2 && same_word(options[0], "COUNT"))
    return integer_from(call, options[1], 1, "ERR count should be greater than 0");
  call.syntax_error();
  return std::nullopt;
}

void reply_lines(Call& call, std::span<const std::string_view> lines) {
  call.reply.array(lines.size());
  for (const std::string_view line : lines) call.reply.simple(line);
}

std::optional<Args> counted_keys(Call& call, std::size_t& at, const CountedKeys& errors) {
  const std::optional<std::int64_t> count = integer_from(call, call.argv[at], 1, errors.too_few);
  if (!count) return std::nullopt;
  const Args rest = call.argv.subspan(at + 1);
  if (static_cast<std::uint64_t>(*count) > rest.size()) {
    call.error(errors.too_many);
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(*count);
  at += 1 + size;
  return rest.first(size);
}

void store_result(Call& call, const std::string& to, Value result, std::size_t size) {
  if (size > 0) {
    call.look(to);  // an overdue key is told of before it is replaced
    call.data.put(call.db, to, std::move(result));
    ++call.dirty;
  } else if (call.data.erase(call.db, to)) {
    ++call.dirty;
  }
  call.reply.integer(static_cast<std::int64_t>(size));
}

std::vector<std::string> draw(Chance& chance, std::vector<std::string> from, std::size_t count) {
  count = std::min(count, from.size());
  for (std::size_t i = 0; i < count; ++i)
    std::swap(from[i], from[i + static_cast<std::size_t>(chance.below(from.size() - i))]);
  from.resize(count);
  return from;
}

void subcommand_syntax_error(Call& call) {
  call.error("ERR unknown subcommand or wrong number of arguments for '" +
             call.argv[1].substr(0, 128) + "'. Try " + upper(call.argv[0]) + " HELP.");
}

void run_subcommand(Call& call, std::span<const Subcommand> table) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Subcommand& one) {
    return same_word(one.name, call.argv[1]);
  });
  if (found == table.end())
    return call.error("ERR unknown subcommand '" + call.argv[1].substr(0, 128) + "'. Try " +
                      upper(call.argv[0]) + " HELP.");
  const auto count = static_cast<int>(call.argv.size());
  if (found->arity > 0 ? count != found->arity : count < -found->arity)
    return call.error("ERR wrong number of arguments for '" + lower(call.argv[0]) + "|" +
                      std::string(found->name) + "' command");
  found->run(call);
}

void reply_strings(Call& call, const std::vector<std::string>& strings) {
  call.reply.array(strings.size());
  for (const std::string& string : strings) call.reply.bulk(string);
}

}  // namespace model
