#include "model/saving.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "model/data/text.h"
#include "model/snapshots.h"

namespace model {
namespace {

constexpr std::string_view kDumpFile = "dump.rdb";
constexpr std::int64_t kRetryAfter = 5;  // s, CONFIG_BGSAVE_RETRY_DELAY

// The first moment that lies more than `seconds` whole seconds behind `since`.
Instant later_than(Instant since, std::int64_t seconds) {
  return std::chrono::floor<std::chrono::seconds>(since) + std::chrono::seconds(seconds + 1);
}

bool may_try(const State& s, Instant now) {
  return s.saving.ok || seconds_between(s.saving.last_try, now) > kRetryAfter;
}

}  // namespace

bool saves_by_itself(const State& s) {
  return !s.config.save.empty();
}

bool no_persistence(const State& s) {
  return !saves_by_itself(s);
}

void write_dump(Turn& t, const Blob& rdb) {
  t.s.files[std::string(kDumpFile)] = rdb;
  t.effect(WriteFile{std::string(kDumpFile), rdb});
}

void delete_dump(Turn& t) {
  t.s.files.erase(std::string(kDumpFile));
  t.effect(WriteFile{std::string(kDumpFile), Blob()});
}

bool save_now(Turn& t) {
  Saving& saving = t.s.saving;
  if (t.at.machine.disk_full) return false;
  write_dump(t, capture(t, {}));
  saving.dirty = 0;
  saving.last = t.now();
  saving.last_wall = t.at.wall;
  saving.ok = true;
  saving.saves += 1;
  return true;
}

void serve_save(Turn& t, Session& session, Args) {
  ReplyWriter reply(session.out);
  if (t.s.snapshot) return reply.error("ERR Background save already in progress");
  if (!save_now(t)) return reply.error("ERR");
  reply.ok();
}

void serve_bgsave(Turn& t, Session& session, Args argv) {
  State& s = t.s;
  ReplyWriter reply(session.out);
  const bool schedule = argv.size() == 2 && same_word(argv[1], "schedule");
  if (argv.size() > 1 && !schedule) return reply.error("ERR syntax error");
  if (s.snapshot) return reply.error("ERR Background save already in progress");
  if (s.depth > 1) {  // in a transaction: the child would fork in the middle of it
    s.saving.scheduled = true;
    return reply.simple("Background saving scheduled");
  }
  if (!start_save(t)) return reply.error("ERR");
  reply.simple("Background saving started");
}

void serve_lastsave(Turn& t, Session& session, Args) {
  ReplyWriter(session.out).integer(t.s.saving.last_wall.time_since_epoch().count() / 1000);
}

void start_scheduled_save(Turn& t) {
  State& s = t.s;
  if (s.snapshot || s.loading()) return;
  const std::vector<SavePoint>& points = s.config.save;
  const bool reached = std::any_of(points.begin(), points.end(), [&](const SavePoint& point) {
    return s.saving.dirty >= point.changes &&
           seconds_between(s.saving.last, t.now()) > point.seconds && may_try(s, t.now());
  });
  if (reached) {
    t.mark(Mark::saved_by_itself);
    if (t.prose()) t.note("snapshot", "a save point is reached");
    start_save(t);
  } else if (s.saving.scheduled && may_try(s, t.now())) {
    s.saving.scheduled = !start_save(t);
  }
}

std::optional<Instant> next_save(const State& s) {
  if (s.snapshot) return std::nullopt;
  std::optional<Instant> due;
  const auto sooner = [&](Instant at) { due = due ? std::min(*due, at) : at; };
  if (s.saving.scheduled) sooner(s.last_now);
  for (const SavePoint& point : s.config.save) {
    if (s.saving.dirty >= point.changes) sooner(later_than(s.saving.last, point.seconds));
  }
  if (due && !s.saving.ok) due = std::max(*due, later_than(s.saving.last_try, kRetryAfter));
  return due;
}

// Redis asks at each tick whether a file that only replicas needed may go.
void delete_sync_file(Turn& t) {
  State& s = t.s;
  if (!s.config.rdb_del_sync_files) {
    s.saving.for_sync_only = false;
    return;
  }
  if (!no_persistence(s) || !s.saving.for_sync_only) return;
  const bool needed = std::any_of(s.replicas.begin(), s.replicas.end(), [&](ConnId conn) {
    const FeedState state = s.sessions.at(conn).feed.state;
    return state == FeedState::wait_bgsave_start || state == FeedState::wait_bgsave_end ||
           state == FeedState::send_bulk;
  });
  if (needed || !s.files.contains(std::string(kDumpFile))) return;
  t.mark(Mark::sync_file_deleted);
  s.saving.for_sync_only = false;
  delete_dump(t);
}

void save_began(Turn& t) {
  t.s.saving.dirty_before = t.s.saving.dirty;
  t.s.saving.last_try = t.now();
}

void save_ended(Turn& t, bool ok) {
  Saving& saving = t.s.saving;
  saving.ok = ok;
  if (!ok) return;
  saving.dirty -= saving.dirty_before;
  saving.last = t.now();
  saving.last_wall = t.at.wall;
  saving.saves += 1;
}

bool refuses_writes(const State& s) {
  return s.config.stop_writes_on_bgsave_error && saves_by_itself(s) && !s.saving.ok;
}

}  // namespace model
