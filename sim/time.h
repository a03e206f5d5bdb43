// Virtual time: whole microseconds since the start of the world. There is no now(): time is what the
// kernel says it is, and it moves only from one event to the next.
#pragma once

#include <chrono>

namespace sim {

struct VirtualTime {};

using Duration = std::chrono::microseconds;
using Instant = std::chrono::time_point<VirtualTime, Duration>;

constexpr Instant kStart{};
constexpr Instant kNever = Instant::max();

}  // namespace sim
