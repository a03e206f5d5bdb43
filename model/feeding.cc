#include "model/feeding.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "model/own_streams.h"
#include "model/replicas.h"
#include "model/snapshots.h"

namespace model {
namespace {

constexpr std::size_t kPipeChunk = 16384;  // R4.15

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
  if (feeds_each(t.s)) {
    feed.own_stream.erase(0, send(t, session, feed.own_stream, room));
    return;
  }
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
    t.mark(Mark::rdb_only_served);
    feed_hears(t, session, FeedEvent::rdb_only_sent);
    drop_replica(t, session, FeedEvent::dropped);
    return;
  }
  feed_hears(t, session, FeedEvent::file_sent);
  feed.acked_at = t.now();
  recount_good_replicas(t);
}

// The child's bytes go to all its replicas in step: the next chunk is read from the pipe when every
// one has taken the current one (R4.15).
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

bool read_next_chunk(State& s) {
  Snapshot& snapshot = *s.snapshot;
  if (!all_took_the_chunk(s) || snapshot.relay_end >= snapshot.produced) return false;
  snapshot.relay_end = std::min(snapshot.produced, snapshot.relay_end + kPipeChunk);
  return true;
}

}  // namespace

bool all_took_the_chunk(State& s) {
  return std::none_of(s.replicas.begin(), s.replicas.end(), [&](ConnId conn) {
    const Feed& feed = s.find(conn)->feed;
    return feed.state == FeedState::wait_bgsave_end && feed.file_sent < s.snapshot->relay_end;
  });
}

void flush_replicas(Turn& t) {
  State& s = t.s;
  std::vector<std::pair<Session*, std::size_t>> relayed;
  each_replica(s, [&](Session& session) {
    // What a new replica is owed begins at the capture; with a quirk it begins here (S11).
    if (session.feed.fixed_now && !s.rules.owed_from_capture) {
      session.feed.position = s.backlog->next();
    }
    session.feed.fixed_now = false;
    std::size_t room = t.at.around.room(session.conn);
    flush_replies(t, session, room);
    if (session.unsent() > 0) return;
    if (session.feed.state == FeedState::send_bulk) send_file(t, session, room);
    if (session.feed.state == FeedState::bg_rdb_load ||
        (session.feed.state == FeedState::online && !session.feed.stream_after_ack)) {
      send_stream(t, session, room);
    }
    if (session.feed.state == FeedState::wait_bgsave_end) relayed.emplace_back(&session, room);
  });
  if (!relays_to_sockets(s)) return;
  do {
    for (auto& [session, room] : relayed) relay_chunk(t, *session, room);
  } while (read_next_chunk(s));
}

void flush_replies(Turn& t, Session& session, std::size_t& room) {
  session.out_sent +=
      send(t, session, std::string_view(session.out).substr(session.out_sent), room);
  if (session.out_sent == session.out.size()) {
    session.out.clear();
    session.out_sent = 0;
  }
}

void create_backlog(Turn& t) {
  State& s = t.s;
  using Kind = Backlog::Kind;
  const auto blocks = s.rules.blocks_are_limited ? Kind::blocks : Kind::large_blocks;
  const auto kind = s.rules.ring_backlog ? Kind::ring : blocks;
  s.backlog.emplace(kind, s.history.offset + 1, s.config.repl_backlog_size);
  if (s.rules.drops_all_subreplicas) return;
  // Replicas that stayed go on with the new stream, as if nothing were between (H31).
  for (const ConnId conn : s.replicas) s.find(conn)->feed.position = s.backlog->next();
}

void free_backlog(Turn& t) {
  assert(t.s.replicas.empty() || !t.s.rules.drops_all_subreplicas);
  t.s.backlog.reset();
}

// The bytes go, for those who ask to be continued; replicas that are still being sent some keep
// theirs, as each had a buffer of its own then.
void empty_backlog(Turn& t) {
  State& s = t.s;
  s.backlog->resize(s.config.repl_backlog_size);
  s.backlog->offer_nothing();
}

void trim_backlog(Turn& t) {
  State& s = t.s;
  if (!s.backlog || s.backlog->histlen() <= s.backlog->size()) return;
  Offset oldest = s.backlog->next();
  for (const ConnId conn : s.replicas) {
    const Session& session = *s.find(conn);
    if (reads_stream(s, session)) oldest = std::min(oldest, session.feed.position);
  }
  if (s.backlog->trim(oldest)) t.mark(Mark::backlog_trimmed);
  if (oldest < s.backlog->next() - s.backlog->size()) t.mark(Mark::backlog_held_by_slow_replica);
}

void free_idle_backlog(Turn& t) {
  State& s = t.s;
  if (!s.is_master() && !s.rules.idle_replica_frees_backlog) return;
  if (!s.replicas.empty() || !s.backlog || s.config.repl_backlog_ttl == 0) return;
  if (seconds_between(s.no_replicas_since, t.now()) <= s.config.repl_backlog_ttl) return;
  t.mark(Mark::backlog_freed_by_ttl);
  if (t.prose()) t.note("backlog", "freed: no replica for longer than repl-backlog-ttl");
  if (s.rules.freed_backlog_renews_id) s.history.begin_anew(t.at.around);
  free_backlog(t);
}

}  // namespace model
