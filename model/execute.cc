#include "model/execute.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "model/applying.h"
#include "model/blocking.h"
#include "model/eviction.h"
#include "model/failover.h"
#include "model/limits.h"
#include "model/propagation.h"
#include "model/releases.h"
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

std::uint32_t flags_in(const State& s, const std::vector<std::string>& argv) {
  return flags_of(s, *find_command(argv.front()), argv);
}

// Whether the command, or something in the transaction that EXEC would run, has one of the flags.
bool any_has(const State& s, const Session& session, const Command& command, Args args,
             std::uint32_t flags) {
  if ((flags_of(s, command, args) & flags) != 0) return true;
  if (!session.multi || !is(command, "exec")) return false;
  return std::any_of(session.multi->queue.begin(), session.multi->queue.end(),
                     [&](const auto& argv) { return (flags_in(s, argv) & flags) != 0; });
}

// Whether the command and all that EXEC would run have it.
bool all_have(const State& s, const Session& session, const Command& command, Args args,
              std::uint32_t flag) {
  if ((flags_of(s, command, args) & flag) == 0) return false;
  if (!session.multi || !is(command, "exec")) return true;
  return std::all_of(session.multi->queue.begin(), session.multi->queue.end(),
                     [&](const auto& argv) { return (flags_in(s, argv) & flag) != 0; });
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
  if (command == nullptr || !is_there(s.rules, command->since)) return unknown_command(argv);
  const auto count = static_cast<int>(argv.size());
  if (command->arity > 0 ? count != command->arity : count < -command->arity)
    return wrong_arity(*command);
  if (!c.requirepass.empty() && !session.authenticated && !allowed(*command, flag::no_auth)) {
    return "NOAUTH Authentication required.";
  }
  if (const auto user = s.users.find(session.user); user != s.users.end()) {
    if (const auto error = not_permitted(user->second, *command, argv)) return "NOPERM " + *error;
  }
  if (session.multi && allowed(*command, flag::no_multi))
    return "ERR Command not allowed inside a transaction";
  if (session.from_master) return std::nullopt;  // R7.32

  t.s.out_of_memory = !make_room(t);
  const bool grows = session.multi && !goes_past_queue(*command);  // a queue has no end of its own
  if (s.out_of_memory && (grows || any_has(s, session, *command, argv, flag::denyoom))) {
    t.mark(Mark::refused_out_of_memory);
    return "OOM command not allowed when used memory > 'maxmemory'.";
  }
  const bool writes = any_has(s, session, *command, argv, flag::write);
  if (refuses_writes(s) && (writes || is(*command, "ping"))) {
    t.mark(Mark::write_refused_disk_error);
    return kMisconf;
  }
  if (writes && lacks_replicas(s)) {
    t.mark(Mark::write_refused_no_replicas);
    return "NOREPLICAS Not enough good replicas to write.";
  }
  if (!s.is_master() && c.replica_read_only && writes) {
    t.mark(Mark::write_refused_read_only);
    return "READONLY You can't write against a read only replica.";
  }
  if (session.subscribed() && !allowed(*command, flag::pubsub)) {
    return "ERR Can't execute '" + std::string(command->name) +
           "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
           "context";
  }
  if (!s.is_master() && s.link.state != LinkState::connected && !c.replica_serve_stale_data &&
      !all_have(s, session, *command, argv, flag::stale)) {
    t.mark(Mark::stale_refused);
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  }
  const bool barred_by_load = s.loading()
                                  ? !all_have(s, session, *command, argv, flag::loading)
                                  : s.async_loading() &&
                                        any_has(s, session, *command, argv, flag::no_async_loading);
  if (barred_by_load) return "LOADING Redis is loading the dataset in memory";
  if (session.is_replica() && !s.rules.replica_commands_tolerated &&
      allowed(*command, flag::write | flag::readonly | flag::may_replicate)) {
    return "ERR Replica can't interact with the keyspace";
  }
  return std::nullopt;
}

