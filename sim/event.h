// The closed list of things that can be due. An event is a small fixed record: what it means is in
// `kind`, whom it concerns in `who`, and one number of the kind's own in `what`. No allocation, no
// callable: the kernel's loop is a switch over this list.
#pragma once

#include <cstdint>

namespace sim {

enum class EventKind : std::uint8_t {
  // The network's own. `who` is the end that experiences it.
  arrival,   // bytes, or the end of the stream, reach the receiving side
  opened,    // the answer to a dial reaches the dialler (accepted or refused)
  knock,     // a dial reaches the acceptor's side
  room,      // the send buffer may drain further
  ready,     // the network of a host has something for the software that uses this end
  stop,      // what this end sends has reached a position set with stop_after(); `what` is where
  // For whoever drives the kernel; the kernel only keeps them in order. `who` is a host number.
  wake,      // a host asked to be woken; `what` is the host's incarnation
  job,       // a background job on a host has a step to report; `what` is the job
  resume,    // a stalled host goes on; `what` is the stall's number
  step,      // the scenario's next step may be due; `what` is the step
  fault,     // a scheduled fault begins or ends; `what` is the fault
};

struct Event {
  EventKind kind{};
  std::uint32_t who = 0;
  std::uint64_t what = 0;
  bool operator==(const Event&) const = default;
};
static_assert(sizeof(Event) == 16);

}  // namespace sim
