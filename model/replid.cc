#include "model/replid.h"

#include <algorithm>
#include <cassert>

#include "model/data/text.h"

namespace model {

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
  return same_word(a, b);
}

}  // namespace model
