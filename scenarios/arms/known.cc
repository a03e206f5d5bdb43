// Scenarios in which a real redis-server 7.0.15 and the model are known to differ, and why that stands.
#include <algorithm>
#include <array>

#include "scenarios/arms/compare.h"

namespace scenarios::arms {
namespace {

constexpr std::array<KnownDifference, 0> kKnown{};

}  // namespace

const KnownDifference* known(std::string_view scenario, std::string_view at) {
  const auto it = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownDifference& one) {
    return one.scenario == scenario && at.starts_with(one.at);
  });
  return it == kKnown.end() ? nullptr : &*it;
}

}  // namespace scenarios::arms
