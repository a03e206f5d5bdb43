#include "scenarios/world/world.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "model/data/rdb.h"
#include "model/releases.h"
#include "model/state.h"

namespace scenarios {
namespace {

constexpr int kDefaultPort = 6379;

// A setting that is said of every node is passed over where the release does not have it.
void apply(model::Config& config, const ConfigLines& lines, const model::Rules& rules) {
  for (const auto& [name, value] : lines) {
    const model::Setting* const setting = model::find_setting(name);
    if (setting == nullptr) throw std::logic_error("a scenario with an unknown setting: " + name);
    if (!model::has_setting(rules, setting->name)) continue;
    if (const auto problem = setting->set(config, value)) {
      throw std::logic_error("a scenario with a bad setting: " + name + ": " + *problem);
    }
  }
}

model::Rules rules_of(const Node& node) {
  const model::Profile* const profile = model::find_profile(node.profile);
  if (profile == nullptr)
    throw std::logic_error("a scenario with an unknown profile: " + node.profile);
  model::Rules rules = profile->rules;
  for (const std::string& name : node.quirks) {
    const model::Quirk* const quirk = model::find_quirk(name);
    if (quirk == nullptr) throw std::logic_error("a scenario with an unknown quirk: " + name);
    quirk->apply(rules);
  }
  return rules;
}

}  // namespace

World::World(std::shared_ptr<const Scenario> scenario, sim::Choice choice, sim::TraceMode mode)
    : scenario_(std::move(scenario)), kernel_(std::move(choice), mode) {
  kernel_.trace().add(kernel_.now(),
                      sim::record::Scenario{scenario_->name, scenario_->point, scenario_->seed});
  lay_out();
  set_links();
  for (const auto& [oracle, reason] : scenario_->leave_out) bench_.leave_out(oracle);
}

void World::lay_out() {
  nodes_.reserve(scenario_->nodes.size());
  for (const Node& plan : scenario_->nodes) {
    NodeProcess node;
    node.name = plan.name;
    node.host = kernel_.add_host(plan.name);
    node.rules = rules_of(plan);
    node.config = plan.config;
    node.replicaof = plan.replicaof;
    node.clock = WallClock(plan.clock_offset, plan.clock_drift_ppm);
    nodes_.push_back(std::move(node));
  }
  for (const Peer& peer : scenario_->peers) peers_.add(kernel_.add_host(peer.name), peer);
  nowhere_ = kernel_.add_host("nowhere");
  clients_ = Clients(kernel_.add_host("clients"));
}

void World::set_links() {
  const auto places = static_cast<std::uint32_t>(nodes_.size() + scenario_->peers.size());
  for (std::uint32_t a = 0; a < places; ++a) {
    for (std::uint32_t b = 0; b < places; ++b) {
      const sim::HostId from{a}, to{b};
      if (from != to) kernel_.set_link(from, to, usual_link(from, to));
    }
    kernel_.set_link(sim::HostId{a}, nowhere_, scenario_->default_link);
    kernel_.set_link(nowhere_, sim::HostId{a}, scenario_->default_link);
    kernel_.welcome(sim::HostId{a}, nowhere_, sim::Welcome::refuse, sim::kNoFault);
  }
  sim::LinkProfile at_once;
  at_once.latency = sim::Duration{0};
  at_once.send_buffer = at_once.receive_buffer = 64U << 20U;
  for (const NodeProcess& node : nodes_) {
    kernel_.set_link(clients_.home(), node.host, at_once);
    kernel_.set_link(node.host, clients_.home(), at_once);
  }
  for (const Peer& peer : scenario_->peers) {
    for (std::uint32_t from = 0; from < places; ++from) {
      const sim::HostId to = *host_named(peer.name);
      if (sim::HostId{from} != to)
        kernel_.welcome(sim::HostId{from}, to, usual_welcome(to), sim::kNoFault);
    }
  }
}

sim::LinkProfile World::usual_link(sim::HostId from, sim::HostId to) const {
  sim::LinkProfile profile = scenario_->default_link;
  for (const Link& link : scenario_->links) {
    const sim::HostId a = *host_named(link.from), b = *host_named(link.to);
    if ((a == from && b == to) || (link.both_ways && a == to && b == from)) profile = link.profile;
  }
  return profile;
}

sim::Welcome World::usual_welcome(sim::HostId to) const {
  const std::size_t peer = number(to) - nodes_.size();
  const bool deaf = number(to) >= nodes_.size() && peer < scenario_->peers.size() &&
                    !scenario_->peers[peer].listens;
  return deaf ? sim::Welcome::refuse : sim::Welcome::accept;
}

// --- beginning -----------------------------------------------------------------------------------

std::optional<std::string> World::begin() {
  std::optional<std::string> problem;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& plan = scenario_->nodes[i];
    const bool by_file = !plan.start || !plan.replicaof.empty();
    std::string found;
    if (!plan.data.empty() && by_file) {
      // Not a master from the start: its data are in the file that it starts from.
      nodes_[i].disk["dump.rdb"] = model::Blob(snapshot_of_data(i, found));
    }
    if (plan.start) {
      start(i);
    } else {
      kernel_.crash(nodes_[i].host, sim::Farewell::reset);
    }
    if (!plan.data.empty() && !by_file) found = give_data(i).value_or("");
    if (!found.empty() && !problem) problem = plan.place.pointer + "/data: " + found;
  }
  return problem;
}

