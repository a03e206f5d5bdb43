#include "model/data/text.h"

#include <algorithm>
#include <utility>

namespace model {
namespace {

char lower_char(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
char upper_char(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

// One character that `pattern` asks for, and how much of it says so.
struct Step {
  bool matches;
  std::size_t length;
};

// pattern[0] == '['. An unclosed class ends with the pattern.
Step match_class(std::string_view pattern, char c) {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  while (at < pattern.size() && pattern[at] != ']') {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      found = found || pattern[at + 1] == c;
      at += 2;
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      const auto [low, high] = std::minmax(pattern[at], pattern[at + 2]);
      found = found || (c >= low && c <= high);
      at += 3;
    } else {
      found = found || pattern[at] == c;
      ++at;
    }
  }
  return {found != negated, std::min(at + 1, pattern.size())};
}

Step match_one(std::string_view pattern, char c) {
  switch (pattern.front()) {
    case '?':
      return {true, 1};
    case '[':
      return match_class(pattern, c);
    case '\\':
      if (pattern.size() > 1) return {pattern[1] == c, 2};
      [[fallthrough]];
    default:
      return {pattern.front() == c, 1};
  }
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_char);
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), upper_char);
  return out;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_char(x) == lower_char(y); });
}

// Greedy with one place to return to: the last star. Never worse than the product of both lengths.
bool matches(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kNowhere = std::string_view::npos;
  std::size_t p = 0, t = 0, star = kNowhere, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      retry = t;
      continue;
    }
    if (p < pattern.size()) {
      const Step step = match_one(pattern.substr(p), text[t]);
      if (step.matches) {
        p += step.length;
        ++t;
        continue;
      }
    }
    if (star == kNowhere) return false;
    p = star;
    t = ++retry;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace model
