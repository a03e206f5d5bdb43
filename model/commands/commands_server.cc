// Commands that concern the server itself: connections, transactions, roles, configuration,
// persistence. Those of replicas are in master_side, what roles do is in replica_side; here are
// their gates and words.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "model/blocking.h"
#include "model/commands/command.h"
#include "model/execute.h"
#include "model/failover.h"
#include "model/feeding.h"
#include "model/info.h"
#include "model/link.h"
#include "model/data/debug_digest.h"
#include "model/data/number.h"
#include "model/propagation.h"
#include "model/releases.h"
#include "model/data/rdb.h"
#include "model/replicas.h"
#include "model/resync.h"
#include "model/saving.h"
#include "model/shutdown.h"
#include "model/snapshots.h"
#include "model/state.h"
#include "model/data/text.h"

namespace model {
namespace {

constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
constexpr std::string_view kSyntax = "ERR syntax error";

ReplyWriter reply_to(Session& session) {
  return ReplyWriter(session.out);
}

// --- connection
// ---------------------------------------------------------------------------------------

void ping(Turn&, Session& session, Args argv) {
  if (argv.size() > 2)
    return reply_to(session).error("ERR wrong number of arguments for 'ping' command");
  if (session.subscribed()) {  // a subscriber's answers are messages
    reply_to(session).array(2);
    reply_to(session).bulk("pong");
    return reply_to(session).bulk(argv.size() == 2 ? argv[1] : "");
  }
  if (argv.size() == 2) return reply_to(session).bulk(argv[1]);
  reply_to(session).simple("PONG");
}

void echo(Turn&, Session& session, Args argv) {
  reply_to(session).bulk(argv[1]);
}

void select(Turn& t, Session& session, Args argv) {
  const auto db = to_integer(argv[1]);
  if (!db) return reply_to(session).error(kNotAnInteger);
  if (*db < 0 || *db >= t.s.config.databases)
    return reply_to(session).error("ERR DB index is out of range");
  session.db = static_cast<unsigned>(*db);
  reply_to(session).ok();
}

// Before 6.0 there was one password and no users (V14).
void auth_by_password(Turn& t, Session& session, Args argv) {
  const Config& c = t.s.config;
  if (argv.size() != 2)
    return reply_to(session).error("ERR wrong number of arguments for 'auth' command");
  if (c.requirepass.empty())
    return reply_to(session).error("ERR Client sent AUTH, but no password is set");
  session.authenticated = argv[1] == c.requirepass;
  if (!session.authenticated) return reply_to(session).error("ERR invalid password");
  reply_to(session).ok();
}

void auth(Turn& t, Session& session, Args argv) {
  const Config& c = t.s.config;
  if (!t.s.rules.auth_takes_user) return auth_by_password(t, session, argv);
  if (argv.size() > 3) return reply_to(session).error(kSyntax);
  if (c.requirepass.empty() && argv.size() == 2) {
    return reply_to(session).error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure "
        "your configuration is correct?");
  }
  if (argv.size() == 3 && argv[1] != "default") {
    const auto user = t.s.users.find(argv[1]);
    if (user == t.s.users.end() || !may_log_in(user->second, argv[2]))
      return reply_to(session).error(
          "WRONGPASS invalid username-password pair or user is disabled.");
    session.authenticated = true;
    session.user = argv[1];
    return reply_to(session).ok();
  }
  if (!c.requirepass.empty() && argv.back() != c.requirepass) {
    return reply_to(session).error("WRONGPASS invalid username-password pair or user is disabled.");
  }
  session.authenticated = true;
  session.user.clear();
  reply_to(session).ok();
}

void quit(Turn&, Session& session, Args) {
  reply_to(session).ok();
  session.close_after_reply = true;
}

void reset(Turn& t, Session& session, Args) {
  session.multi.reset();
  session.watched.clear();
  session.watch_broken = false;
  session.db = 0;
  session.authenticated = t.s.config.requirepass.empty();
  session.user.clear();
  session.channels.clear();
  session.patterns.clear();
  session.name.clear();
  reply_to(session).simple("RESET");
}

void time(Turn& t, Session& session, Args) {
  const std::int64_t ms = t.at.wall.time_since_epoch().count();
  reply_to(session).array(2);
  reply_to(session).bulk(std::to_string(ms / 1000));
  reply_to(session).bulk(std::to_string(ms % 1000 * 1000));
}

// --- transactions (R7.10, R7.30)
// ------------------------------------------------------------------------

void multi(Turn&, Session& session, Args) {
  if (session.multi) return reply_to(session).error("ERR MULTI calls can not be nested");
  session.multi.emplace();
  reply_to(session).ok();
}

void discard(Turn&, Session& session, Args) {
  if (!session.multi) return reply_to(session).error("ERR DISCARD without MULTI");
  session.forget_transaction();
  reply_to(session).ok();
}

bool watch_failed(const Turn& t, const Session& session) {
  if (session.watch_broken) return true;
  return std::any_of(session.watched.begin(), session.watched.end(), [&](const Watched& watched) {
    if (watched.was_overdue) return false;
    const Entry* entry = t.s.data.find(watched.db, watched.key);
    return entry != nullptr && entry->expires && t.at.wall > *entry->expires;
  });
}

// Up to 6.2 a transaction is told as such from its first command on that is more than a read, even
// if it changes nothing (V37).
bool tells_transaction(const Turn& t, const Command& command) {
  return t.s.rules.wrapping != Rules::Wrapping::by_size &&
         (command.flags & (flag::readonly | flag::admin)) == 0;
}

void exec(Turn& t, Session& session, Args) {
  if (!session.multi) return reply_to(session).error("ERR EXEC without MULTI");
  const bool broken = watch_failed(t, session);
  const Transaction transaction = std::move(*session.multi);
  session.forget_transaction();
  if (transaction.refused) {
    return reply_to(session).error("EXECABORT Transaction discarded because of previous errors.");
  }
  if (broken) return reply_to(session).null_array();
  reply_to(session).array(transaction.queue.size());
  bool told = false;
  for (const auto& argv : transaction.queue) {
    const Command& command = *find_command(argv.front());
    if (!told && tells_transaction(t, command)) {
      told = true;
      propagate(t, {session.db, {"MULTI"}});
    }
    call(t, session, command, argv);
  }
  if (told) propagate(t, {session.db, {"EXEC"}});
  if (t.s.unit.size() == 1 && transaction.queue.size() > 1) t.mark(Mark::unit_unwrapped_single);
}

void watch(Turn& t, Session& session, Args argv) {
  if (session.multi) return reply_to(session).error("ERR WATCH inside MULTI is not allowed");
  for (const std::string& key : argv.subspan(1)) {
    const Entry* entry = t.s.data.find(session.db, key);
    const bool overdue = entry != nullptr && entry->expires && t.at.wall > *entry->expires;
    session.watched.push_back({session.db, key, overdue});
  }
  reply_to(session).ok();
}

void unwatch(Turn&, Session& session, Args) {
  session.watched.clear();
  session.watch_broken = false;
  reply_to(session).ok();
}

// --- roles (reference 10)
// -------------------------------------------------------------------------------

void replicaof(Turn& t, Session& session, Args argv) {
  State& s = t.s;
  if (failing_over(s))
    return reply_to(session).error("ERR REPLICAOF not allowed while failing over.");
  if (same_word(argv[1], "no") && same_word(argv[2], "one")) {
    say_order(t);
    promote(t);
    return reply_to(session).ok();
  }
  if (session.is_replica()) {
    return reply_to(session).error("ERR Command is not valid when client is a replica.");
  }
  const auto port = to_integer(argv[2]);
  if (!port || *port < 0 || *port > 65535) return reply_to(session).error("ERR Invalid master port");
  if (!s.is_master() && same_word(s.link.host, argv[1]) && s.link.port == *port) {
    t.mark(Mark::already_connected);
    return reply_to(session).simple("OK Already connected to specified master");
  }
  say_order(t, argv[1], static_cast<int>(*port));
  if (!s.rules.obeys_newest_order) s.link.late_order = {argv[1], static_cast<int>(*port)};
  follow(t, argv[1], static_cast<int>(*port));
  reply_to(session).ok();
}

void role(Turn& t, Session& session, Args) {
  ReplyWriter reply(session.out);
  write_role(t.s, reply);
}

void serve_info(Turn& t, Session& session, Args argv) {
  reply_to(session).bulk(info(t.s, t.now(), argv.size() > 1 ? std::string_view(argv[1]) : ""));
}

// R9.18: the count at once if it is enough or inside MULTI, else the client waits.
void wait(Turn& t, Session& session, Args argv) {
  State& s = t.s;
  if (!s.is_master()) {
    return reply_to(session).error(
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if "
        "a "
        "replica is configured to be writable (which is not the default) writes to replicas are "
        "just "
        "local and are not propagated.");
  }
  const auto replicas = to_integer(argv[1]);
  if (!replicas) return reply_to(session).error(kNotAnInteger);
  const auto timeout = to_integer(argv[2]);
  if (!timeout) return reply_to(session).error("ERR timeout is not an integer or out of range");
  if (*timeout < 0) return reply_to(session).error("ERR timeout is negative");
  const std::int64_t acked = acked_by(s, session.woff);
  if (acked >= *replicas || s.depth > 1) {
    t.effect(WaitAnswered{session.woff, acked, session.conn});
    return reply_to(session).integer(acked);
  }
  session.waiting = Waiting{*replicas, session.woff, std::nullopt};
  if (*timeout > 0) session.waiting->deadline = t.now() + std::chrono::milliseconds(*timeout);
  s.getack_wanted = true;
}

// --- configuration
// --------------------------------------------------------------------------------------

void config_get(Turn& t, Session& session, Args patterns) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const std::string& given : patterns) {
    const std::string pattern = lower(given);
    for (const Setting& setting : settings()) {
      if (!has_setting(t.s.rules, setting.name)) continue;
      for (const std::string_view name : {setting.name, setting.alias}) {
        if (!name.empty() && matches(pattern, name))
          found.emplace_back(name, setting.get(t.s.config));
      }
    }
  }
  // REPLICAOF changes it, CONFIG SET does not.
  const Link& link = t.s.link;
  for (const std::string_view name : {"replicaof", "slaveof"}) {
    const auto asked = [&](const std::string& given) { return matches(lower(given), name); };
    if (std::none_of(patterns.begin(), patterns.end(), asked)) continue;
    found.emplace_back(name, link.host.empty() ? "" : link.host + " " + std::to_string(link.port));
  }
  reply_to(session).array(found.size() * 2);
  for (const auto& [name, value] : found) {
    reply_to(session).bulk(name);
    reply_to(session).bulk(value);
  }
}