// The file that a master of its own, given these commands, would write.
std::string World::snapshot_of_data(std::size_t index, std::string& problem) const {
  Scenario alone;
  alone.nodes = {scenario_->nodes[index]};
  alone.nodes[0].replicaof.clear();
  alone.nodes[0].start = true;
  World aside(std::make_shared<const Scenario>(std::move(alone)),
              sim::Choice::seeded(scenario_->seed + index), sim::TraceMode::hash_only);
  if (const auto found = aside.begin()) problem = found->substr(found->find(": ") + 2);
  model::RdbOptions options;
  options.version = nodes_[index].rules.rdb_version;
  options.server_version = nodes_[index].rules.redis_version;
  options.created = nodes_[index].clock.at(kernel_.now());
  return model::encode_rdb(aside.state(0)->data, options);
}

// --- looking -------------------------------------------------------------------------------------

const model::State* World::state(std::size_t index) const {
  return nodes_[index].server ? &nodes_[index].server->state() : nullptr;
}

std::optional<std::size_t> World::node_named(std::string_view name) const {
  const auto it = std::find_if(nodes_.begin(), nodes_.end(),
                               [&](const NodeProcess& n) { return n.name == name; });
  if (it == nodes_.end()) return std::nullopt;
  return static_cast<std::size_t>(it - nodes_.begin());
}

std::optional<sim::HostId> World::host_named(std::string_view name) const {
  const std::size_t places = nodes_.size() + scenario_->peers.size();
  for (std::size_t i = 0; i < places; ++i) {
    const std::string& own =
        i < nodes_.size() ? nodes_[i].name : scenario_->peers[i - nodes_.size()].name;
    if (own == name) return sim::HostId{static_cast<std::uint32_t>(i)};
  }
  constexpr std::string_view kNet = "10.0.0.";
  if (!name.starts_with(kNet)) return std::nullopt;
  std::uint32_t last = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + kNet.size(), end, last);
  if (error != std::errc{} || stop != end || last == 0 || last > places) return std::nullopt;
  return sim::HostId{last - 1};
}

