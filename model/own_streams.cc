#include "model/own_streams.h"

#include <string>

#include "model/feeding.h"
#include "model/replicas.h"

namespace model {
namespace {

constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";

void owe(Feed& feed, std::string_view bytes) {
  feed.own_stream += bytes;
  feed.own_total += static_cast<std::int64_t>(bytes.size());
}

}  // namespace

Offset snapshot_offset(const State& s) {
  const bool will_count = s.rules.stream == Rules::Stream::own && !s.backlog;
  return s.history.offset + (will_count ? 1 : 0);
}

void create_backlog_after_snapshot(Turn& t) {
  State& s = t.s;
  if (s.rules.stream != Rules::Stream::own || s.backlog) return;
  t.mark(Mark::backlog_created_by_first_replica);
  s.history.offset += 1;
  create_backlog(t);
}

void start_over(Turn& t) {
  State& s = t.s;
  s.link.cached.reset();
  drop_all_replicas(t, "SLAVEOF: they must ask again");
  free_backlog(t);
  s.history.offset = 0;
  s.counts += 1;
  s.link.down_since.reset();
}

void stay_as_master(Turn& t) {
  State& s = t.s;
  if (s.link.master && s.replicas.empty() && s.rules.stream == Rules::Stream::own) {
    s.history.offset = s.link.master->applied;
    s.counts += 1;
    free_backlog(t);
  }
}

void feed_each_replica(Turn& t, const std::vector<Operation>& unit) {
  State& s = t.s;
  for (const ConnId conn : s.replicas) {
    Feed& feed = s.find(conn)->feed;
    if (feed.state == FeedState::wait_bgsave_start) continue;
    for (const Operation& operation : unit) {
      if (feed.own_db != operation.db) {
        owe(feed, request({"SELECT", std::to_string(operation.db)}));
        feed.own_db = operation.db;
      }
      std::string bytes;
      append_request(bytes, operation.argv);
      owe(feed, bytes);
    }
  }
}

void ping_each_replica(Turn& t) {
  State& s = t.s;
  for (const ConnId conn : s.replicas) {
    Feed& feed = s.find(conn)->feed;
    if (feed.state == FeedState::online) owe(feed, kPing);
  }
}

}  // namespace model
