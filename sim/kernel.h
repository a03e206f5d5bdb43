// The loop of the simulated world: hosts, the network between them, time, and one order of events.
//
//      while (auto happened = kernel.next(until)) { ...tell the software, carry out what it wants... }
//
// The kernel knows nothing of what runs on its hosts. It is a value: copy it and both copies run on
// identically. All connection calls are as of now().
//
// Rules that hold whatever is thrown at it:
//   - bytes written on a connection arrive in order, once, split and merged anywhere, or not at all
//     once the connection is dead; never on another connection;
//   - a stalled host is told nothing; everything that concerned it (timers too) comes, late, in the
//     order it would have come, when it resumes;
//   - a crashed host's events are dropped; its incarnation number goes up when it starts again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/agenda.h"
#include "sim/choice.h"
#include "sim/event.h"
#include "sim/host.h"
#include "sim/ids.h"
#include "sim/link.h"
#include "sim/network.h"
#include "sim/occurrence.h"
#include "sim/time.h"
#include "sim/trace.h"

namespace sim {

// What the rest of the network sees when a host's software dies.
enum class Farewell : std::uint8_t {
  reset,    // the operating system lives: peers get RST, later dials are refused
  silence,  // power loss: nothing is said, later dials and bytes fall into a hole until it is back
};

class Kernel {
 public:
  Kernel(Choice choice, TraceMode mode);

  Instant now() const { return now_; }
  Choice& choice() { return choice_; }
  const Choice& choice() const { return choice_; }
  Trace& trace() { return trace_; }
  const Trace& trace() const { return trace_; }

  // --- the agenda -------------------------------------------------------------------------------
  void schedule(Instant due, Event event) { agenda_.add(due, event); }
  std::uint64_t events_taken() const { return events_taken_; }

  // Advances to the next occurrence at or before `until`. When there is none, time becomes `until`
  // (unless that is kNever) and nothing is returned.
  std::optional<Occurrence> next(Instant until);

  // --- hosts ------------------------------------------------------------------------------------
  HostId add_host(std::string name);  // up, not stalled
  std::size_t hosts() const { return hosts_.size(); }
  const std::string& name(HostId host) const;
  bool up(HostId host) const;
  bool stalled(HostId host) const;
  std::uint32_t incarnation(HostId host) const;

  void stall(HostId host);    // freeze: told nothing until resume(); stalls do not nest
  void resume(HostId host);
  void crash(HostId host, Farewell farewell);
  void start(HostId host);    // after a crash; a new incarnation

  // --- connections ------------------------------------------------------------------------------
  EndId dial(HostId from, HostId to);
  // Bytes taken into the send buffer, possibly fewer than given; the caller keeps the rest. Who wrote
  // at least as much as there was room for is told of `room`. 0 on a dead or closed end.
  std::size_t send(EndId end, std::string_view bytes);
  std::size_t room(EndId end) const;
  // While off, bytes stay in the receive buffer and the end of the connection is not noticed.
  void set_reading(EndId end, bool on);
  // Our side is done: FIN after what is in the send buffer, or RST at once. Nothing more is told of it.
  void close(EndId end, CloseHow how);

  bool alive(EndId end) const;  // open, from this end's point of view
  HostId host_of(EndId end) const;
  // Living connections between two hosts, in the order they were dialled (both directions of dial).
  std::vector<EndId> dialled_ends(HostId from, HostId to) const;

  // Stream positions of the direction that `end` sends on, in bytes since the connection began.
  std::uint64_t sent(EndId end) const;       // taken from the software
  std::uint64_t delivered(EndId end) const;  // handed to the other side

  // --- faults -----------------------------------------------------------------------------------
  // Each takes the tag of its cause; impact(tag) counts what it really changed.
  void set_link(HostId from, HostId to, const LinkProfile& profile, FaultTag cause = kNoFault);
  const LinkProfile& link(HostId from, HostId to) const;
  void hold(HostId from, HostId to, Hold what, FaultTag cause);
  void hold_connection(EndId sender, bool on, FaultTag cause);  // one direction of one connection
  void welcome(HostId from, HostId to, Welcome what, FaultTag cause);
  void cut(EndId end, CloseHow how, Notice notice, InFlight rest, FaultTag cause);

  // Delivery of what `sender` sends stops exactly when `position` bytes were delivered: the Occurrence
  // `stopped` comes, and nothing further until lift() or cut(). Several may be set; they fire in order
  // of position. A position that was passed already fires at once. Works at position 0.
  void stop_after(EndId sender, std::uint64_t position, FaultTag cause);
  void lift(EndId sender);

  // Flips bit `bit` (0 to 7) of the byte at `position` before it is delivered. No effect once passed.
  void flip(EndId sender, std::uint64_t position, unsigned bit, FaultTag cause);

  // How often the fault changed what would have happened: pieces held or slowed, dials refused,
  // connections cut, bits flipped. 0 = it has not happened.
  std::uint64_t impact(FaultTag cause) const;

  bool operator==(const Kernel&) const = default;

 private:
  Around around() { return {now_, agenda_, choice_, trace_, hosts_}; }
  Host& at(HostId host);
  const Host& at(HostId host) const;
  bool hears(const Agenda::Due& due);
  void note(HostId host, std::string what);

  Instant now_ = kStart;
  std::uint64_t events_taken_ = 0;
  Agenda agenda_;
  Choice choice_;
  Trace trace_;
  std::vector<Host> hosts_;
  Network network_;
};

}  // namespace sim
