// STATE: a server is never in a combination of states that cannot be (reference 1.4), never says so
// itself, and uses nothing that it has discarded: a job that it killed, a snapshot that was not
// sent.
#include <algorithm>
#include <array>
#include <variant>
#include <vector>

#include "model/own_streams.h"
#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

using model::LinkState;
using model::State;

std::optional<std::string> wrong_with_backlog(const State& s) {
  if (!s.backlog) {
    if (model::feeds_each(s)) return std::nullopt;  // none was kept before 2.8
    const bool attached =
        std::any_of(s.replicas.begin(), s.replicas.end(), [&](model::ConnId conn) {
          const auto session = s.sessions.find(conn);
          return session != s.sessions.end() && !session->second.close_soon &&
                 !session->second.close_after_reply;
        });
    if (attached) return "has replicas but no backlog (R1.2)";
    return std::nullopt;
  }
  if (s.backlog->next() != s.history.offset + 1) {
    return "has a backlog that ends with " + grouped(s.backlog->next() - 1) +
           " while its offset is " + grouped(s.history.offset) + " (R1.1)";
  }
  return std::nullopt;
}

// A node that once had an offset without an id (after SYNC) keeps "none" as a second id up to 0.
std::optional<std::string> wrong_with_second_id(const State& s) {
  const model::History& h = s.history;
  if (h.second_id.is_zero()) {
    if (h.second_offset > 0) return "has a second offset but no second id (R1.4)";
    return std::nullopt;
  }
  if (h.second_offset < 0) return "has a second id but no second offset (R1.4)";
  if (h.second_offset > h.offset + 1) {
    return "has a second id up to " + grouped(h.second_offset) + " while its offset is " +
           grouped(h.offset) + " (R1.4)";
  }
  return std::nullopt;
}

std::optional<std::string> wrong_with_roles(const State& s) {
  const model::Link& link = s.link;
  if (link.master && link.cached) return "has a master and a cached master (R1.5)";
  if ((link.state == LinkState::connected) != link.master.has_value()) {
    return "has a link in " + std::string(model::name(link.state)) +
           (link.master ? " and a master" : " and no master") + " (R1.5)";
  }
  if (link.host.empty() != (link.state == LinkState::none)) {
    return "follows \"" + link.host + "\" with a link in " + std::string(model::name(link.state)) +
           " (R1.5)";
  }
  return std::nullopt;
}

std::optional<std::string> wrong_with_master(const State& s) {
  // R1.6 is of a node that relays: before 4.0 its own count has nothing to do with its master's.
  if (!s.link.master || !model::relays(s)) return std::nullopt;
  const model::MasterSession& master = *s.link.master;
  if (!s.backlog) return "is connected to its master and has no backlog (R1.6)";
  if (master.id != s.history.id) {
    return "follows " + short_id(master.id) + " but says it is in " + short_id(s.history.id) +
           " (R1.6)";
  }
  if (master.applied != s.history.offset) {
    return "has applied " + grouped(master.applied) + " but says it is at " +
           grouped(s.history.offset) + " (R1.6)";
  }
  return std::nullopt;
}

std::optional<std::string> wrong_with_cached(const State& s) {
  if (!s.link.cached || !model::relays(s)) return std::nullopt;
  const model::Resumable& cached = *s.link.cached;
  if (cached.id != s.history.id || cached.applied != s.history.offset) {
    return "would resume from " + place(cached.id, cached.applied) + " but is at " +
           place(s.history.id, s.history.offset) + " (R1.7)";
  }
  if (cached.multi) return "keeps an open transaction of a lost master (R1.7)";
  if (cached.in.pending() > 0) {
    return "keeps " + std::to_string(cached.in.pending()) +
           " unparsed bytes of a lost master (R1.7)";
  }
  return std::nullopt;
}

// Whom min-replicas-to-write counts: never more than are online, and whoever has acknowledged lately
// when the cron has just looked (R9.13, R9.21). In between it may be late.
std::optional<std::string> wrong_with_good_replicas(const Scene& scene) {
  const State& s = scene.state;
  const model::Config& config = s.config;
  if (config.min_replicas_to_write == 0 || config.min_replicas_max_lag == 0) return std::nullopt;
  const model::Instant now(scene.at().time_since_epoch());
  std::int64_t online = 0, recent = 0;
  for (const model::ConnId conn : s.replicas) {
    const auto session = s.sessions.find(conn);
    if (session == s.sessions.end()) continue;
    const model::Feed& feed = session->second.feed;
    if (feed.state != model::FeedState::online) continue;
    online += 1;
    recent += model::seconds_between(feed.acked_at, now) <= config.min_replicas_max_lag;
  }
  if (s.good_replicas > online) {
    return "counts " + std::to_string(s.good_replicas) + " good replicas, and " +
           std::to_string(online) + " are online (R9.21)";
  }
  const bool looked =
      scene.same_life() && scene.before.replication_ticks != scene.now.replication_ticks;
  if (!looked || s.good_replicas == recent) return std::nullopt;
  return "has just counted " + std::to_string(s.good_replicas) + " good replicas, and " +
         std::to_string(recent) + " have acknowledged within min-replicas-max-lag (R9.13)";
}

