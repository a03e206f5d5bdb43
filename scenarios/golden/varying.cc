#include "scenarios/golden/varying.h"

namespace scenarios::golden {
namespace {

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

// Replaces every longest run of such characters that has `length` of them.
template <class Is>
std::string renamed(const std::string& text, Is is, std::size_t length, const Renamer& name) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is(text[end])) ++end;
    if (end == at) {
      out += text[at++];
      continue;
    }
    const std::string run = text.substr(at, end - at);
    out += run.size() == length ? name(run) : run;
    at = end;
  }
  return out;
}

}  // namespace

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string with_ids_renamed(const std::string& text, const Renamer& name) {
  return renamed(text, is_hex, kIdLength, name);
}

std::string with_times_renamed(const std::string& text, const Renamer& name) {
  return renamed(text, is_digit, kTimeLength,
                 [&name](const std::string& time) { return time[0] == '1' ? name(time) : time; });
}

}  // namespace scenarios::golden
