// Where the model is known to differ from the recordings, since when, and why that stands.
#include <algorithm>
#include <array>

#include "scenarios/golden/compare.h"

namespace scenarios::golden {
namespace {

constexpr auto kKnown = std::to_array<KnownDifference>({
    {"rw13-eviction", "steps[15]", "2026-11-25",
     "CONFIG SET maxmemory evicts in the background at once; here the next command makes the room"},
});

}  // namespace

const KnownDifference* known(std::string_view test, std::string_view where) {
  const auto it = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownDifference& k) {
    return k.test == test && where.starts_with(k.where);
  });
  return it == kKnown.end() ? nullptr : &*it;
}

}  // namespace scenarios::golden
