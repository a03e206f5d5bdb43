#include "model/cron.h"

#include <algorithm>
#include <utility>

#include "model/applying.h"
#include "model/blocking.h"
#include "model/dual_channel.h"
#include "model/execute.h"
#include "model/failover.h"
#include "model/feeding.h"
#include "model/limits.h"
#include "model/link.h"
#include "model/propagation.h"
#include "model/replicas.h"
#include "model/saving.h"
#include "model/shutdown.h"
#include "model/snapshots.h"
#include "model/transfer.h"

namespace model {
namespace {

constexpr auto kFirstCron = std::chrono::milliseconds(1);

// A failover wants its cron sooner, so that the handshake goes on fast.
Duration replication_period(const State& s) {
  return failing_over(s) ? std::chrono::milliseconds(100) : std::chrono::seconds(1);
}

Duration server_period(const State& s) {
  return Duration(1'000'000 / s.config.hz);
}

// The next point of a timer's grid that is later than now: a timer that was late does not catch up.
Instant next_on_grid(Instant due, Duration period, Instant now) {
  if (due > now) return due;
  return due + period * ((now - due) / period + 1);
}

// A FAILOVER with TIMEOUT keeps the stream still; one without does not, as in the real server
// (R7.19).
bool pings_are_held(const State& s, Instant now) {
  return s.failover.deadline && paused_for(s, now, true);
}

// As Redis: "mod" of the ticks since the start of the process (R9.7). At the very first tick no real
// replica can be there yet.
bool ping_is_due(const State& s) {
  return s.replication_ticks > 0 && s.replication_ticks % s.config.repl_ping_replica_period == 0 &&
         !s.replicas.empty();
}

void replication_cron(Turn& t) {
  State& s = t.s;
  obey_late_order(t);
  const bool load_runs = s.link.transfer && s.link.transfer->complete;
  advance_failover(t);  // R9.1
  if (!load_runs) {
    check_link_timeouts(t);          // R9.2 to R9.4
    dial_if_needed(t);               // R9.5
    if (s.link.master) send_ack(t);  // R9.6
  }
  if (ping_is_due(s) && !(pings_are_held(s, t.now()) && s.rules.failover_stops_pings)) {  // R9.7
    if (writes_stream(s) || (!s.is_master() && !s.rules.relays_only)) feed_ping(t);
  }
  keep_waiters_alive(t);     // R9.8
  drop_silent_replicas(t);   // R9.9
  free_idle_backlog(t);      // R9.10
  start_due_snapshot(t);     // R9.11
  delete_sync_file(t);       // R9.12
  recount_good_replicas(t);  // R9.13
  s.replication_ticks += 1;
}

// A pause that is over is noticed here, after the cycle of expiry has already used it (7.0.15: the
// DELs of what became due in the pause stand before the writes that waited).
void end_pause(Turn& t) {
  if (!t.s.pause.until || *t.s.pause.until > t.now()) return;
  t.s.pause = {};
  t.s.unpaused = true;
}

void server_cron(Turn& t) {
  State& s = t.s;
  expire_cycle(t);
  end_pause(t);
  drop_slow_replicas(t);
  close_idle_clients(t);
  tell_master_we_load(t);
  advance_shutdown(t);
  if (s.exited) return;
  // A server with a child waits for its end, one without may start one.
  if (s.snapshot) {
    reap_snapshot(t);
  } else {
    start_scheduled_save(t);
  }
}

void close_sessions(Turn& t) {
  State& s = t.s;
  for (auto it = s.sessions.begin(); it != s.sessions.end();) {
    Session& session = it->second;
    const bool done = session.close_soon || (session.close_after_reply && session.unsent() == 0);
    if (!done) {
      ++it;
      continue;
    }
    replica_lost(t, session, FeedEvent::dropped);
    t.effect(Hangup{session.conn});
    it = s.sessions.erase(it);
  }
}

void flush_clients(Turn& t) {
  for (auto& [conn, session] : t.s.sessions) {
    if (session.unsent() == 0) continue;
    if (session.is_replica() && session.feed.state != FeedState::gone) continue;
    std::size_t room = t.at.around.room(conn);
    flush_replies(t, session, room);
  }
}

bool server_cron_has_work(const State& s) {
  return (s.snapshot && s.snapshot->ended) || (s.link.transfer && s.link.transfer->load) ||
         s.shutdown || s.stop_signalled || limits_have_work(s) ||
         (s.config.timeout != 0 && !s.sessions.empty()) ||
         (!s.is_master() && !s.own_expiries.empty());
}

}  // namespace

void run_timers(Turn& t) {
  State& s = t.s;
  if (s.next_server_cron <= t.now()) {
    s.next_server_cron = next_on_grid(s.next_server_cron, server_period(s), t.now());
    server_cron(t);
    if (s.exited) return;
  }
  if (s.next_replication_cron <= t.now()) {
    set_replication_cron(t);
    replication_cron(t);
  }
  check_line_deadline(t);
}

void set_replication_cron(Turn& t) {
  State& s = t.s;
  s.next_replication_cron =
      next_on_grid(s.started + kFirstCron + s.cron_phase, replication_period(s), t.now());
}

void before_sleep(Turn& t) {
  State& s = t.s;
  release_late(t);
  if (std::exchange(s.unpaused, false)) release_parked(t);
  release_waiters(t);
  resume_unblocked(t);
  if (s.getack_wanted && !(paused_for(s, t.now(), true) && s.rules.pause_stops_getack)) {
    s.getack_wanted = false;
    if (writes_stream(s) && !s.replicas.empty()) feed_getack(t);
  }
  // Acknowledgements may have come. Not where they come: a failover drops clients.
  advance_failover(t);
  if (std::exchange(s.output_grew, false)) drop_slow_replicas(t);
  flush_replicas(t);
  flush_clients(t);
  check_all_output(t);
  flush_link(t);
  flush_rdb_channel(t);
  close_sessions(t);
  trim_backlog(t);
}

// The first expiry time that the server's cron will act on: a replica knows only those that its own
// clients have set.
std::optional<WallTime> next_expiry(const State& s) {
  if (s.is_master()) return s.data.first_expiry();
  std::optional<WallTime> first;
  for (const auto& [db, key] : s.own_expiries) {
    const Entry* const entry = s.data.find(db, key);
    if (entry == nullptr || !entry->expires) continue;
    first = std::min(first.value_or(WallTime::max()), *entry->expires);
  }
  return first;
}

Instant next_due(const State& s) {
  Instant due = s.next_replication_cron;
  if (const auto deadline = link_deadline(s)) due = std::min(due, *deadline);
  if (s.pause.until) {
    due = std::min(due, next_on_grid(s.next_server_cron, server_period(s),
                                     *s.pause.until - Duration(1)));
  }
  if (const auto deadline = first_deadline(s)) due = std::min(due, *deadline);
  if (server_cron_has_work(s)) return std::min(due, s.next_server_cron);
  if (const auto save = next_save(s)) {
    due = std::min(due, next_on_grid(s.next_server_cron, server_period(s), *save - Duration(1)));
  }
  if (s.active_expire) {
    const auto expiry = s.rules.replica_waits_for_del ? next_expiry(s) : s.data.first_expiry();
    if (expiry) {
      // The wall clock may step before then: replication's cron looks again each second.
      const Instant at = s.last_now + std::max(Duration(0), Duration(*expiry - s.last_wall)) +
                         std::chrono::milliseconds(1);
      if (at < due)
        due = std::min(due, next_on_grid(s.next_server_cron, server_period(s), at - Duration(1)));
    }
  }
  return due;
}

}  // namespace model
