// Byte streams between hosts. What arrives when, what is full, what is cut, and who is told.
//
// There are two levels at each end, as in an operating system. The network of a host works as long as
// the host has power: it accepts, answers, fills buffers, even while the software is stalled or dead.
// The software is told, one Occurrence at a time, what its network has for it: see news().
//
// What is not modelled, on purpose: acknowledgements (they cost nothing, and get through partitions),
// slow start, and retransmission timers (what was held arrives one latency after its release).
//
// A value. It holds no reference to the rest of the kernel; each call is handed what it needs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/agenda.h"
#include "sim/choice.h"
#include "sim/connection.h"
#include "sim/event.h"
#include "sim/host.h"
#include "sim/ids.h"
#include "sim/link.h"
#include "sim/occurrence.h"
#include "sim/time.h"
#include "sim/trace.h"

namespace sim {

// The rest of the kernel, for the length of one call.
struct Around {
  Instant now;
  Agenda& agenda;
  Choice& choice;
  Trace& trace;
  std::vector<Host>& hosts;

  Host& host(HostId id) const { return hosts[number(id)]; }
};

class Network {
 public:
  // Applies one of the network's own events. True if it filled in something to tell the driver.
  bool happen(const Around& around, const Event& event, Occurrence& told);

  // See Kernel for all of these.
  EndId dial(const Around& around, HostId from, HostId to);
  std::size_t send(const Around& around, EndId end, std::string_view bytes);
  std::size_t room(EndId end) const;
  void set_reading(const Around& around, EndId end, bool on);
  void close(const Around& around, EndId end, CloseHow how);

  bool alive(EndId end) const;
  HostId host_of(EndId end) const { return at(end).host; }
  std::vector<EndId> dialled_ends(HostId from, HostId to) const;
  std::uint64_t sent(EndId end) const { return way_from(end).taken; }
  std::uint64_t delivered(EndId end) const { return way_from(end).delivered; }

  void set_link(const Around& around, HostId from, HostId to, const LinkProfile& profile,
                FaultTag cause);
  const LinkProfile& link(HostId from, HostId to) const;
  void hold(const Around& around, HostId from, HostId to, Hold what, FaultTag cause);
  void hold_connection(const Around& around, EndId sender, bool on, FaultTag cause);
  void welcome(HostId from, HostId to, Welcome what, FaultTag cause);
  void cut(const Around& around, EndId end, CloseHow how, Notice notice, InFlight rest,
           FaultTag cause);
  void stop_after(const Around& around, EndId sender, std::uint64_t position, FaultTag cause);
  void lift(const Around& around, EndId sender);
  void flip(EndId sender, std::uint64_t position, unsigned bit, FaultTag cause);
  std::uint64_t impact(FaultTag cause) const;

  // The software of a host is gone, and with it all its ends. With `answering` the peers hear of it.
  void host_lost(const Around& around, HostId host, bool answering);
  // A host that was unreachable can be reached again.
  void host_back(const Around& around, HostId host);

  bool operator==(const Network&) const = default;

 private:
  struct Link {
    LinkProfile profile;
    FaultTag profile_cause{};
    Hold hold = Hold::none;
    FaultTag hold_cause{};
    Welcome welcome = Welcome::accept;
    FaultTag welcome_cause{};
    bool operator==(const Link&) const = default;
  };

  End& at(EndId end) { return connections_[number(end) / 2].ends[number(end) % 2]; }
  const End& at(EndId end) const { return connections_[number(end) / 2].ends[number(end) % 2]; }
  Way& way_from(EndId end) { return connections_[number(end) / 2].ways[number(end) % 2]; }
  const Way& way_from(EndId end) const {
    return connections_[number(end) / 2].ways[number(end) % 2];
  }
  Way& way_to(EndId end) { return way_from(peer_of(end)); }
  const Way& way_to(EndId end) const { return way_from(peer_of(end)); }
  Link& link_of(const Way& way) { return links_[way.link]; }
  const Link& link_of(const Way& way) const { return links_[way.link]; }
  EndId end_count() const { return EndId{static_cast<std::uint32_t>(2 * connections_.size())}; }
  std::uint32_t link_number(HostId from, HostId to);
  void count(FaultTag cause, std::uint64_t effects = 1);

  // Sending.
  static std::uint64_t unwired(const Way& way) { return way.taken - way.wired; }
  void leave(const Around& around, EndId end, bool abruptly, bool answering);
  void pump(const Around& around, EndId sender);
  void pump_at(const Around& around, EndId sender, Instant due);
  std::uint32_t piece(const Around& around, const LinkProfile& profile, std::uint64_t most) const;
  void put(const Around& around, EndId sender, Segment what, std::uint32_t bytes);
  void put_at(const Around& around, EndId sender, Segment what, std::uint32_t bytes, Instant due);
  void put_rst(const Around& around, EndId sender);
  void provoke(const Around& around, EndId sender);
  void give_up_unwired(Way& way);
  void forget(const Around& around, EndId receiver);

  // The wire.
  void expect_front(const Around& around, EndId sender);
  bool arrive(const Around& around, EndId receiver, std::uint64_t arrival, Occurrence& told);
  bool stuck(const Around& around, EndId sender, Segment what) const;
  bool link_holds(const Way& way, Segment what) const;
  void count_stuck(const Way& way, Segment what);
  void release(const Around& around, EndId sender, FaultTag stopped_by);

  // Receiving.
  void land(const Around& around, EndId receiver, const OnWire& segment);
  void knock(const Around& around, EndId receiver);
  void answer_reset(const Around& around, EndId receiver);

  // Telling the software.
  std::uint64_t readable(const Way& way) const;
  std::optional<Occurrence::Kind> news(EndId end) const;
  bool tell(const Around& around, EndId end, Occurrence& told);
  void tell_soon(const Around& around, EndId end, Instant due);
  void hand_over(const Around& around, EndId receiver, Occurrence& told);
  void note(const Around& around, EndId end, std::string_view what);

  // Faults.
  static std::uint64_t reach(const Way& way);
  bool sever(const Around& around, EndId sender, InFlight rest);
  bool announce(const Around& around, EndId receiver, CloseHow how);
  void check_stop(const Around& around, EndId sender);
  void apply_flips(Way& way, std::uint64_t end);

  std::vector<Connection> connections_;
  std::vector<Link> links_;  // those between hosts that have dialled or were changed
  std::map<std::pair<HostId, HostId>, std::uint32_t> link_numbers_;
  std::map<FaultTag, std::uint64_t> impact_;
};

}  // namespace sim
