#include "tools/live/real_cluster.h"

#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <stdexcept>
#include <utility>

#include "model/data/number.h"
#include "model/data/text.h"
#include "model/releases.h"
#include "model/rules.h"
#include "scenarios/world/world.h"

namespace live {

using scenarios::golden::Info;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kAnswerWithin{2000};
constexpr int kListensWithinMs = 20'000;
constexpr std::string_view kNet = "10.0.0.";

// What every server has unless the scenario says otherwise.
const RedisProcess::Options kUsual = {
    {"enable-debug-command", "local"},  // for DEBUG DIGEST
    {"loading-process-events-interval-bytes",
     "1024"},  // it answers while it loads, as the model does
    {"always-show-logo", "no"},
};

}  // namespace

struct RealCluster::Loop {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> busy{io.get_executor()};
};

RealCluster::RealCluster(const scenarios::Scenario& scenario)
    : scenario_(scenario), loop_(std::make_unique<Loop>()) {
  for (const scenarios::Node& plan : scenario.nodes) {
    names_.push_back(plan.name);
    Node node;
    node.plan = &plan;
    node.process = std::make_unique<RedisProcess>();
    node.config = plan.config;
    node.replicaof = plan.replicaof;
    nodes_.push_back(std::move(node));
  }
  for (const scenarios::Peer& peer : scenario.peers) names_.push_back(peer.name);
  wire_.keep_bytes();
  for (std::size_t i = 0; i < scenario.peers.size(); ++i)
    peers_.push_back(std::make_unique<ScriptPeer>(loop_->io, scenario.peers[i],
                                                  loopback_.inside(nodes_.size() + i)));
  for (std::size_t from = 0; from < hosts(); ++from) {
    for (std::size_t to = 0; to < hosts(); ++to) {
      if (from != to) make_proxy(from, to);
    }
  }
}

RealCluster::~RealCluster() {
  for (Node& node : nodes_) {
    node.observer.reset();
    node.clients.clear();
  }
  proxies_.clear();
  peers_.clear();
  nodes_.clear();
  loop_->io.stop();
}

int RealCluster::port_of(std::size_t host) const {
  if (host >= nodes_.size()) return scenario_.peers[host - nodes_.size()].port;
  int port = 6379;
  for (const auto& [name, value] : nodes_[host].config) {
    if (name == "port") port = static_cast<int>(model::to_integer(value).value_or(port));
  }
  return port;
}

void RealCluster::make_proxy(std::size_t from, std::size_t to) {
  ProxyHooks hooks;
  const sim::HostId dialler{static_cast<std::uint32_t>(from)},
      target{static_cast<std::uint32_t>(to)};
  hooks.opened = [this, dialler, target, from, to](ProxyConnection& connection) {
    const auto number = static_cast<std::uint32_t>(connections_.size());
    numbers_[&connection] = number;
    for (const auto& one : proxies_.at({from, to})->connections()) {
      if (one.get() == &connection) connections_.push_back(one);
    }
    wire_.opened(sim::EndId{2 * number}, dialler, target);
    if (on_news) on_news();
  };
  hooks.said = [this](ProxyConnection& connection, bool by_dialler, std::string_view bytes) {
    const sim::EndId end{2 * numbers_.at(&connection) + (by_dialler ? 0U : 1U)};
    wire_.sent(end, bytes, 0, now(), trace_);
    if (std::exchange(news_, wire_.news()) != wire_.news() && on_news) on_news();
  };
  hooks.stopped = [this](ProxyConnection& connection, bool by_dialler) {
    stopped_.emplace_back(numbers_.at(&connection), by_dialler);
  };
  FaultProxy::Route route;
  route.listen = loopback_.seen_from(from, to);
  route.listen_port = route.target_port = port_of(to);
  route.target = loopback_.inside(to);
  route.source = loopback_.seen_from(to, from);
  auto proxy = std::make_unique<FaultProxy>(loop_->io, route, hooks);
  const bool deaf = to >= nodes_.size() && !scenario_.peers[to - nodes_.size()].listens;
  if (deaf) proxy->welcome(FaultProxy::Welcome::refuse);
  if (to < nodes_.size()) proxy->target_runs(false);
  proxies_[{from, to}] = std::move(proxy);
}

ProxyConnection* RealCluster::connection(std::uint32_t number) {
  return number < connections_.size() ? connections_[number].lock().get() : nullptr;
}

std::optional<std::size_t> RealCluster::host_named(std::string_view name) const {
  const auto it = std::find(names_.begin(), names_.end(), name);
  if (it != names_.end()) return static_cast<std::size_t>(it - names_.begin());
  if (!name.starts_with(kNet)) return std::nullopt;
  const auto number = model::to_integer(name.substr(kNet.size()));
  if (!number || *number < 1 || static_cast<std::size_t>(*number) > hosts()) return std::nullopt;
  return static_cast<std::size_t>(*number) - 1;
}

