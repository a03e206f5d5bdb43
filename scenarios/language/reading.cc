#include "scenarios/language/reading.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "model/config.h"
#include "scenarios/language/nearest.h"

namespace scenarios {
namespace {

using Kind = Value::Kind;

struct Unit {
  std::string_view name;
  std::int64_t microseconds;
};
constexpr auto kUnits = std::to_array<Unit>(
    {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}});

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "1.5s" exactly; nothing if it is no duration or if it is finer than a microsecond. `too_long` if it
// is one that nobody can mean.
std::optional<std::int64_t> microseconds(std::string_view text, bool& too_long) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t split = text.find_first_not_of("0123456789.");
  if (split == std::string_view::npos) return std::nullopt;
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                 [&](const Unit& u) { return u.name == text.substr(split); });
  if (unit == kUnits.end()) return std::nullopt;

  const std::string_view number = text.substr(0, split);
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction = number.substr(std::min(point + 1, number.size()));
  if (!all_digits(whole) || (point < number.size() && !all_digits(fraction))) return std::nullopt;

  std::int64_t count = 0;
  const auto [end, problem] = std::from_chars(whole.data(), whole.data() + whole.size(), count);
  if (problem != std::errc{} || count > kLongest.count() / unit->microseconds) {
    too_long = true;
    return std::nullopt;
  }
  std::int64_t sum = count * unit->microseconds;
  std::int64_t place = unit->microseconds;
  for (const char digit : fraction) {
    if (place % 10 != 0 && digit != '0') return std::nullopt;
    place /= 10;
    sum += place * (digit - '0');
  }
  return negative ? -sum : sum;
}

}  // namespace

// --- errors ---------------------------------------------------------------------------------------

std::string listed(const Words& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::string Errors::shown(const Value& value) const {
  switch (value.kind) {
    case Kind::null: return "null";
    case Kind::boolean: return value.boolean ? "true" : "false";
    case Kind::text: return in_quotes(value.text);
    case Kind::list:
      return value.children.empty() ? "an empty list"
                                    : "a list of " + std::to_string(value.children.size());
    case Kind::object: return value.children.empty() ? "an empty object" : "an object";
    case Kind::integer:
    case Kind::fraction: break;
  }
  const std::string_view text = document_.written(value);
  return std::string(text.substr(0, std::min<std::size_t>(text.find_first_not_of("+-.0123456789eE"), 40)));
}

void Errors::add(LoadError error) {
  if (crowded()) ++more_;
  else errors_.push_back(std::move(error));
}

void Errors::add(Place place, std::string expected, std::string found, std::string nearest) {
  LoadError error{.place = std::move(place),
                  .expected = std::move(expected),
                  .found = std::move(found),
                  .nearest = std::move(nearest),
                  .problem = {}};
  error.problem = "expected " + error.expected + ", found " + error.found;
  if (!error.nearest.empty()) error.problem += " (did you mean \"" + error.nearest + "\"?)";
  add(std::move(error));
}

void Errors::expected(const Value& at, std::string expected, const Words& known) {
  const bool worth_it = at.kind == Kind::text && !crowded();
  add(document_.place_of(at), std::move(expected), shown(at),
      worth_it ? nearest_word(at.text, known) : std::string());
}

void Errors::unknown_key(const Value& member, std::string expected, const Words& known) {
  add(document_.place_of_key(member), std::move(expected), in_quotes(member.key),
      crowded() ? std::string() : nearest_word(member.key, known));
}

void Errors::missing(const Value& object, std::string_view key, std::string_view what) {
  LoadError error{.place = document_.place_of(object),
                  .expected = in_quotes(key),
                  .found = "no such field",
                  .nearest = {},
                  .problem = {}};
  error.problem = std::string(what) + " needs the field " + error.expected;
  add(std::move(error));
}

void Errors::say(const Value& at, std::string problem) {
  add({.place = document_.place_of(at),
       .expected = {},
       .found = shown(at),
       .nearest = {},
       .problem = std::move(problem)});
}

void Errors::say_about_key(const Value& member, std::string problem) {
  add({.place = document_.place_of_key(member),
       .expected = {},
       .found = in_quotes(member.key),
       .nearest = {},
       .problem = std::move(problem)});
}

// --- single values --------------------------------------------------------------------------------

std::optional<std::string> read_text(const Value& value, Errors& errors, std::string_view what) {
  if (value.kind == Kind::text) return value.text;
  errors.expected(value, std::string(what));
  return std::nullopt;
}

std::optional<bool> read_flag(const Value& value, Errors& errors) {
  if (value.kind == Kind::boolean) return value.boolean;
  errors.expected(value, "true or false", {"true", "false"});
  return std::nullopt;
}

std::optional<std::int64_t> read_whole(const Value& value, Errors& errors, Range range) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.kind == Kind::integer && value.magnitude <= kMost) {
    const auto size = static_cast<std::int64_t>(value.magnitude);
    const std::int64_t number = value.negative ? -size : size;
    if (number >= range.low && number <= range.high) return number;
  }
  std::string expected = "a whole number";
  if (range.high == Range().high) expected += " of at least " + std::to_string(range.low);
  else expected += " from " + std::to_string(range.low) + " to " + std::to_string(range.high);
  errors.expected(value, std::move(expected));
  return std::nullopt;
}

