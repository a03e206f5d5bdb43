#include "scenarios/golden/proxy.h"

#include <algorithm>

namespace scenarios::golden {
namespace {

constexpr sim::FaultTag kByCase{1};

sim::HostId replica_host(const World& world, const ProxyLink& link) {
  return *world.host_named(link.replica);
}
sim::HostId master_host(const World& world, const ProxyLink& link) {
  return *world.host_named(link.master);
}

std::string past(const Fault& fault) {
  return fault.base == "start" ? "" : " past " + fault.base;
}

// The byte that a fault counts from; nothing as long as it is not known.
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
  if (base == "payload_end") return marks.payload_end;
  if (base == "stream") return marks.stream;
  return std::nullopt;
}

}  // namespace

ProxyConnection* ProxyLink::current() {
  const auto it = std::find_if(connections.rbegin(), connections.rend(),
                               [](const ProxyConnection& c) { return !c.closed; });
  return it == connections.rend() ? nullptr : &*it;
}

ProxyLink& Proxies::link(const std::string& name) {
  const auto it = links_.find(name);
  if (it != links_.end()) return it->second;
  const std::size_t mark = name.find('>');
  ProxyLink link;
  link.replica = name.substr(0, mark);
  link.master = mark == std::string::npos ? "" : name.substr(mark + 1);
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
  if (occurrence.kind == sim::Occurrence::Kind::connected) began(world, occurrence);
  if (occurrence.kind == sim::Occurrence::Kind::stopped) stopped(world, occurrence);
  for (auto& [name, link] : links_) {
    for (ProxyConnection& connection : link.connections) {
      if (!connection.closed) watch(world, connection);
    }
  }
}

void Proxies::began(World& world, const sim::Occurrence& occurrence) {
  const sim::HostId home = world.clients().home();
  if (occurrence.host == home || occurrence.peer == home) return;
  ProxyLink& to =
      link(std::string(world.name_of(occurrence.host)) + ">" +
           std::string(world.name_of(world.kernel().host_of(sim::peer_of(occurrence.end)))));
  ProxyConnection& fresh = to.connections.emplace_back();
  fresh.end = occurrence.end;
  for (const bool to_master : {true, false}) {
    if (to.held[to_master ? 0 : 1]) set_held(world, fresh, to_master, true);
  }
  if (to.queue.empty()) return;
  const std::optional<Fault> fault = to.queue.front();
  to.queue.erase(to.queue.begin());
  if (fault) arm(world, fresh, *fault);
}