// What CONFIG SET takes less than this is made this. What a configuration file says stays as it is.
constexpr std::int64_t kSmallestBacklog = 16384;  // R6.8

void apply_config(Turn& t, const Config& before) {
  State& s = t.s;
  if (s.config.repl_backlog_size != before.repl_backlog_size)
    s.config.repl_backlog_size = std::max(s.config.repl_backlog_size, kSmallestBacklog);
  if (s.backlog && s.config.repl_backlog_size != before.repl_backlog_size) {
    t.mark(Mark::backlog_resized);
    if (s.rules.resize_keeps_backlog) {
      s.backlog->resize(s.config.repl_backlog_size);
    } else {
      empty_backlog(t);
    }
  }
  recount_good_replicas(t);
}

void config_set(Turn& t, Session& session, Args pairs) {
  Config changed = t.s.config;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const Setting* setting = find_setting(pairs[i]);
    const bool role = same_word(pairs[i], "replicaof") || same_word(pairs[i], "slaveof");
    const bool there = setting != nullptr && has_setting(t.s.rules, setting->name);
    if (!there && !role) {
      return reply_to(session).error(
          "ERR Unknown option or number of arguments for CONFIG SET - '" + pairs[i] + "'");
    }
    const std::string failed =
        "ERR CONFIG SET failed (possibly related to argument '" + pairs[i] + "') - ";
    if (role || setting->at_start_only)
      return reply_to(session).error(failed + "can't set immutable config");
    if (const auto problem = setting->set(changed, pairs[i + 1]))
      return reply_to(session).error(failed + *problem);
  }
  const Config before = std::exchange(t.s.config, changed);
  apply_config(t, before);
  reply_to(session).ok();
}