std::optional<std::size_t> read_word(const Value& value, Errors& errors, const Words& known) {
  if (value.kind == Kind::text) {
    const auto found = std::find(known.begin(), known.end(), value.text);
    if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  }
  errors.expected(value, listed(known), known);
  return std::nullopt;
}

std::optional<sim::Duration> read_duration(const Value& value, Errors& errors, bool signed_one) {
  bool too_long = false;
  if (value.kind == Kind::text) {
    const auto read = microseconds(value.text, too_long);
    if (read && (*read >= 0 || signed_one)) return sim::Duration(*read);
    if (read) {
      errors.expected(value, "a duration that is not negative");
      return std::nullopt;
    }
  }
  if (too_long) errors.expected(value, "a duration of at most 10000h");
  else if (value.kind == Kind::integer)
    errors.expected(value, "a duration with its unit (us, ms, s, m, h), as \"250ms\"");
  else errors.expected(value, "a duration, as \"250ms\"");
  return std::nullopt;
}

namespace {

std::optional<std::int64_t> read_size(const Value& value, Errors& errors, Range range,
                                      std::string_view written) {
  if (value.kind == Kind::integer) return read_whole(value, errors, range);
  const auto size = value.kind == Kind::text ? model::memory_size(written) : std::nullopt;
  if (size && *size >= range.low && *size <= range.high) return size;
  std::string expected = "a size in bytes, as \"16kb\" or 16384";
  if (size) expected += ", from " + std::to_string(range.low) + " to " + std::to_string(range.high);
  errors.expected(value, std::move(expected));
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> read_size(const Value& value, Errors& errors, Range range) {
  return read_size(value, errors, range, value.text);
}

std::optional<std::uint64_t> read_bandwidth(const Value& value, Errors& errors) {
  std::string_view amount = value.text;
  if (amount.ends_with("/s")) amount.remove_suffix(2);
  constexpr std::int64_t kFastest = 1'000'000'000'000;
  const auto bytes = read_size(value, errors, {1, kFastest}, amount);
  if (!bytes) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

std::vector<std::pair<std::string, const Value*>> read_texts(const Value& value, Errors& errors,
                                                             std::string_view what) {
  std::vector<std::pair<std::string, const Value*>> out;
  if (value.kind == Kind::text) {
    out.emplace_back(value.text, &value);
  } else if (value.kind == Kind::list) {
    for (const Value* item : value.children) {
      if (auto text = read_text(*item, errors, what)) out.emplace_back(std::move(*text), item);
    }
    if (value.children.empty()) errors.expected(value, std::string(what) + ", or a list of such");
  } else {
    errors.expected(value, std::string(what) + ", or a list of such");
  }
  return out;
}

// --- Fields ---------------------------------------------------------------------------------------

Fields::Fields(const Value& value, std::string_view what, Errors& errors)
    : value_(value), what_(what), errors_(errors) {
  if (!is_object()) errors_.expected(value, what_ + " in { }");
}

const Value* Fields::get(std::string_view key) {
  asked_.emplace(key);
  return value_.find(key);
}

const Value* Fields::need(std::string_view key, std::string_view what) {
  const Value* found = get(key);
  if (found == nullptr && is_object()) errors_.missing(value_, key, what);
  return found;
}

void Fields::text(std::string_view key, std::string& into) {
  if (const Value* value = get(key)) {
    if (auto read = read_text(*value, errors_)) into = std::move(*read);
  }
}

void Fields::flag(std::string_view key, bool& into) {
  if (const Value* value = get(key)) into = read_flag(*value, errors_).value_or(into);
}

void Fields::duration(std::string_view key, sim::Duration& into, bool signed_one) {
  if (const Value* value = get(key)) into = read_duration(*value, errors_, signed_one).value_or(into);
}

void Fields::duration(std::string_view key, std::optional<sim::Duration>& into) {
  if (const Value* value = get(key)) into = read_duration(*value, errors_);
}

void Fields::finish() {
  const Words known(asked_.begin(), asked_.end());
  for (const Value* member : value_.children) {
    if (!is_object() || asked_.contains(member->key)) continue;
    errors_.unknown_key(*member, "a field of " + what_, known);
  }
}

}  // namespace scenarios
