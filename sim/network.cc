#include "sim/network.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "sim/digest.h"

namespace sim {
namespace {

// In the past of everything: comes next, before anything else that is due.
constexpr Instant kNext = kStart;

// Where bandwidth is limited and no piece size is asked for, no piece takes the line for longer than
// this, and none need be smaller than what fits a packet.
constexpr std::uint64_t kPiecesPerSecond = 100;
constexpr std::uint64_t kPacket = 1460;

EventKind event_for(Segment what) {
  switch (what) {
    case Segment::syn: return EventKind::knock;
    case Segment::syn_ack:
    case Segment::refusal: return EventKind::opened;
    default: return EventKind::arrival;
  }
}

bool living(const End& end) { return end.life != Life::unborn && end.life != Life::gone; }

std::string_view word(Occurrence::Kind kind) {
  switch (kind) {
    case Occurrence::Kind::accepted: return "accepted";
    case Occurrence::Kind::connected: return "connected";
    case Occurrence::Kind::refused: return "refused";
    case Occurrence::Kind::ended: return "ended";
    case Occurrence::Kind::reset: return "reset";
    default: return "";  // not an event in a connection's life
  }
}

}  // namespace

bool Network::happen(const Around& around, const Event& event, Occurrence& told) {
  const EndId end{event.who};
  switch (event.kind) {
    case EventKind::arrival:
    case EventKind::opened:
    case EventKind::knock: return arrive(around, end, event.what, told);
    case EventKind::room:
      way_from(end).pump_due = false;
      pump(around, end);
      return tell(around, end, told);
    case EventKind::ready:
      at(end).late = false;
      return tell(around, end, told);
    case EventKind::stop:
      told = {.kind = Occurrence::Kind::stopped,
              .host = at(end).host,
              .peer = at(peer_of(end)).host,
              .end = end,
              .number = event.what,
              .bytes = {}};
      return true;
    default: assert(false && "not an event of the network"); return false;
  }
}

// --- what the software asks for -------------------------------------------------------------------

EndId Network::dial(const Around& around, HostId from, HostId to) {
  const EndId end = end_count();
  Connection connection;
  connection.ends[0].host = from;
  connection.ends[0].life = Life::dialling;
  connection.ends[1].host = to;
  connection.ways[0].link = link_number(from, to);
  connection.ways[1].link = link_number(to, from);
  connections_.push_back(std::move(connection));
  note(around, end, "dial");
  put(around, end, Segment::syn, 0);
  return end;
}

std::size_t Network::send(const Around& around, EndId end, std::string_view bytes) {
  End& from = at(end);
  if (from.life != Life::open) return 0;
  if (from.reset && !way_to(end).halted) {
    // The connection is known to be dead here. Writing brings it up, even if nobody is reading.
    from.reading = true;
    way_to(end).bytes.clear();
    way_to(end).arrived = way_to(end).delivered;
    tell_soon(around, end, around.now);
    return 0;
  }
  Way& way = way_from(end);
  // Who writes exactly what there is room for has more to say as often as who writes too much.
  const bool filled = bytes.size() >= room(end);
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::size_t count = std::min(room(end), bytes.size() - taken);
    if (count == 0) break;
    if (!way.hopeless) way.bytes.append(bytes.data() + taken, count);
    way.taken += count;
    taken += count;
    pump(around, end);  // may make room at once
  }
  if (taken < bytes.size() || (filled && taken > 0)) {
    from.wants_room = true;
    if (news(end) == Occurrence::Kind::room) tell_soon(around, end, around.now);
  }
  return taken;
}

std::size_t Network::room(EndId end) const {
  if (at(end).life != Life::open) return 0;
  const Way& way = way_from(end);
  const std::uint64_t buffer = std::max(link_of(way).profile.send_buffer, 1U);
  return buffer - std::min(buffer, unwired(way));
}

void Network::set_reading(const Around& around, EndId end, bool on) {
  End& reader = at(end);
  if (reader.reading == on) return;
  reader.reading = on;
  if (news(end)) tell_soon(around, end, around.now);
}

void Network::close(const Around& around, EndId end, CloseHow how) {
  if (!alive(end)) return;
  note(around, end, "closed");
  leave(around, end, how == CloseHow::rst, how == CloseHow::rst);
}

// The software lets go of an end. In good order what it has written is still sent; abruptly it is not,
// and `answering` says whether the other side hears of it.
void Network::leave(const Around& around, EndId end, bool abruptly, bool answering) {
  End& leaving = at(end);
  Way& way = way_from(end);
  if (leaving.life == Life::dialling && way.waiting) {  // its syn is not sent again
    way.wire.clear();
    way.waiting = false;
  }
  const bool connected = leaving.life != Life::dialling && leaving.life != Life::declined;
  leaving.life = Life::gone;
  leaving.late = false;
  forget(around, end);
  if (!connected || way.hopeless) return;
  if (abruptly) {
    give_up_unwired(way);
    if (answering) put_rst(around, end);
  } else {
    way.fin_wanted = true;
    pump(around, end);
  }
}

