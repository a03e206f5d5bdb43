#include "scenarios/language/nearest.h"

#include <algorithm>
#include <cctype>

namespace scenarios {
namespace {

std::string plain(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// How many letters must be changed, dropped, added or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t kLongest = 64;  // longer ones are no words
  if (word.empty() || word.size() > kLongest) return {};
  const std::string meant = plain(word);
  std::string_view best;
  std::size_t closest = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    if (std::max(candidate.size(), word.size()) - std::min(candidate.size(), word.size()) >= closest)
      continue;
    const std::size_t apart = distance(meant, plain(candidate));
    if (apart < closest && apart < std::max(candidate.size(), word.size())) {
      closest = apart;
      best = candidate;
    }
  }
  return std::string(best);
}

}  // namespace scenarios
