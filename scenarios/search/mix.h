// A 64-bit number from others, each bit moved by each: seeds from indices, and hashes that do not
// depend on the order in which runs are added up.
#pragma once

#include <cstdint>

namespace scenarios {

constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93;
  return x ^ (x >> 32);
}
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return mix(mix(a + 0x9e3779b97f4a7c15) ^ (b + 0x7f4a7c159e3779b9));
}

}  // namespace scenarios
