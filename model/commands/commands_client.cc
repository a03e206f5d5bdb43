// CLIENT: what clients can say of their connections, and do to those of others.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "model/blocking.h"
#include "model/commands/command.h"
#include "model/data/number.h"
#include "model/data/text.h"
#include "model/execute.h"
#include "model/link.h"
#include "model/state.h"

namespace model {
namespace {

constexpr std::string_view kSyntax = "ERR syntax error";

ReplyWriter reply_to(Session& session) {
  return ReplyWriter(session.out);
}

std::int64_t id_of(const Session& session) {
  return static_cast<std::int64_t>(session.conn);
}

// --- what a connection is -------------------------------------------------------------------------

enum class Kind : std::uint8_t { normal, replica, master, pubsub };

Kind kind_of(const Session& session) {
  if (session.from_master) return Kind::master;
  if (session.is_replica()) return Kind::replica;
  return session.subscribed() ? Kind::pubsub : Kind::normal;
}

std::optional<Kind> kind_named(std::string_view word) {
  if (same_word(word, "normal")) return Kind::normal;
  if (same_word(word, "replica") || same_word(word, "slave")) return Kind::replica;
  if (same_word(word, "master")) return Kind::master;
  if (same_word(word, "pubsub")) return Kind::pubsub;
  return std::nullopt;
}

std::string address(const Session& session) {
  return session.peer_ip + ":" + std::to_string(session.peer_port);
}

std::string own_address(const State& s) {
  return "127.0.0.1:" + std::to_string(s.config.port);
}

std::string flags_of(const Session& session) {
  std::string flags;
  if (session.is_replica()) flags += 'S';
  if (session.from_master) flags += 'M';
  if (session.subscribed()) flags += 'P';
  if (session.multi) flags += 'x';
  if (session.stands_still()) flags += 'b';
  if (session.watch_broken) flags += 'd';
  if (session.close_after_reply) flags += 'c';
  if (session.close_soon) flags += 'A';
  if (session.no_evict) flags += 'e';
  return flags.empty() ? "N" : flags;
}

// One line of CLIENT LIST. What depends on a real server's buffers is left out.
std::string line_of(const Turn& t, const Session& session) {
  std::string line;
  const auto field = [&](std::string_view name, const std::string& value) {
    line += line.empty() ? "" : " ";
    line += name;
    line += '=';
    line += value;
  };
  field("id", std::to_string(id_of(session)));
  field("addr", address(session));
  field("laddr", own_address(t.s));
  field("name", session.name);
  field("age", std::to_string(seconds_between(session.since, t.now())));
  field("idle", std::to_string(seconds_between(session.last_heard, t.now())));
  field("flags", flags_of(session));
  field("db", std::to_string(session.db));
  field("sub", std::to_string(session.channels.size()));
  field("psub", std::to_string(session.patterns.size()));
  field("multi", session.multi ? std::to_string(session.multi->queue.size()) : "-1");
  field("qbuf", std::to_string(session.in.pending()));
  field("obl", std::to_string(session.unsent()));
  field("cmd", session.last_command.empty() ? "NULL" : session.last_command);
  field("user", session.user.empty() ? "default" : session.user);
  field("resp", "2");
  return line + "\n";
}

std::vector<Session*> everybody(State& s) {
  std::vector<Session*> all;
  for (auto& [conn, session] : s.sessions) {
    if (!session.close_soon) all.push_back(&session);
  }
  if (s.link.master) all.push_back(&s.link.master->session);
  return all;
}

void list(Turn& t, Session& session, Args argv) {
  std::optional<Kind> kind;
  std::vector<std::int64_t> ids;
  if (argv.size() == 4 && same_word(argv[2], "type")) {
    kind = kind_named(argv[3]);
    if (!kind) return reply_to(session).error("ERR Unknown client type '" + argv[3] + "'");
  } else if (argv.size() > 3 && same_word(argv[2], "id")) {
    for (const std::string& word : argv.subspan(3)) {
      const auto id = to_integer(word);
      if (!id) return reply_to(session).error("ERR Invalid client ID");
      ids.push_back(*id);
    }
  } else if (argv.size() != 2) {
    return reply_to(session).error(kSyntax);
  }
  std::string text;
  for (const Session* one : everybody(t.s)) {
    if (kind && kind_of(*one) != *kind) continue;
    if (!ids.empty() && std::find(ids.begin(), ids.end(), id_of(*one)) == ids.end()) continue;
    text += line_of(t, *one);
  }
  reply_to(session).bulk(text);
}

void info(Turn& t, Session& session, Args) {
  reply_to(session).bulk(line_of(t, session));
}

// --- KILL -----------------------------------------------------------------------------------------

struct Filters {
  std::optional<std::int64_t> id;
  std::optional<Kind> kind;
  std::optional<std::string> addr, laddr;
  bool skip_me = true;
};

std::optional<std::string> read_filter(Filters& filters, std::string_view name, const std::string& value) {
  if (same_word(name, "id")) {
    const auto id = to_integer(value);
    if (!id || *id < 1) return "ERR client-id should be greater than 0";
    filters.id = *id;
  } else if (same_word(name, "type")) {
    filters.kind = kind_named(value);
    if (!filters.kind) return "ERR Unknown client type '" + value + "'";
  } else if (same_word(name, "addr")) {
    filters.addr = value;
  } else if (same_word(name, "laddr")) {
    filters.laddr = value;
  } else if (same_word(name, "user")) {
    if (value != "default") return "ERR No such user '" + value + "'";
  } else if (same_word(name, "skipme")) {
    if (!same_word(value, "yes") && !same_word(value, "no")) return std::string(kSyntax);
    filters.skip_me = same_word(value, "yes");
  } else {
    return std::string(kSyntax);
  }
  return std::nullopt;
}

bool fits(const State& s, const Session& one, const Filters& filters) {
  if (filters.id && *filters.id != id_of(one)) return false;
  if (filters.kind && *filters.kind != kind_of(one)) return false;
  if (filters.addr && *filters.addr != address(one)) return false;
  return !filters.laddr || *filters.laddr == own_address(s);
}

std::int64_t kill_those(Turn& t, Session& own, const Filters& filters) {
  std::int64_t killed = 0;
  bool masters = false;
  for (Session* one : everybody(t.s)) {
    if ((one == &own && filters.skip_me) || !fits(t.s, *one, filters)) continue;
    ++killed;
    if (one->from_master) {
      masters = true;
    } else if (one == &own) {
      own.close_after_reply = true;
    } else {
      one->close_soon = true;
    }
  }
  if (masters) link_closed(t);
  return killed;
}

void kill(Turn& t, Session& session, Args argv) {
  Filters filters;
  if (argv.size() == 3) {  // the old form: an address
    filters.addr = argv[2];
    filters.skip_me = false;
    if (kill_those(t, session, filters) == 0) return reply_to(session).error("ERR No such client");
    return reply_to(session).ok();
  }
  if (argv.size() % 2 != 0) return reply_to(session).error(kSyntax);
  for (std::size_t i = 2; i < argv.size(); i += 2) {
    if (const auto problem = read_filter(filters, argv[i], argv[i + 1]))
      return reply_to(session).error(*problem);
  }
  reply_to(session).integer(kill_those(t, session, filters));
}

// --- waiting --------------------------------------------------------------------------------------

void unblock(Turn& t, Session& session, Args argv) {
  const bool error = argv.size() == 4 && same_word(argv[3], "error");
  if (argv.size() == 4 && !error && !same_word(argv[3], "timeout"))
    return reply_to(session).error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  const auto id = to_integer(argv[2]);
  if (!id) return reply_to(session).error("ERR value is not an integer or out of range");
  Session* const other = t.s.find(ConnId{static_cast<std::uint32_t>(*id)});
  if (other == nullptr || (!other->waiting && !other->blocked)) return reply_to(session).integer(0);
  t.mark(Mark::client_unblocked_by_command);
  if (error) {
    reply_to(*other).error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
    model::unblock(t, *other);
  } else {
    unblock_as_late(t, *other);
  }
  reply_to(session).integer(1);
}

// A pause that comes on top of another makes it longer and stricter, never shorter (R7.22).
void pause(Turn& t, Session& session, Args argv) {
  const auto timeout = to_integer(argv[2]);
  if (!timeout) return reply_to(session).error("ERR timeout is not an integer or out of range");
  if (*timeout < 0) return reply_to(session).error("ERR timeout is negative");
  bool writes_only = argv.size() == 4 && same_word(argv[3], "write");
  if (argv.size() == 4 && !writes_only && !same_word(argv[3], "all"))
    return reply_to(session).error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  std::optional<Instant> until = t.now() + std::chrono::milliseconds(*timeout);
  if (t.s.pause.until && *t.s.pause.until > t.now()) {
    until = std::max(until, t.s.pause.until);
    writes_only = writes_only && t.s.pause.writes_only;
  }
  t.s.pause.until = until;
  t.s.pause.writes_only = writes_only;
  reply_to(session).ok();
}

void unpause(Turn& t, Session& session, Args) {
  t.s.pause = {};
  t.s.unpaused = true;
  reply_to(session).ok();
}

// --- the rest -------------------------------------------------------------------------------------

void id(Turn&, Session& session, Args) {
  reply_to(session).integer(id_of(session));
}

void setname(Turn&, Session& session, Args argv) {
  const bool good = std::all_of(argv[2].begin(), argv[2].end(),
                                [](char c) { return c >= '!' && c <= '~'; });
  if (!good) {
    return reply_to(session).error(
        "ERR Client names cannot contain spaces, newlines or special characters.");
  }
  session.name = argv[2];
  reply_to(session).ok();
}

void getname(Turn&, Session& session, Args) {
  session.name.empty() ? reply_to(session).null() : reply_to(session).bulk(session.name);
}

void no_evict(Turn&, Session& session, Args argv) {
  if (!same_word(argv[2], "on") && !same_word(argv[2], "off")) return reply_to(session).error(kSyntax);
  session.no_evict = same_word(argv[2], "on");
  reply_to(session).ok();
}

struct Subcommand {
  std::string_view word;
  std::size_t least, most;
  void (*serve)(Turn&, Session&, Args);
};

constexpr std::size_t kAny = 1U << 20U;

constexpr auto kSubcommands = std::to_array<Subcommand>({
    {"getname", 2, 2, getname},
    {"id", 2, 2, id},
    {"info", 2, 2, info},
    {"kill", 3, kAny, kill},
    {"list", 2, kAny, list},
    {"no-evict", 3, 3, no_evict},
    {"pause", 3, 4, pause},
    {"setname", 3, 3, setname},
    {"unblock", 3, 4, unblock},
    {"unpause", 2, 2, unpause},
});

void client(Turn& t, Session& session, Args argv) {
  for (const Subcommand& subcommand : kSubcommands) {
    if (!same_word(argv[1], subcommand.word)) continue;
    if (argv.size() >= subcommand.least && argv.size() <= subcommand.most)
      return subcommand.serve(t, session, argv);
    return reply_to(session).error("ERR wrong number of arguments for 'client|" + lower(argv[1]) +
                                   "' command");
  }
  reply_to(session).error("ERR unknown subcommand '" + argv[1].substr(0, 128) + "'. Try CLIENT HELP.");
}

constexpr auto kCommands = std::to_array<Command>({
    {"client", -2, flag::loading | flag::stale | flag::no_script, nullptr, client},
});

}  // namespace

std::span<const Command> client_commands() {
  return kCommands;
}

}  // namespace model
