// The simulated world: the kernel, and on its hosts the nodes with their servers, disks, clocks and
// jobs, raw peers and clients. The one place where simulator and model meet.
//
//      kernel --occurrence--> World --one input--> Server --effects--> World --> kernel, jobs,
//      disks
//                                                     |
//                                                     +--> Bench (before they are carried out)
//
// One occurrence is one input of one server. What the server wants is carried out in order, at
// once. A world is a value: a copy runs on identically.
//
//      hosts    0 ..   the nodes, in order of the scenario
//               then   raw peers
//               then   "nowhere": what an unknown name leads to; every dial is refused
//               then   "clients"
//
// The node or peer on host n has the address 10.0.0.<n+1>. Clients come from 127.0.0.1.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/effects.h"
#include "model/server.h"
#include "scenarios/world/clients.h"
#include "scenarios/world/jobs.h"
#include "scenarios/world/node.h"
#include "scenarios/oracles/oracles.h"
#include "scenarios/world/peers.h"
#include "scenarios/language/scenario.h"
#include "scenarios/world/wire.h"
#include "sim/kernel.h"

namespace scenarios {

class World {
 public:
  // `scenario` is shared by all copies and never changes.
  World(std::shared_ptr<const Scenario> scenario, sim::Choice choice, sim::TraceMode mode);

  // Starts the nodes and gives them their data. Before anything else, once. Says what went wrong
  // with the data, if anything did.
  std::optional<std::string> begin();

  // Takes the next occurrence at or before `until` and does what the hosts do with it. It is handed
  // on, without its bytes, as `stopped`, `step` and `fault` are nobody's here. Nothing: time is
  // `until`.
  std::optional<sim::Occurrence> advance(sim::Instant until);

  // --- looking -----------------------------------------------------------------------------------
  const Scenario& scenario() const { return *scenario_; }
  sim::Instant now() const { return kernel_.now(); }
  std::size_t nodes() const { return nodes_.size(); }
  const NodeProcess& node(std::size_t index) const { return nodes_[index]; }
  // None when its process does not run.
  const model::State* state(std::size_t index) const;
  std::optional<std::size_t> node_named(std::string_view name) const;
  std::string_view name_of(sim::HostId host) const { return kernel_.name(host); }
  // The port that a node or peer listens on.
  int port_of(std::string_view name) const;
  // A node or peer, by name or address.
  std::optional<sim::HostId> host_named(std::string_view name) const;
  // Whom a server reaches at an address and a port of that address: nobody, unless one listens there.
  std::optional<sim::HostId> host_at(sim::HostId from, std::string_view address, int port) const;
  // The port that a connection was dialled to; 0 when a peer dialled it.
  int port_dialled(sim::EndId end) const;
  sim::HostId host_of(std::size_t index) const { return nodes_[index].host; }
  // The node that a node follows now, if it is one of ours.
  std::optional<std::size_t> follows(std::size_t index) const;
  // How `master` sees its replica on `host`: the newest of its sessions, null when it has none.
  const model::Session* replica_of(std::size_t master, sim::HostId host) const;
  bool reached(model::Mark mark) const { return reached_[static_cast<std::size_t>(mark)]; }
  bool is_idle() const;  // no job runs
  std::vector<NodeView> views() const;
  // What the scenario says of a link, and of who is let in, as long as no fault has a say.
  sim::LinkProfile usual_link(sim::HostId from, sim::HostId to) const;
  sim::Welcome usual_welcome(sim::HostId to) const;

  // --- parts -------------------------------------------------------------------------------------
  sim::Kernel& kernel() { return kernel_; }
  const sim::Kernel& kernel() const { return kernel_; }
  sim::Trace& trace() { return kernel_.trace(); }
  Clients& clients() { return clients_; }
  const Clients& clients() const { return clients_; }
  const Peers& peers() const { return peers_; }
  Wire& wire() { return wire_; }
  const Wire& wire() const { return wire_; }
  const Jobs& jobs() const { return jobs_; }
  Bench& bench() { return bench_; }
  const Bench& bench() const { return bench_; }

  // --- processes ---------------------------------------------------------------------------------
  // False when there was nothing to do: it runs already, it is down already. The kernel tells of
  // each in the trace.
  bool crash(std::size_t node, sim::Farewell farewell);
  bool start(std::size_t node);
  bool terminate(std::size_t node);  // SIGTERM
  bool pause(std::size_t node);
  bool resume(std::size_t node);
  // The event loop does nothing else for this long.
  void occupy(std::size_t node, sim::Duration time);

  // What a process starts from: takes effect at its next start.
  void forget_disk(std::size_t node) { nodes_[node].disk.clear(); }
  void configure(std::size_t node, const ConfigLines& lines);
  // Instead of all lines so far.
  void configure_anew(std::size_t node, ConfigLines lines) {
    nodes_[node].config = std::move(lines);
  }
  // At the port that it listens on, unless another is given.
  void configure_master(std::size_t node, std::string name, int port = 0) {
    nodes_[node].replicaof = std::move(name);
    nodes_[node].replicaof_port = port;
  }
  // Where all have one address: a further port at which `host` is reached, say of a proxy before it.
  void add_port(int port, sim::HostId host) { more_ports_[port] = host; }

  // --- its machine -------------------------------------------------------------------------------
  void slow_down(std::size_t node, sim::Duration by) { nodes_[node].slow_by = by; }
  void fill_disk(std::size_t node, bool full) { nodes_[node].machine.disk_full = full; }
  // Bytes sent to it on this connection were changed where no checksum notices; whoever follows it is
  // handed them on.
  void input_corrupted(std::size_t node, std::optional<sim::EndId> sender);
  WallClock& clock(std::size_t node) { return nodes_[node].clock; }
  void order_job(const JobFault& fault, std::size_t node, std::uint32_t count, sim::FaultTag by);
  void revoke_job_orders(sim::FaultTag by);