// --- time
// -------------------------------------------------------------------------------------------

sim::Instant RealCluster::now() const {
  return sim::kStart + std::chrono::duration_cast<sim::Duration>(steady_clock::now() - began_);
}

void RealCluster::turn(microseconds most) {
  loop_->io.run_one_for(most);
  loop_->io.poll();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].up && !nodes_[i].process->runs()) note_up(i, false);
  }
  while (!stopped_.empty()) {
    const auto all = std::exchange(stopped_, {});
    for (const auto& [number, by_dialler] : all) {
      if (on_stopped) on_stopped(number, by_dialler);
    }
  }
}

// --- what is seen
// -----------------------------------------------------------------------------------

void RealCluster::look_again() {
  for (Node& node : nodes_) {
    if (node.process->paused()) continue;  // it is what it was
    node.info.reset();
    node.role.reset();
  }
}

std::string RealCluster::password(std::size_t node) const {
  std::string found;
  for (const auto& [name, value] : nodes_[node].config) {
    if (name == "requirepass") found = value;
  }
  return found;
}

std::optional<model::Reply> RealCluster::ask(std::size_t index,
                                             const std::vector<std::string>& argv) {
  Node& node = nodes_[index];
  if (!node.up || node.process->paused()) return std::nullopt;
  if (!node.observer) {
    node.observer =
        std::make_unique<RespClient>(loop_->io, node.process->address(), node.process->port());
    if (const std::string secret = password(index); !secret.empty()) {
      node.observer->ask({"AUTH", secret});
      node.observer->flush();
    }
  }
  RespClient& client = *node.observer;
  client.ask(argv);
  client.flush();
  const auto end = steady_clock::now() + kAnswerWithin;
  while (client.lost().empty() && steady_clock::now() < end) {
    if (client.unanswered() == 0) {
      std::optional<model::Reply> newest;
      while (auto reply = client.take()) newest = std::move(reply);
      return newest;
    }
    loop_->io.run_one_for(milliseconds(5));
  }
  node.observer.reset();  // what it owes us must not be taken for the answer to something else
  return std::nullopt;
}

const Info* RealCluster::info(std::size_t index) {
  Node& node = nodes_[index];
  if (!node.up) return nullptr;
  if (!node.info) {
    const auto reply = ask(index, {"INFO", "everything"});
    if (!reply || reply->kind != model::Reply::Kind::bulk) return nullptr;
    Info info = scenarios::golden::info_lines(loopback_.for_scenario(reply->text));
    for (auto& [name, value] : info) {
      if (name != "master_host") continue;
      if (const auto host = host_named(value)) value = names_[*host];
    }
    node.info = std::move(info);
  }
  return &*node.info;
}

