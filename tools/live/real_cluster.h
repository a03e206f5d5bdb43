// The servers of a scenario as real processes, with a fault proxy on every way between two of them,
// and everything that is said on these ways followed as the simulator follows its own:
//
//      a ==127.B.1.2==> [proxy] ==> b        so many redis-server processes, on the same port each,
//      b ==127.B.2.1==> [proxy] ==> a        at 127.B.0.1, 127.B.0.2, ..; see loopback.h
//
// Clients go past the proxies. All waiting is done by turn(): callbacks run, then whoever called
// looks again. Hosts are counted as in a World: nodes, then raw peers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/data/resp.h"
#include "scenarios/arms/told.h"
#include "scenarios/language/scenario.h"
#include "scenarios/world/wire.h"
#include "tools/live/fault_proxy.h"
#include "tools/live/loopback.h"
#include "tools/live/redis_process.h"
#include "tools/live/resp_client.h"
#include "tools/live/script_peer.h"

namespace live {

class RealCluster {
 public:
  // Makes proxies and peers; no server runs yet. Throws std::runtime_error, in a sentence, when
  // there is no room for them. `scenario` must live as long.
  explicit RealCluster(const scenarios::Scenario& scenario);
  ~RealCluster();
  RealCluster(const RealCluster&) = delete;
  RealCluster& operator=(const RealCluster&) = delete;

  // Starts all nodes that are to run from the start, masters first, with their data. Throws
  // std::runtime_error when a server does not come up.
  void begin();

  // --- time -------------------------------------------------------------------------------------
  sim::Instant now() const;  // since begin()
  // Callbacks run, for at most so long; then news of processes are taken in.
  void turn(std::chrono::microseconds most);

  // --- hosts ------------------------------------------------------------------------------------
  std::size_t nodes() const { return nodes_.size(); }
  std::size_t hosts() const { return names_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  std::optional<std::size_t> host_named(std::string_view name) const;  // or its address, 10.0.0.n
  const Loopback& loopback() const { return loopback_; }
  int port_of(std::size_t host) const;
  RedisProcess& process(std::size_t node) { return *nodes_[node].process; }
  bool up(std::size_t node) const { return nodes_[node].up; }
  ScriptPeer& peer(std::size_t host) { return *peers_[host - nodes_.size()]; }

  // --- what is seen -----------------------------------------------------------------------------
  // INFO, addresses as in the scenario; of a process that stands still, what it was then. Nothing
  // when it does not run or does not answer.
  const scenarios::golden::Info* info(std::size_t node);
  std::optional<std::string> info_field(std::size_t node, std::string_view field);
  std::optional<model::Reply> role(std::size_t node);
  std::string digest(std::size_t node);
  // Asks over a connection of our own, which the scenario knows nothing of.
  std::optional<model::Reply> ask(std::size_t node, const std::vector<std::string>& argv);
  // What was seen is looked up again.
  void look_again();
  // The host whose address a node is told to follow.
  std::optional<std::size_t> follows(std::size_t node);
  scenarios::arms::Look look(std::size_t node);

  scenarios::Wire& wire() { return wire_; }
  sim::Trace& trace() { return trace_; }

  // --- what is done -----------------------------------------------------------------------------
  RespClient& client(std::size_t node, const std::string& name);
  // A command of the scenario as that node must read it.
  std::vector<std::string> for_node(std::size_t node, std::vector<std::string> argv) const;
  // A reply as the scenario would read it.
  model::Reply for_scenario(model::Reply reply) const;
  std::string dial_address(std::size_t from, std::size_t to) const {
    return loopback_.seen_from(from, to);
  }

  FaultProxy& proxy(std::size_t from, std::size_t to) { return *proxies_.at({from, to}); }
  ProxyConnection* connection(std::uint32_t number);  // as the wire counts them
  // Called, in the callback itself, when something new is known of a connection; and with what has
  // come to its byte, in turn().
  std::function<void()> on_news;
  std::function<void(std::uint32_t number, bool by_dialler)> on_stopped;

  void crash(std::size_t node, bool silent);
  void start(std::size_t node);  // waits until it listens
  void pause(std::size_t node);
  void resume(std::size_t node);
  void configure(std::size_t node, const scenarios::ConfigLines& lines);
  void configure_master(std::size_t node, std::string master);
  void forget_disk(std::size_t node) { nodes_[node].process->forget_files(); }

 private:
  struct Node {
    const scenarios::Node* plan = nullptr;
    std::unique_ptr<RedisProcess> process;
    scenarios::ConfigLines config;
    std::string replicaof;
    bool up = false;
    std::unique_ptr<RespClient> observer;
    std::map<std::string, std::unique_ptr<RespClient>> clients;
    std::optional<scenarios::golden::Info> info;
    std::optional<model::Reply> role;
  };
  struct Loop;

  void make_proxy(std::size_t from, std::size_t to);
  void note_up(std::size_t node, bool up);
  void give_data(std::size_t node);
  std::string password(std::size_t node) const;

  const scenarios::Scenario& scenario_;
  std::unique_ptr<Loop> loop_;
  Loopback loopback_;
  std::vector<std::string> names_;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<ScriptPeer>> peers_;
  std::map<std::pair<std::size_t, std::size_t>, std::unique_ptr<FaultProxy>> proxies_;
  std::map<const ProxyConnection*, std::uint32_t> numbers_;
  std::vector<std::weak_ptr<ProxyConnection>> connections_;
  std::vector<std::pair<std::uint32_t, bool>> stopped_;
  scenarios::Wire wire_;
  sim::Trace trace_{sim::TraceMode::keep};
  std::uint64_t news_ = 0;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace live
