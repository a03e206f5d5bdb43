// What the data commands share: reading arguments, answering in Redis's words, changing a value.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/command.h"

namespace model {

inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotAFloat = "ERR value is not a valid float";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kNoSuchDb = "ERR DB index is out of range";

// Each reads one argument, or replies the error and answers nothing.
std::optional<std::int64_t> integer_argument(Call& call, std::string_view text,
                                             std::string_view error = kNotAnInteger);
std::optional<double> float_argument(Call& call, std::string_view text,
                                     std::string_view error = kNotAFloat);
// A whole number that also fits an int: database numbers.
std::optional<unsigned> database_argument(Call& call, std::string_view text);

// How an expiry time is written: EX and PX count from now, EXAT and PXAT from 1970.
enum class Clock : std::uint8_t { seconds_from_now, ms_from_now, seconds, ms };

// Expiry time of SET, SETEX, PSETEX and GETEX: must lie after 1970 and be positive as written.
std::optional<WallTime> expiry_argument(Call& call, std::string_view text, Clock clock);

void invalid_expire_time(Call& call);  // "... in 'set' command", named as the caller's command
void wrong_number_of_arguments(Call& call);

inline std::int64_t count_of(WallTime when) {
  return when.time_since_epoch().count();
}

// Redis's ranges: a negative index counts from the end. Clamped to [0, size); empty when first >
// last.
struct IndexRange {
  std::size_t first = 0;
  std::size_t size = 0;
};
IndexRange index_range(std::int64_t start, std::int64_t stop, std::size_t size);

// Changes the value of a key that exists and holds a T.
template <class T, std::invocable<T&> Change>
void change(Call& call, std::string_view key, Change&& with) {
  call.data.edit(call.db, key,
                 [&](Value& value) { std::forward<Change>(with)(std::get<T>(value)); });
}

// The same; a key that is missing is created first, without expiry. Its type is known to fit.
template <class T, std::invocable<T&> Change>
void change_or_create(Call& call, std::string_view key, Change&& with) {
  if (call.data.find(call.db, key) == nullptr) call.data.put(call.db, key, T());
  change<T>(call, key, std::forward<Change>(with));
}

}  // namespace model
