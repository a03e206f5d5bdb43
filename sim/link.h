// How one direction between two hosts behaves, and what can be done to it. Plain data.
#pragma once

#include <cstdint>

#include "sim/time.h"

namespace sim {

// Which fault did something: a number of the caller's, so that effects can be counted by cause.
// 0 means "nobody's fault".
enum class FaultTag : std::uint32_t {};
inline constexpr FaultTag kNoFault{0};

// How a byte stream is broken into pieces on its way. TCP promises order, never boundaries.
struct Pieces {
  // Every piece is drawn from [smallest, largest] bytes; largest 0 = one piece per write. Pieces that
  // are due at the same instant arrive as one, so the receiver also sees neighbours merged.
  std::uint32_t smallest = 0;
  std::uint32_t largest = 0;
  bool operator==(const Pieces&) const = default;
};

struct LinkProfile {
  Duration latency{500};                // one way
  Duration jitter{0};                   // added, drawn from [0, jitter]; order is kept
  std::uint64_t bytes_per_second = 0;   // 0 = unlimited; shared by nobody, one connection at a time
  Pieces pieces{};
  std::uint32_t send_buffer = 262144;   // bytes written and not yet on the wire
  std::uint32_t receive_buffer = 262144;  // bytes arrived and not yet read; then the wire stalls
  bool operator==(const LinkProfile&) const = default;
};

// What stops in one direction between two hosts. Nothing is lost inside a living connection: what is
// stopped arrives after release, as TCP retransmits it.
enum class Hold : std::uint8_t {
  none,
  data,        // clog: bytes and ends of established connections wait; new connections work
  everything,  // partition: connection attempts wait as well
};

// What becomes of a dial from one host to another.
enum class Welcome : std::uint8_t {
  accept,
  refuse,   // connection refused, after a round trip
  silence,  // accepted by the network, never handed to the software: it hears nothing, says nothing
};

enum class CloseHow : std::uint8_t { fin, rst };

// Who learns that a connection is gone. The others keep a half-open end until they write to it and
// the answer (a reset) has travelled back.
enum class Notice : std::uint8_t { both, dialler, acceptor, nobody };

// What becomes of bytes in flight when a connection is cut.
enum class InFlight : std::uint8_t { lost, delivered };

}  // namespace sim
