// A replication id: 40 characters naming one history. Two nodes with equal (id, offset) hold equal
// data.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <string_view>

#include "model/types.h"

namespace model {

struct ReplId {
  std::array<char, 40> text = zeros();

  static constexpr std::array<char, 40> zeros() {
    std::array<char, 40> z{};
    z.fill('0');
    return z;
  }
  // No id at all, not even zeros: what a replica has whose master did not tell one (R3.27).
  static constexpr ReplId blank() {
    ReplId id;
    id.text.fill('\0');
    return id;
  }
  std::string_view view() const { return {text.data(), text.front() == '\0' ? 0 : text.size()}; }
  bool is_zero() const { return *this == ReplId(); }  // "none": the secondary id before any shift
  // Observers ask this many times an event: five words, side by side.
  bool operator==(const ReplId& other) const {
    using Words = std::array<std::uint64_t, 5>;
    const auto ours = std::bit_cast<Words>(text), theirs = std::bit_cast<Words>(other.text);
    return ((ours[0] ^ theirs[0]) | (ours[1] ^ theirs[1]) | (ours[2] ^ theirs[2]) |
            (ours[3] ^ theirs[3]) | (ours[4] ^ theirs[4])) == 0;
  }
  std::strong_ordering operator<=>(const ReplId& other) const { return text <=> other.text; }
};

ReplId random_replid(Chance& chance);       // 40 lower-case hex characters
ReplId replid_from(std::string_view text);  // precondition: 40 characters

// As a master compares ids: without regard to letter case (R5.1).
bool same_id(std::string_view a, std::string_view b);

}  // namespace model