std::optional<std::string> RealCluster::info_field(std::size_t node, std::string_view field) {
  const Info* const all = info(node);
  const std::string* const value = all == nullptr ? nullptr : scenarios::golden::field(*all, field);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<model::Reply> RealCluster::role(std::size_t index) {
  Node& node = nodes_[index];
  if (!node.up) return std::nullopt;
  if (!node.role) {
    const auto reply = ask(index, {"ROLE"});
    if (reply) node.role = for_scenario(*reply);
  }
  return node.role;
}

std::string RealCluster::digest(std::size_t node) {
  const auto reply = ask(node, {"DEBUG", "DIGEST"});
  return reply && reply->kind != model::Reply::Kind::error ? reply->text : std::string();
}

std::optional<std::size_t> RealCluster::follows(std::size_t node) {
  if (info_field(node, "role") != "slave") return std::nullopt;
  const auto host = info_field(node, "master_host");
  return host ? host_named(*host) : std::nullopt;
}

scenarios::arms::Look RealCluster::look(std::size_t node) {
  scenarios::arms::Look look;
  look.node = names_[node];
  if (const Info* all = info(node)) look.info = *all;
  if (const auto reply = role(node)) look.role = *reply;
  look.digest = digest(node);
  return look;
}

// --- what is done
// -----------------------------------------------------------------------------------

RespClient& RealCluster::client(std::size_t index, const std::string& name) {
  Node& node = nodes_[index];
  auto& client = node.clients[name];
  if (!client)
    client = std::make_unique<RespClient>(loop_->io, loopback_.inside(index), port_of(index));
  return *client;
}

std::vector<std::string> RealCluster::for_node(std::size_t node,
                                               std::vector<std::string> argv) const {
  for (std::string& word : argv) word = loopback_.for_server(node, word);
  const bool follow = argv.size() == 3 && (model::same_word(argv[0], "replicaof") ||
                                           model::same_word(argv[0], "slaveof"));
  if (follow) {
    if (const auto host = host_named(argv[1]))
      argv[1] = *host == node ? loopback_.inside(node) : dial_address(node, *host);
  }
  return argv;
}

model::Reply RealCluster::for_scenario(model::Reply reply) const {
  reply.text = loopback_.for_scenario(reply.text);
  for (model::Reply& element : reply.elements) element = for_scenario(std::move(element));
  return reply;
}

void RealCluster::note_up(std::size_t index, bool up) {
  Node& node = nodes_[index];
  node.up = up;
  node.info.reset();
  node.role.reset();
  node.observer.reset();
  trace_.add(now(),
             sim::record::Process{static_cast<std::uint32_t>(index), up ? "start" : "exit", ""});
  for (std::size_t from = 0; from < hosts(); ++from) {
    if (from == index) continue;
    proxy(from, index).target_runs(up);
    if (!up) continue;
    proxy(from, index).drop_dials(false);
    for (const auto& connection : proxy(from, index).connections()) connection->revive();
    for (const auto& connection : proxy(index, from).connections()) connection->revive();
  }
}

void RealCluster::crash(std::size_t index, bool silent) {
  if (!nodes_[index].up) return;
  if (silent) {
    for (std::size_t other = 0; other < hosts(); ++other) {
      if (other == index) continue;
      proxy(other, index).drop_dials(true);
      for (const auto& connection : proxy(other, index).connections())
        connection->lose_silently(false);
      for (const auto& connection : proxy(index, other).connections())
        connection->lose_silently(true);
    }
  } else {
    for (std::size_t other = 0; other < hosts(); ++other) {  // refused from this moment on
      if (other != index) proxy(other, index).target_runs(false);
    }
  }
  nodes_[index].process->kill();
  note_up(index, false);
}

void RealCluster::configure(std::size_t node, const scenarios::ConfigLines& lines) {
  auto& config = nodes_[node].config;
  config.insert(config.end(), lines.begin(), lines.end());
}

void RealCluster::configure_master(std::size_t node, std::string master) {
  nodes_[node].replicaof = std::move(master);
}

void RealCluster::start(std::size_t index) {
  Node& node = nodes_[index];
  if (node.up) return;
  RedisProcess::Options options = kUsual;
  const auto put = [&options](const std::string& name, const std::string& value) {
    std::erase_if(options, [&](const auto& option) { return option.first == name; });
    options.emplace_back(name, value);
  };
  const model::Rules& rules = model::find_profile("redis-7.0")->rules;
  for (const auto& [name, value] : node.config) {
    if (model::has_setting(rules, name)) put(name, value);
  }
  if (!node.replicaof.empty()) {
    const auto master = host_named(node.replicaof);
    const std::string address = !master            ? node.replicaof
                                : *master == index ? loopback_.inside(index)
                                                   : dial_address(index, *master);
    put("replicaof", address + " " + std::to_string(master ? port_of(*master) : 6379));
  }
  node.process->start(loopback_.inside(index), port_of(index), options);
  const auto end = steady_clock::now() + milliseconds(kListensWithinMs);
  while (!node.process->listens()) {
    if (!node.process->runs() || steady_clock::now() > end) {
      throw std::runtime_error("the redis-server of " + node.plan->name +
                               " does not come up; it logged:\n" + node.process->log());
    }
    loop_->io.run_one_for(milliseconds(1));
  }
  note_up(index, true);
}

void RealCluster::pause(std::size_t node) {
  if (!up(node) || process(node).paused()) return;
  look_again();
  info(node);
  role(node);
  process(node).pause();
}

void RealCluster::resume(std::size_t node) {
  process(node).resume();
  look_again();
}

// --- beginning
// --------------------------------------------------------------------------------------

void RealCluster::give_data(std::size_t index) {
  RespClient data(loop_->io, loopback_.inside(index), port_of(index));
  if (const std::string secret = password(index); !secret.empty()) data.ask({"AUTH", secret});
  for (const std::string& line : nodes_[index].plan->data) {
    if (const auto argv = model::split_line(line)) data.ask(*argv);
  }
  data.flush();
  while (data.unanswered() > 0 && data.lost().empty()) loop_->io.run_one_for(milliseconds(5));
}

void RealCluster::begin() {
  // Files that nodes start from are made by the model, with clocks that show the time of this
  // machine.
  const auto wall = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  scenarios::Scenario aside = scenario_;
  aside.steps.clear();
  for (scenarios::Node& node : aside.nodes)
    node.clock_offset = wall - std::chrono::milliseconds(scenarios::WallClock::kEpochMs);
  scenarios::World world(std::make_shared<const scenarios::Scenario>(aside), sim::Choice::seeded(1),
                         sim::TraceMode::hash_only);
  world.begin();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (const auto& [name, blob] : world.node(i).disk)
      nodes_[i].process->write_file(name, std::string(blob.view()));
  }
  for (const bool followers : {false, true}) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const scenarios::Node& plan = *nodes_[i].plan;
      if (!plan.start || plan.replicaof.empty() == followers) continue;
      start(i);
      if (!followers && !plan.data.empty()) give_data(i);
    }
  }
  began_ = steady_clock::now();
}

}  // namespace live
