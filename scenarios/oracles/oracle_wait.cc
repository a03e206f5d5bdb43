// WAIT: what a master reports as held by n replicas has been applied by n nodes, and is not lost
// when one of them is promoted (R9.18). FAILOVER hands over to a replica that has everything.
//
// What WAIT answers for is everything that its client has written before: the offset must lie
// behind the event in which the client last changed data.
//
// A master counts connections: one that a replica has left and its master has not noticed counts with
// the new one, in a real server too.
//
// Applied means: the node was at that offset, and its data were those of the author there. A node
// that crashed later may have lost them: that is not the master's fault.
#include <algorithm>
#include <map>
#include <variant>
#include <vector>

#include "model/own_streams.h"
#include "scenarios/oracles/oracle_list.h"
#include "scenarios/oracles/peaks.h"

namespace scenarios {
namespace {

using model::LinkEvent;
using model::Offset;
using model::ReplId;

// A write that a client was told of as held here.
struct Promise {
  ReplId id;
  Offset offset = 0;
  std::uint32_t life = 0;
};

class Wait final : public Judging<Wait> {
 public:
  Wait() : Judging("WAIT", "no WAIT told a client that a replica holds its write") {}

  void saw(const Scene& scene) override {
    const std::size_t node = scene.seen.node;
    note_applied(applied_[node], scene);
    note_peers(scene);
    if (failed() || !trusted(scene.node)) return;
    judge_promotion(scene);
    judge_failover(scene);
    judge_exit(scene);
    for (const model::Effect& effect : scene.seen.effects) {
      const auto* answer = std::get_if<model::WaitAnswered>(&effect);
      if (answer != nullptr && answer->replicas > 0 && answer->offset > 0) judge(scene, *answer);
    }
    note_write(scene);  // what was answered in this event may have been asked for before it
  }

 private:
  // How far a node ever was with the right data, in each history.
  static void note_applied(std::vector<Peak>& peaks, const Scene& scene) {
    const Glance& now = scene.now;
    if (now.id.is_zero() || now.loading || !scene.changed()) return;
    if (trusted(scene.node)) {
      const auto expected = scene.expected();
      if (expected && *expected != now.digest) return;
    }
    raise(peaks, now.id, now.offset);
  }

  // Who is at the other side of a replica's connection. A raw peer that plays one may acknowledge
  // what it likes.
  void note_peers(const Scene& scene) {
    std::map<model::ConnId, std::size_t>& peers = peers_[scene.seen.node];
    if (!scene.same_life()) peers.clear();
    if (!scene.seen.conn) return;
    if (scene.seen.conn_ended) peers.erase(*scene.seen.conn);
    const auto session = scene.state.sessions.find(*scene.seen.conn);
    if (session == scene.state.sessions.end() || !session->second.is_replica()) return;
    if (scene.seen.peer) {
      peers[*scene.seen.conn] = *scene.seen.peer;
    } else {
      strangers_[scene.seen.node] = true;
    }
  }

  std::int64_t connections_that_hold(const Scene& scene, Offset offset) {
    const auto& peers = peers_[scene.seen.node];
    return std::count_if(
        scene.state.replicas.begin(), scene.state.replicas.end(), [&](model::ConnId conn) {
          const auto peer = peers.find(conn);
          return peer != peers.end() && has_applied(peer->second, scene.now.id, offset);
        });
  }

  // A client changed data and wrote the change to the stream. In or at the end of a pause it may
  // have been somebody else's command that ran.
  void note_write(const Scene& scene) {
    std::map<model::ConnId, Peak>& writes = writes_[scene.seen.node];
    if (!scene.same_life()) writes.clear();
    if (!scene.seen.conn) return;
    if (scene.seen.conn_ended) writes.erase(*scene.seen.conn);
    const auto session = scene.state.sessions.find(*scene.seen.conn);
    if (session == scene.state.sessions.end() || session->second.is_replica()) return;
    const Glance& before = scene.before;
    const bool paused = before.writes_paused || before.failing_over || scene.state.shutdown;
    const bool wrote = scene.same_life() && before.digest != scene.now.digest &&
                       before.offset < scene.now.offset && before.id == scene.now.id;
    if (wrote && before.master && scene.now.master && !paused)
      writes[*scene.seen.conn] = {before.id, before.offset};
  }

  void judge_offset(const Scene& scene, const model::WaitAnswered& answer) {
    const auto& writes = writes_[scene.seen.node];
    const auto write = writes.find(answer.conn);
    if (write == writes.end() || write->second.id != scene.now.id) return;
    held();
    if (answer.offset > write->second.offset) return;
    fail(scene, "older-write",
         std::string(scene.node.name) + " answered a WAIT for " +
             place(scene.now.id, answer.offset) + ", but its client has written behind offset " +
             grouped(write->second.offset));
  }

