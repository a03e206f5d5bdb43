// LIVE: when the calm has ended, every replica whose top master can be reached is connected and
// online at its master, and got there without trying for ever. Excused are those whom their masters
// had to drop in the calm for what was owed to them (overruns.h). Within the calm, nobody is
// dropped for its silence while it loads (R4.22). At all times masters and replicas give each other
// up for silence when repl-timeout has passed, and not before (patience.h).
//
// Who cannot get there with the links, timeouts and releases as they are is "unknown" (reach.h). And
// dials count only while the master would let somebody in: one that serves no stale data answers PSYNC
// and SYNC with -MASTERDOWN while its own link is down, and a real replica, once it has got past PING
// by a password, asks again at once and without end.
#include <algorithm>
#include <variant>
#include <vector>

#include "model/failover.h"
#include "model/machines.h"
#include "scenarios/oracles/oracle_list.h"
#include "scenarios/oracles/overruns.h"
#include "scenarios/oracles/patience.h"
#include "scenarios/oracles/reach.h"

namespace scenarios {
namespace {

using model::LinkState;

// The newest times of something that may happen very often.
class Times {
 public:
  void add(sim::Instant at) {
    if (times_.size() == kMost) times_.erase(times_.begin(), times_.begin() + kMost / 2);
    times_.push_back(at);
  }
  std::size_t since(sim::Instant from) const {
    return static_cast<std::size_t>(times_.end() -
                                    std::lower_bound(times_.begin(), times_.end(), from));
  }

 private:
  static constexpr std::size_t kMost = 2048;
  std::vector<sim::Instant> times_;  // in order
};

struct Progress {
  sim::Instant since{};  // in its link state
  Times dials;
  Times losses;  // of an established link
  model::Offset received = -1;
  std::int64_t timeout = 0;    // repl-timeout
  std::int64_t heard = 0;      // the turn of the cron when that last changed,
  sim::Instant heard_at{};     // and when that was
  sim::Instant stuck_since{};  // a failover waits, and the offset stands still, since then
};

class Live final : public Judging<Live> {
 public:
  Live() : Judging("LIVE", "no replica had a running master at the end of a calm") {}

  void saw(const Scene& scene) override {
    overruns_.saw(scene);
    reach_.saw(scene);
    if (scene.feed_took_edge()) note_drop(scene);
    Progress& progress = progress_[scene.seen.node];
    judge_hearing(scene, progress);
    if (auto breach = patience_.saw(scene); breach && !failed())
      fail(scene, breach->clause, std::move(breach->text));
    if (!scene.now.failing_over || !scene.before.failing_over || scene.moved())
      progress.stuck_since = scene.at();
    if (!scene.same_life() || scene.before.link != scene.now.link) progress.since = scene.at();
    for (const model::Effect& effect : scene.seen.effects) {
      if (std::holds_alternative<model::Dial>(effect) && lets_in(scene))
        progress.dials.add(scene.at());
      const auto* edge = std::get_if<model::Transitioned>(&effect);
      if (edge == nullptr || edge->machine != model::MachineKind::replica_link) continue;
      if (LinkState{edge->from} == LinkState::connected) progress.losses.add(scene.at());
    }
  }

  void calm_ended(const CalmEnd& end, const Ledger&) override {
    bool any = false;
    bool all_trusted = true;
    for (std::size_t node = 0; node < end.nodes.size(); ++node) {
      all_trusted = all_trusted && trusted(end.nodes[node]);
      const auto top = top_of(node, end);
      if (!top || *top == node) continue;
      if (overruns_.above(node, end)) {
        all_trusted = false;
        continue;
      }
      any = true;
      held();
      auto wrong = wrong_with(end, node, *end.follows[node]);
      if (!wrong) continue;
      if (auto why = reach_.hindrance(node, end)) {
        unsure(end.at, std::move(*why));
      } else {
        fail(end.at, end.nodes[wrong->node], wrong->clause, std::move(wrong->finding));
      }
    }
    judge_drops(end);
    judge_failovers(end);
    judge_held(end);
    if (end.settled && any) {
      came_near((end.bound - end.at) / std::chrono::milliseconds(1), "ms",
                "the calm settled before its bound by");
    }
    if (!end.settled && any && all_trusted) {
      unsure(end.at, "every replica is connected, but the world did not settle within " +
                         seconds(end.at - end.began) + " of calm");
    }
  }