struct Clause {
  std::string_view name;
  std::optional<std::string> (*wrong)(const State&);
};
constexpr auto kClauses = std::to_array<Clause>({
    {"roles", wrong_with_roles},
    {"backlog", wrong_with_backlog},
    {"second-id", wrong_with_second_id},
    {"master", wrong_with_master},
    {"cached-master", wrong_with_cached},
});

class StateOracle final : public Judging<StateOracle> {
 public:
  StateOracle() : Judging("STATE", "no server ever ran") {}

  void saw(const Scene& scene) override {
    if (failed()) return;
    held();
    for (const model::Effect& effect : scene.seen.effects) {
      if (const auto* impossible = std::get_if<model::Impossible>(&effect))
        report(scene, "impossible", impossible->text);
    }
    judge_jobs(scene);
    if (scene.state.exited) return;
    if (scene.feed_took_edge()) judge_relayed(scene);
    const State& s = scene.state;
    for (const Clause& clause : kClauses) {
      if (const auto wrong = clause.wrong(s)) report(scene, clause.name, *wrong);
    }
    if (const auto wrong = wrong_with_good_replicas(scene)) report(scene, "good-replicas", *wrong);
    const bool same_bytes =
        scene.before.first == scene.now.first && scene.before.next == scene.now.next;
    if (!s.backlog || same_bytes) return;
    if (const auto violation = s.backlog->violation()) report(scene, "backlog", *violation);
  }

 private:
  // Jobs that a process has killed: whatever they say later is nobody's business.
  struct Killed {
    std::uint32_t life = 0;
    std::vector<model::JobId> jobs;
  };

  void judge_jobs(const Scene& scene) {
    Killed& killed = killed_[scene.seen.node];
    if (killed.life != scene.now.life) killed = {scene.now.life, {}};
    const bool stale = scene.seen.ended_job &&
                       std::find(killed.jobs.begin(), killed.jobs.end(), *scene.seen.ended_job) !=
                           killed.jobs.end();
    if (stale) judge_stale(scene, *scene.seen.ended_job);
    for (const model::Effect& effect : scene.seen.effects) {
      if (const auto* kill = std::get_if<model::KillJob>(&effect)) killed.jobs.push_back(kill->job);
    }
  }

  void judge_stale(const Scene& scene, model::JobId job) {
    const bool wrote = std::any_of(
        scene.seen.effects.begin(), scene.seen.effects.end(),
        [](const model::Effect& e) { return std::holds_alternative<model::WriteFile>(e); });
    const bool ended_another = scene.before.snapshot == scene.now.snapshot &&
                               !scene.before.snapshot_ended && scene.now.snapshot_ended;
    const bool loaded = scene.link_took(model::LinkEvent::loaded);
    if (!wrote && !ended_another && !loaded) return;
    report(scene, "killed-job",
           "used the result of job " + std::to_string(static_cast<std::uint32_t>(job)) +
               ", which it had killed");
  }

  // A replica goes online behind a diskless snapshot when it was sent all of it (R4.16).
  void judge_relayed(const Scene& scene) {
    for (const model::ConnId conn : scene.feeds_that_took(model::FeedEvent::snapshot_relayed)) {
      const std::size_t sent = scene.state.sessions.at(conn).feed.file_sent;
      if (sent >= scene.before.snapshot_size) continue;
      report(scene, "online-too-soon",
             "has a replica online that was sent " + std::to_string(sent) + " of " +
                 std::to_string(scene.before.snapshot_size) + " bytes of its snapshot (R4.16)");
    }
  }

  void report(const Scene& scene, std::string_view clause, const std::string& what) {
    fail(scene, clause, std::string(scene.node.name) + ": " + what);
  }

  PerNode<Killed> killed_;
};

}  // namespace

std::unique_ptr<Oracle> make_state() {
  return std::make_unique<StateOracle>();
}

}  // namespace scenarios
