#include "model/execute.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "model/applying.h"
#include "model/failover.h"
#include "model/propagation.h"
#include "model/replicas.h"
#include "model/saving.h"
#include "model/snapshots.h"

namespace model {
namespace {

constexpr const char* kMisconf =
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is configured "
    "to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). "
    "Please check the Redis logs for details about the RDB error.";
constexpr std::size_t kExpiredAtOnce = 1000;  // keys of one database in one cycle

bool allowed(const Command& command, std::uint32_t flag) {
  return (command.flags & flag) != 0;
}

bool is(const Command& command, std::string_view name) {
  return command.name == name;
}

// Commands that act on a transaction itself are not queued.
bool goes_past_queue(const Command& command) {
  return is(command, "exec") || is(command, "discard") || is(command, "multi") ||
         is(command, "watch") || is(command, "quit") || is(command, "reset");
}

// Whether the command, or the transaction that EXEC would run, may write.
bool may_write(const Session& session, const Command& command) {
  if (!is(command, "exec") || !session.multi) return allowed(command, flag::write);
  return std::any_of(
      session.multi->queue.begin(), session.multi->queue.end(),
      [](const auto& argv) { return allowed(*find_command(argv.front()), flag::write); });
}

std::string unknown_command(const std::vector<std::string>& argv) {
  std::string text =
      "ERR unknown command '" + argv.front().substr(0, 128) + "', with args beginning with: ";
  for (std::size_t i = 1; i < argv.size() && text.size() < 256; ++i) {
    text += "'" + argv[i].substr(0, 128) + "' ";
  }
  return text;
}

std::string wrong_arity(const Command& command) {
  return "ERR wrong number of arguments for '" + std::string(command.name) + "' command";
}

// The first gate that the command does not pass, as an error; nothing when all are open. The order
// is that of the real server: it shows (R9.17, ss01 of the recorded cases).
std::optional<std::string> refusal(Turn& t, const Session& session, const Command* command,
                                   const std::vector<std::string>& argv) {
  const State& s = t.s;
  const Config& c = s.config;
  if (command == nullptr) return unknown_command(argv);
  const auto count = static_cast<int>(argv.size());
  if (command->arity > 0 ? count != command->arity : count < -command->arity)
    return wrong_arity(*command);
  if (!c.requirepass.empty() && !session.authenticated && !allowed(*command, flag::no_auth)) {
    return "NOAUTH Authentication required.";
  }
  if (session.multi && allowed(*command, flag::no_multi))
    return "ERR Command not allowed inside a transaction";
  if (session.from_master) return std::nullopt;  // R7.32
  if (!may_run(s, session, *command)) {
    return "NOPERM this user has no permissions to run the '" + std::string(command->name) +
           "' command";
  }

  const bool writes = may_write(session, *command);
  if ((writes || is(*command, "ping")) && refuses_writes(s)) {
    t.mark(Mark::write_refused_disk_error);
    return kMisconf;
  }
  if (s.is_master() && writes && c.min_replicas_to_write > 0 && c.min_replicas_max_lag > 0 &&
      s.good_replicas < c.min_replicas_to_write) {
    t.mark(Mark::write_refused_no_replicas);
    return "NOREPLICAS Not enough good replicas to write.";
  }
  if (!s.is_master() && c.replica_read_only && writes) {
    t.mark(Mark::write_refused_read_only);
    return "READONLY You can't write against a read only replica.";
  }
  if (!s.is_master() && s.link.state != LinkState::connected && !c.replica_serve_stale_data &&
      !allowed(*command, flag::stale)) {
    t.mark(Mark::stale_refused);
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  }
  const bool barred_by_load = s.loading()
                                  ? !allowed(*command, flag::loading)
                                  : s.async_loading() && allowed(*command, flag::no_async_loading);
  if (barred_by_load) return "LOADING Redis is loading the dataset in memory";
  if (session.is_replica() &&
      allowed(*command, flag::write | flag::readonly | flag::may_replicate)) {
    return "ERR Replica can't interact with the keyspace";
  }
  return std::nullopt;
}

// A writable replica takes an overdue key away before it writes to it, and tells nobody (R8.8).
Overdue overdue_for(const State& s, const Session& session, const Command& command, Instant now) {
  if (session.from_master) return Overdue::ignore;
  if (!s.is_master()) {
    const bool erases = !s.config.replica_read_only && allowed(command, flag::write);
    return erases ? Overdue::erase_quietly : Overdue::hide;
  }
  return paused_for(s, now, true) ? Overdue::hide : Overdue::erase_and_tell;
}

// WATCH looks for any change of a watched key, also to an equal value (R8.11).
void note_touched(State& s, const Session& by, const Command& command, Args argv) {
  const bool everything =
      is(command, "flushall") || is(command, "flushdb") || is(command, "swapdb");
  for (auto& [conn, session] : s.sessions) {
    for (const Watched& watched : session.watched) {
      const bool named =
          watched.db == by.db && std::find(argv.begin() + 1, argv.end(), watched.key) != argv.end();
      if (everything || named) session.watch_broken = true;
    }
  }
}

using Expiries = std::vector<std::optional<WallTime>>;

// Of the keys that a command names, word by word.
Expiries expiries_of(const State& s, unsigned db, Args argv) {
  Expiries out;
  for (const std::string& word : argv) {
    const Entry* const entry = s.data.find(db, word);
    out.push_back(entry == nullptr ? std::nullopt : entry->expires);
  }
  return out;
}

void note_own_expiries(State& s, unsigned db, Args argv, const Expiries& before) {
  const Expiries after = expiries_of(s, db, argv);
  for (std::size_t i = 1; i < after.size(); ++i) {
    if (after[i] && after[i] != before[i]) s.own_expiries.emplace(db, argv[i]);
  }
}

void expire_own(Turn& t) {
  State& s = t.s;
  std::erase_if(s.own_expiries, [&](const auto& own) {
    const Entry* const entry = s.data.find(own.first, own.second);
    if (entry == nullptr || !entry->expires) return true;
    if (*entry->expires >= t.at.wall) return false;
    s.data.erase(own.first, own.second);
    s.stats.expired_keys += 1;
    return true;
  });
}

void add_to_unit(Turn& t, const Command& command, Call& result) {
  State& s = t.s;
  const auto expiries = [&] {
    for (Operation& operation : result.before) propagate(t, std::move(operation));
  };
  if (!result.before.empty()) t.mark(Mark::expired_lazily);
  if (s.rules.expiry_del_goes_first) expiries();
  if (result.dirty > 0 || result.force) {
    if (result.instead) {
      for (Operation& operation : *result.instead) propagate(t, std::move(operation));
    } else {
      propagate(t, {result.db, {result.argv.begin(), result.argv.end()}});
    }
  }
  if (!s.rules.expiry_del_goes_first) expiries();
  // Reads of arbitrary keys may expire many: these are not wrapped (R7.12).
  if (s.depth == 1 && (is(command, "scan") || is(command, "randomkey"))) s.unit_bare = true;
}

// A snapshot that is being taken of what is flushed now is of no use (R4.10), and the old file is
// not what a restart should find.
void note_flushall(Turn& t) {
  if (t.s.snapshot) {
    t.mark(Mark::snapshot_killed_by_flushall);
    kill_snapshot(t);
  }
  if (saves_by_itself(t.s)) save_now(t);
}

void run_data_command(Turn& t, Session& session, const Command& command, Args argv) {
  State& s = t.s;
  Call result{.data = s.data,
              .db = session.db,
              .argv = argv,
              .now = t.at.wall,
              .overdue = overdue_for(s, session, command, t.now()),
              .rules = s.rules,
              .chance = t.at.around,
              .reply = ReplyWriter(session.out),
              .before = {},
              .instead = {}};
  const bool on_writable_replica =
      !s.is_master() && !s.config.replica_read_only && !session.from_master;
  const Expiries before = on_writable_replica ? expiries_of(s, session.db, argv) : Expiries();
  command.run(result);
  if (on_writable_replica) note_own_expiries(s, session.db, argv, before);
  s.stats.expired_keys += static_cast<std::int64_t>(result.expired);
  if (result.failed && session.from_master) {
    t.mark(Mark::stream_error_ignored);
    s.stats.unexpected_error_replies += 1;
  }
  s.saving.dirty += static_cast<std::int64_t>(result.dirty);
  if (result.dirty > 0) note_touched(s, session, command, argv);
  // A snapshot that is being taken of what is flushed now is of no use (R4.10).
  if (is(command, "flushall") && !result.failed) note_flushall(t);
  add_to_unit(t, command, result);
}

}  // namespace

void call(Turn& t, Session& session, const Command& command, Args argv) {
  t.s.stats.commands_processed += 1;
  open_unit(t);
  if (command.run != nullptr) {
    run_data_command(t, session, command, argv);
  } else {
    command.serve(t, session, argv);
  }
  close_unit(t);
  session.woff = t.s.history.offset;
}

bool paused_for(const State& s, Instant now, bool writes) {
  // FAILOVER and SHUTDOWN hold back writes for as long as they last (R10.19, R10.31).
  if (writes && (failing_over(s) || s.shutdown)) return true;
  if (!s.pause.until || *s.pause.until <= now) return false;
  return writes || !s.pause.writes_only;
}

void process_command(Turn& t, Session& session, const std::vector<std::string>& argv) {
  const Command* command = find_command(argv.front());
  if (const auto error = refusal(t, session, command, argv)) {
    if (session.multi) session.multi->refused = true;
    if (session.from_master) {
      t.mark(Mark::stream_error_ignored);
      t.s.stats.unexpected_error_replies += 1;
    }
    if (command != nullptr && is(*command, "exec")) {  // a refused EXEC ends its transaction
      session.multi.reset();
      session.watched.clear();
      session.watch_broken = false;
      return ReplyWriter(session.out)
          .error("EXECABORT Transaction discarded because of: " + *error);
    }
    return ReplyWriter(session.out).error(*error);
  }
  // Connections of replicas are never paused; our master's is (R7.35).
  const bool writes = may_write(session, *command) || allowed(*command, flag::may_replicate);
  if (!session.is_replica() && paused_for(t.s, t.now(), writes)) {
    if (session.from_master) t.mark(Mark::pause_parked_stream);
    session.parked = true;
    session.held = argv;
    return;
  }
  if (session.multi && !goes_past_queue(*command)) {
    session.multi->queue.push_back(argv);
    return ReplyWriter(session.out).simple("QUEUED");
  }
  call(t, session, *command, argv);
}

void serve_session(Turn& t, Session& session) {
  std::vector<std::string> argv;
  while (!session.close_soon && !session.close_after_reply && !session.parked && !session.waiting &&
         !session.waits_for_exit && !t.s.exited) {
    const auto got = session.in.next(argv);
    if (got == RequestParser::Got::nothing_yet) return;
    if (got == RequestParser::Got::malformed) {
      ReplyWriter(session.out).error("ERR " + session.in.problem());
      session.close_after_reply = true;
      return;
    }
    const std::size_t before = session.out.size();
    process_command(t, session, argv);
    // A replica's connection must cause no replies (R2.9).
    if (session.feed.state != FeedState::none && session.feed.state != FeedState::gone &&
        session.out.size() > before && !argv.empty() && is_reply_to_replica(argv.front())) {
      t.mark(Mark::replica_sent_command);
      session.out.resize(before);
      drop_replica(t, session, FeedEvent::dropped);
    }
  }
}

bool is_reply_to_replica(std::string_view name) {
  const Command* command = find_command(name);
  return command == nullptr || (!is(*command, "psync") && !is(*command, "sync"));
}

void release_parked(Turn& t) {
  State& s = t.s;
  if (paused_for(s, t.now(), false)) return;
  const auto go_on = [&](Session& session) {
    if (!session.parked) return false;
    session.parked = false;
    process_command(t, session, std::exchange(session.held, {}));
    return !session.parked;
  };
  std::vector<ConnId> conns;
  for (const auto& [conn, session] : s.sessions) {
    if (session.parked) conns.push_back(conn);
  }
  for (const ConnId conn : conns) {
    if (Session* session = s.find(conn); session != nullptr && go_on(*session))
      serve_session(t, *session);
  }
  if (s.link.master && go_on(s.link.master->session)) {
    stream_applied(t);
    apply_stream(t);
  }
}

void expire_cycle(Turn& t) {
  State& s = t.s;
  if (!s.is_master() && s.active_expire) return expire_own(t);
  if (!s.is_master() || !s.active_expire || paused_for(s, t.now(), true)) return;
  for (unsigned db = 0; db < s.data.databases(); ++db) {
    for (const std::string& key : s.data.overdue(db, t.at.wall, kExpiredAtOnce)) {
      t.mark(Mark::expired_actively);
      s.data.erase(db, key);
      s.stats.expired_keys += 1;
      open_unit(t);
      propagate(t, {db, {s.config.lazyfree_lazy_expire ? "UNLINK" : "DEL", key}});
      close_unit(t);
    }
  }
}

}  // namespace model
