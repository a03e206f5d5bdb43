// The model's own words for identity, time and bytes. It shares only the standard library with the
// world that runs it; scenarios/world/world.cc and the live host convert.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace model {

// One end of one connection of this server, named by whoever hosts it. Never reused.
enum class ConnId : std::uint32_t {};

// A background job that this server asked for. Never reused within one life of a process.
enum class JobId : std::uint32_t {};

// Monotonic time: all timeouts. Microseconds since an origin of the host's choice.
struct MonotonicClock {};
using Duration = std::chrono::microseconds;
using Instant = std::chrono::time_point<MonotonicClock, Duration>;

// Wall-clock time: expiry only. It may be wrong, step and drift. Milliseconds since 1970.
struct WallClock {};
using WallTime = std::chrono::time_point<WallClock, std::chrono::milliseconds>;

// A position in a replication stream: the number of its last byte, counted from the history's
// origin.
using Offset = std::int64_t;

// Bytes are held in std::string and looked at through std::string_view: one char is one byte, no
// encoding is implied.

// Where random ids and samples come from (R2.24). Every draw of a server goes through this one
// call.
class Chance {
 public:
  virtual ~Chance() = default;
  // A whole number in [0, bound), bound >= 1.
  virtual std::uint64_t below(std::uint64_t bound) = 0;
};

}  // namespace model
