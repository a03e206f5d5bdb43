// Where the model is known to differ from the recordings, since when, and why that stands.
#include <algorithm>
#include <array>

#include "scenarios/golden/compare.h"

namespace scenarios::golden {
namespace {

constexpr std::array<KnownDifference, 0> kKnown{};

}  // namespace

const KnownDifference* known(std::string_view test, std::string_view where) {
  const auto it = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownDifference& k) {
    return k.test == test && where.starts_with(k.where);
  });
  return it == kKnown.end() ? nullptr : &*it;
}

}  // namespace scenarios::golden
