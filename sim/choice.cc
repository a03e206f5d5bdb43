#include "sim/choice.h"

#include <cassert>

namespace sim {
namespace {

__extension__ using Wide = unsigned __int128;

// A bijection on 64 bits in which every input bit moves every output bit (the finaliser of the
// SplitMix64 generator). Over a counter it is a random function of position: no state to advance.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

std::string_view name(Purpose purpose) {
  switch (purpose) {
    case Purpose::latency: return "latency";
    case Purpose::fragment: return "fragment";
    case Purpose::fault: return "fault";
    case Purpose::host: return "host";
    case Purpose::clock: return "clock";
    case Purpose::workload: return "workload";
    case Purpose::scenario: return "scenario";
  }
  assert(false && "not a purpose");
  return "";
}

Choice Choice::seeded(std::uint64_t seed) { return Choice(Seeded{.seed = seed}); }

Choice Choice::listed(std::vector<std::uint64_t> values) {
  return Choice(Listed{.values = std::move(values)});
}

std::uint64_t Choice::Seeded::below(Purpose purpose, std::uint64_t bound) {
  const auto which = static_cast<std::size_t>(purpose);
  const std::uint64_t key = mix(seed ^ mix(which + 1));
  // The high half of draw * bound is the number; the few draws that would make some numbers likelier
  // than others are those whose low half is below 2^64 mod bound, and are passed over.
  while (true) {
    const Wide product = static_cast<Wide>(mix(key ^ mix(counter[which]++))) * bound;
    const auto low = static_cast<std::uint64_t>(product);
    if (low >= bound || low >= (0 - bound) % bound)
      return static_cast<std::uint64_t>(product >> 64);
  }
}

std::uint64_t Choice::Listed::below(std::uint64_t bound) {
  return next < values.size() ? values[next++] % bound : 0;
}

std::uint64_t Choice::below(Purpose purpose, std::uint64_t bound) {
  assert(bound > 0);
  if (bound == 1) return 0;
  const auto seeded = std::get_if<Seeded>(&source_);
  const std::uint64_t value =
      seeded ? seeded->below(purpose, bound) : std::get<Listed>(source_).below(bound);
  ++draws_;
  if (recording_) log_.push_back({purpose, bound, value});
  return value;
}

std::int64_t Choice::between(Purpose purpose, std::int64_t low, std::int64_t high) {
  assert(low <= high);
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  assert(span != 0 && "the whole range of 64 bits cannot be asked for");
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + below(purpose, span));
}

bool Choice::chance(Purpose purpose, std::uint32_t hits, std::uint32_t out_of) {
  assert(hits <= out_of);
  // The high numbers hit, so that a list that is used up, which draws 0, says no.
  return below(purpose, out_of) >= out_of - hits;
}

void Choice::record() { recording_ = true; }

}  // namespace sim
