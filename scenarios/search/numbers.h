// The numbers of a scenario, each with its place: to make them smaller, and to see which may vary.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scenarios/language/scenario.h"

namespace scenarios {

struct Number {
  enum class Kind : std::uint8_t { duration, count, bytes };  // durations in microseconds
  std::string pointer;  // where it stands: "/steps/3/sleep"
  std::string what;     // to follow "fails for any": "sleep in step 4"
  Kind kind = Kind::count;
  std::int64_t value = 0;
  std::int64_t least = 0, most = 0;  // that the language allows
  bool simpler_is_smaller = true;    // false: a setting, whose smaller values are not plainer
  std::function<void(Scenario&, std::int64_t)> set;
};

std::vector<Number> numbers_of(const Scenario& scenario);

std::string in_words(Number::Kind kind, std::int64_t value);  // "3.1 s", "12", "16 kb"

}  // namespace scenarios