 private:
  static bool lets_in(const Scene& scene) {
    if (!scene.node.follows) return true;
    const model::State* const master = scene.seen.nodes[*scene.node.follows].state;
    // One that came with SYNC has no place in a history to name, and a copy beside the stream names it.
    if (master != nullptr && !master->is_master() && master->history.offset < 0) return false;
    return master == nullptr || master->is_master() || master->config.replica_serve_stale_data ||
           master->link.state == LinkState::connected;
  }

  // A replica that hears nothing of its master gives it up after repl-timeout (R9.4). Counted in
  // turns of its cron: a process that stood still is not blamed.
  void judge_hearing(const Scene& scene, Progress& progress) {
    const std::int64_t turn = scene.state.replication_ticks;
    const std::int64_t timeout = scene.state.config.repl_timeout;
    // A shorter repl-timeout is looked at by the cron that comes next.
    const bool other_timeout = progress.timeout != timeout;
    progress.timeout = timeout;
    if (!scene.now.has_master || !scene.same_life() || other_timeout ||
        progress.received != scene.now.received) {
      progress.received = scene.now.has_master ? scene.now.received : -1;
      progress.heard = turn;
      progress.heard_at = scene.at();
      return;
    }
    if (failed() || turn - progress.heard <= timeout + 3) return;
    if (scene.at() - progress.heard_at <= std::chrono::seconds(timeout + 3)) return;
    fail(scene, "deaf",
         std::string(scene.node.name) + " has heard nothing of its master for " +
             std::to_string(turn - progress.heard) + " s and holds on to it, repl-timeout is " +
             std::to_string(timeout) + " s");
  }

  // A replica was dropped for its silence while one of this node's followers was loading.
  struct Drop {
    sim::Instant at{};
    std::size_t replica = 0;
  };

  void note_drop(const Scene& scene) {
    const bool silent = std::any_of(
        scene.seen.effects.begin(), scene.seen.effects.end(), [](const model::Effect& effect) {
          const auto* edge = std::get_if<model::Transitioned>(&effect);
          return edge != nullptr && edge->machine == model::MachineKind::replica_feed &&
                 model::FeedEvent{edge->on} == model::FeedEvent::timed_out;
        });
    for (std::size_t i = 0; silent && i < scene.seen.nodes.size(); ++i) {
      const NodeView& other = scene.seen.nodes[i];
      if (other.state == nullptr || other.stalled || other.follows != scene.seen.node) continue;
      const auto& transfer = other.state->link.transfer;
      if (transfer && transfer->complete) drops_[scene.seen.node] = {scene.at(), i};
    }
  }

  // A failover ends when a replica has acknowledged everything (R10.31). What takes part that is no node
  // of ours may never do so, and a dead connection of the one that was named is asked as well as its
  // live one: only if all have caught up is there nothing to wait for.
  static bool caught_up(const model::State& s) {
    std::size_t candidates = 0, behind = 0;
    for (const model::ConnId conn : s.replicas) {
      const auto session = s.sessions.find(conn);
      if (session == s.sessions.end() || !model::may_take_over(s, session->second)) continue;
      candidates += 1;
      behind += session->second.feed.acked != s.history.offset;
    }
    return candidates > 0 && behind == 0;
  }

  void judge_failovers(const CalmEnd& end) {
    for (std::size_t i = 0; end.settled && i < end.nodes.size(); ++i) {
      const NodeView& node = end.nodes[i];
      const Progress* const progress = progress_.find(i);
      if (node.state == nullptr || progress == nullptr || !trusted(node)) continue;
      if (node.state->failover.state != model::FailoverState::waiting_for_sync) continue;
      if (!caught_up(*node.state)) continue;  // nobody can take over: it waits
      held();
      if (end.at - progress->stuck_since < std::chrono::seconds(3)) continue;
      fail(end.at, node, "failover-stuck",
           std::string(node.name) + " still fails over, at offset " +
               grouped(node.state->history.offset) + ", after " + seconds(end.at - end.began) +
               " of calm");
    }
  }

  // What a pause held back goes on when the pause is over, whatever ended it (R7.35, R10.34, R10.35).
  void judge_held(const CalmEnd& end) {
    for (const NodeView& node : end.nodes) {
      if (node.state == nullptr || node.stalled) continue;
      const model::State& s = *node.state;
      const auto held_back = [](const auto& entry) { return entry.second.parked.has_value(); };
      if (s.pause.until || model::failing_over(s) || s.shutdown || s.exited) continue;
      if (std::none_of(s.sessions.begin(), s.sessions.end(), held_back) &&
          !(s.link.master && s.link.master->session.parked)) {
        continue;
      }
      fail(end.at, node, "held",
           std::string(node.name) + " holds back a command after " + seconds(end.at - end.began) +
               " of calm, and there is no pause");
    }
  }

