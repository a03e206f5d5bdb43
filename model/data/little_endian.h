// Bytes as numbers, least significant first, the same on every machine.
#pragma once

#include <cstdint>

namespace model {

constexpr std::uint64_t byte_at(const char* at) {
  return static_cast<unsigned char>(*at);
}

// Written out, since compilers make one load of it then.
constexpr std::uint64_t eight_at(const char* at) {
  return byte_at(at) | byte_at(at + 1) << 8 | byte_at(at + 2) << 16 | byte_at(at + 3) << 24 |
         byte_at(at + 4) << 32 | byte_at(at + 5) << 40 | byte_at(at + 6) << 48 |
         byte_at(at + 7) << 56;
}

}  // namespace model
