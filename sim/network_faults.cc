// What can be done to links and connections on purpose. Effects are counted where they happen, which
// is often in network.cc; a fault that nothing has met yet counts nothing.

#include <algorithm>
#include <cassert>

#include "sim/network.h"

namespace sim {

std::uint32_t Network::link_number(HostId from, HostId to) {
  const auto fresh = static_cast<std::uint32_t>(links_.size());
  const auto [at, added] = link_numbers_.try_emplace({from, to}, fresh);
  if (added) links_.emplace_back();
  return at->second;
}

const LinkProfile& Network::link(HostId from, HostId to) const {
  static constexpr LinkProfile kUntouched;
  const auto at = link_numbers_.find({from, to});
  return at == link_numbers_.end() ? kUntouched : links_[at->second].profile;
}

// What is already on its way comes no later than if it were sent now: a link that is slow no more
// does not make the bytes behind wait for the slow ones.
void Network::set_link(const Around& around, HostId from, HostId to, const LinkProfile& profile,
                       FaultTag cause) {
  const std::uint32_t link = link_number(from, to);
  if (links_[link].profile == profile) return;
  links_[link].profile = profile;
  links_[link].profile_cause = cause;
  const Instant latest = around.now + profile.latency + profile.jitter;
  for (EndId sender{0}; sender < end_count(); sender = EndId{number(sender) + 1}) {
    Way& way = way_from(sender);
    if (way.link != link) continue;
    const bool sooner = !way.wire.empty() && !way.waiting && way.wire.front().due > latest;
    for (OnWire& segment : way.wire) segment.due = std::min(segment.due, latest);
    way.last_due = std::min(way.last_due, latest);
    way.line_free = std::min(way.line_free, around.now);
    if (sooner) expect_front(around, sender);
    if (unwired(way) > 0) around.agenda.add(around.now, {EventKind::room, number(sender), 0});
  }
}

void Network::hold(const Around& around, HostId from, HostId to, Hold what, FaultTag cause) {
  const std::uint32_t link = link_number(from, to);
  const FaultTag before = links_[link].hold_cause;
  links_[link].hold = what;
  links_[link].hold_cause = cause;
  for (EndId sender{0}; sender < end_count(); sender = EndId{number(sender) + 1}) {
    if (way_from(sender).link == link) release(around, sender, before);
  }
}

void Network::hold_connection(const Around& around, EndId sender, bool on, FaultTag cause) {
  Way& way = way_from(sender);
  const FaultTag before = way.held_by;
  way.held = on;
  way.held_by = cause;
  release(around, sender, before);
}

void Network::welcome(HostId from, HostId to, Welcome what, FaultTag cause) {
  Link& link = links_[link_number(from, to)];
  link.welcome = what;
  link.welcome_cause = cause;
}

void Network::cut(const Around& around, EndId end, CloseHow how, Notice notice, InFlight rest,
                  FaultTag cause) {
  bool changed = false;
  for (const EndId sender : {end, peer_of(end)}) {
    const EndId receiver = peer_of(sender);
    const Notice only = dialled(receiver) ? Notice::dialler : Notice::acceptor;
    changed |= sever(around, sender, rest);
    if (notice == Notice::both || notice == only) changed |= announce(around, receiver, how);
  }
  // Only now, so that the announcement comes first: bytes that did not make it are sent again.
  for (const EndId sender : {end, peer_of(end)}) {
    if (way_from(sender).taken > reach(way_from(sender))) provoke(around, sender);
    if (news(peer_of(sender))) tell_soon(around, peer_of(sender), around.now);
  }
  if (changed) count(cause);
}

// How far into the stream what is written on this way can still get, once it is hopeless.
std::uint64_t Network::reach(const Way& way) { return way.delivered + way.bytes.size(); }

// Takes off a way what will not arrive. True if that was still possible.
bool Network::sever(const Around& around, EndId sender, InFlight rest) {
  Way& way = way_from(sender);
  const bool changed = !way.hopeless && (alive(sender) || alive(peer_of(sender)));
  if (rest == InFlight::lost) {
    const bool short_of_all = way.halted || readable(way) < way.arrived - way.delivered;
    if (short_of_all) {  // what lies behind a stop has not arrived, the end of the stream neither
      way.fin_arrived = false;
      at(peer_of(sender)).reset = false;
    }
    way.arrived = way.delivered + readable(way);
    way.bytes.truncate(std::min<std::size_t>(way.bytes.size(), way.arrived - way.delivered));
    way.wire.clear();
    way.waiting = false;
    way.last_due = around.now;
    way.rst_sent = way.probed = false;
  } else if (!way.wire.empty() && way.wire.front().what < Segment::data) {
    way.wire.pop(1);  // there is nothing left to shake hands on
    if (!way.wire.empty()) {
      expect_front(around, sender);
    } else {
      way.waiting = false;
    }
  }
  give_up_unwired(way);
  way.window_shut = false;
  way.halted = false;
  way.stops.clear();
  return changed;
}

// Lets an end learn that the connection is gone: right behind what still comes, or at once.
bool Network::announce(const Around& around, EndId receiver, CloseHow how) {
  const End& end = at(receiver);
  Way& way = way_to(receiver);
  const bool knows = end.reset || way.rst_sent || (how == CloseHow::fin && way.fin_arrived);
  if (!alive(receiver) || knows) return false;
  const Instant due = way.wire.empty() ? around.now : std::max(around.now, way.last_due);
  if (how == CloseHow::rst) way.rst_sent = true;
  way.announced = way.wire.empty();  // what is still to be delivered keeps its turn, and its holds
  put_at(around, peer_of(receiver), how == CloseHow::rst ? Segment::rst : Segment::fin, 0, due);
  return true;
}

void Network::stop_after(const Around& around, EndId sender, std::uint64_t position,
                         FaultTag cause) {
  auto& stops = way_from(sender).stops;
  const auto behind = std::upper_bound(
      stops.begin(), stops.end(), position,
      [](std::uint64_t wanted, const Stop& stop) { return wanted < stop.position; });
  stops.insert(behind, {position, cause});
  check_stop(around, sender);
}

void Network::lift(const Around& around, EndId sender) {
  way_from(sender).halted = false;
  check_stop(around, sender);
  if (news(peer_of(sender))) tell_soon(around, peer_of(sender), around.now);
}

void Network::check_stop(const Around& around, EndId sender) {
  Way& way = way_from(sender);
  if (way.halted || way.stops.empty() || way.stops.front().position > way.delivered) return;
  const Stop stop = way.stops.front();
  way.stops.erase(way.stops.begin());
  way.halted = true;
  count(stop.cause);
  around.agenda.add(kStart, {EventKind::stop, number(sender), stop.position});  // comes next
}

void Network::flip(EndId sender, std::uint64_t position, unsigned bit, FaultTag cause) {
  assert(bit < 8);
  Way& way = way_from(sender);
  if (position < way.delivered) return;
  way.flips.push_back({position, static_cast<unsigned char>(1U << bit), cause});
}

// To what is handed over next, the bytes up to `end`.
void Network::apply_flips(Way& way, std::uint64_t end) {
  std::erase_if(way.flips, [&](const Flip& flip) {
    if (flip.position >= end) return false;
    char& byte = way.bytes.data()[flip.position - way.delivered];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ flip.mask);
    count(flip.cause);
    return true;
  });
}

void Network::count(FaultTag cause, std::uint64_t effects) {
  if (cause != kNoFault && effects > 0) impact_[cause] += effects;
}

std::uint64_t Network::impact(FaultTag cause) const {
  const auto at = impact_.find(cause);
  return at == impact_.end() ? 0 : at->second;
}

}  // namespace sim