  bool has_applied(std::size_t node, const ReplId& id, Offset offset) const {
    const std::vector<Peak>* peaks = applied_.find(node);
    return peaks != nullptr && std::any_of(peaks->begin(), peaks->end(), [&](const Peak& p) {
             return p.id == id && p.offset >= offset;
           });
  }

  void judge(const Scene& scene, const model::WaitAnswered& answer) {
    // Before 4.0 replicas count by themselves (V2): their offsets are not the master's.
    if (strangers_[scene.seen.node] || !relays(scene.state)) return;
    held();
    judge_offset(scene, answer);
    const ReplId& id = scene.now.id;
    std::int64_t holders = 0;
    for (std::size_t node = 0; node < scene.seen.nodes.size(); ++node) {
      if (node == scene.seen.node || !has_applied(node, id, answer.offset)) continue;
      ++holders;
      // It may have had them in an earlier life, and have started again from an older file.
      const NodeView& view = scene.seen.nodes[node];
      const bool has = view.state != nullptr && view.state->history.id == id &&
                       view.state->history.offset >= answer.offset;
      if (has) promises_[node] = Promise{id, answer.offset, view.life};
    }
    if (holders >= answer.replicas || connections_that_hold(scene, answer.offset) >= answer.replicas)
      return;
    fail(scene, "not-applied",
         std::string(scene.node.name) + " told a client that " + grouped(answer.replicas) +
             (answer.replicas == 1 ? " replica holds " : " replicas hold ") +
             place(id, answer.offset) + ", but only " + grouped(holders) +
             (holders == 1 ? " has" : " have") + " applied it");
  }

  void judge_promotion(const Scene& scene) {
    std::optional<Promise>& promise = promises_[scene.seen.node];
    if (!promise) return;
    if (promise->life != scene.now.life || scene.link_took(LinkEvent::loaded)) {
      return promise.reset();
    }
    const Glance& before = scene.before;
    if (before.master || !scene.now.master || before.id != promise->id) return;
    held();
    if (before.offset >= promise->offset) return;
    fail(scene, "lost-by-promotion",
         std::string(scene.node.name) + " was promoted at " + place(before.id, before.offset) +
             ", although a client had been told that it holds offset " + grouped(promise->offset));
  }

  // FAILOVER without FORCE waits as WAIT does, for the replica that it hands over to (R10.31).
  void judge_failover(const Scene& scene) {
    const bool waited = std::any_of(
        scene.seen.effects.begin(), scene.seen.effects.end(), [](const model::Effect& effect) {
          const auto* edge = std::get_if<model::Transitioned>(&effect);
          return edge != nullptr && edge->machine == model::MachineKind::failover &&
                 model::FailoverEvent{edge->on} == model::FailoverEvent::caught_up;
        });
    char& hands_over = hands_over_[scene.seen.node];
    hands_over = waited || (hands_over != 0 && scene.same_life());
    if (hands_over == 0 || scene.seen.midway) return;  // the order to follow the target comes next
    hands_over = 0;
    const auto target = scene.node.follows;
    if (!target || scene.now.offset == 0 || strangers_[scene.seen.node]) return;
    held();
    if (has_applied(*target, scene.now.id, scene.now.offset)) return;
    fail(scene, "failover-not-applied",
         std::string(scene.node.name) + " hands over to " +
             std::string(scene.seen.nodes[*target].name) + " at " +
             place(scene.now.id, scene.now.offset) + ", which that has not applied");
  }

  // SHUTDOWN waits for all replicas, until shutdown-timeout (R10.19).
  void judge_exit(const Scene& scene) {
    const model::State& s = scene.state;
    if (!s.exited || !s.shutdown || scene.at().time_since_epoch() >= s.shutdown->deadline.time_since_epoch())
      return;
    for (const model::ConnId conn : s.replicas) {
      const auto session = s.sessions.find(conn);
      if (session == s.sessions.end()) continue;
      held();
      const model::Offset acked = session->second.feed.acked;
      if (acked == s.history.offset) continue;
      fail(scene, "exited-too-soon",
           std::string(scene.node.name) + " exits at offset " + grouped(s.history.offset) +
               ", a replica has acknowledged " + grouped(acked) + ", and shutdown-timeout is not over");
    }
  }

  PerNode<std::vector<Peak>> applied_;
  PerNode<std::optional<Promise>> promises_;
  PerNode<char> strangers_;
  PerNode<std::map<model::ConnId, std::size_t>> peers_;
  PerNode<char> hands_over_;
  PerNode<std::map<model::ConnId, Peak>> writes_;  // by client: where the stream stood before it
};

}  // namespace

std::unique_ptr<Oracle> make_wait() {
  return std::make_unique<Wait>();
}

}  // namespace scenarios
