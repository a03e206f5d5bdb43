#include "model/master_side.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>
#include <utility>

#include "model/number.h"
#include "model/propagation.h"
#include "model/rdb.h"
#include "model/replica_side.h"
#include "model/text.h"

namespace model {
namespace {

constexpr std::size_t kPipeChunk = 16384;  // R4.15
constexpr std::string_view kDumpFile = "dump.rdb";

bool same_filters(const Announced& a, const Announced& b) {
  return a.exclude_data == b.exclude_data && a.exclude_functions == b.exclude_functions;
}
bool filtered(const Announced& a) { return a.exclude_data || a.exclude_functions; }

std::string who(const Session& session) {
  return "replica " + session.peer_ip + ":" +
         std::to_string(session.announced.port != 0 ? session.announced.port : session.peer_port);
}

// --- partial resync ---------------------------------------------------------------------------------

void mark_grant(Turn& t, const Request& request) {
  const State& s = t.s;
  if (request.from == s.backlog->next()) t.mark(Mark::partial_exact_end);
  if (request.from == s.backlog->first()) t.mark(Mark::partial_first_byte);
  if (!same_id(request.id, s.history.id.view())) {
    t.mark(Mark::partial_by_second_id);
    if (request.from == s.history.second_offset) t.mark(Mark::partial_at_second_limit);
  }
}

void mark_denial(Turn& t, const Request& request, Resync::Why why) {
  using Why = Resync::Why;
  switch (why) {
    case Why::unknown_id: return t.mark(Mark::denied_unknown_id);
    case Why::beyond_second_id: return t.mark(Mark::denied_beyond_second_id);
    case Why::no_backlog: return t.mark(Mark::denied_no_backlog);
    case Why::after_backlog: return t.mark(Mark::denied_after_backlog);
    case Why::before_backlog:
      if (request.from == t.s.backlog->first() - 1) t.mark(Mark::denied_one_byte_short);
      return t.mark(Mark::denied_before_backlog);
    case Why::sync_command: return t.mark(Mark::sync_without_psync);
    case Why::granted:
    case Why::asked_for_full: return;
  }
}

void carry_on(Turn& t, Session& session, const Request& request) {
  State& s = t.s;
  mark_grant(t, request);
  s.stats.sync_partial_ok += 1;
  session.feed = Feed{};
  feed_hears(t, session, FeedEvent::continued);
  // With a correct judge() the wanted byte is held; a quirk may grant more than there is.
  session.feed.position = std::clamp(request.from, s.backlog->first(), s.backlog->next());
  session.feed.acked_at = t.now();
  s.replicas.push_back(session.conn);
  session.out += "+CONTINUE";
  if (session.announced.psync2) {
    session.out += ' ';
    session.out += s.history.id.view();
  } else {
    t.mark(Mark::partial_without_psync2);
  }
  session.out += "\r\n";
  t.effect(Published{Published::In::carry_on, s.history.id, s.history.offset});
  recount_good_replicas(t);
}

// --- full resync: from the request to the snapshot ---------------------------------------------------

// The moment a replica's copy is fixed: what it will hold is the data at `offset`, and it is owed every
// byte behind it (R1.9, R4.5).
void fix_copy(Turn& t, Session& session, Offset offset, Offset position) {
  State& s = t.s;
  feed_hears(t, session, FeedEvent::snapshot_started);
  session.feed.snapshot_offset = offset;
  session.feed.position = position;
  s.stream_db = -1;
  if (session.feed.came_with_sync) return;
  const Offset told = s.rules.offset_fixed_at_snapshot ? offset : session.feed.asked_at;
  session.out += "+FULLRESYNC ";
  session.out += s.history.id.view();
  session.out += ' ' + std::to_string(told) + "\r\n";
  t.effect(Published{Published::In::full_resync, s.history.id, told});
}

std::vector<Session*> replicas_in(State& s, FeedState state) {
  std::vector<Session*> result;
  for (const ConnId conn : s.replicas) {
    Session& session = *s.find(conn);
    if (session.feed.state == state) result.push_back(&session);
  }
  return result;
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

std::string random_mark(Chance& chance) { return std::string(random_replid(chance).view()); }

void start_snapshot_for_replicas(Turn& t) {
  State& s = t.s;
  std::vector<Session*> waiting = replicas_in(s, FeedState::wait_bgsave_start);
  const Announced wanted = waiting.front()->announced;
  std::erase_if(waiting, [&](const Session* w) { return !same_filters(w->announced, wanted); });
  const bool all_take_eof =
      std::all_of(waiting.begin(), waiting.end(), [](const Session* w) { return w->announced.eof; });
  const bool to_socket = (s.config.repl_diskless_sync || filtered(wanted)) && all_take_eof;

  if (t.at.machine.fork_fails) {
    if (s.rules.failed_fork_rejects_waiters) refuse_waiters(t);
    return;
  }
  Snapshot snapshot;
  snapshot.target = to_socket ? Snapshot::Target::socket : Snapshot::Target::disk;
  snapshot.job = JobId{s.next_job++};
  snapshot.offset = s.history.offset;
  snapshot.payload = capture(t);
  const std::size_t bytes = snapshot.payload.size();
  if (to_socket) {
    const std::string mark = random_mark(t.at.around);
    snapshot.payload = Blob(std::string(snapshot.payload.view()) + mark);
    for (Session* session : waiting) fix_copy(t, *session, snapshot.offset, snapshot.offset + 1);
    for (Session* session : waiting) session->out += "$EOF:" + mark + "\r\n";
  } else {
    for (Session* session : waiting) fix_copy(t, *session, snapshot.offset, snapshot.offset + 1);
  }
  t.effect(StartJob{snapshot.job, JobKind::snapshot, bytes, s.data.size(),
                    Duration(s.config.rdb_key_save_delay * static_cast<std::int64_t>(s.data.size()))});
  if (t.prose()) {
    t.note("snapshot", "started at offset " + std::to_string(snapshot.offset) + " for " +
                           std::to_string(waiting.size()) +
                           (to_socket ? " replica(s), straight to the sockets" : " replica(s), to disk"));
  }
  s.snapshot = std::move(snapshot);
}

// A newcomer may share a snapshot to disk that runs already, if it can read what it will be sent (R4.3,
// R4.4). The stream bytes since the fork are owed to it as well.
bool attach(Turn& t, Session& newcomer) {
  for (Session* other : replicas_in(t.s, FeedState::wait_bgsave_end)) {
    if (other->announced.rdb_only && !newcomer.announced.rdb_only) continue;
    const bool reads_it = (!other->announced.eof || newcomer.announced.eof) &&
                          (!other->announced.psync2 || newcomer.announced.psync2);
    if (!reads_it || !same_filters(newcomer.announced, other->announced)) return false;
    const Offset position = t.s.rules.attach_copies_all_pending ? other->feed.position
                                                                : t.s.backlog->next();
    t.mark(Mark::attached_to_snapshot);
    fix_copy(t, newcomer, other->feed.snapshot_offset, position);
    return true;
  }
  return false;
}

void need_full_resync(Turn& t, Session& session, bool with_sync) {
  State& s = t.s;
  s.stats.sync_full += 1;
  session.feed = Feed{};
  session.feed.came_with_sync = with_sync;
  session.feed.asked_at = s.history.offset;
  feed_hears(t, session, FeedEvent::needs_full);
  s.replicas.push_back(session.conn);
  if (s.replicas.size() == 1 && !s.backlog) {
    // Writes without a backlog did not count, so the old id must not be used again (R1.3).
    t.mark(Mark::backlog_created_by_first_replica);
    s.history.begin_anew(t.at.around);
    create_backlog(t);
  }
  if (s.snapshot) {
    if (s.snapshot->target == Snapshot::Target::disk && attach(t, session)) return;
    t.mark(Mark::waited_for_next_snapshot);
    return;
  }
  if (s.config.repl_diskless_sync && session.announced.eof && s.config.repl_diskless_sync_delay > 0) {
    t.mark(Mark::diskless_delay_waited);
    return;
  }
  start_snapshot_for_replicas(t);
}

void answer_resync(Turn& t, Session& session, const Request& request, Resync::Why why, bool with_sync) {
  State& s = t.s;
  t.effect(Resync{why, session.conn, std::string(request.id), request.from});
  if (why == Resync::Why::granted) {
    if (t.prose()) {
      t.note("resync", who(session) + ": partial from byte " + std::to_string(request.from) + ", " +
                           std::to_string(s.history.offset + 1 - request.from) + " bytes are missing");
    }
    return carry_on(t, session, request);
  }
  mark_denial(t, request, why);
  if (!with_sync && !request.id.starts_with('?')) s.stats.sync_partial_err += 1;
  if (t.prose()) t.note("resync", who(session) + ": full, as " + std::string(name(why)));
  need_full_resync(t, session, with_sync);
}

// R3.14 to R3.21, in this order. True when the request may go on.
bool admit(Turn& t, Session& session, Args argv) {
  State& s = t.s;
  ReplyWriter reply(session.out);
  if (session.is_replica()) return false;
  if (argv.size() > 3 && upper(argv[3]) == "FAILOVER") {
    if (s.is_master()) {
      reply.error("ERR PSYNC FAILOVER can't be sent to a master.");
      return false;
    }
    if (!same_id(argv[1], s.history.id.view())) {
      reply.error("ERR PSYNC FAILOVER replid must match my replid.");
      return false;
    }
    promote(t);
  }
  if (!s.is_master() && s.link.state != LinkState::connected) {
    t.mark(Mark::psync_refused_no_master_link);
    reply.error("NOMASTERLINK Can't SYNC while not connected with my master");
    return false;
  }
  if (session.unsent() > 0) {
    reply.error("ERR SYNC and PSYNC are invalid with pending output");
    return false;
  }
  if (filtered(session.announced) && !session.announced.eof) {
    reply.error("ERR Filtered replica requires EOF capability");
    return false;
  }
  return true;
}

// --- REPLCONF -----------------------------------------------------------------------------------------

void take_ack(Turn& t, Session& session, std::string_view text) {
  if (!session.is_replica()) return;
  const auto offset = to_integer(text);
  if (!offset) return;
  Feed& feed = session.feed;
  feed.acked = std::max(feed.acked, *offset);
  feed.acked_at = t.now();
  if (feed.state == FeedState::wait_bgsave_end) reap_snapshot(t);
  if (feed.state == FeedState::online) feed.stream_after_ack = false;
}

// One option of REPLCONF; false when an error was replied.
bool take_option(Session& session, const std::string& option, const std::string& value) {
  Announced& a = session.announced;
  ReplyWriter reply(session.out);
  if (option == "LISTENING-PORT") {
    const auto port = to_integer(value);
    if (!port) {
      reply.error("ERR value is not an integer or out of range");
      return false;
    }
    a.port = static_cast<int>(*port);
  } else if (option == "IP-ADDRESS") {
    if (value.size() > 255) {
      reply.error("ERR REPLCONF ip-address provided by replica instance is too long: " +
                  std::to_string(value.size()) + " bytes");
      return false;
    }
    a.ip = value;
  } else if (option == "CAPA") {
    if (upper(value) == "EOF") a.eof = true;
    if (upper(value) == "PSYNC2") a.psync2 = true;
  } else if (option == "RDB-ONLY") {
    const auto on = to_integer(value);
    if (!on) {
      reply.error("ERR value is not an integer or out of range");
      return false;
    }
    a.rdb_only = *on == 1;
  } else if (option == "RDB-FILTER-ONLY") {
    if (value.empty()) {
      a.exclude_data = a.exclude_functions = true;
    } else if (upper(value) == "FUNCTIONS") {
      a.exclude_data = true;
      a.exclude_functions = false;
    } else {
      reply.error("ERR Unsupported rdb-filter-only option: " + value);
      return false;
    }
  }
  return true;
}

// --- sending ------------------------------------------------------------------------------------------

// Hands bytes to a connection, as many as `room` allows.
std::size_t send(Turn& t, const Session& session, std::string_view bytes, std::size_t& room) {
  const std::size_t count = std::min(bytes.size(), room);
  if (count == 0) return 0;
  Effects& out = t.at.out;
  t.effect(Send{session.conn, out.bytes.size(), count});
  out.bytes.append(bytes.substr(0, count));
  room -= count;
  t.s.stats.net_repl_output_bytes += static_cast<std::int64_t>(count);
  return count;
}

void send_stream(Turn& t, Session& session, std::size_t& room) {
  Feed& feed = session.feed;
  while (room > 0 && feed.position < t.s.backlog->next()) {
    const auto sent = send(t, session, t.s.backlog->read(feed.position, room), room);
    feed.position += static_cast<Offset>(sent);
  }
}

void send_file(Turn& t, Session& session, std::size_t& room) {
  Feed& feed = session.feed;
  feed.file_sent += send(t, session, feed.file.view().substr(feed.file_sent), room);
  if (feed.file_sent < feed.file.size()) return;
  feed.file = Blob();
  if (session.announced.rdb_only) {
    feed_hears(t, session, FeedEvent::rdb_only_sent);
    drop_replica(t, session, FeedEvent::dropped);
    return;
  }
  feed_hears(t, session, FeedEvent::file_sent);
  feed.acked_at = t.now();
  recount_good_replicas(t);
}

// The child's bytes go to all its replicas in step: the next chunk is read from the pipe when every one
// has taken the current one (R4.15).
void relay_chunk(Turn& t, Session& session, std::size_t& room) {
  Feed& feed = session.feed;
  const Snapshot& snapshot = *t.s.snapshot;
  const auto left = static_cast<std::size_t>(snapshot.relay_end) - feed.file_sent;
  if (left == 0) return;
  const auto sent = send(t, session, snapshot.payload.view().substr(feed.file_sent, left), room);
  feed.file_sent += sent;
  if (sent == left) {
    feed.stuck_since.reset();
  } else if (sent > 0 || !feed.stuck_since) {
    feed.stuck_since = t.now();
  }
}

bool all_took_the_chunk(State& s) {
  for (const Session* session : replicas_in(s, FeedState::wait_bgsave_end)) {
    if (session->feed.file_sent < s.snapshot->relay_end) return false;
  }
  return true;
}

bool read_next_chunk(State& s) {
  Snapshot& snapshot = *s.snapshot;
  if (!all_took_the_chunk(s) || snapshot.relay_end >= snapshot.produced) return false;
  snapshot.relay_end = std::min(snapshot.produced, snapshot.relay_end + kPipeChunk);
  return true;
}

bool relays_to_sockets(const State& s) {
  return s.snapshot && s.snapshot->target == Snapshot::Target::socket;
}

// --- the end of a snapshot ----------------------------------------------------------------------------

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
      feed_hears(t, *session, FeedEvent::rdb_only_sent);
      drop_replica(t, *session, FeedEvent::dropped);
      continue;
    }
    feed_hears(t, *session, FeedEvent::snapshot_relayed);
    session->feed.acked_at = t.now();
    session->feed.stream_after_ack = t.s.rules.stream_waits_for_ack;
    if (session->feed.stream_after_ack) t.mark(Mark::diskless_stream_held);
  }
  recount_good_replicas(t);
}