  void judge_drops(const CalmEnd& end) {
    for (std::size_t node = 0; node < end.nodes.size(); ++node) {
      const Drop* drop = drops_.find(node);
      const NodeView& master = end.nodes[node];
      if (drop == nullptr || master.state == nullptr) continue;
      const auto timeout = std::chrono::seconds(master.state->config.repl_timeout + 2);
      if (drop->at <= end.began + timeout || reach_.hindrance(drop->replica, end)) continue;
      const NodeView& replica = end.nodes[drop->replica];
      fail(drop->at, replica, "dropped-while-loading",
           std::string(master.name) + " dropped " + std::string(replica.name) +
               " for its silence in the middle of the calm, while it was loading");
    }
  }

  // More than this many dials, or losses of an established link, are no way to make progress: links
  // are healed, and a master that is not ready itself is asked once a second.
  static std::size_t most_dials(const CalmEnd& end) {
    const auto calm_seconds =
        static_cast<std::size_t>((end.at - end.began) / std::chrono::seconds(1));
    return 16 + 2 * std::min<std::size_t>(calm_seconds, 480);
  }
  static constexpr std::size_t kMostLosses = 3;

  struct Wrong {
    std::size_t node = 0;
    std::string_view clause;  // a literal
    std::string finding;
  };

  std::optional<Wrong> wrong_with(const CalmEnd& end, std::size_t index,
                                  std::size_t master_index) {
    const NodeView& node = end.nodes[index];
    const NodeView& master = end.nodes[master_index];
    const Progress& progress = progress_[index];
    const std::string pair =
        std::string(node.name) + " does not follow " + std::string(master.name);
    const std::size_t dials = progress.dials.since(end.began);
    const LinkState link = node.state->link.state;
    if (link != LinkState::connected) {
      return Wrong{index, "link-down",
                   pair + " after " + seconds(end.at - end.began) +
                       " of calm: its link stands in " + std::string(model::name(link)) +
                       " since " + seconds(progress.since) + " and was dialled " +
                       grouped(static_cast<std::int64_t>(dials)) + " times"};
    }
    const sim::Instant half = end.began + (end.at - end.began) / 2;
    const std::size_t losses = progress.losses.since(half);
    if (losses > kMostLosses && !Reach::pings_too_rarely(index, end)) {
      return Wrong{index, "link-flaps",
                   pair + " steadily: in the last " + seconds(end.at - half) +
                       " of calm it lost the link " + grouped(static_cast<std::int64_t>(losses)) +
                       " times"};
    }
    if (dials > most_dials(end)) {
      return Wrong{index, "dials-without-end",
                   std::string(node.name) + " dialled " + std::string(master.name) + " " +
                       grouped(static_cast<std::int64_t>(dials)) + " times in " +
                       seconds(end.at - end.began) + " of calm"};
    }
    return wrong_with_master(end, master_index);
  }

  std::optional<Wrong> wrong_with_master(const CalmEnd& end, std::size_t index) const {
    const NodeView& master = end.nodes[index];
    // Who is not connected, or cannot be held to following, is judged as itself.
    std::size_t followers = 0;
    for (std::size_t node = 0; node < end.nodes.size(); ++node) {
      followers += end.nodes[node].state != nullptr && end.follows[node] == index &&
                   end.nodes[node].state->link.state == LinkState::connected &&
                   !reach_.hindrance(node, end);
    }
    const auto online = static_cast<std::size_t>(std::count_if(
        master.state->replicas.begin(), master.state->replicas.end(), [&](model::ConnId conn) {
          const auto session = master.state->sessions.find(conn);
          return session != master.state->sessions.end() &&
                 session->second.feed.state == model::FeedState::online;
        }));
    if (online >= followers) return std::nullopt;
    return Wrong{index, "not-online",
                 std::string(master.name) + " sees " + std::to_string(online) + " of its " +
                     std::to_string(followers) + " connected replicas online after " +
                     seconds(end.at - end.began) + " of calm"};
  }

  PerNode<Progress> progress_;
  Overruns overruns_;
  Reach reach_;
  Patience patience_;
  PerNode<Drop> drops_;
};

}  // namespace

std::unique_ptr<Oracle> make_live() {
  return std::make_unique<Live>();
}

}  // namespace scenarios
