// Scripts and libraries of functions. What a script does enters the stream, never the script (R7.10,
// table 7.4): its commands run like a client's, in one unit. Libraries are data: loading and deleting
// them is propagated as it was said (R7.4).
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "model/commands/command.h"
#include "model/data/number.h"
#include "model/data/sha1.h"
#include "model/data/text.h"
#include "model/execute.h"
#include "model/propagation.h"
#include "model/scripting/interpreter.h"
#include "model/state.h"

namespace model {
namespace {

using scripting::Flags;
using scripting::Library;
using scripting::Problem;

ReplyWriter reply_to(Session& session) {
  return ReplyWriter(session.out);
}

constexpr std::string_view kReadOnlyReplica = "READONLY You can't write against a read only replica.";
constexpr std::string_view kNoReplicas = "NOREPLICAS Not enough good replicas to write.";
constexpr std::string_view kOutOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";

// --- the client that a script's commands come from ------------------------------------------------

class ScriptClient final : public scripting::Host {
 public:
  ScriptClient(Turn& t, const Session& caller, const Flags& flags, bool read_only)
      : t_(t),
        obeys_(caller.from_master),
        read_only_(read_only || (!flags.compat && flags.no_writes)),
        allow_oom_(!flags.compat && flags.allow_oom) {
    client_.conn = caller.conn;
    client_.db = caller.db;
    client_.authenticated = true;
    client_.from_master = caller.from_master;
  }

  void call(const std::vector<std::string>& argv, std::string& reply) override {
    const Command* const command = find_command(argv.front());
    if (const auto problem = refusal(command, argv))
      return ReplyWriter(reply).error(problem->starts_with("-") ? problem->substr(1) : *problem);
    client_.out.clear();
    model::call(t_, client_, *command, argv);
    reply = std::move(client_.out);
    client_.out.clear();
  }

  void set_replication(unsigned mask) override {
    client_.muted = (mask & scripting::kToReplicas) == 0;
  }
  std::uint64_t& random_state() override { return t_.s.script_random_state; }
  std::string_view version() const override { return t_.s.rules.redis_version; }

 private:
  // The gates inside a script, in their order. Once it has written nothing may stop it (R7.11).
  std::optional<std::string> refusal(const Command* command, const std::vector<std::string>& argv) {
    const State& s = t_.s;
    if (command == nullptr) return "ERR Unknown Redis command called from script";
    const auto count = static_cast<int>(argv.size());
    if (command->arity > 0 ? count != command->arity : count < -command->arity)
      return "ERR Wrong number of args calling Redis command from script";
    const auto has = [&](std::uint32_t flag) { return (command->flags & flag) != 0; };
    if (has(flag::no_script)) return "ERR This Redis command is not allowed from script";
    const bool stale = !s.is_master() && s.link.state != LinkState::connected &&
                       !s.config.replica_serve_stale_data;
    if (stale && !has(flag::stale)) return "ERR Can not execute the command on a stale replica";
    if (read_only_ && has(flag::write | flag::may_replicate))
      return "ERR Write commands are not allowed from read-only scripts.";
    if (has(flag::write) && !wrote_) {
      if (!s.is_master() && s.config.replica_read_only && !obeys_) return std::string(kReadOnlyReplica);
      if (lacks_replicas(s)) return std::string(kNoReplicas);
    }
    if (has(flag::denyoom) && !wrote_ && !allow_oom_ && !obeys_ && s.out_of_memory) {
      return std::string(kOutOfMemory);
    }
    if (has(flag::write)) wrote_ = true;
    return std::nullopt;
  }