Overdue overdue_for(const State& s, const Session& session, const Command& command, Instant now) {
  using Shown = Rules::Shown;
  if (session.from_master) return Overdue::ignore;
  if (!s.is_master()) {
    const Shown shown = s.rules.overdue_on_replica;
    const bool shows = shown == Shown::everything || !s.rules.replica_hides_overdue ||
                       (shown == Shown::by_exists && is(command, "exists"));
    if (shows) return Overdue::ignore;
    const bool own_write = !s.config.replica_read_only && allowed(command, flag::write);
    return own_write ? Overdue::erase_quietly : Overdue::hide;
  }
  return paused_for(s, now, true) ? Overdue::hide : Overdue::erase_and_tell;
}

// An error in our master's stream is counted, and may be the end (R7.33).
void note_stream_error(Turn& t, std::string_view what) {
  State& s = t.s;
  t.mark(Mark::stream_error_ignored);
  s.stats.unexpected_error_replies += 1;
  if (!s.config.replica_read_only || s.config.propagation_error_behavior == "ignore") return;
  t.mark(Mark::panicked_on_stream_error);
  t.effect(Exit{1, "an error in the stream of the master: " + std::string(what)});
  s.exited = true;
}

void add_to_unit(Turn& t, const Command& command, Call& result, bool muted) {
  State& s = t.s;
  const auto expiries = [&] {
    for (Operation& operation : result.before) propagate(t, std::move(operation));
  };
  if (!result.before.empty()) t.mark(Mark::expired_lazily);
  if (s.rules.expiry_del_goes_first) expiries();
  if ((result.dirty > 0 || result.force) && !muted) {
    if (result.instead) {
      // Up to 6.2 what a command alone does in several steps is wrapped by itself, if at all (V37).
      const bool wrap = s.rules.wrapping == Rules::Wrapping::transactions_and_extra &&
                        s.depth == 1 && result.instead->size() > 1;
      if (wrap) {
        t.mark(Mark::unit_wrapped);
        result.instead->insert(result.instead->begin(), Operation{result.db, {"MULTI"}});
        result.instead->push_back(Operation{result.db, {"EXEC"}});
      }
      for (Operation& operation : *result.instead) propagate(t, std::move(operation));
    } else if (authors(s)) {
      propagate(t, {result.db, {result.argv.begin(), result.argv.end()}});
    }
  }
  if (!s.rules.expiry_del_goes_first) expiries();
  // Reads of arbitrary keys may expire many: these are not wrapped (R7.12).
  if (s.depth == 1 && (is(command, "scan") || is(command, "randomkey"))) s.unit_bare = true;
}

// A snapshot that is being taken of what is flushed now is of no use (R4.10), and the old file is
// not what a restart should find. The new one is written before the FLUSHALL itself is in the stream:
// it says that nothing was there at an offset where all was, as in the real server.
void note_flushall(Turn& t) {
  if (t.s.snapshot) {
    t.mark(Mark::snapshot_killed_by_flushall);
    kill_snapshot(t);
  }
  if (!saves_by_itself(t.s) || !save_now(t)) return;
  if (file_names_history(t.s)) t.mark(Mark::flushall_saved_ahead);
}

// What is freed aside is UNLINKed in the stream (V52, R7.18, table 7.4).
void name_deletions(const Config& config, const Command& command, Call& result) {
  if (config.lazyfree_lazy_expire) {
    for (Operation& operation : result.before) operation.argv.front() = "UNLINK";
  }
  if (!result.instead) return;
  const bool expires = is(command, "expire") || is(command, "pexpire") ||
                       is(command, "expireat") || is(command, "pexpireat") || is(command, "getex");
  const bool lazy = expires ? config.lazyfree_lazy_expire
                            : is(command, "getdel") && config.lazyfree_lazy_user_del;
  if (!lazy) return;
  for (Operation& operation : *result.instead) {
    if (operation.argv.front() == "DEL") operation.argv.front() = "UNLINK";
  }
}

