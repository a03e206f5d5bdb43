#include "model/snapshots.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "model/dual_channel.h"
#include "model/feeding.h"
#include "model/own_streams.h"
#include "model/data/rdb.h"
#include "model/replicas.h"
#include "model/replid.h"
#include "model/saving.h"

namespace model {
namespace {

bool same_filters(const Announced& a, const Announced& b) {
  return a.exclude_data == b.exclude_data && a.exclude_functions == b.exclude_functions &&
         a.rdb_channel == b.rdb_channel;
}

// The moment a replica's copy is fixed: what it will hold is the data at `offset`, and it is owed
// every byte behind it (R1.9, R4.5).
void fix_copy(Turn& t, Session& session, Offset offset, Offset position) {
  State& s = t.s;
  feed_hears(t, session, FeedEvent::snapshot_started);
  session.feed.snapshot_offset = offset;
  session.feed.owed_from = offset + 1;
  session.feed.own_stream.clear();
  session.feed.position = position;
  session.feed.fixed_now = true;
  const int db = std::max(s.stream_db, 0);
  if (s.rules.select_again_for_each_copy) s.stream_db = -1;
  if (session.announced.rdb_channel) session.out += end_offset_line(s, session, offset, db);
  if (session.feed.came_with_sync) return;
  const Offset told = s.rules.offset_fixed_at_snapshot ? offset : session.feed.asked_at;
  session.out += "+FULLRESYNC ";
  session.out += s.history.id.view();
  session.out += ' ' + std::to_string(told) + "\r\n";
  t.effect(Published{Published::In::full_resync, s.history.id, told});
}

// The database that whoever goes on from here is in.
int stream_db_of(const State& s) {
  if (!s.is_master())
    return static_cast<int>(s.link.master ? s.link.master->session.db : s.link.cached->db);
  return s.rules.select_again_for_each_copy ? std::max(s.stream_db, 0) : 0;
}

void refuse_waiters(Turn& t) {
  t.mark(Mark::snapshot_failed_to_start);
  if (t.prose()) t.note("snapshot", "could not be started: the waiting replicas are refused");
  for (Session* session : replicas_in(t.s, FeedState::wait_bgsave_start)) {
    replica_lost(t, *session, FeedEvent::snapshot_refused);
    ReplyWriter(session->out).error("ERR BGSAVE failed, replication can't continue");
    session->close_after_reply = true;
  }
}

std::string random_mark(Chance& chance) {
  return std::string(random_replid(chance).view());
}

void give_file(Turn& t, const Blob& rdb) {
  for (Session* session : replicas_in(t.s, FeedState::wait_bgsave_end)) {
    feed_hears(t, *session, FeedEvent::snapshot_on_disk);
    session->feed.file = rdb;
    session->feed.file_sent = 0;
    session->out += "$" + std::to_string(rdb.size()) + "\r\n";
  }
}

void put_online_until_ack(Turn& t) {
  for (Session* session : replicas_in(t.s, FeedState::wait_bgsave_end)) {
    if (session->announced.rdb_only) {
      t.mark(Mark::rdb_only_served);
      feed_hears(t, *session, FeedEvent::rdb_only_sent);
      // An RDB channel stays until its main one has asked for the stream: it is kept for it.
      const bool stays = session->announced.rdb_channel && session->feed.pins_stream;
      if (!stays) drop_replica(t, *session, FeedEvent::dropped);
      continue;
    }
    feed_hears(t, *session, FeedEvent::snapshot_relayed);
    session->feed.acked_at = t.now();
    session->feed.stream_after_ack = t.s.rules.stream_waits_for_ack;
    if (session->feed.stream_after_ack) t.mark(Mark::diskless_stream_held);
  }
  recount_good_replicas(t);
}

void snapshot_lost(Turn& t, bool by_us) {
  if (!by_us) t.mark(Mark::snapshot_died);
  if (t.prose()) {
    t.note("snapshot", std::string(by_us ? "was killed" : "failed") +
                           ": the replicas waiting for it are dropped");
  }
  for (Session* session : replicas_in(t.s, FeedState::wait_bgsave_end)) {
    drop_replica(t, *session, FeedEvent::snapshot_failed);
  }
}

}  // namespace

bool filtered(const Announced& a) {
  return a.exclude_data || a.exclude_functions;
}

bool relays_to_sockets(const State& s) {
  return s.snapshot && s.snapshot->target == Snapshot::Target::socket;
}

bool file_names_history(const State& s) {
  if (!s.rules.resumes_from_file) return false;  // V5
  if (s.is_master()) return s.backlog.has_value();
  return s.link.master || s.link.cached;
}

Blob capture(Turn& t, const Announced& wanted) {
  const State& s = t.s;
  RdbOptions options;
  options.version = s.rules.rdb_version;
  options.server_version =
      s.rules.valkey_version.empty() ? s.rules.redis_version : s.rules.valkey_version;
  options.by_valkey = !s.rules.valkey_version.empty();
  options.created = t.at.wall;
  options.compress = s.config.rdbcompression;
  options.checksum = s.config.rdbchecksum;
  options.encoding = s.config.encoding;
  if (file_names_history(s)) {
    const std::string id(s.history.id.view());
    options.replication = {stream_db_of(s), id, s.history.offset};
    t.effect(Published{Published::In::snapshot, s.history.id, s.history.offset});
  }
  if (filtered(wanted)) t.mark(Mark::filtered_snapshot);
  if (!wanted.exclude_functions) {
    for (const auto& [name, library] : s.libraries) options.functions.push_back(library.code);
  }
  if (wanted.exclude_data) {
    return Blob(encode_rdb(Keyspace(static_cast<unsigned>(s.config.databases)), options));
  }
  return Blob(encode_rdb(s.data, options));
}

// A newcomer may share a snapshot to disk that runs already, if it can read what it will be sent
// (R4.3, R4.4). The stream bytes since the fork are owed to it as well.
bool attach(Turn& t, Session& newcomer) {
  for (Session* other : replicas_in(t.s, FeedState::wait_bgsave_end)) {
    if (other->announced.rdb_only && !newcomer.announced.rdb_only) continue;
    const bool reads_it = (!other->announced.eof || newcomer.announced.eof) &&
                          (!other->announced.psync2 || newcomer.announced.psync2);
    if (!reads_it || !same_filters(newcomer.announced, other->announced)) return false;
    const Offset position =
        t.s.rules.attach_copies_all_pending ? other->feed.position : t.s.backlog->next();
    t.mark(Mark::attached_to_snapshot);
    fix_copy(t, newcomer, other->feed.snapshot_offset, position);
    newcomer.feed.own_stream = other->feed.own_stream;
    newcomer.feed.own_total = other->feed.own_total;
    newcomer.feed.own_db = other->feed.own_db;
    return true;
  }
  return false;
}

void start_snapshot_for_replicas(Turn& t, const Announced& wanted) {
  State& s = t.s;
  std::vector<Session*> waiting = replicas_in(s, FeedState::wait_bgsave_start);
  std::erase_if(waiting, [&](const Session* w) { return !same_filters(w->announced, wanted); });
  const bool all_take_eof = std::all_of(waiting.begin(), waiting.end(),
                                        [](const Session* w) { return w->announced.eof; });
  const bool to_socket = (s.config.repl_diskless_sync || filtered(wanted) || wanted.rdb_channel) && all_take_eof;

  if (t.at.machine.fork_fails) {
    if (!to_socket) save_ended(t, false);
    if (s.rules.failed_fork_rejects_waiters) return refuse_waiters(t);
    const Offset here = s.history.offset;
    for (Session* session : waiting) fix_copy(t, *session, here, here + 1);
    return;
  }
  Snapshot snapshot;
  snapshot.target = to_socket ? Snapshot::Target::socket : Snapshot::Target::disk;
  snapshot.job = JobId{s.next_job++};
  snapshot.offset = snapshot_offset(s);
  snapshot.payload = capture(t, wanted);
  const std::size_t bytes = snapshot.payload.size();
  if (to_socket) {
    const std::string mark = random_mark(t.at.around);
    snapshot.payload = Blob(std::string(snapshot.payload.view()) + mark);
    for (Session* session : waiting) fix_copy(t, *session, snapshot.offset, snapshot.offset + 1);
    for (Session* session : waiting) session->out += "$EOF:" + mark + "\r\n";
  } else {
    save_began(t);
    if (s.config.rdb_del_sync_files) s.saving.for_sync_only = true;
    for (Session* session : waiting) fix_copy(t, *session, snapshot.offset, snapshot.offset + 1);
  }
  t.effect(
      StartJob{snapshot.job, JobKind::snapshot, bytes, s.data.size(),
               Duration(s.config.rdb_key_save_delay * static_cast<std::int64_t>(s.data.size()))});
  if (t.prose()) {
    t.note("snapshot",
           "started at offset " + std::to_string(snapshot.offset) + " for " +
               std::to_string(waiting.size()) +
               (to_socket ? " replica(s), straight to the sockets" : " replica(s), to disk"));
  }
  s.snapshot = std::move(snapshot);
}

void start_due_snapshot(Turn& t) {
  State& s = t.s;
  if (s.snapshot) return;
  const std::vector<Session*> waiting = replicas_in(s, FeedState::wait_bgsave_start);
  if (waiting.empty()) return;
  std::int64_t alike = 0;
  std::int64_t longest = 0;
  for (const Session* session : waiting) {
    if (!same_filters(session->announced, waiting.front()->announced)) continue;
    alike += 1;
    longest = std::max(longest, seconds_between(session->last_heard, t.now()));
  }
  const Config& c = s.config;
  const bool enough =
      c.repl_diskless_sync_max_replicas > 0 && alike >= c.repl_diskless_sync_max_replicas;
  const std::int64_t due = c.repl_diskless_sync_delay + (s.rules.delay_must_be_passed ? 1 : 0);
  if (!c.repl_diskless_sync || enough || longest >= due) {
    const Announced wanted = waiting.front()->announced;
    start_snapshot_for_replicas(t, wanted);
  }
}

// What a job made that was given up (H38, S13).
void use_cancelled(Turn& t) {
  State& s = t.s;
  const Snapshot old = std::move(*s.cancelled);
  s.cancelled.reset();
  if (s.rules.cancelled_job == Rules::CancelledJob::saved) {
    write_dump(t, old.payload);
  } else if (s.snapshot && !s.snapshot->killed && s.snapshot->target == old.target) {
    s.snapshot->payload = old.payload;
    s.snapshot->ended = JobEnd::done;
  }
}

void snapshot_progressed(Turn& t, JobId job, std::uint64_t bytes) {
  State& s = t.s;
  if (!relays_to_sockets(s) || s.snapshot->job != job) return;
  // The last byte of the snapshot brings the mark with it.
  const std::uint64_t rdb_size = s.snapshot->payload.size() - 40;
  s.snapshot->produced = bytes >= rdb_size ? s.snapshot->payload.size() : bytes;
}

void snapshot_ended(Turn& t, JobId job, JobEnd end) {
  State& s = t.s;
  if (s.cancelled && s.cancelled->job == job && end == JobEnd::done) return use_cancelled(t);
  if (!s.snapshot || s.snapshot->job != job) {
    t.mark(Mark::snapshot_end_ignored);
    return;
  }
  if (s.snapshot->killed) return;
  s.snapshot->ended = end;
  if (end == JobEnd::done) snapshot_progressed(t, s.snapshot->job, s.snapshot->payload.size());
}

void reap_snapshot(Turn& t) {
  State& s = t.s;
  if (!s.snapshot || !s.snapshot->ended) return;
  const bool to_socket = relays_to_sockets(s);
  const bool ok = *s.snapshot->ended == JobEnd::done;
  // A child that writes to sockets stays until the pipe is drained (R4.16).
  if (ok && to_socket &&
      (!all_took_the_chunk(s) || s.snapshot->relay_end < s.snapshot->payload.size())) {
    return;
  }
  const Snapshot snapshot = std::move(*s.snapshot);
  s.snapshot.reset();
  const bool written = ok && !(t.at.machine.disk_full && !to_socket);
  if (!to_socket && !snapshot.killed) save_ended(t, written);
  const auto file = s.files.find("dump.rdb");
  const bool died = !written && !snapshot.killed;
  if (died && !to_socket && !s.rules.dead_child_is_noticed && file != s.files.end()) {
    give_file(t, file->second);
  } else if (!written && !(died && to_socket && !s.rules.failed_job_drops_replicas)) {
    snapshot_lost(t, snapshot.killed);
  } else if (to_socket) {
    put_online_until_ack(t);
  } else {
    write_dump(t, snapshot.payload);
    give_file(t, snapshot.payload);
  }
  if (!s.rules.child_end_ignores_delay) return start_due_snapshot(t);
  const std::vector<Session*> waiting = replicas_in(s, FeedState::wait_bgsave_start);
  if (waiting.empty()) return;
  const Announced wanted = waiting.front()->announced;
  start_snapshot_for_replicas(t, wanted);
}

// The child is dead from now on, but counts as running until the cron notices: only then are the
// replicas dropped that waited for it, and the next can start.
void kill_snapshot(Turn& t) {
  State& s = t.s;
  if (!s.snapshot || s.snapshot->killed) return;
  t.effect(KillJob{s.snapshot->job});
  if (s.rules.cancelled_job != Rules::CancelledJob::ignored) s.cancelled = s.snapshot;
  s.snapshot->ended = JobEnd::failed;
  s.snapshot->killed = true;
}

bool start_save(Turn& t) {
  State& s = t.s;
  save_began(t);
  if (t.at.machine.fork_fails) {
    t.s.saving.ok = false;
    return false;
  }
  Snapshot snapshot;
  snapshot.target = Snapshot::Target::save_only;
  snapshot.job = JobId{s.next_job++};
  snapshot.offset = s.history.offset;
  snapshot.payload = capture(t, {});
  t.effect(
      StartJob{snapshot.job, JobKind::snapshot, snapshot.payload.size(), s.data.size(),
               Duration(s.config.rdb_key_save_delay * static_cast<std::int64_t>(s.data.size()))});
  s.snapshot = std::move(snapshot);
  return true;
}

}  // namespace model
