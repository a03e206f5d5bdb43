// PROTO: no node ever hears from another what the protocol does not allow.
//
// A replica knows the end of a diskless payload only when nothing comes behind it, so its master
// sends no stream before it has heard of it (R4.12).
//
// What raw peers and clients send may be anything; a node is judged for its master's words, and for
// those of its replicas when the world says who they are.
#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "model/data/resp.h"
#include "model/server.h"
#include "scenarios/oracles/ledger.h"
#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

class Proto final : public Judging<Proto> {
 public:
  Proto() : Judging("PROTO", "no node ever listened to another") {}

  void saw(const Scene& scene) override {
    if (failed() || scene.node.from_raw || scene.node.corrupted_input) return;
    if (scene.seen.peer || heard_stream(scene)) held();
    judge_first_stream(scene);
    judge_getack(scene);
    judge_asking(scene);
    for (const model::Effect& effect : scene.seen.effects) {
      const auto* breach = std::get_if<model::ProtocolBreach>(&effect);
      if (breach == nullptr || !from_a_node(scene, breach->conn)) continue;
      held();
      fail(scene, "illegal-unit",
           std::string(scene.node.name) + " heard from " + speaker(scene, breach->conn) +
               " what it must not: " + breach->text);
    }
  }

 private:
  // A replica that was sent a diskless payload, until it is heard of.
  struct Awaited {
    model::ConnId conn{};
    model::Instant since{};
    model::Offset owed = 0;  // the first byte behind the payload
  };

  void judge_first_stream(const Scene& scene) {
    std::vector<Awaited>& awaited = awaited_[scene.seen.node];
    if (!scene.same_life()) awaited.clear();
    if (awaited.empty() && !scene.feed_took_edge()) return;
    std::erase_if(awaited, [&](const Awaited& a) {
      const auto session = scene.state.sessions.find(a.conn);
      if (session == scene.state.sessions.end()) return true;
      const model::Feed& feed = session->second.feed;
      const bool heard = scene.seen.conn == a.conn || feed.acked_at > a.since;
      if (feed.state != model::FeedState::online || heard) return true;
      if (feed.position <= a.owed) return false;
      fail(scene, "stream-too-soon",
           std::string(scene.node.name) +
               " sends the stream behind the mark of a diskless payload before the replica has "
               "acknowledged it");
      return true;
    });
    for (const model::ConnId conn : scene.feeds_that_took(model::FeedEvent::snapshot_relayed)) {
      if (scene.seen.conn == conn) continue;  // it is what was heard now
      const model::Feed& feed = scene.state.sessions.at(conn).feed;
      awaited.push_back({conn, feed.acked_at, feed.snapshot_offset + 1});
    }
  }

  // REPLCONF GETACK in the stream is answered at once (R5.21, R7.20).
  void judge_getack(const Scene& scene) {
    static const std::string kGetack = model::request({"REPLCONF", "GETACK", "*"});
    const Glance& before = scene.before;
    const Glance& now = scene.now;
    const model::Link& link = scene.state.link;
    if (failed() || scene.seen.midway || !before.has_master || !now.has_master || before.id != now.id) return;
    const model::Offset passed = now.applied - before.applied;
    if (passed < static_cast<model::Offset>(kGetack.size()) || !scene.same_life()) return;
    if (!scene.state.rules.has_acks || link.master->no_offset || link.master->closing) return;
    const std::string_view applied =
        scene.ledger.read(now.id, before.applied + 1, static_cast<std::size_t>(passed));
    if (applied.find(kGetack) == std::string_view::npos) return;
    held();
    const bool answers = !link.out.empty() ||  // there is no room
                         std::any_of(scene.seen.effects.begin(), scene.seen.effects.end(),
                                     [&](const model::Effect& effect) {
                                       const auto* sent = std::get_if<model::Send>(&effect);
                                       return sent != nullptr && sent->conn == link.conn;
                                     });
    if (answers) return;
    fail(scene, "getack-unanswered",
         std::string(scene.node.name) + " has applied a GETACK of its master, up to " +
             place(now.id, now.applied) + ", and does not acknowledge");
  }

  // A client that waits (WAIT) makes its server ask the replicas before it sleeps: not while clients
  // are paused (R7.20).
  void judge_asking(const Scene& scene) {
    Asking& asking = asking_[scene.seen.node];
    const model::State& s = scene.state;
    const auto client = scene.seen.conn ? s.sessions.find(*scene.seen.conn) : s.sessions.end();
    if (client != s.sessions.end() && client->second.waiting && asking.client != client->first)
      asking = {client->first, s.replication_ticks};
    if (!asking.client) return;
    const auto waiter = s.sessions.find(*asking.client);
    const bool asked = std::any_of(
        scene.seen.effects.begin(), scene.seen.effects.end(), [](const model::Effect& effect) {
          const auto* reached = std::get_if<model::Reached>(&effect);
          return reached != nullptr && reached->mark == model::Mark::getack_sent;
        });
    if (asked || !scene.same_life() || waiter == s.sessions.end() || !waiter->second.waiting ||
        s.replicas.empty() || !s.rules.has_acks || s.rules.stream == model::Rules::Stream::per_replica) {
      asking = {};
      return;
    }
    const bool paused = s.pause.until || s.shutdown || scene.now.failing_over;
    if (paused) asking.since = s.replication_ticks;
    if (s.replication_ticks <= asking.since + 1) return;
    held();
    fail(scene, "wait-unasked",
         std::string(scene.node.name) + " has a client that waits for replicas, and has not asked them");
  }

  static bool heard_stream(const Scene& scene) {
    return scene.now.has_master && scene.before.received != scene.now.received;
  }

  static bool dialled(model::ConnId conn) {
    return static_cast<std::uint32_t>(conn) >= model::Server::kDialled;
  }

  static bool from_a_node(const Scene& scene, model::ConnId conn) {
    return dialled(conn) || (scene.seen.conn == conn && scene.seen.peer);
  }

  static std::string speaker(const Scene& scene, model::ConnId conn) {
    if (scene.seen.conn == conn && scene.seen.peer) {
      return std::string(scene.seen.nodes[*scene.seen.peer].name);
    }
    return "its master";
  }

  // A client that waits, until its server has asked the replicas; the turn of the cron since then.
  struct Asking {
    std::optional<model::ConnId> client;
    std::int64_t since = 0;
  };

  PerNode<std::vector<Awaited>> awaited_;
  PerNode<Asking> asking_;
};

}  // namespace

std::unique_ptr<Oracle> make_proto() {
  return std::make_unique<Proto>();
}

}  // namespace scenarios
