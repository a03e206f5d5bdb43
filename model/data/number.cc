#include "model/data/number.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace model {
namespace {

// Redis copies the text of a long double into a buffer of this size; longer text is not a number.
constexpr std::size_t kLongestNumber = 5 * 1024;

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// `read` is strtod or strtold: the same rules hold for both.
template <class Float>
std::optional<Float> to_float(std::string_view text, Float (*read)(const char*, char**)) {
  if (text.empty() || text.size() >= kLongestNumber || is_blank(text.front())) return std::nullopt;
  const std::string copy(text);  // strtod wants its terminator
  char* end = nullptr;
  errno = 0;
  const Float number = read(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size() || std::isnan(number)) return std::nullopt;
  const bool overflow = std::isinf(number) && errno == ERANGE;
  const bool underflow = std::fpclassify(number) == FP_ZERO && errno == ERANGE;
  if (overflow || underflow) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || stop != end || problem != std::errc()) return std::nullopt;
  const std::string_view digits = text.front() == '-' ? text.substr(1) : text;
  const bool canonical = digits.front() != '0' || text == "0";
  return canonical ? std::optional(number) : std::nullopt;
}

std::optional<double> to_double(std::string_view text) {
  return to_float<double>(text, std::strtod);
}

std::optional<long double> to_long_double(std::string_view text) {
  return to_float<long double>(text, std::strtold);
}

std::string text_of(double number) {
  std::array<char, 40> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                            std::chars_format::general, 17);
  return std::string(buffer.data(), end);
}

std::string text_of(long double number) {
  std::array<char, std::numeric_limits<long double>::max_exponent10 + 32> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                            std::chars_format::fixed, 17);
  std::string text(buffer.data(), end);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

}  // namespace model
