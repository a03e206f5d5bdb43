// How a record becomes part of the trace's hash: the body of Trace::add. Included by trace.h.
//
//      hash = mixed(... mixed(mixed(hash, kind), time) ..., each field in the order of `fields`)
//
// Whole numbers only, strings eight bytes at a time in an order that no machine changes: equal records
// give equal hashes everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sim/trace.h"

namespace sim::hashing {

// Depends on the order of what is mixed in: every step multiplies what was there before.
constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 32);
}

// The length goes first, so that no two lists of strings run together.
constexpr std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
  hash = mixed(hash, text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight = 0;
    for (unsigned shift = 0; shift < 64 && at < text.size(); shift += 8, ++at) {
      eight |= std::uint64_t{static_cast<unsigned char>(text[at])} << shift;
    }
    hash = mixed(hash, eight);
  }
  return hash;
}

template <class R>
inline constexpr std::uint64_t kKind = mixed(0, R::kind);

struct Mixer {
  std::uint64_t hash;

  template <class F>
  void operator()(std::string_view, const F& field) {
    if constexpr (std::is_integral_v<F>) {
      hash = mixed(hash, static_cast<std::uint64_t>(field));
    } else {
      hash = mixed(hash, std::string_view(field));
    }
  }
};

}  // namespace sim::hashing

namespace sim {

template <class R>
void Trace::add(Instant at, R record) {
  if constexpr (!record::kProse<R>) {
    hashing::Mixer mixer{hashing::mixed(hash_, hashing::kKind<R>)};
    mixer.hash =
        hashing::mixed(mixer.hash, static_cast<std::uint64_t>(at.time_since_epoch().count()));
    record.fields(mixer);
    hash_ = mixer.hash;
    ++count_;
  }
  if (keeps()) records_.push_back({at, std::move(record)});
}

}  // namespace sim
