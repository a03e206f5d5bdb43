// LEAK: nothing is kept without somebody who needs it, and limits are enforced.
//
//      snapshot job     has a replica that waits for it, or was asked for by itself (R2.21, R4.8)
//      waiting replica  has a job that works for it
//      job's slot       is not held by a reader that takes nothing for longer than repl-timeout
//      (R2.6) backlog          goes when there was no replica for repl-backlog-ttl; is not longer
//      than
//                       repl-backlog-size but for a reader that still stands in it (R6.6, R6.11)
//      replica          is dropped when its output is over the hard limit
//      connection       is given up when it has ended, its peer's or ours; a replica that loads
//      notices when
//                       it is done (R4.34)
//      cached master    only while somebody is followed; a transfer only while its link is in
//      TRANSFER
//
// Times are counted in turns of the replication cron, which does the cleaning: a process that stood
// still is not blamed.
#include <algorithm>
#include <variant>

#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

using model::FeedState;
using model::Offset;
using model::Snapshot;
using model::State;

constexpr std::int64_t kGrace = 4;  // turns of the cron

// Since when something stands still, in turns of the cron.
struct Still {
  std::int64_t since = 0;
  std::int64_t value = 0;  // what would have to change
  sim::Instant at{};       // when that was

  // So many seconds are over, and so many turns: there are more of those while a failover runs.
  bool longer_than(std::int64_t seconds, std::int64_t turn, sim::Instant now) const {
    return turn - since > seconds && now - at > std::chrono::seconds(seconds);
  }
};

bool takes_payload(model::LinkState state) {
  using model::LinkState;
  return state == LinkState::transfer || state == LinkState::dual_connecting ||
         state == LinkState::dual_receive_reply || state == LinkState::dual_receive_endoff ||
         state == LinkState::dual_transfer;
}

template <class Enough>
bool any_replica(const State& s, Enough&& enough) {
  return std::any_of(s.replicas.begin(), s.replicas.end(), [&](model::ConnId conn) {
    const auto session = s.sessions.find(conn);
    return session != s.sessions.end() && enough(session->second);
  });
}

bool waits_for_job(const State& s) {
  return any_replica(
      s, [](const model::Session& r) { return r.feed.state == FeedState::wait_bgsave_end; });
}

class Leak final : public Judging<Leak> {
 public:
  Leak() : Judging("LEAK", "no server ever kept anything for somebody else") {}

  void saw(const Scene& scene) override {
    if (failed() || scene.state.exited) return;
    judge_link(scene);
    judge_connection(scene);
    judge_job(scene);
    judge_slot(scene);
    judge_backlog(scene);
    judge_limit(scene);
    judge_payload(scene);
  }

 private:
  void report(const Scene& scene, std::string_view clause, const std::string& what) {
    fail(scene, clause, std::string(scene.node.name) + " " + what);
  }

  void judge_link(const Scene& scene) {
    const model::Link& link = scene.state.link;
    if (link.cached && scene.now.master) {
      report(scene, "cached-master", "is a master and keeps the position of one that it followed");
    }
    if (link.transfer && !takes_payload(link.state)) {
      report(scene, "transfer",
             "keeps " + grouped(static_cast<std::int64_t>(link.transfer->payload.size())) +
                 " bytes of a transfer while its link is in " +
                 std::string(model::name(link.state)));
    }
  }

  void judge_connection(const Scene& scene) {
    const State& s = scene.state;
    std::optional<model::ConnId>& late = late_[scene.seen.node];
    if (!scene.same_life()) late.reset();
    if (scene.seen.conn_ended) {
      held();
      if (s.sessions.count(*scene.seen.conn) != 0) {
        report(scene, "dead-connection", "keeps a connection that its peer has ended");
      }
      if (s.link.conn == scene.seen.conn) late = scene.seen.conn;
    }
    if (!late) return;
    if (s.link.conn != late) return late.reset();
    if (s.link.transfer && s.link.transfer->load) return;
    report(scene, "dead-link",
           "goes on with a link in " + std::string(model::name(s.link.state)) +
               " that its master has ended");
  }

  void judge_job(const Scene& scene) {
    const State& s = scene.state;
    if (s.snapshot) {
      held();
      const bool by_itself =
          s.snapshot->target == Snapshot::Target::save_only ||
          (s.snapshot->target == Snapshot::Target::disk && !s.config.save.empty());
      if (by_itself || s.snapshot->ended || waits_for_job(s)) return;
      report(scene, "job-without-waiter", "makes a snapshot that no replica waits for");
    } else if (scene.before.snapshot != model::JobId{} || scene.feed_took_edge()) {
      held();
      if (!waits_for_job(s)) return;
      report(scene, "waiter-without-job",
             "has a replica that waits for a snapshot, and nobody makes one");
    }
  }

  // All replicas of a diskless snapshot take the same chunk: one that takes nothing stops them all.
  void judge_slot(const Scene& scene) {
    const State& s = scene.state;
    Still& still = slots_[scene.seen.node];
    Setting& timeout = timeouts_[scene.seen.node];
    if (timeout.value != s.config.repl_timeout) timeout = {s.config.repl_timeout, s.replication_ticks};
    if (!s.snapshot || s.snapshot->target != Snapshot::Target::socket) {
      still = {};
      return;
    }
    std::int64_t taken = 0;
    bool waits = false;
    for (const model::ConnId conn : s.replicas) {
      const auto session = s.sessions.find(conn);
      if (session == s.sessions.end()) continue;
      const model::Feed& feed = session->second.feed;
      if (feed.state != FeedState::wait_bgsave_end) continue;
      taken += static_cast<std::int64_t>(feed.file_sent) + 1;
      waits = waits || feed.file_sent < s.snapshot->relay_end;
    }
    if (!waits || taken != still.value || !scene.same_life()) {
      still = {s.replication_ticks, taken, scene.at()};
      return;
    }
    // A shorter repl-timeout is looked at by the cron that comes next.
    if (s.replication_ticks <= timeout.since + 1) return;
    if (!still.longer_than(s.config.repl_timeout + kGrace, s.replication_ticks, scene.at())) return;
    report(scene, "slot-held",
           "lets a replica that takes nothing hold up the snapshot for longer than repl-timeout, " +
               std::to_string(s.config.repl_timeout) + " s");
  }