std::optional<sim::HostId> World::host_at(sim::HostId from, std::string_view address,
                                          int port) const {
  const bool local = address == "127.0.0.1" || address == "localhost";
  if (local && scenario_->one_address) {
    const auto places = static_cast<std::uint32_t>(nodes_.size() + scenario_->peers.size());
    for (std::uint32_t i = 0; i < places; ++i) {
      if (port_of(kernel_.name(sim::HostId{i})) == port) return sim::HostId{i};
    }
    const auto it = more_ports_.find(port);
    return it == more_ports_.end() ? std::nullopt : std::optional(it->second);
  }
  const auto named = local ? std::optional(from) : host_named(address);
  return named && port_of(kernel_.name(*named)) == port ? named : std::nullopt;
}

int World::port_dialled(sim::EndId end) const {
  const auto it = ports_dialled_.find(end);
  return it == ports_dialled_.end() ? 0 : it->second;
}

std::optional<std::size_t> World::follows(std::size_t index) const {
  const model::State* const s = state(index);
  if (s == nullptr || s->is_master()) return std::nullopt;
  const auto host = scenario_->one_address ? host_at(nodes_[index].host, s->link.host, s->link.port)
                                           : host_named(s->link.host);
  if (!host || number(*host) >= nodes_.size()) return std::nullopt;
  return number(*host);
}

const model::Session* World::replica_of(std::size_t master, sim::HostId host) const {
  const model::State* const s = state(master);
  if (s == nullptr) return nullptr;
  for (auto it = s->sessions.rbegin(); it != s->sessions.rend(); ++it) {
    if (!it->second.is_replica() || it->second.announced.rdb_channel) continue;
    const auto end = end_of(nodes_[master], it->first);
    if (end && kernel_.host_of(sim::peer_of(*end)) == host) return &it->second;
  }
  return nullptr;
}

bool World::is_idle() const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (jobs_.running(i)) return false;
  }
  return true;
}

void World::fill_views(std::vector<NodeView>& views) const {
  views.resize(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const NodeProcess& n = nodes_[i];
    NodeView& view = views[i];
    view.name = n.name;
    view.state = state(i);
    view.life = n.life;
    view.stalled = kernel_.stalled(n.host);
    view.from_raw = n.from_raw;
    view.touched_up = n.touched_up;
    view.corrupted_input = n.corrupted_input;
    view.follows = n.follows;
  }
}

std::vector<NodeView> World::views() const {
  std::vector<NodeView> views;
  fill_views(views);
  return views;
}

bool World::operator==(const World& other) const {
  return kernel_ == other.kernel_ && nodes_ == other.nodes_ && peers_ == other.peers_ &&
         more_ports_ == other.more_ports_ && ports_dialled_ == other.ports_dialled_ &&
         clients_ == other.clients_ && wire_ == other.wire_ && jobs_ == other.jobs_ &&
         reached_ == other.reached_;
}

// --- processes -----------------------------------------------------------------------------------

model::Boot World::boot(const NodeProcess& node) const {
  model::Boot boot;
  boot.rules = node.rules;
  boot.config = model::default_config(node.rules);
  apply(boot.config, node.config, node.rules);
  boot.files = node.disk;
  if (!node.replicaof.empty()) {
    boot.replicaof_host = scenario_->one_address ? "127.0.0.1" : node.replicaof;
    boot.replicaof_port =
        node.replicaof_port != 0 ? node.replicaof_port : port_of(node.replicaof);
  }
  return boot;
}

int World::port_of(std::string_view name) const {
  const auto host = host_named(name);
  if (!host) return kDefaultPort;
  if (number(*host) >= nodes_.size()) return scenario_->peers[number(*host) - nodes_.size()].port;
  const NodeProcess& node = nodes_[number(*host)];
  if (node.server) return static_cast<int>(node.server->state().config.port);
  model::Config config = model::default_config(node.rules);
  apply(config, node.config, node.rules);
  return static_cast<int>(config.port);
}

bool World::crash(std::size_t index, sim::Farewell farewell) {
  if (!nodes_[index].server) return false;
  end_process(index, farewell);
  return true;
}

