#include "model/replicas.h"

#include <algorithm>
#include <string>

#include "model/blocking.h"
#include "model/data/resp.h"
#include "model/own_streams.h"
#include "model/snapshots.h"

namespace model {

std::string who(const Session& session) {
  return "replica " + session.peer_ip + ":" +
         std::to_string(session.announced.port != 0 ? session.announced.port : session.peer_port);
}

std::vector<Session*> replicas_in(State& s, FeedState state) {
  std::vector<Session*> result;
  for (const ConnId conn : s.replicas) {
    Session& session = *s.find(conn);
    if (session.feed.state == state) result.push_back(&session);
  }
  return result;
}

void feed_hears(Turn& t, Session& session, FeedEvent event) {
  const FeedEdge* edge = find_edge(session.feed.state, event);
  if (edge == nullptr) {
    t.effect(Impossible{"a replica in " + std::string(name(session.feed.state)) +
                        " cannot take \"" + std::string(name(event)) + "\""});
    return;
  }
  t.effect(Transitioned{MachineKind::replica_feed, session.conn,
                        static_cast<std::uint8_t>(edge->from), static_cast<std::uint8_t>(edge->to),
                        static_cast<std::uint8_t>(event)});
  session.feed.state = edge->to;
}

void replica_lost(Turn& t, Session& session, FeedEvent why) {
  State& s = t.s;
  if (!session.is_replica() || session.feed.state == FeedState::gone) return;
  const FeedState was = session.feed.state;
  feed_hears(t, session, why);
  session.feed.file = Blob();
  std::erase(s.replicas, session.conn);
  if (s.replicas.empty()) s.no_replicas_since = t.now();
  if (was == FeedState::wait_bgsave_end && s.snapshot && !s.snapshot->ended &&
      replicas_in(s, FeedState::wait_bgsave_end).empty()) {
    const bool wanted_anyway =
        s.snapshot->target == Snapshot::Target::disk && !s.config.save.empty();
    if (!wanted_anyway && s.snapshot->target != Snapshot::Target::save_only) {
      t.mark(Mark::snapshot_killed_unneeded);
      kill_snapshot(t);
    }
  }
  recount_good_replicas(t);
}

void drop_replica(Turn& t, Session& session, FeedEvent why) {
  replica_lost(t, session, why);
  session.close_soon = true;
}

void drop_all_replicas(Turn& t, std::string_view why) {
  State& s = t.s;
  if (s.replicas.empty()) return;
  t.mark(Mark::subreplicas_dropped);
  if (t.prose()) t.note("link", "drops its replicas: " + std::string(why));
  for (const ConnId conn : std::vector<ConnId>(s.replicas)) {
    drop_replica(t, *s.find(conn), FeedEvent::dropped);
    if (!s.rules.drops_all_subreplicas) return;
  }
}

void keep_waiters_alive(Turn& t) {
  State& s = t.s;
  for (const ConnId conn : s.replicas) {
    Session& session = *s.find(conn);
    const FeedState state = session.feed.state;
    const bool cut_off = !s.is_master() && s.link.state != LinkState::connected;
    const bool waits = state == FeedState::wait_bgsave_start ||
                       (state == FeedState::wait_bgsave_end && !relays_to_sockets(s)) ||
                       (state == FeedState::online && cut_off && !s.rules.stream_has_no_keepalives);
    if (!waits || session.unsent() > 0) continue;
    t.mark(Mark::keepalive_newline_sent);
    session.out += '\n';
  }
}

void drop_silent_replicas(Turn& t) {
  State& s = t.s;
  each_replica(s, [&](Session& session) {
    const Feed& feed = session.feed;
    if (feed.state == FeedState::online && !feed.came_with_sync &&
        seconds_between(feed.acked_at, t.now()) > s.config.repl_timeout) {
      t.mark(Mark::replica_timed_out);
      if (t.prose()) t.note("link", who(session) + " said nothing for too long: dropped");
      drop_replica(t, session, FeedEvent::timed_out);
    } else if (feed.state == FeedState::wait_bgsave_end && relays_to_sockets(s) &&
               feed.stuck_since && s.rules.times_out_diskless_readers &&
               seconds_between(*feed.stuck_since, t.now()) > s.config.repl_timeout) {
      t.mark(Mark::replica_transfer_timed_out);
      if (t.prose())
        t.note("link", who(session) + " took nothing of the payload for too long: dropped");
      drop_replica(t, session, FeedEvent::timed_out);
    }
  });
}

namespace {

// A limit below the backlog's size would end replicas that the backlog could serve (V46).
std::int64_t hard_limit(const State& s) {
  const std::int64_t hard = s.config.replica_output_limit.hard;
  if (hard == 0 || !s.rules.limit_covers_backlog) return hard;
  return std::max(hard, s.config.repl_backlog_size);
}

}  // namespace

bool limits_have_work(const State& s) {
  const OutputLimit& limit = s.config.replica_output_limit;
  const std::int64_t least = limit.soft != 0 ? limit.soft : hard_limit(s);
  if (least == 0) return false;
  return std::any_of(s.replicas.begin(), s.replicas.end(), [&](ConnId conn) {
    const Session& replica = s.sessions.at(conn);
    // One that was over the soft limit and is no more is to be noticed: its time starts anew.
    return replica.feed.over_soft_since || output_memory(s, replica) >= least;
  });
}

void drop_slow_replicas(Turn& t) {
  State& s = t.s;
  const OutputLimit& limit = s.config.replica_output_limit;
  const std::int64_t hard = hard_limit(s);
  each_replica(s, [&](Session& session) {
    const std::int64_t used = output_memory(s, session);
    const bool over_soft = limit.soft != 0 && used >= limit.soft;
    if (!over_soft) session.feed.over_soft_since.reset();
    if (over_soft && !session.feed.over_soft_since) session.feed.over_soft_since = t.now();
    const bool too_long =
        over_soft && seconds_between(*session.feed.over_soft_since, t.now()) > limit.soft_seconds;
    const bool too_much = hard != 0 && used >= hard;
    if (!too_much && !too_long) return;
    t.mark(too_much ? Mark::replica_over_hard_limit : Mark::replica_over_soft_limit);
    if (t.prose()) {
      t.note("link", who(session) + " takes " + std::to_string(used) +
                         " bytes of output, over the output buffer limit: dropped");
    }
    drop_replica(t, session, FeedEvent::over_limit);
  });
}

void recount_good_replicas(Turn& t) {
  State& s = t.s;
  s.good_replicas = 0;
  if (s.config.min_replicas_to_write == 0 || s.config.min_replicas_max_lag == 0) return;
  for (const ConnId conn : s.replicas) {
    const Feed& feed = s.find(conn)->feed;
    s.good_replicas += feed.state == FeedState::online &&
                       seconds_between(feed.acked_at, t.now()) <= s.config.min_replicas_max_lag;
  }
}

void release_waiters(Turn& t) {
  State& s = t.s;
  for (auto& [conn, session] : s.sessions) {
    if (!session.waiting) continue;
    const std::int64_t acked = acked_by(s, session.waiting->offset);
    const bool enough = acked >= session.waiting->replicas;
    const bool late = session.waiting->deadline && *session.waiting->deadline <= t.now();
    if (!enough && !late) continue;
    t.mark(enough ? Mark::wait_satisfied : Mark::wait_timed_out);
    t.effect(WaitAnswered{session.waiting->offset, acked, conn});
    ReplyWriter(session.out).integer(acked);
    unblock(t, session);
  }
}

std::int64_t acked_by(const State& s, Offset offset) {
  std::int64_t count = 0;
  for (const ConnId conn : s.replicas) {
    const Feed& feed = s.sessions.at(conn).feed;
    count +=
        feed.state == FeedState::online && (feed.acked >= offset || !s.rules.wait_counts_acked);
  }
  return count;
}

bool reads_stream(const State& s, const Session& replica) {
  return s.backlog && replica.is_replica() && replica.feed.state != FeedState::gone &&
         replica.feed.state != FeedState::wait_bgsave_start &&
         (!replica.announced.rdb_only || (replica.announced.rdb_channel && replica.feed.pins_stream));
}

std::int64_t output_memory(const State& s, const Session& replica) {
  if (feeds_each(s)) return static_cast<std::int64_t>(replica.feed.own_stream.size());
  if (replica.announced.rdb_channel) return 0;  // the stream goes to its main connection
  if (!reads_stream(s, replica)) return 0;
  // Until something is fed that it is owed it stands nowhere.
  if (replica.feed.owed_from == s.backlog->next()) return 0;
  return s.backlog->memory_from(replica.feed.position);
}

}  // namespace model