  void judge_backlog(const Scene& scene) {
    const State& s = scene.state;
    Still& alone = alone_[scene.seen.node];
    const std::int64_t ttl = s.config.repl_backlog_ttl;
    const bool visited = !s.replicas.empty() || scene.feed_took_edge();
    if (!s.backlog || !scene.now.master || visited || ttl == 0 || ttl != alone.value ||
        !scene.same_life()) {
      alone = {s.replication_ticks, ttl, scene.at()};
    } else if (alone.longer_than(ttl + kGrace, s.replication_ticks, scene.at())) {
      report(scene, "backlog-kept",
             "keeps its backlog " + std::to_string(s.replication_ticks - alone.since) +
                 " s after its last replica left, repl-backlog-ttl is " + std::to_string(ttl) +
                 " s");
    }
    Blocks& blocks = blocks_[scene.seen.node];
    if (!s.backlog || !scene.same_life()) blocks = {};
    if (!s.backlog) return;
    if (s.backlog->size() >= blocks.size || s.backlog->first() > blocks.last) {
      blocks.size = s.backlog->size();
    }
    if (s.backlog->size() == blocks.size) blocks.last = s.backlog->next();
    // What is too long goes before the server sleeps.
    if (!scene.seen.midway) judge_length(scene, *s.backlog, blocks.size);
  }

  // The largest that repl-backlog-size was when what is held was written; so it was up to there.
  struct Blocks {
    std::int64_t size = 0;
    Offset last = 0;
  };

  // A block is as large as repl-backlog-size allowed when it was made.
  void judge_length(const Scene& scene, const model::Backlog& backlog, std::int64_t largest) {
    const std::int64_t block = std::max<std::int64_t>(largest / 16, 16384) * 5 / 4 + 64;
    if (backlog.histlen() <= backlog.size() + 2 * block) return;
    held();
    Offset oldest = backlog.next();
    for (const model::ConnId conn : scene.state.replicas) {
      const auto session = scene.state.sessions.find(conn);
      if (session == scene.state.sessions.end()) continue;
      const model::Feed& feed = session->second.feed;
      if (feed.state != FeedState::wait_bgsave_start) oldest = std::min(oldest, feed.position);
    }
    if (oldest - backlog.first() <= 2 * block) return;
    report(scene, "backlog-too-long",
           "holds " + grouped(backlog.histlen()) + " bytes of backlog, " +
               grouped(oldest - backlog.first()) + " of them for nobody, repl-backlog-size is " +
               grouped(backlog.size()));
  }

  // A replica's output is at the most the whole backlog. Limits are looked at when something is fed
  // and by the cron (R7.46): one that stays over its limit is a finding.
  void judge_limit(const Scene& scene) {
    const State& s = scene.state;
    Still& over = over_[scene.seen.node];
    const Still now{s.replication_ticks, 0, scene.at()};
    const std::int64_t hard = s.config.replica_output_limit.hard;
    const std::int64_t limit = std::max(hard, s.config.repl_backlog_size);
    if (hard == 0 || !s.backlog || s.replicas.empty() || s.backlog->histlen() < limit) {
      over = now;
      return;
    }
    held();
    const std::int64_t owed = most_owed(s);
    if (owed < limit || limit != over.value || !scene.same_life()) {
      if (owed < limit) came_near(limit - owed, "bytes", "a replica stayed below its limit by");
      over = {s.replication_ticks, limit, scene.at()};
    } else if (over.longer_than(kGrace, s.replication_ticks, scene.at())) {
      report(scene, "over-limit",
             "owes a replica " + grouped(owed) + " bytes and keeps it, the hard limit is " +
                 grouped(limit));
    }
  }

  static std::int64_t most_owed(const State& s) {
    std::int64_t most = 0;
    for (const model::ConnId conn : s.replicas) {
      const auto session = s.sessions.find(conn);
      if (session == s.sessions.end()) continue;
      const model::Feed& feed = session->second.feed;
      const bool reads = feed.state != FeedState::wait_bgsave_start &&
                         feed.owed_from != s.backlog->next() && !session->second.announced.rdb_only;
      // Else it is charged for nothing yet (R6.14).
      if (reads) most = std::max(most, s.backlog->next() - feed.position);
    }
    return most;
  }

  void judge_payload(const Scene& scene) {
    if (!scene.feed_took_edge()) return;
    const bool kept = any_replica(scene.state, [](const model::Session& r) {
      return r.feed.state == FeedState::online && r.feed.file;
    });
    if (kept) report(scene, "payload", "keeps the payload of a replica that has it all");
  }

  struct Setting {
    std::int64_t value = 0;
    std::int64_t since = 0;  // the turn of the cron when it was first seen
  };

  PerNode<Still> slots_, alone_, over_;
  PerNode<Setting> timeouts_;
  PerNode<Blocks> blocks_;
  PerNode<std::optional<model::ConnId>> late_;  // a link that ended and is not given up yet
};

}  // namespace

std::unique_ptr<Oracle> make_leak() {
  return std::make_unique<Leak>();
}

}  // namespace scenarios