bool Network::alive(EndId end) const {
  assert(end < end_count());
  return living(at(end));
}

std::vector<EndId> Network::dialled_ends(HostId from, HostId to) const {
  std::vector<EndId> ends;
  for (EndId end{0}; end < end_count(); end = EndId{number(end) + 2}) {
    const HostId one = host_of(end), other = host_of(peer_of(end));
    const bool between = (one == from && other == to) || (one == to && other == from);
    if (between && (alive(end) || alive(peer_of(end)))) ends.push_back(end);
  }
  return ends;
}

void Network::host_lost(const Around& around, HostId host, bool answering) {
  for (EndId end{0}; end < end_count(); end = EndId{number(end) + 1}) {
    if (host_of(end) != host) continue;
    if (alive(end)) {
      leave(around, end, true, answering);
    } else if (!answering) {
      give_up_unwired(way_from(end));  // was closed, and its network had not yet sent everything
    }
  }
}

void Network::host_back(const Around& around, HostId host) {
  for (EndId end{0}; end < end_count(); end = EndId{number(end) + 1}) {
    if (host_of(end) == host) release(around, peer_of(end), kNoFault);
  }
}

// --- sending ----------------------------------------------------------------------------------------

// Moves what the receive buffer and the bandwidth allow from the send buffer to the wire. If that is
// not all of it, something is left behind that will call this again.
void Network::pump(const Around& around, EndId sender) {
  Way& way = way_from(sender);
  if (way.hopeless) {
    if (unwired(way) > 0) provoke(around, sender);
    return;
  }
  const LinkProfile& profile = link_of(way).profile;
  while (unwired(way) > 0) {
    const std::uint64_t buffer = std::max(profile.receive_buffer, 1U);
    const std::uint64_t ahead = way.wired - way.delivered;
    if (ahead >= buffer) {
      way.window_shut = true;
      return;
    }
    if (profile.bytes_per_second > 0 && way.line_free > around.now) {
      pump_at(around, sender, way.line_free);
      return;
    }
    const std::uint32_t count =
        piece(around, profile, std::min(buffer - ahead, unwired(way)));
    way.wired += count;
    put(around, sender, Segment::data, count);
  }
  if (way.fin_wanted) {
    way.fin_wanted = false;
    put(around, sender, Segment::fin, 0);
  }
}

void Network::pump_at(const Around& around, EndId sender, Instant due) {
  Way& way = way_from(sender);
  if (way.pump_due) return;
  way.pump_due = true;
  around.agenda.add(due, {EventKind::room, number(sender), 0});
}

// The size of the next piece, at most `most`.
std::uint32_t Network::piece(const Around& around, const LinkProfile& profile,
                             std::uint64_t most) const {
  const Pieces& pieces = profile.pieces;
  std::uint64_t count = most;
  if (pieces.largest > 0) {
    const std::uint32_t smallest = std::clamp(pieces.smallest, 1U, pieces.largest);
    count = smallest + around.choice.below(Purpose::fragment, pieces.largest - smallest + 1U);
  } else if (profile.bytes_per_second > 0) {
    count = std::max(kPacket, profile.bytes_per_second / kPiecesPerSecond);
  }
  return static_cast<std::uint32_t>(std::min(count, most));
}

void Network::put(const Around& around, EndId sender, Segment what, std::uint32_t bytes) {
  Way& way = way_from(sender);
  const Link& link = link_of(way);
  const LinkProfile& profile = link.profile;
  Instant due = around.now + profile.latency;
  if (profile.bytes_per_second > 0) {
    if (way.line_free < around.now) {
      way.line_free = around.now;
      way.line_rest = 0;
    }
    const std::uint64_t work = bytes * std::uint64_t{1'000'000} + way.line_rest;
    way.line_rest = work % profile.bytes_per_second;
    way.line_free += Duration{static_cast<Duration::rep>(work / profile.bytes_per_second)};
    due = way.line_free + profile.latency;
  }
  if (profile.jitter > Duration{0}) {
    due += Duration{around.choice.between(Purpose::latency, 0, profile.jitter.count())};
  }
  if (link.profile_cause != kNoFault) count(link.profile_cause);
  put_at(around, sender, what, bytes, std::max(due, way.last_due));
}