void snapshot_lost(Turn& t) {
  t.mark(Mark::snapshot_died);
  if (t.prose()) t.note("snapshot", "failed: the replicas waiting for it are dropped");
  for (Session* session : replicas_in(t.s, FeedState::wait_bgsave_end)) {
    drop_replica(t, *session, FeedEvent::snapshot_failed);
  }
}

void write_file(Turn& t, std::string_view name, const Blob& content) {
  t.s.files[std::string(name)] = content;
  t.effect(WriteFile{std::string(name), content});
}

}  // namespace

// --- commands of replicas -----------------------------------------------------------------------------

void serve_psync(Turn& t, Session& session, Args argv) {
  if (!admit(t, session, argv)) return;
  const auto from = to_integer(argv[2]);
  if (!from) {
    ReplyWriter(session.out).error("ERR value is not an integer or out of range");
    return;
  }
  const State& s = t.s;
  const Request request{argv[1], *from};
  const Backlog* backlog = s.backlog ? &*s.backlog : nullptr;
  answer_resync(t, session, request, judge(s.history, backlog, request, s.rules), false);
}

void serve_sync(Turn& t, Session& session, Args argv) {
  if (!admit(t, session, argv)) return;
  answer_resync(t, session, {"?", -1}, Resync::Why::sync_command, true);
}

