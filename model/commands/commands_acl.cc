// ACL: SETUSER, DELUSER, USERS, WHOAMI. See model/users.h for what is left out.
#include <array>

#include "model/commands/command.h"
#include "model/data/text.h"
#include "model/state.h"

namespace model {
namespace {

ReplyWriter reply_to(Session& session) {
  return ReplyWriter(session.out);
}

// All modifiers or none.
void set_user(Turn& t, Session& session, Args argv) {
  if (argv.size() < 3)
    return reply_to(session).error("ERR wrong number of arguments for 'acl|setuser' command");
  const auto it = t.s.users.find(argv[2]);
  User user = it == t.s.users.end() ? User() : it->second;
  for (std::size_t i = 3; i < argv.size(); ++i) {
    if (const auto problem = modify(user, argv[i])) {
      return reply_to(session).error("ERR Error in ACL SETUSER modifier '" + argv[i] +
                                     "': " + std::string(*problem));
    }
  }
  if (argv[2] != "default") t.s.users[argv[2]] = std::move(user);
  reply_to(session).ok();
}

void delete_users(Turn& t, Session& session, Args argv) {
  std::int64_t deleted = 0;
  for (std::size_t i = 2; i < argv.size(); ++i) {
    if (argv[i] == "default")
      return reply_to(session).error("ERR The 'default' user cannot be removed");
    if (t.s.users.erase(argv[i]) == 0) continue;
    ++deleted;
    for (auto& [conn, other] : t.s.sessions) {
      if (other.user == argv[i]) other.close_soon = true;
    }
  }
  reply_to(session).integer(deleted);
}

void acl(Turn& t, Session& session, Args argv) {
  const std::string what = upper(argv[1]);
  if (what == "SETUSER") return set_user(t, session, argv);
  if (what == "DELUSER" && argv.size() > 2) return delete_users(t, session, argv);
  ReplyWriter reply = reply_to(session);
  if (what == "WHOAMI" && argv.size() == 2)
    return reply.bulk(session.user.empty() ? "default" : session.user);
  if (what == "USERS" && argv.size() == 2) {
    std::set<std::string> names{"default"};
    for (const auto& [name, user] : t.s.users) names.insert(name);
    reply.array(names.size());
    for (const std::string& name : names) reply.bulk(name);
    return;
  }
  reply.error("ERR unknown subcommand '" + argv[1].substr(0, 128) + "'. Try ACL HELP.");
}

namespace f = flag;
constexpr auto kCommands = std::to_array<Command>({
    {"acl", -2, f::admin | f::loading | f::stale, nullptr, acl},
});

}  // namespace

std::span<const Command> acl_commands() {
  return kCommands;
}

}  // namespace model