void Network::put_at(const Around& around, EndId sender, Segment what, std::uint32_t bytes,
                     Instant due) {
  Way& way = way_from(sender);
  way.last_due = due;
  way.wire.push({due, bytes, what});
  if (way.wire.size() == 1) expect_front(around, sender);
}

void Network::put_rst(const Around& around, EndId sender) {
  if (way_from(sender).rst_sent) return;
  way_from(sender).rst_sent = true;
  put(around, sender, Segment::rst, 0);
}

// Stands for bytes of a connection that the other side does not have (any more).
void Network::provoke(const Around& around, EndId sender) {
  Way& way = way_from(sender);
  if (way.probed || !alive(sender)) return;
  way.probed = true;
  put(around, sender, Segment::probe, 0);
}

// The sender is gone, or as good as: what is on the wire may arrive, and nothing else will.
void Network::give_up_unwired(Way& way) {
  way.hopeless = true;
  way.fin_wanted = false;
  way.bytes.truncate(std::min<std::size_t>(way.bytes.size(), way.wired - way.delivered));
}

// The receiver is gone: what is on the wire, or will be, finds nobody.
void Network::forget(const Around& around, EndId receiver) {
  Way& way = way_to(receiver);
  way.hopeless = true;
  way.fin_wanted = false;
  way.window_shut = false;
  way.arrived = way.delivered;
  way.bytes = {};
  pump(around, peer_of(receiver));
}

// --- the wire ---------------------------------------------------------------------------------------

// One event stands for the front of the wire; the ones behind it follow when it has arrived.
void Network::expect_front(const Around& around, EndId sender) {
  Way& way = way_from(sender);
  way.waiting = false;
  ++way.arrival;
  around.agenda.add(way.wire.front().due, {event_for(way.wire.front().what),
                                           number(peer_of(sender)), way.arrival});
}

bool Network::arrive(const Around& around, EndId receiver, std::uint64_t arrival,
                     Occurrence& told) {
  Way& way = way_to(receiver);
  if (arrival != way.arrival) return false;  // what it stood for is off the wire, or comes sooner
  while (!way.wire.empty() && way.wire.front().due <= around.now) {
    const OnWire segment = way.wire.front();
    if (stuck(around, peer_of(receiver), segment.what)) {
      count_stuck(way, segment.what);
      way.waiting = true;
      return tell(around, receiver, told);
    }
    way.wire.pop(1);
    land(around, receiver, segment);
  }
  if (!way.wire.empty()) expect_front(around, peer_of(receiver));
  return tell(around, receiver, told);
}

bool Network::stuck(const Around& around, EndId sender, Segment what) const {
  const Way& way = way_from(sender);
  if (way.announced) return false;
  return way.held || link_holds(way, what) || around.host(at(peer_of(sender)).host).unreachable;
}

bool Network::link_holds(const Way& way, Segment what) const {
  const Hold hold = link_of(way).hold;
  return hold == Hold::everything || (hold == Hold::data && what >= Segment::data);
}

void Network::count_stuck(const Way& way, Segment what) {
  if (link_holds(way, what)) count(link_of(way).hold_cause);
  if (way.held) count(way.held_by);
}

// Something that stopped this way is gone. If nothing else stops it, what was stopped is sent again.
void Network::release(const Around& around, EndId sender, FaultTag stopped_by) {
  Way& way = way_from(sender);
  if (!way.waiting || stuck(around, sender, way.wire.front().what)) return;
  std::uint64_t overdue = 0;
  for (const OnWire& segment : way.wire) overdue += segment.due <= around.now ? 1 : 0;
  count(stopped_by, overdue - 1);  // the front was counted when it was stopped
  way.wire.front().due = around.now + link_of(way).profile.latency;
  way.last_due = std::max(way.last_due, way.wire.front().due);
  expect_front(around, sender);
}

// --- receiving --------------------------------------------------------------------------------------

void Network::land(const Around& around, EndId receiver, const OnWire& segment) {
  End& end = at(receiver);
  Way& way = way_to(receiver);
  switch (segment.what) {
    case Segment::syn: knock(around, receiver); break;
    case Segment::syn_ack:
      if (end.life == Life::dialling) {
        end.life = Life::answered;
      } else {
        answer_reset(around, receiver);
      }
      break;
    case Segment::refusal:
      if (end.life == Life::dialling) end.life = Life::declined;
      break;
    case Segment::data:
      if (living(end)) {
        way.arrived += segment.count;
      } else {
        answer_reset(around, receiver);
      }
      break;
    case Segment::probe: answer_reset(around, receiver); break;
    case Segment::fin:
      if (end.life == Life::dialling) {
        end.life = Life::declined;
      } else {
        way.fin_arrived = true;
      }
      break;
    case Segment::rst:
      if (end.life == Life::dialling) {
        end.life = Life::declined;
      } else if (living(end)) {
        end.reset = true;
        give_up_unwired(way_from(receiver));
      }
      break;
  }
}