void Proxies::stopped(World& world, const sim::Occurrence& occurrence) {
  for (auto& [name, link] : links_) {
    for (std::size_t i = 0; i < link.connections.size(); ++i) {
      ProxyConnection& connection = link.connections[i];
      if (connection.end != occurrence.end && sim::peer_of(connection.end) != occurrence.end)
        continue;
      const bool to_master = connection.end == occurrence.end;
      ProxyWay& way = connection.way(to_master);
      if (!way.armed) continue;
      const Fault fault = *std::exchange(way.armed, std::nullopt);
      way.held = way.stalled = true;  // the kernel stands still at this byte
      if (fault.then_stall) {
        way.limited = false;
        continue;
      }
      if (fault.freeze) set_held(world, connection, !to_master, true);
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

// A proxy that holds one direction does not pass on the end of the other.
void Proxies::notice_end(World& world, ProxyConnection& connection) {
  if (connection.closing.empty()) {
    if (!world.kernel().alive(connection.end)) {
      connection.closing = "closed by replica";
    } else if (!world.kernel().alive(sim::peer_of(connection.end))) {
      connection.closing = "closed by master";
    } else {
      return;
    }
    if (connection.way(true).held || connection.way(false).held) {
      set_held(world, connection, true, true);
      set_held(world, connection, false, true);
    }
  }
  if (connection.way(true).held || connection.way(false).held) return;
  if (connection.ended.empty()) connection.ended = connection.closing;
  connection.closed = true;
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

void Proxies::set_held(World& world, ProxyConnection& connection, bool to_master, bool held) {
  connection.way(to_master).held = held;
  world.kernel().hold_connection(connection.sender(to_master), held, kByCase);
}

void Proxies::finish(World& world, ProxyConnection& connection, std::string why,
                     const Fault& fault) {
  if (connection.ended.empty()) connection.ended = std::move(why);
  sim::Notice notice = sim::Notice::both;
  if (fault.side == "replica") notice = sim::Notice::dialler;
  if (fault.side == "master") notice = sim::Notice::acceptor;
  if (notice == sim::Notice::both) {
    connection.closed = true;
    for (const bool to_master : {true, false}) set_held(world, connection, to_master, false);
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
  if (way.stalled || way.placed) return;
  const auto base = base_of(world, connection, to_master, way.armed->base);
  if (!base) return;
  way.placed = true;
  const auto position = static_cast<std::int64_t>(*base) + way.armed->bytes.value_or(0);
  world.kernel().stop_after(connection.sender(to_master),
                            static_cast<std::uint64_t>(std::max<std::int64_t>(position, 0)),
                            kByCase);
}

void Proxies::heal(World& world, ProxyLink& link) {
  link.held = {};
  link.queue.clear();
  const sim::HostId replica = replica_host(world, link), master = master_host(world, link);
  world.kernel().welcome(replica, master, sim::Welcome::accept, sim::kNoFault);
  world.kernel().hold(replica, master, sim::Hold::none, sim::kNoFault);
  world.kernel().set_link(replica, master, world.usual_link(replica, master));
  world.kernel().set_link(master, replica, world.usual_link(master, replica));
  for (ProxyConnection& connection : link.connections) {
    for (const bool to_master : {true, false}) {
      ProxyWay& way = connection.way(to_master);
      if (way.stalled) world.kernel().lift(connection.sender(to_master));
      way.stalled = false;
      if (way.held) set_held(world, connection, to_master, false);
    }
  }
}

// Delay, rate and trickle: of the whole link, which is what recorded cases ask for.
void Proxies::reshape(World& world, const ProxyLink& link, const Fault& fault) {
  const sim::HostId replica = replica_host(world, link), master = master_host(world, link);
  for (const bool to_master : fault.ways) {
    const sim::HostId from = to_master ? replica : master, to = to_master ? master : replica;
    sim::LinkProfile profile = world.kernel().link(from, to);
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(fault.value, 1));
    if (fault.kind == "delay") profile.latency += std::chrono::milliseconds(value);
    if (fault.kind == "rate") profile.bytes_per_second = value;
    if (fault.kind == "rcvbuf") profile.receive_buffer = static_cast<std::uint32_t>(value);
    if (fault.kind == "trickle") {
      profile.pieces = {1, 1};
      profile.bytes_per_second = std::max<std::uint64_t>(1000 / value, 1);
    }
    world.kernel().set_link(from, to, profile, kByCase);
  }
}

std::optional<std::string> Proxies::apply(World& world, const Fault& fault) {
  ProxyLink& on = link(fault.link);
  if (!world.host_named(on.replica) || !world.host_named(on.master))
    return "there is no link " + fault.link;
  const sim::HostId replica = replica_host(world, on), master = master_host(world, on);
  ProxyConnection* const current =
      fault.conn ? (*fault.conn < on.connections.size() ? &on.connections[*fault.conn] : nullptr)
                 : on.current();
  if (fault.kind == "cut") {
    if (current == nullptr) return "no open connection on " + fault.link;
    if (fault.side != "both") {
      for (const bool to_master : {true, false}) set_held(world, *current, to_master, true);
    }
    finish(world, *current,
           "cut by proxy (" + fault.mode +
               (fault.side == "both" ? "" : ", " + fault.side + " side only") + ")",
           fault);
  } else if (fault.kind == "cut_after") {
    if (fault.on_next) {
      on.queue.push_back(fault.bytes ? std::optional(fault) : std::nullopt);
    } else if (current == nullptr) {
      return "no open connection on " + fault.link;
    } else {
      arm(world, *current, fault);
    }
  } else if (fault.kind == "refuse") {
    world.kernel().welcome(replica, master, sim::Welcome::refuse, kByCase);
  } else if (fault.kind == "syn_drop") {
    world.kernel().welcome(replica, master, sim::Welcome::accept, kByCase);
    world.kernel().hold(replica, master, sim::Hold::everything, kByCase);
  } else if (fault.kind == "accept") {
    world.kernel().welcome(replica, master, sim::Welcome::accept, sim::kNoFault);
    world.kernel().hold(replica, master, sim::Hold::none, sim::kNoFault);
  } else if (fault.kind == "hold" || fault.kind == "stall") {
    for (const bool to_master : fault.ways) {
      if (!fault.connection_only) on.held[to_master ? 0 : 1] = true;
      if (current != nullptr && !fault.on_next) set_held(world, *current, to_master, true);
    }
  } else if (fault.kind == "heal") {
    heal(world, on);
  } else if (fault.kind == "delay" || fault.kind == "rate" || fault.kind == "trickle" ||
             fault.kind == "rcvbuf") {
    reshape(world, on, fault);
  } else {
    return "an unknown fault: " + fault.kind;
  }
  return std::nullopt;
}

}  // namespace scenarios::golden