void config(Turn& t, Session& session, Args argv) {
  if (same_word(argv[1], "get") && argv.size() >= 3) return config_get(t, session, argv.subspan(2));
  if (same_word(argv[1], "set") && argv.size() >= 4 && argv.size() % 2 == 0) {
    return config_set(t, session, argv.subspan(2));
  }
  if (same_word(argv[1], "resetstat") && argv.size() == 2) {
    t.s.stats = {};
    return reply_to(session).ok();
  }
  reply_to(session).error("ERR unknown subcommand or wrong number of arguments for '" + argv[1] +
                          "'. Try CONFIG HELP.");
}

// How many there are; what they are is said elsewhere.
void command(Turn&, Session& session, Args argv) {
  if (argv.size() == 2 && same_word(argv[1], "count"))
    return reply_to(session).integer(static_cast<std::int64_t>(commands().size()));
  if (argv.size() == 1 || same_word(argv[1], "docs") || same_word(argv[1], "info"))
    return reply_to(session).array(0);
  reply_to(session).error("ERR unknown subcommand '" + argv[1].substr(0, 128) + "'. Try COMMAND HELP.");
}

// --- debugging
// --------------------------------------------------------------------------------------------

// Looks at keys as a read does: an overdue one counts as missing.
void digest_values(Turn& t, Session& session, Args keys) {
  ReplyWriter reply(session.out);
  reply.array(keys.size());
  for (const std::string& key : keys) {
    const Entry* entry = t.s.data.find(session.db, key);
    const bool overdue = entry != nullptr && entry->expires && t.at.wall > *entry->expires;
    reply.simple(hex(debug_digest(overdue ? nullptr : entry)));
  }
}

