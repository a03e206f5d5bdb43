// How a record becomes part of the trace's hash: the body of Trace::add. Included by trace.h.
//
//      hash = mixed(... mixed(mixed(hash, kind), time) ..., each field in the order of `fields`)
//
// Whole numbers only, strings eight bytes at a time in an order that no machine changes: equal records
// give equal hashes everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
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

constexpr std::uint64_t byte_at(const char* at) { return static_cast<unsigned char>(*at); }

// Written out, since compilers make one load of it then.
constexpr std::uint64_t eight_at(const char* at) {
  return byte_at(at) | byte_at(at + 1) << 8 | byte_at(at + 2) << 16 | byte_at(at + 3) << 24 |
         byte_at(at + 4) << 32 | byte_at(at + 5) << 40 | byte_at(at + 6) << 48 |
         byte_at(at + 7) << 56;
}

// The length goes first, so that no two lists of strings run together.
constexpr std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
  hash = mixed(hash, text.size());
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 8; at += 8) hash = mixed(hash, eight_at(at));
  if (at == end) return hash;
  std::uint64_t rest = 0;
  for (unsigned shift = 0; at != end; ++at, shift += 8) rest |= byte_at(at) << shift;
  return mixed(hash, rest);
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

// A field as the record holds it.
template <class F>
auto held(const F& field) {
  if constexpr (std::is_integral_v<F>) {
    return field;
  } else {
    return std::string(std::string_view(field));
  }
}

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

template <class R, class... Fields>
void Trace::tell(Instant at, const Fields&... fields) {
  if (keeps()) return add(at, R{hashing::held(fields)...});
  if constexpr (!record::kProse<R>) {
    hashing::Mixer mixer{hashing::mixed(hash_, hashing::kKind<R>)};
    mixer("t", at.time_since_epoch().count());
    (mixer({}, fields), ...);
    hash_ = mixer.hash;
    ++count_;
  }
}

}  // namespace sim