// True when the command is done; false when it waits for a key.
bool run_data_command(Turn& t, Session& session, const Command& command, Args argv,
                      const std::string* served = nullptr) {
  State& s = t.s;
  listen_to_keys(t);
  Call result{.data = s.data,
              .db = session.db,
              .argv = argv,
              .now = t.at.wall,
              .overdue = overdue_for(s, session, command, t.now()),
              .rules = s.rules,
              .chance = t.at.around,
              .reply = ReplyWriter(session.out),
              .before = {},
              .instead = {},
              .encoding = s.config.encoding,
              .may_block = served != nullptr || (s.depth == 1 && !session.from_master),
              .served = served,
              .shown = {}};
  const std::uint64_t before = s.data.digest();
  command.run(result);
  if (!s.is_master() && !session.from_master && s.data.digest() != before) t.effect(WroteAside{});
  name_deletions(s.config, command, result);
  s.stats.expired_keys += static_cast<std::int64_t>(result.expired);
  if (result.failed) s.stats.commands[command.number].failed += 1;
  if (result.failed) s.unit_failed = true;
  if (result.shown && !session.from_master) {
    t.effect(ShownExpiring{result.shown->deadline, result.now, std::move(result.shown->key)});
  }
  if (result.failed && session.from_master) note_stream_error(t, argv.front());
  s.saving.dirty += static_cast<std::int64_t>(result.dirty);
  tell_key_events(t, result.dirty > 0 || result.force, !session.from_master);
  if (result.block && served == nullptr)
    begin_waiting(t, session, std::move(*result.block), argv);
  if (is(command, "flushall") && !result.failed) {
    s.own_expiries.clear();
    note_flushall(t);
  }
  add_to_unit(t, command, result, session.muted);
  return !result.block;
}

}  // namespace

std::uint32_t flags_of(const State& s, const Command& command, Args argv) {
  return (command.flags & flag::own_flags) == 0 ? command.flags : script_command_flags(s, command, argv);
}

bool lacks_replicas(const State& s) {
  const Config& c = s.config;
  return s.is_master() && c.min_replicas_to_write > 0 && c.min_replicas_max_lag > 0 &&
         s.good_replicas < c.min_replicas_to_write;
}

void call(Turn& t, Session& session, const Command& command, Args argv) {
  t.s.stats.commands_processed += 1;
  t.s.stats.commands[command.number].calls += 1;
  open_unit(t);
  if (command.run != nullptr) {
    run_data_command(t, session, command, argv);
  } else {
    command.serve(t, session, argv);
  }
  close_unit(t);
  session.woff = t.s.history.offset;
}

bool call_for_waiter(Turn& t, Session& session, const std::vector<std::string>& argv,
                     const std::string& key) {
  open_unit(t);
  const bool done = run_data_command(t, session, *find_command(argv.front()), argv, &key);
  close_unit(t);
  return done;
}

bool paused_for(const State& s, Instant now, bool writes) {
  // FAILOVER and SHUTDOWN hold back writes for as long as they last (R10.19, R10.31).
  if (writes && (failing_over(s) || s.shutdown)) return true;
  if (!s.pause.until || *s.pause.until <= now) return false;
  return writes || !s.pause.writes_only;
}

namespace {

// EXEC itself is refused: for what it would have run, or as it is.
void abort_exec(Turn& t, Session& session, std::string_view why) {
  t.mark(Mark::exec_refused);
  session.forget_transaction();
  if (why.starts_with("ERR ")) why.remove_prefix(4);
  ReplyWriter(session.out).error("EXECABORT Transaction discarded because of: " + std::string(why));
}

}  // namespace

