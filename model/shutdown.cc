#include "model/shutdown.h"

#include <algorithm>
#include <string>
#include <utility>

#include "model/data/text.h"
#include "model/execute.h"
#include "model/feeding.h"
#include "model/propagation.h"
#include "model/replicas.h"
#include "model/saving.h"
#include "model/snapshots.h"

namespace model {
namespace {

// Every one of them, in whatever state: one that is still waiting for its RDB has acknowledged
// nothing, and is waited for as well.
bool all_have_everything(const State& s) {
  return std::all_of(s.replicas.begin(), s.replicas.end(), [&](ConnId conn) {
    return s.sessions.at(conn).feed.acked == s.history.offset;
  });
}

// The wish is dropped and those who asked are told.
void give_up(Turn& t) {
  State& s = t.s;
  s.shutdown.reset();
  s.stop_signalled = false;
  s.unpaused = true;
  for (auto& [conn, session] : s.sessions) {
    if (!session.waits_for_exit) continue;
    session.waits_for_exit = false;
    ReplyWriter(session.out).error("ERR Errors trying to SHUTDOWN. Check logs.");
  }
}

// The process ends. What replicas are owed is handed over as far as they take it, and connections are
// closed in order, so that it arrives.
void leave(Turn& t, std::string why) {
  State& s = t.s;
  flush_replicas(t);
  for (const auto& [conn, session] : s.sessions) t.effect(Hangup{conn});
  if (s.link.conn) t.effect(Hangup{*s.link.conn});
  t.effect(Exit{0, std::move(why)});
  s.exited = true;
}

void finish(Turn& t, const ShutdownWish& wish) {
  State& s = t.s;
  kill_snapshot(t);  // or its file might replace the one that is written now
  const bool saves = wish.save || (saves_by_itself(s) && !wish.nosave);
  if (saves && !save_now(t) && !wish.force) {
    t.mark(Mark::shutdown_failed);
    return give_up(t);
  }
  leave(t, "SHUTDOWN");
}

void begin(Turn& t, ShutdownWish wish) {
  State& s = t.s;
  if (s.shutdown) return;  // it goes on as it was asked for first
  if (s.loading()) {       // what is in memory is no data set
    wish.save = false;
    wish.nosave = true;
  }
  const bool waits = s.rules.shutdown_waits && !wish.now && s.config.shutdown_timeout != 0;
  const bool paused = paused_for(s, t.now(), true) && s.rules.pause_stops_getack;
  const auto bears = std::chrono::seconds(waits ? s.config.shutdown_timeout : 0);
  s.shutdown = Shutdown{wish, t.now() + bears};
  if (!waits || all_have_everything(s)) return finish(t, wish);
  t.mark(Mark::shutdown_waited);
  if (t.prose()) t.note("role", "shutting down: waits for its replicas");
  if (writes_stream(s) && !paused) feed_getack(t);
}

bool read_wish(Session& session, Args argv, ShutdownWish& wish, bool& abort) {
  for (const std::string& option : argv.subspan(1)) {
    if (same_word(option, "nosave")) {
      wish.nosave = true;
    } else if (same_word(option, "save")) {
      wish.save = true;
    } else if (same_word(option, "now")) {
      wish.now = true;
    } else if (same_word(option, "force")) {
      wish.force = true;
    } else if (same_word(option, "abort")) {
      abort = true;
    } else {
      return ReplyWriter(session.out).error("ERR syntax error"), false;
    }
  }
  if ((abort && wish != ShutdownWish{}) || (wish.save && wish.nosave)) {
    return ReplyWriter(session.out).error("ERR syntax error"), false;
  }
  return true;
}

}  // namespace

void serve_shutdown(Turn& t, Session& session, Args argv) {
  State& s = t.s;
  ShutdownWish wish;
  bool abort = false;
  if (!read_wish(session, argv, wish, abort)) return;
  if (abort) {
    if (!s.shutdown && !s.stop_signalled) {
      return ReplyWriter(session.out).error("ERR No shutdown in progress.");
    }
    t.mark(Mark::shutdown_aborted);
    give_up(t);
    return ReplyWriter(session.out).ok();
  }
  session.waits_for_exit = true;
  begin(t, wish);
}

void advance_shutdown(Turn& t) {
  State& s = t.s;
  if (!s.shutdown) {
    if (!s.stop_signalled) return;
    if (s.loading()) return leave(t, "SIGTERM while loading");
    return begin(t, {});
  }
  const bool late = s.shutdown->deadline <= t.now();
  if (!late && !all_have_everything(s)) return;
  t.mark(late ? Mark::shutdown_timed_out : Mark::shutdown_caught_up);
  finish(t, s.shutdown->wish);
}

}  // namespace model
