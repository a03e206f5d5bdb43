// What the kernel hands to its driver: something that the driver must act on.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/ids.h"

namespace sim {

struct Occurrence {
  enum class Kind : std::uint8_t {
    // On a connection end of `host`:
    accepted,   // a new connection from `peer`; `end` is our end
    connected,  // our dial was accepted
    refused,    // our dial was refused; `end` is dead
    bytes,      // `bytes` were read; valid until the next call of any kernel function
    ended,      // the other side closed in good order (EOF); our end is still ours to close
    reset,      // the connection is dead; `end` is dead
    room,       // the send buffer, which was full, has `number` bytes of room again
    // A byte position set with stop_after() was reached; delivery stands still until it is lifted.
    // `end` is the sending end, `number` the position.
    stopped,
    // Scheduled by the driver, handed back when due; `number` is Event::what:
    wake, job, resume, step, fault,
  };
  Kind kind{};
  HostId host{};
  HostId peer{};
  EndId end{};
  std::uint64_t number = 0;
  std::string_view bytes;
};

}  // namespace sim