void Network::knock(const Around& around, EndId receiver) {
  const Link& link = link_of(way_to(receiver));
  if (!around.host(at(receiver).host).up) {
    put(around, receiver, Segment::refusal, 0);
    return;
  }
  if (link.welcome != Welcome::accept) count(link.welcome_cause);
  if (link.welcome == Welcome::refuse) {
    put(around, receiver, Segment::refusal, 0);
    return;
  }
  at(receiver).life = link.welcome == Welcome::silence ? Life::shunned : Life::backlog;
  put(around, receiver, Segment::syn_ack, 0);
}

// Something has come for a connection that this side does not have (any more). A closed end that is
// still sending takes no offence: its own end of the stream is to arrive first.
void Network::answer_reset(const Around& around, EndId receiver) {
  if (!way_from(receiver).fin_wanted) put_rst(around, receiver);
}

// --- telling the software ---------------------------------------------------------------------------

// How much may be handed over: what has arrived, up to the next stop.
std::uint64_t Network::readable(const Way& way) const {
  if (way.halted) return 0;
  const std::uint64_t end =
      way.stops.empty() ? way.arrived : std::min(way.arrived, way.stops.front().position);
  return end - way.delivered;
}

// The next thing to tell the software about an end, if there is one. Nothing else decides that.
std::optional<Occurrence::Kind> Network::news(EndId end) const {
  using Kind = Occurrence::Kind;
  const End& listener = at(end);
  switch (listener.life) {
    case Life::answered: return Kind::connected;
    case Life::declined: return Kind::refused;
    case Life::backlog: return Kind::accepted;
    case Life::open: break;
    default: return std::nullopt;
  }
  const Way& way = way_to(end);
  if (listener.reading && !way.halted) {
    if (readable(way) > 0) return Kind::bytes;  // a stop before the last of them would have halted it
    if (way.fin_arrived && !listener.told_end) return Kind::ended;
    if (listener.reset) return Kind::reset;
  }
  // As operating systems do, not for every byte: a writer is woken when a third is free.
  if (listener.wants_room && room(end) >= link_of(way_from(end)).profile.send_buffer / 3 &&
      room(end) > 0) {
    return Kind::room;
  }
  return std::nullopt;
}

bool Network::tell(const Around& around, EndId end, Occurrence& told) {
  const auto what = news(end);
  if (!what) return false;
  End& listener = at(end);
  Host& host = around.host(listener.host);
  if (host.stalled) {
    if (!listener.late) host.late.push_back({around.now, {EventKind::ready, number(end), 0}});
    listener.late = true;
    return false;
  }
  told.kind = *what;
  told.host = listener.host;
  told.peer = at(peer_of(end)).host;
  told.end = end;
  switch (*what) {
    case Occurrence::Kind::bytes: hand_over(around, end, told); break;
    case Occurrence::Kind::ended: listener.told_end = true; break;
    case Occurrence::Kind::room:
      listener.wants_room = false;
      told.number = room(end);
      break;
    case Occurrence::Kind::refused:
    case Occurrence::Kind::reset:
      listener.life = Life::gone;
      forget(around, end);
      break;
    default: listener.life = Life::open; break;  // accepted, connected
  }
  if (const auto life = word(*what); !life.empty()) note(around, end, life);
  if (news(end)) tell_soon(around, end, kNext);
  return true;
}

void Network::tell_soon(const Around& around, EndId end, Instant due) {
  around.agenda.add(due, {EventKind::ready, number(end), 0});
}

void Network::hand_over(const Around& around, EndId receiver, Occurrence& told) {
  Way& way = way_to(receiver);
  const std::uint64_t count = readable(way);
  if (!way.flips.empty()) apply_flips(way, way.delivered + count);
  told.bytes = {way.bytes.data(), count};
  around.trace.add(around.now, record::Delivered{.end = number(peer_of(receiver)),
                                                 .from = way.delivered,
                                                 .count = count,
                                                 .digest = digest(told.bytes)});
  way.bytes.pop(count);
  way.delivered += count;
  if (!way.stops.empty()) check_stop(around, peer_of(receiver));
  if (way.window_shut) {  // the sender learns of the room when word has travelled back
    way.window_shut = false;
    pump_at(around, peer_of(receiver),
            around.now + link_of(way_from(receiver)).profile.latency);
  }
}

void Network::note(const Around& around, EndId end, std::string_view what) {
  around.trace.tell<record::Connection>(around.now, number(end), number(host_of(end)),
                                        number(host_of(peer_of(end))), what);
}

}  // namespace sim
