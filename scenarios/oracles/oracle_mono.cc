// MONO: acknowledged <= applied <= received <= written by the author, and no node goes back within
// a history, unless a full resync or a new life of its process put it there. While writes are
// paused, a master's stream carries pings and nothing else (R7.35, R8.10), and nothing at all while
// a failover with a time limit waits (R9.7).
#include <algorithm>
#include <string>
#include <vector>

#include "model/data/resp.h"
#include "model/own_streams.h"
#include "scenarios/oracles/oracle_list.h"
#include "scenarios/oracles/peaks.h"

namespace scenarios {
namespace {

using model::Offset;
using model::ReplId;

class Mono final : public Judging<Mono> {
 public:
  Mono() : Judging("MONO", "no node ever moved within a history") {}

  void saw(const Scene& scene) override {
    remember(peaks_[scene.seen.node], scene);
    if (failed() || !trusted(scene.node) || scene.now.id.is_zero()) return;
    judge_step(scene);
    judge_pause(scene);
    judge_session(scene);
    judge_acks(scene);
  }

 private:
  static void remember(std::vector<Peak>& peaks, const Scene& scene) {
    if (scene.same_life() && !scene.moved()) return;
    raise(peaks, scene.now.id, scene.now.offset);
  }

  void judge_step(const Scene& scene) {
    const Glance& before = scene.before;
    if (!scene.same_life() || before.id != scene.now.id || before.offset == scene.now.offset)
      return;
    if (before.loading || scene.link_took(model::LinkEvent::loaded)) return;
    if (!model::relays(scene.state)) return;  // SLAVEOF makes it count from 0 again (V19)
    held();
    if (before.offset < scene.now.offset) return;
    fail(scene, "went-back", std::string(scene.node.name) + " went back from " + grouped(before.offset) +
                         " to " + place(scene.now.id, scene.now.offset));
  }

  void judge_pause(const Scene& scene) {
    const Glance& before = scene.before;
    const Glance& now = scene.now;
    const bool failing_over = before.failing_over && now.failing_over;
    const bool paused = before.writes_paused && before.writes_paused == now.writes_paused &&
                        scene.at().time_since_epoch() < before.writes_paused->time_since_epoch();
    if (!failing_over && !paused) return;
    if (!scene.same_life() || !before.master || !now.master || before.id != now.id) return;
    held();
    if (before.offset >= now.offset || !now.has_backlog || before.next < now.first) return;
    const bool pings_held = before.pings_held && now.pings_held;
    if (!pings_held && only_pings(scene.state, before.next)) return;
    fail(scene, "moved-while-paused",
         std::string(scene.node.name) + " wrote " + grouped(now.offset - before.offset) +
             " bytes into its stream while " +
             (failing_over ? "a failover waits for a replica to have all of it"
                           : "writes are paused"));
  }

  // Pings, and before 7.0 the frame of a transaction that wrote nothing (V37).
  static bool only_pings(const model::State& s, Offset from) {
    const model::Backlog& backlog = *s.backlog;
    std::vector<std::string> harmless{model::request({"ping"}), model::request({"PING"})};
    if (s.rules.wrapping != model::Rules::Wrapping::by_size) {
      harmless.push_back(model::request({"MULTI"}));
      harmless.push_back(model::request({"EXEC"}));
      for (unsigned db = 0; db < s.data.databases(); ++db)
        harmless.push_back(model::request({"SELECT", std::to_string(db)}));
    }
    while (from < backlog.next()) {
      const auto next = std::find_if(harmless.begin(), harmless.end(), [&](const std::string& r) {
        return read(backlog, from, r.size()) == r;
      });
      if (next == harmless.end()) return false;
      from += static_cast<Offset>(next->size());
    }
    return true;
  }

  // Over the borders of blocks.
  static std::string read(const model::Backlog& backlog, Offset from, std::size_t count) {
    std::string bytes;
    while (bytes.size() < count && from < backlog.next()) {
      const std::string_view piece = backlog.read(from, count - bytes.size());
      bytes += piece;
      from += static_cast<Offset>(piece.size());
    }
    return bytes;
  }

  void judge_session(const Scene& scene) {
    const Glance& now = scene.now;
    if (!now.has_master || scene.state.link.master->no_offset) return;
    if (scene.same_life() && !scene.moved() && scene.before.has_master &&
        scene.before.received == now.received && scene.before.applied == now.applied) {
      return;
    }
    held();
    if (now.applied > now.received) {
      return fail(scene, "applied-not-received", std::string(scene.node.name) + " has applied " +
                                  grouped(now.applied) + " of " + short_id(now.id) +
                                  " but received only " + grouped(now.received));
    }
    const auto written = scene.ledger.end(now.id);
    if (!written || now.received <= *written) return;
    fail(scene, "received-not-written", std::string(scene.node.name) + " has received " + grouped(now.received) +
                         " bytes of " + short_id(now.id) + ", of which " +
                         author_name(scene.ledger, now.id, scene.seen.nodes) + " wrote only " +
                         grouped(*written));
  }

  // Acknowledgements show where they arrive: at the master, with the event that brought them.
  void judge_acks(const Scene& scene) {
    if (!scene.seen.conn || !scene.seen.peer) return;
    const std::size_t peer = *scene.seen.peer;
    if (!trusted(scene.seen.nodes[peer])) return;
    const auto session = scene.state.sessions.find(*scene.seen.conn);
    if (session == scene.state.sessions.end() || !session->second.is_replica()) return;
    const Offset acked = session->second.feed.acked;
    if (acked == 0) return;
    const auto applied = furthest(peer, scene.now);
    if (!applied) return;
    held();
    if (acked <= *applied) return;
    fail(scene.at(), scene.seen.nodes[peer], "acked-not-applied", std::string(scene.seen.nodes[peer].name) + " acknowledged " + grouped(acked) +
                         " of " + short_id(scene.now.id) + " to " + std::string(scene.node.name) +
                         " but has applied only " + grouped(*applied));
  }

  // How far `peer` ever was in the history that this node serves, under either of its names.
  std::optional<Offset> furthest(std::size_t peer, const Glance& now) const {
    std::optional<Offset> result;
    const std::vector<Peak>* peaks = peaks_.find(peer);
    if (peaks == nullptr) return result;
    for (const Peak& peak : *peaks) {
      if (peak.id == now.id || peak.id == now.second_id)
        result = std::max(result.value_or(peak.offset), peak.offset);
    }
    return result;
  }

  // Over all its lives: what it acknowledged may arrive late.
  PerNode<std::vector<Peak>> peaks_;
};

}  // namespace

std::unique_ptr<Oracle> make_mono() {
  return std::make_unique<Mono>();
}

}  // namespace scenarios
