#include "model/replid.h"

#include <algorithm>
#include <cassert>

namespace model {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

ReplId random_replid(Chance& chance) {
  constexpr std::string_view kHex = "0123456789abcdef";
  ReplId id;
  // 40 digits in three draws: a draw for each digit would cost more than all else at a start.
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < id.text.size(); ++i) {
    if (i % 14 == 0) bits = chance.below(std::uint64_t{1} << 56);
    id.text[i] = kHex[bits & 15U];
    bits >>= 4U;
  }
  return id;
}

ReplId replid_from(std::string_view text) {
  ReplId id;
  assert(text.size() == id.text.size());
  std::copy(text.begin(), text.end(), id.text.begin());
  return id;
}

bool same_id(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace model