// "0.5" or "3" seconds as a duration, without a floating point.
std::optional<Duration> seconds(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = to_integer(text.substr(0, point));
  if (!whole || *whole < 0 || *whole > 1'000'000) return std::nullopt;
  Duration result = std::chrono::seconds(*whole);
  if (point == std::string_view::npos) return result;
  std::int64_t unit = 100'000;
  for (const char c : text.substr(point + 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    result += Duration((c - '0') * unit);
    unit /= 10;
  }
  return result;
}

// Saves and loads: what is overdue does not come back on a master (R8.9).
void reload(Turn& t, Session& session) {
  State& s = t.s;
  if (t.at.machine.disk_full) return reply_to(session).error("ERR");
  save_now(t);
  const Keyspace before = s.data;
  for (unsigned db = 0; s.is_master() && db < s.data.databases(); ++db) {
    for (const std::string& key : s.data.overdue(db, t.at.wall, s.data.size(db))) s.data.erase(db, key);
  }
  tell_data_replaced(t, before);
  reply_to(session).ok();
}

void debug(Turn& t, Session& session, Args argv) {
  State& s = t.s;
  if (s.config.enable_debug_command == "no" && !session.from_master) {
    return reply_to(session).error(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
        "you can "
        "run it from a local connection, otherwise you need to set this option in the "
        "configuration file, "
        "and then restart the server.");
  }
  if (same_word(argv[1], "digest") && argv.size() == 2) {
    ReplyWriter reply(session.out);
    return reply.simple(hex(debug_digest(s.data)));
  }
  if (same_word(argv[1], "digest-value") && argv.size() >= 2)
    return digest_values(t, session, argv.subspan(2));
  if (same_word(argv[1], "sleep") && argv.size() == 3) {
    const auto duration = seconds(argv[2]);
    if (!duration) return reply_to(session).error(kSyntax);
    t.effect(Block{*duration});
    return reply_to(session).ok();
  }
  if (same_word(argv[1], "reload")) return reload(t, session);
  if (same_word(argv[1], "set-active-expire") && argv.size() == 3) {
    s.active_expire = argv[2] != "0";
    return reply_to(session).ok();
  }
  if (same_word(argv[1], "change-repl-id") && argv.size() == 2) {
    s.history.begin_anew(t.at.around);
    return reply_to(session).ok();
  }
  if (same_word(argv[1], "replicate") && argv.size() >= 3) {
    propagate(t, {session.db, {argv.begin() + 2, argv.end()}});
    return reply_to(session).ok();
  }
  reply_to(session).error("ERR unknown subcommand or wrong number of arguments for '" + argv[1] +
                          "'. Try DEBUG HELP.");
}

namespace f = flag;

constexpr auto kCommands = std::to_array<Command>({
    {"auth", -2, f::loading | f::stale | f::no_auth | f::no_script, nullptr, auth},
    {"bgsave", -1, f::admin | f::no_async_loading | f::no_script, nullptr, serve_bgsave},
    {"command", -1, f::loading | f::stale, nullptr, command},
    {"config", -2, f::admin | f::loading | f::stale | f::no_script, nullptr, config},
    {"debug", -2, f::admin | f::loading | f::stale | f::no_script, nullptr, debug},
    {"discard", 1, f::loading | f::stale | f::no_script, nullptr, discard},
    {"echo", 2, f::loading | f::stale, nullptr, echo},
    {"exec", 1, f::loading | f::stale | f::no_script, nullptr, exec},
    {"failover", -1, f::admin | f::stale | f::no_script, nullptr, serve_failover},
    {"info", -1, f::loading | f::stale, nullptr, serve_info},
    {"lastsave", 1, f::loading | f::stale, nullptr, serve_lastsave},
    {"multi", 1, f::loading | f::stale | f::no_script, nullptr, multi},
    {"ping", -1, f::pubsub, nullptr, ping},
    {"psync", -3, f::admin | f::no_multi | f::no_async_loading | f::no_script, nullptr, serve_psync},
    {"quit", -1, f::loading | f::stale | f::no_auth | f::no_script | f::pubsub, nullptr, quit},
    {"replconf", -1, f::admin | f::loading | f::stale | f::no_script, nullptr, serve_replconf},
    {"replicaof", 3, f::admin | f::stale | f::no_async_loading | f::no_script, nullptr, replicaof},
    {"reset", 1, f::loading | f::stale | f::no_auth | f::no_script | f::pubsub, nullptr, reset},
    {"role", 1, f::loading | f::stale | f::no_script, nullptr, role},
    {"save", 1, f::admin | f::no_multi | f::no_async_loading | f::no_script, nullptr, serve_save},
    {"select", 2, f::loading | f::stale, nullptr, select},
    {"shutdown", -1, f::admin | f::loading | f::stale | f::no_multi | f::no_script, nullptr, serve_shutdown},
    {"slaveof", 3, f::admin | f::stale | f::no_async_loading | f::no_script, nullptr, replicaof},
    {"sync", 1, f::admin | f::no_multi | f::no_async_loading | f::no_script, nullptr, serve_sync},
    {"time", 1, f::loading | f::stale, nullptr, time},
    {"unwatch", 1, f::loading | f::stale | f::no_script, nullptr, unwatch},
    {"wait", 3, f::no_script, nullptr, wait},
    {"watch", -2, f::loading | f::stale | f::no_script, nullptr, watch},
});

}  // namespace

std::span<const Command> server_commands() {
  return kCommands;
}

}  // namespace model
