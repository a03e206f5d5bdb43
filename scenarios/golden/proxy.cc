#include "scenarios/golden/proxy.h"

#include <algorithm>

namespace scenarios::golden {
namespace {

constexpr sim::FaultTag kByCase{1};
// To a dead connection: the first draws the reset that the next one fails of.
constexpr unsigned kWritesUntilNoticed = 2;

sim::HostId replica_host(const World& world, const ProxyLink& link) {
  return *world.host_named(link.replica);
}
sim::HostId master_host(const World& world, const ProxyLink& link) {
  return *world.host_named(link.master);
}

std::string past(const Fault& fault) {
  return fault.base == "start" ? "" : " past " + fault.base;
}

// The byte that a fault counts from; nothing as long as it is not known. Only what a master sends
// has such places, and a payload up to a mark has no end that is known before.
std::optional<std::uint64_t> base_of(const World& world, const ProxyConnection& connection,
                                     bool to_master, const std::string& base) {
  const sim::EndId sender = connection.sender(to_master);
  if (base == "start") return 0;
  if (base == "now") return world.kernel().delivered(sender);
  const Direction* const way = world.wire().find(sender);
  if (way == nullptr || to_master) return std::nullopt;
  const Landmarks& marks = way->landmarks();
  if (base == "reply") return marks.reply;
  if (base == "header") return marks.header;
  if (base == "payload") return marks.payload;
  if (base == "payload_end") {
    const bool up_to_mark =
        marks.header && std::string_view(way->bytes()).substr(*marks.header).starts_with("$EOF:");
    return up_to_mark ? std::nullopt : marks.payload_end;
  }
  if (base == "stream") return marks.stream;
  return std::nullopt;
}

template <class List>
auto find_by_number(List& list, std::int64_t number) -> decltype(list.data()) {
  const auto size = static_cast<std::int64_t>(list.size());
  const std::int64_t index = number < 0 ? size + number : number;
  return index < 0 || index >= size ? nullptr : &list[static_cast<std::size_t>(index)];
}

}  // namespace

ProxyConnection* ProxyLink::current() {
  const auto it = std::find_if(connections.rbegin(), connections.rend(),
                               [](const ProxyConnection& c) { return !c.closed; });
  return it == connections.rend() ? nullptr : &*it;
}
ProxyConnection* ProxyLink::at(std::int64_t number) {
  return find_by_number(connections, number);
}
const ProxyConnection* ProxyLink::at(std::int64_t number) const {
  return find_by_number(connections, number);
}

ProxyLink& Proxies::link(World& world, const std::string& name) {
  const auto it = links_.find(name);
  if (it != links_.end()) return it->second;
  const std::size_t mark = name.find('>');
  ProxyLink link;
  link.replica = name.substr(0, mark);
  link.master = mark == std::string::npos ? "" : name.substr(mark + 1);
  link.port = next_port_++;
  world.add_port(link.port, master_host(world, link));
  labels_[std::to_string(link.port)] = "<port:" + link.master + ">";
  set_welcome(world, link);
  return links_.emplace(name, std::move(link)).first->second;
}

std::string_view Proxies::delivered(const World& world, const ProxyConnection& connection,
                                    bool to_master) {
  const sim::EndId sender = connection.sender(to_master);
  const Direction* const way = world.wire().find(sender);
  if (way == nullptr) return {};
  return std::string_view(way->bytes()).substr(0, world.kernel().delivered(sender));
}

// --- what happens
// -----------------------------------------------------------------------------------

void Proxies::noticed(World& world, const sim::Occurrence& occurrence) {
  using Kind = sim::Occurrence::Kind;
  if (occurrence.kind == Kind::connected) began(world, occurrence);
  if (occurrence.kind == Kind::refused) found_nobody(world, occurrence);
  if (occurrence.kind == Kind::stopped) stopped(world, occurrence);
  look(world);
}

void Proxies::look(World& world) {
  for (auto& [name, link] : links_) {
    for (ProxyConnection& connection : link.connections) {
      if (!connection.closed) watch(world, connection);
    }
  }
}

ProxyLink* Proxies::dialled(World& world, const sim::Occurrence& occurrence) {
  const sim::HostId home = world.clients().home();
  if (occurrence.host == home || occurrence.peer == home) return nullptr;
  const std::string from(world.name_of(occurrence.host));
  if (!world.node_named(from)) {  // a raw client knows nothing but proxies
    const sim::HostId master = world.kernel().host_of(sim::peer_of(occurrence.end));
    return &link(world, from + ">" + std::string(world.name_of(master)));
  }
  const int port = world.port_dialled(occurrence.end);
  const auto it = std::find_if(links_.begin(), links_.end(),
                               [&](const auto& l) { return l.second.port == port; });
  return it == links_.end() ? nullptr : &it->second;
}

void Proxies::began(World& world, const sim::Occurrence& occurrence) {
  ProxyLink* const to = dialled(world, occurrence);
  if (to == nullptr) return;
  ProxyConnection& fresh = to->connections.emplace_back();
  fresh.end = occurrence.end;
  for (const bool to_master : {true, false}) {
    fresh.way(to_master).manner = to->standing[to_master ? 0 : 1];
    set_held(world, fresh, to_master);
    set_pace(world, *to, to_master, fresh.way(to_master).manner);
  }
  if (to->queue.empty()) return;
  const std::optional<Fault> fault = to->queue.front();
  to->queue.erase(to->queue.begin());
  if (fault) arm(world, fresh, *fault);
}

// The proxy took the call, and there was no server behind it.
void Proxies::found_nobody(World& world, const sim::Occurrence& occurrence) {
  ProxyLink* const to = dialled(world, occurrence);
  if (to == nullptr || !to->listening || to->drops_syn) return;
  ProxyConnection& fresh = to->connections.emplace_back();
  fresh.end = occurrence.end;
  fresh.ended = "master refused";
  fresh.closed = true;
  if (!to->queue.empty()) to->queue.erase(to->queue.begin());
}

void Proxies::stopped(World& world, const sim::Occurrence& occurrence) {
  for (auto& [name, link] : links_) {
    for (std::size_t i = 0; i < link.connections.size(); ++i) {
      ProxyConnection& connection = link.connections[i];
      if (connection.closed) continue;
      if (connection.end != occurrence.end && sim::peer_of(connection.end) != occurrence.end)
        continue;
      const bool to_master = connection.end == occurrence.end;
      ProxyWay& way = connection.way(to_master);
      if (!way.armed) continue;
      const Fault fault = *std::exchange(way.armed, std::nullopt);
      way.manner.hold = way.stopped = true;  // the kernel stands still at this byte
      if (fault.then_stall) {
        way.limited = false;
        way.manner.stall = true;
        continue;
      }
      if (fault.freeze) {
        connection.way(!to_master).manner.hold = true;
        set_held(world, connection, !to_master);
      }
      cuts_.push_back({world.now() + fault.drain, name, i, fault});
    }
  }
}

void Proxies::watch(World& world, ProxyConnection& connection) {
  for (const bool to_master : {true, false}) {
    ProxyWay& way = connection.way(to_master);
    const std::uint64_t bytes = world.kernel().delivered(connection.sender(to_master));
    if (way.delivered.empty() || way.delivered.back().bytes != bytes)
      way.delivered.push_back({world.now(), bytes});
    if (way.armed) place_stop(world, connection, to_master);
  }
  notice_end(world, connection);
}

// A proxy that holds one direction does not pass on an end. One that does not take what a side
// sends does not see that it has gone, until what it passes on to it fails.
void Proxies::notice_end(World& world, ProxyConnection& connection) {
  const bool by_replica = !world.kernel().alive(connection.end);
  if (connection.closing.empty()) {
    if (!by_replica && world.kernel().alive(sim::peer_of(connection.end))) return;
    connection.closing = by_replica ? "closed by replica" : "closed by master";
    connection.written = world.kernel().sent(connection.sender(!by_replica));
    for (const bool to_master : {true, false}) {
      const ProxyManner& manner = connection.way(to_master).manner;
      if (!manner.hold && !manner.stall) continue;
      // Neither side hears of it.
      for (const bool way : {true, false})
        world.kernel().hold_connection(connection.sender(way), true, kByCase);
    }
  }
  if (connection.way(true).manner.hold || connection.way(false).manner.hold) return;
  const bool gone_by_replica = connection.closing == "closed by replica";
  if (connection.way(gone_by_replica).is_stalled()) {
    const std::uint64_t written = world.kernel().sent(connection.sender(!gone_by_replica));
    if (written != connection.written) ++connection.writes;
    connection.written = written;
    if (connection.writes < kWritesUntilNoticed) return;
  }
  if (connection.ended.empty()) connection.ended = connection.closing;
  connection.closed = true;
  let_go(world, connection);
}

void Proxies::let_go(World& world, ProxyConnection& connection) {
  for (const bool to_master : {true, false})
    world.kernel().hold_connection(connection.sender(to_master), false, kByCase);
}

sim::Instant Proxies::due() const {
  sim::Instant first = sim::kNever;
  for (const Cut& cut : cuts_) first = std::min(first, cut.at);
  return first;
}

void Proxies::act(World& world) {
  std::vector<Cut> now;
  for (const Cut& cut : cuts_) {
    if (cut.at <= world.now()) now.push_back(cut);
  }
  std::erase_if(cuts_, [&](const Cut& cut) { return cut.at <= world.now(); });
  for (const Cut& cut : now) {
    ProxyConnection& connection = links_.at(cut.link).connections[cut.connection];
    if (connection.closed) continue;
    const bool to_master = cut.fault.ways.front();
    finish(world, connection,
           "cut by proxy (" + cut.fault.mode + ") after " + std::to_string(*cut.fault.bytes) +
               (to_master ? " bytes r2m" : " bytes m2r") + past(cut.fault),
           cut.fault);
  }
}

// --- what is done
// -----------------------------------------------------------------------------------

void Proxies::set_held(World& world, ProxyConnection& connection, bool to_master) {
  const ProxyManner& manner = connection.way(to_master).manner;
  world.kernel().hold_connection(connection.sender(to_master), manner.hold || manner.stall,
                                 kByCase);
}

void Proxies::set_welcome(World& world, const ProxyLink& link) {
  const sim::HostId replica = replica_host(world, link), master = master_host(world, link);
  const bool open = link.listening || link.drops_syn;
  world.kernel().welcome(replica, master, open ? sim::Welcome::accept : sim::Welcome::refuse,
                         open ? sim::kNoFault : kByCase);
  world.kernel().hold(replica, master, link.drops_syn ? sim::Hold::everything : sim::Hold::none,
                      link.drops_syn ? kByCase : sim::kNoFault);
}

// The kernel slows down links, not connections; the newest connection is the one that matters.
void Proxies::set_pace(World& world, const ProxyLink& link, bool to_master,
                       const ProxyManner& manner) {
  const sim::HostId replica = replica_host(world, link), master = master_host(world, link);
  const sim::HostId from = to_master ? replica : master, to = to_master ? master : replica;
  sim::LinkProfile profile = world.usual_link(from, to);
  profile.latency += std::chrono::milliseconds(manner.delay_ms);
  if (manner.bytes_per_second > 0)
    profile.bytes_per_second = static_cast<std::uint64_t>(manner.bytes_per_second);
  if (manner.ms_per_byte > 0) {
    profile.pieces = {1, 1};
    profile.bytes_per_second =
        std::max<std::uint64_t>(1000 / static_cast<std::uint64_t>(manner.ms_per_byte), 1);
  }
  if (!to_master && link.receive_buffer > 0) profile.receive_buffer = link.receive_buffer;
  if (profile != world.kernel().link(from, to)) world.kernel().set_link(from, to, profile, kByCase);
}

void Proxies::finish(World& world, ProxyConnection& connection, std::string why,
                     const Fault& fault) {
  if (connection.ended.empty()) connection.ended = std::move(why);
  sim::Notice notice = sim::Notice::both;
  if (fault.side == "replica") notice = sim::Notice::dialler;
  if (fault.side == "master") notice = sim::Notice::acceptor;
  if (notice == sim::Notice::both) {
    connection.closed = true;
    let_go(world, connection);
  }
  const sim::CloseHow how = fault.mode == "fin" ? sim::CloseHow::fin : sim::CloseHow::rst;
  world.kernel().cut(connection.end, how, notice, sim::InFlight::lost, kByCase);
}

void Proxies::arm(World& world, ProxyConnection& connection, const Fault& fault) {
  const bool to_master = fault.ways.front();
  connection.way(to_master).armed = fault;
  connection.way(to_master).placed = false;
  connection.way(to_master).limited = true;
  place_stop(world, connection, to_master);
}

// As soon as it is known where.
void Proxies::place_stop(World& world, ProxyConnection& connection, bool to_master) {
  ProxyWay& way = connection.way(to_master);
  if (way.stopped || way.placed) return;
  const auto base = base_of(world, connection, to_master, way.armed->base);
  if (!base) return;
  way.placed = true;
  const auto position = static_cast<std::int64_t>(*base) + way.armed->bytes.value_or(0);
  world.kernel().stop_after(connection.sender(to_master),
                            static_cast<std::uint64_t>(std::max<std::int64_t>(position, 0)),
                            kByCase);
}

void Proxies::node_down(World& world, const std::string& name) {
  for (auto& [of, link] : links_) {
    if (link.master != name) continue;
    link.listening = false;
    set_welcome(world, link);
  }
}

void Proxies::node_up(World& world, const std::string& name) {
  for (auto& [of, link] : links_) {
    if (link.master != name || link.refuse || link.drops_syn) continue;
    link.listening = true;
    set_welcome(world, link);
  }
}

void Proxies::heal(World& world, ProxyLink& link) {
  link.standing = {};
  link.queue.clear();
  link.refuse = link.drops_syn = false;
  link.listening = true;
  set_welcome(world, link);
  for (const bool to_master : {true, false}) set_pace(world, link, to_master, {});
  for (ProxyConnection& connection : link.connections) {
    if (connection.closed) continue;
    for (const bool to_master : {true, false}) {
      ProxyWay& way = connection.way(to_master);
      way.manner = {};
      if (way.stopped) world.kernel().lift(connection.sender(to_master));
      way.stopped = false;
      if (connection.closing.empty()) set_held(world, connection, to_master);
    }
    if (!connection.closing.empty()) notice_end(world, connection);
  }
}

void Proxies::set(ProxyManner& manner, const Fault& fault) {
  if (fault.kind == "hold") manner.hold = fault.value != 0;
  if (fault.kind == "stall") manner.stall = fault.value != 0;
  if (fault.kind == "delay") manner.delay_ms = fault.value;
  if (fault.kind == "rate") manner.bytes_per_second = fault.value;
  if (fault.kind == "trickle") manner.ms_per_byte = fault.value;
}

void Proxies::change_manner(World& world, ProxyLink& link, ProxyConnection* on,
                            const Fault& fault) {
  for (const bool to_master : fault.ways) {
    if (!fault.connection_only) set(link.standing[to_master ? 0 : 1], fault);
    if (on == nullptr || fault.on_next) continue;
    ProxyManner& manner = on->way(to_master).manner;
    set(manner, fault);
    if (!on->closed && on->closing.empty()) set_held(world, *on, to_master);
    set_pace(world, link, to_master, manner);
  }
}

std::optional<std::string> Proxies::apply(World& world, const Fault& fault) {
  ProxyLink& on = link(world, fault.link);
  ProxyConnection* const current = fault.conn ? on.at(*fault.conn) : on.current();
  const std::string nobody = "no open connection on " + fault.link;
  if (fault.kind == "cut") {
    if (current == nullptr) return nobody;
    if (current->closed) return std::nullopt;
    if (fault.side != "both") {
      for (const bool to_master : {true, false}) {
        current->way(to_master).manner.hold = true;
        set_held(world, *current, to_master);
      }
    }
    finish(world, *current,
           "cut by proxy (" + fault.mode +
               (fault.side == "both" ? "" : ", " + fault.side + " side only") + ")",
           fault);
  } else if (fault.kind == "cut_after") {
    if (fault.on_next) {
      on.queue.push_back(fault.bytes ? std::optional(fault) : std::nullopt);
    } else if (current == nullptr) {
      return nobody;
    } else if (!current->closed) {
      arm(world, *current, fault);
    }
  } else if (fault.kind == "refuse") {
    on.refuse = true;
    on.listening = false;
    set_welcome(world, on);
  } else if (fault.kind == "syn_drop") {
    on.listening = false;
    on.drops_syn = true;
    set_welcome(world, on);
  } else if (fault.kind == "accept") {
    on.refuse = on.drops_syn = false;
    on.listening = true;
    set_welcome(world, on);
  } else if (fault.kind == "rcvbuf") {
    on.receive_buffer = static_cast<std::uint32_t>(fault.value);
    set_pace(world, on, false, on.standing[1]);
  } else if (fault.kind == "heal") {
    heal(world, on);
  } else {
    change_manner(world, on, current, fault);
  }
  return std::nullopt;
}

}  // namespace scenarios::golden