  Turn& t_;
  Session client_;
  bool obeys_;
  bool read_only_;
  bool allow_oom_;
  bool wrote_ = false;
};

// What a script may not even begin with (R7.44, R9.16, R9.21).
std::optional<std::string> may_not_begin(const State& s, const Session& caller, const Flags& flags,
                                         bool read_only) {
  const bool stale = !s.is_master() && s.link.state != LinkState::connected &&
                     !s.config.replica_serve_stale_data;
  if (flags.compat) {
    if (stale)
      return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    return std::nullopt;
  }
  if (stale && !flags.allow_stale) {
    return "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and "
           "'allow-stale' flag is not set on the script.";
  }
  if (!flags.no_writes) {
    if (!s.is_master() && s.config.replica_read_only && !caller.from_master)
      return "READONLY You can not run script with write flag on readonly replica.";
    if (read_only) return "ERR Can not execute a script with write flag using *_ro command.";
    if (lacks_replicas(s)) return std::string(kNoReplicas);
  }
  if (s.out_of_memory && !caller.from_master && !flags.allow_oom && !flags.no_writes) {
    return "OOM allow-oom flag is not set on the script, can not run it when used memory > "
           "'maxmemory'";
  }
  return std::nullopt;
}

struct ScriptArguments {
  Args keys, argv;
};

std::optional<ScriptArguments> arguments(Session& session, Args argv, std::string_view no_number) {
  const auto count = to_integer(argv[2]);
  if (!count) {
    reply_to(session).error(no_number);
    return std::nullopt;
  }
  if (*count > static_cast<std::int64_t>(argv.size()) - 3) {
    reply_to(session).error("ERR Number of keys can't be greater than number of args");
    return std::nullopt;
  }
  if (*count < 0) {
    reply_to(session).error("ERR Number of keys can't be negative");
    return std::nullopt;
  }
  const auto keys = static_cast<std::size_t>(*count);
  return ScriptArguments{argv.subspan(3, keys), argv.subspan(3 + keys)};
}

// --- EVAL -----------------------------------------------------------------------------------------

void run_body(Turn& t, Session& session, Args argv, const std::string& sha, const std::string& body,
              bool read_only) {
  const auto given = arguments(session, argv, "ERR value is not an integer or out of range");
  if (!given) return;
  const auto flags = std::get<Flags>(scripting::script_flags(body));
  if (const auto problem = may_not_begin(t.s, session, flags, read_only))
    return reply_to(session).error(*problem);
  t.mark(Mark::script_run);
  ScriptClient client(t, session, flags, read_only);
  session.out += scripting::run_script(body, sha, given->keys, given->argv, client);
}

void run_text(Turn& t, Session& session, Args argv, bool read_only) {
  if (!arguments(session, argv, "ERR value is not an integer or out of range")) return;
  const std::string sha = hex(sha1(argv[1]));
  if (!t.s.scripts.contains(sha)) {
    if (const auto problem = scripting::script_problem(argv[1]))
      return reply_to(session).error(problem->text);
    t.s.scripts.emplace(sha, argv[1]);
  }
  run_body(t, session, argv, sha, argv[1], read_only);
}

void run_known(Turn& t, Session& session, Args argv, bool read_only) {
  const std::string sha = lower(argv[1]);
  const auto known = t.s.scripts.find(sha);
  if (known == t.s.scripts.end())
    return reply_to(session).error("NOSCRIPT No matching script. Please use EVAL.");
  run_body(t, session, argv, sha, std::string(known->second), read_only);
}

void eval(Turn& t, Session& session, Args argv) {
  run_text(t, session, argv, false);
}
void eval_ro(Turn& t, Session& session, Args argv) {
  run_text(t, session, argv, true);
}
void evalsha(Turn& t, Session& session, Args argv) {
  run_known(t, session, argv, false);
}
void evalsha_ro(Turn& t, Session& session, Args argv) {
  run_known(t, session, argv, true);
}

void unknown_subcommand(Session& session, Args argv) {
  reply_to(session).error("ERR unknown subcommand '" + argv[1].substr(0, 128) + "'. Try " +
                          upper(argv[0]) + " HELP.");
}

// Whether the subcommand is this one, with so many words in all; a wrong number is answered.
enum class Fits : std::uint8_t { no, yes, wrong_number };

Fits fits(Session& session, Args argv, std::string_view word, std::size_t least, std::size_t most) {
  if (!same_word(argv[1], word)) return Fits::no;
  if (argv.size() >= least && argv.size() <= most) return Fits::yes;
  reply_to(session).error("ERR wrong number of arguments for '" + lower(argv[0]) + "|" +
                          lower(argv[1]) + "' command");
  return Fits::wrong_number;
}

struct Subcommand {
  std::string_view word;
  std::size_t least, most;
  void (*serve)(Turn&, Session&, Args);
};

constexpr std::size_t kAny = 1U << 20U;

void dispatch(Turn& t, Session& session, Args argv, std::span<const Subcommand> subcommands) {
  for (const Subcommand& subcommand : subcommands) {
    switch (fits(session, argv, subcommand.word, subcommand.least, subcommand.most)) {
      case Fits::no:
        continue;
      case Fits::yes:
        return subcommand.serve(t, session, argv);
      case Fits::wrong_number:
        return;
    }
  }
  unknown_subcommand(session, argv);
}

void script_load(Turn& t, Session& session, Args argv) {
  if (const auto problem = scripting::script_problem(argv[2]))
    return reply_to(session).error(problem->text);
  const std::string sha = hex(sha1(argv[2]));
  t.s.scripts.emplace(sha, argv[2]);
  reply_to(session).bulk(sha);
}

void script_exists(Turn& t, Session& session, Args argv) {
  reply_to(session).array(argv.size() - 2);
  for (const std::string& sha : argv.subspan(2))
    reply_to(session).integer(t.s.scripts.contains(lower(sha)) ? 1 : 0);
}

bool is_sync_word(Args argv) {
  return argv.size() == 2 || same_word(argv[2], "sync") || same_word(argv[2], "async");
}

void script_flush(Turn& t, Session& session, Args argv) {
  if (!is_sync_word(argv))
    return reply_to(session).error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  t.s.scripts.clear();
  reply_to(session).ok();
}

// A run is over before anybody can say so.
void nothing_to_kill(Turn&, Session& session, Args) {
  reply_to(session).error("NOTBUSY No scripts in execution right now.");
}

void script(Turn& t, Session& session, Args argv) {
  static constexpr auto kSubcommands = std::to_array<Subcommand>({
      {"exists", 3, kAny, script_exists},
      {"flush", 2, 3, script_flush},
      {"kill", 2, 2, nothing_to_kill},
      {"load", 3, 3, script_load},
  });
  dispatch(t, session, argv, kSubcommands);
}

// --- functions ------------------------------------------------------------------------------------

const Library* library_with(const State& s, const std::string& function) {
  for (const auto& [name, library] : s.libraries) {
    for (const scripting::Function& known : library.functions)
      if (same_word(known.name, function)) return &library;
  }
  return nullptr;
}

const scripting::Function& function_of(const Library& library, const std::string& name) {
  return *std::find_if(library.functions.begin(), library.functions.end(),
                       [&](const scripting::Function& f) { return same_word(f.name, name); });
}

void call_function(Turn& t, Session& session, Args argv, bool read_only) {
  const Library* const library = library_with(t.s, argv[1]);
  if (library == nullptr) return reply_to(session).error("ERR Function not found");
  const auto given = arguments(session, argv, "ERR Bad number of keys provided");
  if (!given) return;
  const scripting::Function function = function_of(*library, argv[1]);
  if (const auto problem = may_not_begin(t.s, session, function.flags, read_only))
    return reply_to(session).error(*problem);
  t.mark(Mark::function_run);
  ScriptClient client(t, session, function.flags, read_only);
  session.out += scripting::run_function(Library(*library), function.name, given->keys, given->argv, client);
}

void fcall(Turn& t, Session& session, Args argv) {
  call_function(t, session, argv, false);
}
void fcall_ro(Turn& t, Session& session, Args argv) {
  call_function(t, session, argv, true);
}

using Libraries = std::map<std::string, Library>;

// Adds a library; nothing is changed when it does not fit.
std::optional<std::string> add_library(Libraries& libraries, Library library, bool replace) {
  for (const auto& [name, other] : libraries) {
    if (name == library.name && replace) continue;
    if (name == library.name) return "Library '" + name + "' already exists";
    for (const scripting::Function& function : other.functions) {
      for (const scripting::Function& own : library.functions)
        if (own.name == function.name) return "Function " + own.name + " already exists";
    }
  }
  std::string name = library.name;
  libraries.insert_or_assign(std::move(name), std::move(library));
  return std::nullopt;
}

void tell_stream(Turn& t, const Session& session, Args argv) {
  if (!t.s.is_master() && !session.from_master) t.effect(WroteAside{});
  propagate(t, {session.db, {argv.begin(), argv.end()}});
}

void function_load(Turn& t, Session& session, Args argv) {
  bool replace = false;
  for (const std::string& word : argv.subspan(2, argv.size() - 3)) {
    if (!same_word(word, "replace"))
      return reply_to(session).error("ERR Unknown option given: " + word);
    replace = true;
  }
  auto read = scripting::read_library(argv.back(), t.s.rules.redis_version);
  if (const auto* problem = std::get_if<Problem>(&read)) return reply_to(session).error(problem->text);
  Library& library = std::get<Library>(read);
  const std::string name = library.name;
  if (const auto problem = add_library(t.s.libraries, std::move(library), replace))
    return reply_to(session).error("ERR " + *problem);
  reply_to(session).bulk(name);
  tell_stream(t, session, argv);
}

void function_delete(Turn& t, Session& session, Args argv) {
  if (t.s.libraries.erase(argv[2]) == 0) return reply_to(session).error("ERR Library not found");
  reply_to(session).ok();
  tell_stream(t, session, argv);
}

void function_flush(Turn& t, Session& session, Args argv) {
  if (!is_sync_word(argv))
    return reply_to(session).error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  t.s.libraries.clear();
  reply_to(session).ok();
  tell_stream(t, session, argv);
}

void write_library(ReplyWriter& reply, const Library& library, bool with_code) {
  reply.array(with_code ? 8 : 6);
  reply.bulk("library_name");
  reply.bulk(library.name);
  reply.bulk("engine");
  reply.bulk("LUA");
  reply.bulk("functions");
  reply.array(library.functions.size());
  for (const scripting::Function& function : library.functions) {
    reply.array(6);
    reply.bulk("name");
    reply.bulk(function.name);
    reply.bulk("description");
    function.description ? reply.bulk(*function.description) : reply.null();
    reply.bulk("flags");
    reply.array(function.flag_names.size());
    for (const std::string& flag : function.flag_names) reply.simple(flag);
  }
  if (!with_code) return;
  reply.bulk("library_code");
  reply.bulk(library.code);
}

void function_list(Turn& t, Session& session, Args argv) {
  std::string pattern = "*";
  bool with_code = false;
  for (std::size_t i = 2; i < argv.size(); ++i) {
    if (same_word(argv[i], "withcode")) {
      with_code = true;
    } else if (same_word(argv[i], "libraryname")) {
      if (++i == argv.size()) return reply_to(session).error("ERR library name argument was not given");
      pattern = argv[i];
    } else {
      return reply_to(session).error("ERR Unknown argument " + argv[i]);
    }
  }
  std::vector<const Library*> found;
  for (const auto& [name, library] : t.s.libraries)
    if (matches(pattern, name)) found.push_back(&library);
  ReplyWriter reply(session.out);
  reply.array(found.size());
  for (const Library* library : found) write_library(reply, *library, with_code);
}

void function_stats(Turn& t, Session& session, Args) {
  std::size_t functions = 0;
  for (const auto& [name, library] : t.s.libraries) functions += library.functions.size();
  ReplyWriter reply(session.out);
  reply.array(4);
  reply.bulk("running_script");
  reply.null();
  reply.bulk("engines");
  reply.array(2);
  reply.bulk("LUA");
  reply.array(4);
  reply.bulk("libraries_count");
  reply.integer(static_cast<std::int64_t>(t.s.libraries.size()));
  reply.bulk("functions_count");
  reply.integer(static_cast<std::int64_t>(functions));
}

void function(Turn& t, Session& session, Args argv) {
  static constexpr auto kSubcommands = std::to_array<Subcommand>({
      {"delete", 3, 3, function_delete},
      {"flush", 2, 3, function_flush},
      {"kill", 2, 2, nothing_to_kill},
      {"list", 2, kAny, function_list},
      {"load", 3, kAny, function_load},
      {"stats", 2, 2, function_stats},
  });
  dispatch(t, session, argv, kSubcommands);
}

// --- what the gates see ---------------------------------------------------------------------------

std::uint32_t declared(std::uint32_t as_listed, const Flags& flags) {
  if (flags.compat) return as_listed;
  std::uint32_t result = as_listed & ~(flag::stale | flag::denyoom | flag::write | flag::may_replicate);
  if (!flags.allow_oom && !flags.no_writes) result |= flag::denyoom;
  if (!flags.no_writes) result |= flag::write;
  if (flags.allow_stale) result |= flag::stale;
  return result;
}

std::uint32_t of_body(std::uint32_t as_listed, std::string_view body) {
  const auto flags = scripting::script_flags(body);
  const auto* good = std::get_if<Flags>(&flags);
  return good == nullptr ? as_listed : declared(as_listed, *good);
}

}  // namespace

std::uint32_t script_command_flags(const State& s, const Command& command, Args argv) {
  if (argv.size() < 2) return command.flags;
  if (command.name == "function") {
    const bool loads = same_word(argv[1], "load") || same_word(argv[1], "restore");
    const bool removes = same_word(argv[1], "delete") || same_word(argv[1], "flush");
    return command.flags | (loads || removes ? flag::write : 0) | (loads ? flag::denyoom : 0);
  }
  if (command.name.starts_with("evalsha")) {
    const auto known = s.scripts.find(lower(argv[1]));
    return known == s.scripts.end() ? command.flags : of_body(command.flags, known->second);
  }
  if (command.name.starts_with("eval")) return of_body(command.flags, argv[1]);
  const Library* const library = library_with(s, argv[1]);
  return library == nullptr ? command.flags
                            : declared(command.flags, function_of(*library, argv[1]).flags);
}

namespace {

namespace f = flag;
constexpr std::uint32_t kRuns = f::no_script | f::stale | f::may_replicate | f::own_flags;
constexpr std::uint32_t kReads = f::no_script | f::stale | f::readonly | f::own_flags;

constexpr auto kCommands = std::to_array<Command>({
    {"eval", -3, kRuns, nullptr, eval},
    {"eval_ro", -3, kReads, nullptr, eval_ro},
    {"evalsha", -3, kRuns, nullptr, evalsha},
    {"evalsha_ro", -3, kReads, nullptr, evalsha_ro},
    {"fcall", -3, kRuns, nullptr, fcall},
    {"fcall_ro", -3, kReads, nullptr, fcall_ro},
    {"function", -2, f::no_script | f::own_flags, nullptr, function},
    {"script", -2, f::no_script, nullptr, script},
});

}  // namespace

std::span<const Command> script_commands() {
  return kCommands;
}

}  // namespace model
