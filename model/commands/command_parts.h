// What the data commands share: reading arguments, answering in Redis's words, changing a value.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/commands/command.h"

namespace model {

inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotAFloat = "ERR value is not a valid float";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kNoSuchDb = "ERR DB index is out of range";

// Each reads one argument, or replies the error and answers nothing.
std::optional<std::int64_t> integer_argument(Call& call, std::string_view text,
                                             std::string_view error = kNotAnInteger);
// The same for numbers that must not be below `least`: one error for both.
std::optional<std::int64_t> integer_from(Call& call, std::string_view text, std::int64_t least,
                                         std::string_view error);
// The same for numbers that can be negated.
std::optional<std::int64_t> signed_count(Call& call, std::string_view text);
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

// The range that two arguments name, start and stop.
struct Bounds {
  std::int64_t start = 0, stop = 0;
};
std::optional<Bounds> bounds_argument(Call& call, std::string_view start, std::string_view stop);

// [COUNT count] as LMPOP and ZMPOP have it at their end: 1 without it.
std::optional<std::int64_t> pop_count(Call& call, Args options);

// What HELP of a container command answers.
void reply_lines(Call& call, std::span<const std::string_view> lines);

// numkeys key [key ...] as LMPOP, SINTERCARD and ZUNION have them: the keys, which end in front of
// the options. `at` is the place of numkeys, and becomes that of the first option.
struct CountedKeys {
  std::string_view too_few;   // error when numkeys is less than 1 or no number
  std::string_view too_many;  // error when fewer arguments follow
};
std::optional<Args> counted_keys(Call& call, std::size_t& at, const CountedKeys& errors);

inline constexpr std::string_view kNumkeysError = "ERR numkeys should be greater than 0";

// What the STORE commands end with: replaces `to`, or erases it when the result is empty.
void store_result(Call& call, const std::string& to, Value result, std::size_t size);

// Draws `count` different elements (all, if fewer), in the order drawn.
std::vector<std::string> draw(Chance& chance, std::vector<std::string> from, std::size_t count);

// A subcommand of XGROUP and the like: its name in lower case, its arity (the two words count), its
// handler.
struct Subcommand {
  std::string_view name;
  int arity;
  void (*run)(Call&);
};

// What a subcommand says of arguments that it does not understand.
void subcommand_syntax_error(Call& call);

// Runs the one that argv[1] names, or replies what is wrong.
void run_subcommand(Call& call, std::span<const Subcommand> table);

void reply_strings(Call& call, const std::vector<std::string>& strings);

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

// HDEL, SREM and ZREM: takes out of the value of a key what the arguments behind it name.
template <class T>
void remove_named(Call& call) {
  const T* const found = call.look_as<T>(call.argv[1]);
  if (call.failed) return;
  std::size_t removed = 0;
  if (found != nullptr)
    change<T>(call, call.argv[1], [&](T& held) {
      for (const std::string& name : call.argv.subspan(2)) removed += held.erase(name);
    });
  call.dirty += removed;
  call.reply.integer(static_cast<std::int64_t>(removed));
}

}  // namespace model