void serve_replconf(Turn& t, Session& session, Args argv) {
  ReplyWriter reply(session.out);
  if (argv.size() % 2 == 0) return reply.error("ERR syntax error");
  for (std::size_t i = 1; i + 1 < argv.size(); i += 2) {
    const std::string option = upper(argv[i]);
    if (option == "ACK") return take_ack(t, session, argv[i + 1]);
    if (option == "GETACK") {
      if (t.s.link.master) send_ack(t);
      return;
    }
    constexpr auto kOptions = std::to_array<std::string_view>(
        {"LISTENING-PORT", "IP-ADDRESS", "CAPA", "RDB-ONLY", "RDB-FILTER-ONLY"});
    if (std::find(kOptions.begin(), kOptions.end(), option) == kOptions.end()) {
      return reply.error("ERR Unrecognized REPLCONF option: " + argv[i]);
    }
    if (!take_option(session, option, argv[i + 1])) return;
  }
  reply.ok();
}

// --- snapshots ------------------------------------------------------------------------------------------

Blob capture(Turn& t) {
  const State& s = t.s;
  RdbOptions options;
  options.version = s.rules.rdb_version;
  options.server_version = s.rules.redis_version;
  options.created = t.at.wall;
  options.compress = s.config.rdbcompression;
  options.checksum = s.config.rdbchecksum;
  const std::string id(s.history.id.view());
  if (s.is_master()) {
    if (s.backlog) options.replication = {std::max(s.stream_db, 0), id, s.history.offset};
  } else if (s.link.master) {
    options.replication = {static_cast<int>(s.link.master->session.db), id, s.history.offset};
  } else if (s.link.cached) {
    options.replication = {static_cast<int>(s.link.cached->db), id, s.history.offset};
  }
  if (options.replication) t.effect(Published{Published::In::snapshot, s.history.id, s.history.offset});
  return Blob(encode_rdb(s.data, options));
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
  const bool enough = c.repl_diskless_sync_max_replicas > 0 && alike >= c.repl_diskless_sync_max_replicas;
  if (!c.repl_diskless_sync || enough || longest >= c.repl_diskless_sync_delay) {
    start_snapshot_for_replicas(t);
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
  if (!s.snapshot || (s.snapshot->job != job && s.rules.jobs_matched_by_generation)) {
    t.mark(Mark::snapshot_end_ignored);
    return;
  }
  s.snapshot->ended = end;
  if (end == JobEnd::done) snapshot_progressed(t, s.snapshot->job, s.snapshot->payload.size());
}

void reap_snapshot(Turn& t) {
  State& s = t.s;
  if (!s.snapshot || !s.snapshot->ended) return;
  const bool to_socket = relays_to_sockets(s);
  const bool ok = *s.snapshot->ended == JobEnd::done;
  // A child that writes to sockets stays until the pipe is drained (R4.16).
  if (ok && to_socket && (!all_took_the_chunk(s) || s.snapshot->relay_end < s.snapshot->payload.size())) {
    return;
  }
  const Snapshot snapshot = std::move(*s.snapshot);
  s.snapshot.reset();
  const bool written = ok && !(t.at.machine.disk_full && !to_socket);
  if (!written) {
    snapshot_lost(t);
  } else if (to_socket) {
    put_online_until_ack(t);
  } else {
    write_file(t, kDumpFile, snapshot.payload);
    give_file(t, snapshot.payload);
  }
  start_due_snapshot(t);
}

void kill_snapshot(Turn& t) {
  State& s = t.s;
  if (!s.snapshot) return;
  t.effect(KillJob{s.snapshot->job});
  s.snapshot.reset();
  for (Session* session : replicas_in(s, FeedState::wait_bgsave_end)) {
    drop_replica(t, *session, FeedEvent::snapshot_failed);
  }
}

bool start_save(Turn& t) {
  State& s = t.s;
  if (t.at.machine.fork_fails) return false;
  Snapshot snapshot;
  snapshot.target = Snapshot::Target::save_only;
  snapshot.job = JobId{s.next_job++};
  snapshot.offset = s.history.offset;
  snapshot.payload = capture(t);
  t.effect(StartJob{snapshot.job, JobKind::snapshot, snapshot.payload.size(), s.data.size(),
                    Duration(s.config.rdb_key_save_delay * static_cast<std::int64_t>(s.data.size()))});
  s.snapshot = std::move(snapshot);
  return true;
}

void save_now(Turn& t) { write_file(t, kDumpFile, capture(t)); }

// --- connections ----------------------------------------------------------------------------------------

void feed_hears(Turn& t, Session& session, FeedEvent event) {
  const FeedEdge* edge = find_edge(session.feed.state, event);
  if (edge == nullptr) {
    t.effect(Impossible{"a replica in " + std::string(name(session.feed.state)) + " cannot take \"" +
                        std::string(name(event)) + "\""});
    return;
  }
  t.effect(Transitioned{MachineKind::replica_feed, session.conn, static_cast<std::uint8_t>(edge->from),
                        static_cast<std::uint8_t>(edge->to), static_cast<std::uint8_t>(event)});
  session.feed.state = edge->to;
}

void flush_replicas(Turn& t) {
  State& s = t.s;
  std::vector<std::pair<Session*, std::size_t>> relayed;
  for (const ConnId conn : std::vector<ConnId>(s.replicas)) {
    Session& session = *s.find(conn);
    std::size_t room = t.at.around.room(conn);
    flush_replies(t, session, room);
    if (session.unsent() > 0) continue;
    if (session.feed.state == FeedState::send_bulk) send_file(t, session, room);
    if (session.feed.state == FeedState::online && !session.feed.stream_after_ack) {
      send_stream(t, session, room);
    }
    if (session.feed.state == FeedState::wait_bgsave_end) relayed.emplace_back(&session, room);
  }
  if (!relays_to_sockets(s)) return;
  do {
    for (auto& [session, room] : relayed) relay_chunk(t, *session, room);
  } while (read_next_chunk(s));
}

void flush_replies(Turn& t, Session& session, std::size_t& room) {
  session.out_sent += send(t, session, std::string_view(session.out).substr(session.out_sent), room);
  if (session.out_sent == session.out.size()) {
    session.out.clear();
    session.out_sent = 0;
  }
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
    const bool wanted_anyway = s.snapshot->target == Snapshot::Target::disk && !s.config.save.empty();
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

// --- time -----------------------------------------------------------------------------------------------

void keep_waiters_alive(Turn& t) {
  State& s = t.s;
  for (const ConnId conn : s.replicas) {
    Session& session = *s.find(conn);
    const FeedState state = session.feed.state;
    const bool waits = state == FeedState::wait_bgsave_start ||
                       (state == FeedState::wait_bgsave_end && !relays_to_sockets(s));
    if (!waits || session.unsent() > 0) continue;
    t.mark(Mark::keepalive_newline_sent);
    session.out += '\n';
  }
}

void drop_silent_replicas(Turn& t) {
  State& s = t.s;
  for (const ConnId conn : std::vector<ConnId>(s.replicas)) {
    Session& session = *s.find(conn);
    const Feed& feed = session.feed;
    if (feed.state == FeedState::online && !feed.came_with_sync &&
        seconds_between(feed.acked_at, t.now()) > s.config.repl_timeout) {
      t.mark(Mark::replica_timed_out);
      if (t.prose()) t.note("link", who(session) + " said nothing for too long: dropped");
      drop_replica(t, session, FeedEvent::timed_out);
    } else if (feed.state == FeedState::wait_bgsave_end && relays_to_sockets(s) && feed.stuck_since &&
               s.rules.times_out_diskless_readers &&
               seconds_between(*feed.stuck_since, t.now()) > s.config.repl_timeout) {
      t.mark(Mark::replica_transfer_timed_out);
      if (t.prose()) t.note("link", who(session) + " took nothing of the payload for too long: dropped");
      drop_replica(t, session, FeedEvent::timed_out);
    }
  }
}

void drop_slow_replicas(Turn& t) {
  State& s = t.s;
  const OutputLimit& limit = s.config.replica_output_limit;
  const std::int64_t hard = limit.hard == 0 ? 0 : std::max(limit.hard, s.config.repl_backlog_size);
  for (const ConnId conn : std::vector<ConnId>(s.replicas)) {
    Session& session = *s.find(conn);
    if (session.feed.state == FeedState::wait_bgsave_start) continue;
    const std::int64_t used = output_memory(s, session);
    const bool over_soft = limit.soft != 0 && used >= limit.soft;
    if (!over_soft) session.feed.over_soft_since.reset();
    if (over_soft && !session.feed.over_soft_since) session.feed.over_soft_since = t.now();
    const bool too_long = over_soft && seconds_between(*session.feed.over_soft_since, t.now()) >
                                           limit.soft_seconds;
    const bool too_much = hard != 0 && used >= hard;
    if (!too_much && !too_long) continue;
    t.mark(too_much ? Mark::replica_over_hard_limit : Mark::replica_over_soft_limit);
    if (t.prose()) {
      t.note("link", who(session) + " has " + std::to_string(used) +
                         " unsent bytes, over the output buffer limit: dropped");
    }
    drop_replica(t, session, FeedEvent::over_limit);
  }
}

void free_idle_backlog(Turn& t) {
  State& s = t.s;
  if (!s.is_master() || !s.replicas.empty() || !s.backlog || s.config.repl_backlog_ttl == 0) return;
  if (seconds_between(s.no_replicas_since, t.now()) <= s.config.repl_backlog_ttl) return;
  t.mark(Mark::backlog_freed_by_ttl);
  if (t.prose()) t.note("backlog", "freed: no replica for longer than repl-backlog-ttl");
  if (s.rules.freed_backlog_renews_id) s.history.begin_anew(t.at.around);
  free_backlog(t);
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
    session.waiting.reset();
    ReplyWriter(session.out).integer(acked);
  }
}

void trim_backlog(Turn& t) {
  State& s = t.s;
  if (!s.backlog || s.backlog->histlen() <= s.backlog->size()) return;
  Offset oldest = s.backlog->next();
  for (const ConnId conn : s.replicas) {
    const Feed& feed = s.find(conn)->feed;
    if (feed.state != FeedState::wait_bgsave_start) oldest = std::min(oldest, feed.position);
  }
  if (s.backlog->trim(oldest)) t.mark(Mark::backlog_trimmed);
  if (oldest < s.backlog->next() - s.backlog->size()) t.mark(Mark::backlog_held_by_slow_replica);
}

void create_backlog(Turn& t) {
  State& s = t.s;
  const auto kind = s.rules.ring_backlog ? Backlog::Kind::ring : Backlog::Kind::blocks;
  s.backlog.emplace(kind, s.history.offset + 1, s.config.repl_backlog_size);
}

void free_backlog(Turn& t) {
  assert(t.s.replicas.empty() || !t.s.rules.drops_all_subreplicas);
  t.s.backlog.reset();
}

// --- counting ---------------------------------------------------------------------------------------------

std::int64_t acked_by(const State& s, Offset offset) {
  std::int64_t count = 0;
  for (const ConnId conn : s.replicas) {
    const Feed& feed = s.sessions.at(conn).feed;
    count += feed.state == FeedState::online && feed.acked >= offset;
  }
  return count;
}

std::int64_t output_memory(const State& s, const Session& replica) {
  const auto own = static_cast<std::int64_t>(replica.unsent());
  if (!s.backlog || replica.feed.state == FeedState::wait_bgsave_start) return own;
  return own + (s.backlog->next() - replica.feed.position);
}

}  // namespace model