  // --- raw peers ---------------------------------------------------------------------------------
  void peer_dials(sim::HostId peer, sim::HostId to);
  bool peer_sends(sim::HostId peer, std::string_view bytes);
  bool peer_closes(sim::HostId peer, sim::CloseHow how);
  // The same on one of its connections, see Peers::sessions().
  bool peer_sends(sim::HostId peer, std::size_t session, std::string_view bytes);
  bool peer_closes(sim::HostId peer, std::size_t session, sim::CloseHow how);

  // Everything but what observers made of it.
  bool operator==(const World& other) const;

 private:
  // Storage that is kept from input to input and means nothing in between: no part of the value.
  struct Scratch {
    Scratch() = default;
    Scratch(const Scratch&) {}
    Scratch& operator=(const Scratch&) { return *this; }
    model::Effects effects;
    std::vector<NodeView> views;
    std::string bytes;
  };

  void lay_out();
  void set_links();
  model::Boot boot(const NodeProcess& node) const;
  std::optional<std::string> give_data(std::size_t node);
  std::string snapshot_of_data(std::size_t node, std::string& problem) const;

  // Where an input comes from, if it comes on a connection.
  struct Source {
    std::optional<model::ConnId> conn;
    std::optional<std::size_t> peer;  // the node at the other side
    bool client = false;
    std::optional<model::JobId> ended_job;
    bool conn_ended = false;
  };
  Source source_of(const NodeProcess& node, sim::EndId end) const;

  void handle_node(const sim::Occurrence& occurrence);
  void handle_connection(std::size_t node, const sim::Occurrence& occurrence);
  void handle_job(std::uint64_t job);
  void follow_peers();

  // One input of the server on `node`: `act(server, moment)`, then its effects.
  template <class Act>
  void input(std::size_t node, const Source& source, Act&& act);
  struct Input {
    const Source& source;
    std::size_t shown = 0;  // effects that the bench has seen
    // A unit was open when an order came, and the offset then.
    std::optional<model::Offset> unit_at;
  };
  void look(std::size_t node, Input& input, bool midway);
  void note_data(std::size_t node, Input& input, std::span<const model::Effect> effects,
                 bool midway);
  void note_copies(std::size_t node, const Source& source,
                   std::span<const model::Effect> effects);
  bool from_where(std::size_t node, const Source& source) const;
  static NodeProcess::Copy copy_from_above(const NodeProcess& node);
  void note_edge(std::size_t node, const model::Transitioned& edge);
  void note_old_release(std::size_t node, const Source& source, const model::Effect& effect);
  void note_master(std::size_t node);
  void carry_out(std::size_t node);
  void carry_out_postponed(std::size_t node);

  void perform(std::size_t node, const model::Dial& dial);
  void perform(std::size_t node, const model::Send& send);
  void perform(std::size_t node, const model::Hangup& hangup);
  void perform(std::size_t node, const model::SetReading& reading);
  void perform(std::size_t node, const model::StartJob& job);
  void perform(std::size_t node, const model::KillJob& job);
  void perform(std::size_t node, const model::WriteFile& file);
  void perform(std::size_t node, const model::Block& block);
  void perform(std::size_t node, const model::Exit& exit);
  void perform(std::size_t node, const model::Transitioned& edge);
  void perform(std::size_t node, const model::Reached& reached);
  void perform(std::size_t node, const model::Note& note);
  // For the bench alone:
  void perform(std::size_t, const model::Published&) {}
  void perform(std::size_t, const model::WroteUnit&) {}
  void perform(std::size_t, const model::WroteAside&) {}
  void perform(std::size_t, const model::ShownExpiring&) {}
  void perform(std::size_t, const model::WaitAnswered&) {}
  void perform(std::size_t, const model::Ordered&) {}
  void perform(std::size_t, const model::Resync&) {}
  void perform(std::size_t, const model::ProtocolBreach&) {}
  void perform(std::size_t, const model::Impossible&) {}

  static std::optional<sim::EndId> end_of(const NodeProcess& node, model::ConnId conn);
  static std::optional<model::ConnId> conn_of(const NodeProcess& node, sim::EndId end);
  static void forget(NodeProcess& node, sim::EndId end);
  void schedule_wake(std::size_t node);
  void schedule_job(std::size_t node, std::uint64_t job, sim::Instant at);
  void update_stall(std::size_t node);
  void end_process(std::size_t node, sim::Farewell farewell);
  void spread_from_raw();
  std::uint64_t payload_size(std::size_t node) const;
  std::string with_names(std::string text) const;
  void tell_process(std::size_t node, std::string_view what, std::string_view why);
  void fill_views(std::vector<NodeView>& views) const;

  friend class HostAround;

  std::shared_ptr<const Scenario> scenario_;
  sim::Kernel kernel_;
  std::vector<NodeProcess> nodes_;
  std::map<int, sim::HostId> more_ports_;
  std::map<sim::EndId, int> ports_dialled_;  // only where all have one address
  Peers peers_;
  Clients clients_;
  sim::HostId nowhere_{};
  Wire wire_;
  Jobs jobs_;
  std::bitset<256> reached_;
  std::string data_replies_;  // while data are given: what the node answers
  Bench bench_;
  Scratch scratch_;
};

}  // namespace scenarios
