#include "model/command_parts.h"

#include <algorithm>
#include <limits>

#include "model/number.h"
#include "model/text.h"

namespace model {

std::optional<std::int64_t> integer_argument(Call& call, std::string_view text,
                                             std::string_view error) {
  const std::optional<std::int64_t> number = to_integer(text);
  if (!number) call.error(error);
  return number;
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

}  // namespace model
