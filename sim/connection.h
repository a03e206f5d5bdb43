// One connection: two ends, and two ways between them that know nothing of each other.
//
//   one way:   software -> | send buffer | -> | wire | -> | receive buffer | -> software
//                          taken       wired          arrived          delivered
//
// All its bytes lie in one queue, [delivered, taken); the stages are positions in the stream, so that
// a byte is copied once, when it is written, and handed over where it lies. What the wire carries
// besides bytes (the handshake, the end of the stream) has its place in the order among them.
//
// Plain data; what happens to it is in network.cc.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/fifo.h"
#include "sim/ids.h"
#include "sim/link.h"
#include "sim/time.h"

namespace sim {

enum class Segment : std::uint8_t {
  syn,      // may we talk
  syn_ack,  // yes
  refusal,  // no
  data,
  fin,      // nothing more will come
  rst,      // there is no such connection, or not any more
  probe,    // bytes that cannot arrive, because the connection is gone: they only provoke a rst
};

struct OnWire {
  Instant due;
  std::uint32_t count = 0;  // bytes, of data
  Segment what{};
  bool operator==(const OnWire&) const = default;
};

struct Stop {
  std::uint64_t position = 0;
  FaultTag cause{};
  bool operator==(const Stop&) const = default;
};

struct Flip {
  std::uint64_t position = 0;
  unsigned char mask = 0;
  FaultTag cause{};
  bool operator==(const Flip&) const = default;
};

struct Way {
  Fifo<char> bytes;
  Fifo<OnWire> wire;  // in order of `due`

  std::uint64_t taken = 0;
  std::uint64_t wired = 0;
  std::uint64_t arrived = 0;
  std::uint64_t delivered = 0;

  std::uint32_t link = 0;         // which of the network's links it runs over
  std::uint32_t arrival = 0;      // number of the one event that stands for the front of the wire
  Instant line_free = kStart;     // with limited bandwidth: when the next byte can leave
  std::uint64_t line_rest = 0;    // what rounding to microseconds has left over, in bytes * 10^6
  Instant last_due = kStart;      // nothing put on the wire may overtake this

  bool waiting = false;        // the front of the wire is due and cannot arrive; no event stands for it
  bool window_shut = false;    // there are bytes to send and the receive buffer has no room for them
  bool pump_due = false;       // an event will look at the send buffer again
  bool fin_wanted = false;     // the software has closed; the end goes on the wire after the bytes
  bool fin_arrived = false;
  bool rst_sent = false;
  // Nothing that is not yet on the wire will ever arrive: the receiver is gone, or the connection is
  // cut. The sender need not know. Its bytes are counted, and provoke a rst if it is still there.
  bool hopeless = false;
  bool probed = false;         // that provocation is on its way
  // A cut tells the receiver. It learns that from what stands between the hosts (its own machine, a
  // proxy), not from the other side, so nothing that holds the link holds it back.
  bool announced = false;

  bool halted = false;         // a stop was reached: nothing is handed over
  bool held = false;           // see Kernel::hold_connection
  FaultTag held_by{};
  std::vector<Stop> stops;     // by position
  std::vector<Flip> flips;

  bool operator==(const Way&) const = default;
};

enum class Life : std::uint8_t {
  unborn,     // the accepting side, before it has heard of the connection
  dialling,   // no answer yet
  answered,   // accepted by the other side; our software is not told yet
  declined,   // refused by the other side; our software is not told yet
  backlog,    // accepted by our network; our software is not told yet
  shunned,    // the same, and it never will be: Welcome::silence
  open,       // our software uses it
  gone,       // closed, reset, refused, or its software has died
};

struct End {
  HostId host{};
  Life life = Life::unborn;
  bool reading = true;
  bool told_end = false;    // that the other side has closed
  bool reset = false;       // the connection is dead; to be told after the bytes that have arrived
  bool wants_room = false;  // a write was cut short, or filled the buffer
  bool late = false;        // its stalled host will look at it when it resumes
  bool operator==(const End&) const = default;
};

struct Connection {
  End ends[2];  // the one that dialled, the one that accepted
  Way ways[2];  // by the end that sends
  bool operator==(const Connection&) const = default;
};

}  // namespace sim
