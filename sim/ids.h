// Identity inside a simulated world. Ids are ordered, so they can be map keys; they are not numbers
// and do not mix. Nothing in a world points at anything else: parts name each other by these.
#pragma once

#include <compare>
#include <cstdint>

namespace sim {

// A machine on the network. Numbered from 0 in the order of Kernel::add_host.
enum class HostId : std::uint32_t {};

// One end of one connection. The two ends of connection n are 2n (the side that dialled) and 2n+1
// (the side that accepted). Never reused within a world, so late bytes cannot reach a newcomer.
enum class EndId : std::uint32_t {};

constexpr std::uint32_t number(HostId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t number(EndId id) { return static_cast<std::uint32_t>(id); }

constexpr EndId peer_of(EndId end) { return EndId{number(end) ^ 1U}; }
constexpr bool dialled(EndId end) { return (number(end) & 1U) == 0; }

}  // namespace sim
