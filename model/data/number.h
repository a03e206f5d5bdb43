// Numbers in text, as Redis reads and writes them: whole arguments, no blanks around them, the same
// answer whatever the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace model {

// Canonical decimal only: no plus sign, no leading zeros, no "-0". Nothing when out of range.
std::optional<std::int64_t> to_integer(std::string_view text);

// What strtod reads, as long as it reads all of it: "1e3", "inf" and "0x10" are numbers, NaN is
// not.
std::optional<double> to_double(std::string_view text);
std::optional<long double> to_long_double(std::string_view text);

// 17 significant digits, as 7.0 replies with scores: 3.1 is "3.1000000000000001".
std::string text_of(double number);

// 17 digits behind the point without trailing zeros, as INCRBYFLOAT stores its results.
std::string text_of(long double number);

}  // namespace model