void World::end_process(std::size_t index, sim::Farewell farewell) {
  NodeProcess& node = nodes_[index];
  node.server.reset();
  node.dialled.clear();
  node.wake.reset();
  node.paused = false;
  node.busy_until = kernel_.now();
  node.postponed.clear();
  jobs_.drop_all_of(index);
  kernel_.crash(node.host, farewell);
}

void World::configure(std::size_t index, const ConfigLines& lines) {
  ConfigLines& config = nodes_[index].config;
  config.insert(config.end(), lines.begin(), lines.end());
}

bool World::terminate(std::size_t index) {
  NodeProcess& node = nodes_[index];
  if (!node.server || node.server->state().stop_signalled) return false;
  tell_process(index, "signal", "SIGTERM");
  node.server->terminate();
  schedule_wake(index);
  return true;
}

bool World::pause(std::size_t index) {
  if (nodes_[index].paused || !nodes_[index].server) return false;
  nodes_[index].paused = true;
  update_stall(index);
  return true;
}

bool World::resume(std::size_t index) {
  if (!nodes_[index].paused) return false;
  nodes_[index].paused = false;
  update_stall(index);
  return true;
}

void World::occupy(std::size_t index, sim::Duration time) {
  NodeProcess& node = nodes_[index];
  if (time <= sim::Duration{0}) return;
  node.busy_until = std::max(node.busy_until, kernel_.now()) + time;
  kernel_.schedule(node.busy_until, {sim::EventKind::resume, number(node.host), 0});
  update_stall(index);
}

void World::update_stall(std::size_t index) {
  const NodeProcess& node = nodes_[index];
  const bool stalled = node.server && (node.paused || node.busy_until > kernel_.now());
  if (stalled == kernel_.stalled(node.host)) return;
  if (stalled) {
    kernel_.stall(node.host);
  } else {
    kernel_.resume(node.host);
    carry_out_postponed(index);
  }
}

void World::input_corrupted(std::size_t node, std::optional<sim::EndId> sender) {
  nodes_[node].corrupted_input = true;
  nodes_[node].corrupted_on = sender;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].follows == node && !nodes_[i].corrupted_input) input_corrupted(i, std::nullopt);
  }
}

void World::tell_process(std::size_t index, std::string_view what, std::string_view why) {
  kernel_.trace().tell<sim::record::Process>(kernel_.now(), number(nodes_[index].host), what, why);
}

void World::order_job(const JobFault& fault, std::size_t node, std::uint32_t count,
                      sim::FaultTag by) {
  if (const auto due = jobs_.order(fault, node, count, by, kernel_.now())) {
    schedule_job(node, due->job, due->at);
  }
  nodes_[node].machine.fork_fails = jobs_.refuses_snapshot(node);
}

void World::revoke_job_orders(sim::FaultTag by) {
  jobs_.revoke(by);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].machine.fork_fails = jobs_.refuses_snapshot(i);
  }
}

// --- raw peers -----------------------------------------------------------------------------------

void World::peer_dials(sim::HostId peer, sim::HostId to) {
  wire_.opened(peers_.dial(kernel_, peer, to), peer, to);
}

bool World::peer_sends(sim::HostId peer, std::string_view bytes) {
  const bool sent = peers_.send(kernel_, peer, bytes);
  follow_peers();
  return sent;
}

bool World::peer_closes(sim::HostId peer, sim::CloseHow how) {
  return peers_.close(kernel_, peer, how);
}

bool World::peer_sends(sim::HostId peer, std::size_t session, std::string_view bytes) {
  const bool sent = peers_.send(kernel_, peer, session, bytes);
  follow_peers();
  return sent;
}

bool World::peer_closes(sim::HostId peer, std::size_t session, sim::CloseHow how) {
  return peers_.close(kernel_, peer, session, how);
}

void World::follow_peers() {
  for (const Peers::Written& written : peers_.take_written()) {
    wire_.sent(written.end, written.bytes, 0, kernel_.now(), kernel_.trace());
  }
}

}  // namespace scenarios