void process_command(Turn& t, Session& session, const std::vector<std::string>& argv) {
  const Command* command = find_command(argv.front());
  if (const auto error = refusal(t, session, command, argv)) {
    if (command != nullptr) t.s.stats.commands[command->number].rejected += 1;
    if (command != nullptr && is(*command, "exec")) return abort_exec(t, session, *error);
    if (session.multi) session.multi->refused = true;
    if (session.from_master) note_stream_error(t, argv.front());
    return ReplyWriter(session.out).error(*error);
  }
  session.last_command = command->name;
  // Connections of replicas are never paused; our master's is (R7.35).
  const bool writes =
      any_has(t.s, session, *command, argv, flag::write | flag::may_replicate);
  if (!session.is_replica() && paused_for(t.s, t.now(), writes)) {
    if (session.from_master) t.mark(Mark::pause_parked_stream);
    session.parked = t.s.parked_so_far++;
    session.held = argv;
    return;
  }
  if (session.multi && !goes_past_queue(*command)) {
    session.multi->queue.push_back(argv);
    for (const std::string& argument : argv) session.multi->bytes += argument.size();
    return ReplyWriter(session.out).simple("QUEUED");
  }
  call(t, session, *command, argv);
  serve_ready_keys(t);
}

void serve_session(Turn& t, Session& session) {
  Words words(t.at.out);
  std::vector<std::string>& argv = words.argv;
  while (!session.close_soon && !session.close_after_reply && !session.stands_still() &&
         !t.s.exited) {
    limit_requests(t.s, session);
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
    if (!t.s.rules.replica_commands_tolerated && session.feed.state != FeedState::none &&
        session.feed.state != FeedState::gone &&
        session.out.size() > before && !argv.empty() && is_reply_to_replica(argv.front())) {
      t.mark(Mark::replica_sent_command);
      session.out.resize(before);
      drop_replica(t, session, FeedEvent::dropped);
    }
    if (check_output(t, session)) return;
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
    session.parked.reset();
    process_command(t, session, std::exchange(session.held, {}));
    return !session.parked;
  };
  // In the order in which they were held; our master's stream has its turn among them.
  std::vector<std::pair<std::uint64_t, std::optional<ConnId>>> turns;
  for (const auto& [conn, session] : s.sessions) {
    if (session.parked) turns.emplace_back(*session.parked, conn);
  }
  if (s.link.master && s.link.master->session.parked)
    turns.emplace_back(*s.link.master->session.parked, std::nullopt);
  std::sort(turns.begin(), turns.end());
  for (const auto& [turn, conn] : turns) {
    if (conn) {
      if (Session* session = s.find(*conn); session != nullptr && go_on(*session))
        serve_session(t, *session);
    } else if (s.link.master && go_on(s.link.master->session)) {
      stream_applied(t);
      apply_stream(t);
    }
  }
}

// A writable replica's own: gone, and nobody is told. What is no longer there, or no longer expires, is
// forgotten (R8.8).
void expire_own_keys(Turn& t) {
  State& s = t.s;
  if (s.own_expiries.empty()) return;
  listen_to_keys(t);
  std::erase_if(s.own_expiries, [&](const auto& own) {
    const Entry* const entry = s.data.find(own.first, own.second);
    if (entry == nullptr || !entry->expires) return true;
    if (t.at.wall <= *entry->expires) return false;
    t.mark(Mark::own_key_expired);
    s.data.erase(own.first, own.second);
    s.stats.expired_keys += 1;
    return true;
  });
  tell_key_events(t, true);
}

void expire_cycle(Turn& t) {
  State& s = t.s;
  if (!s.active_expire) return;
  if (paused_for(s, t.now(), true) && s.rules.pause_stops_expiry) return;
  if (!s.is_master() && s.rules.replica_waits_for_del) return expire_own_keys(t);
  if (const auto first = s.data.first_expiry(); !first || t.at.wall <= *first) return;
  for (unsigned db = 0; db < s.data.databases(); ++db) {
    for (const std::string& key : s.data.overdue(db, t.at.wall, kExpiredAtOnce)) {
      t.mark(Mark::expired_actively);
      listen_to_keys(t);
      s.data.erase(db, key);
      tell_key_events(t, true);
      s.stats.expired_keys += 1;
      open_unit(t);
      propagate(t, {db, {s.config.lazyfree_lazy_expire ? "UNLINK" : "DEL", key}});
      close_unit(t);
    }
  }
}

}  // namespace model
