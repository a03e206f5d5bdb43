#include "model/acl.h"

#include <algorithm>
#include <utility>

#include "model/data/resp.h"
#include "model/data/text.h"
#include "model/state.h"

namespace model {
namespace {

constexpr std::string_view kDefault = "default";

AclUser unchanged_default() {
  AclUser user;
  user.on = user.nopass = user.all_commands = true;
  return user;
}

// One word of ACL SETUSER; what is wrong with it, or nothing.
std::string_view take_word(AclUser& user, std::string_view word) {
  const std::string_view rest = word.substr(std::min<std::size_t>(1, word.size()));
  const std::string command = lower(rest);
  if (same_word(word, "on") || same_word(word, "off")) {
    user.on = same_word(word, "on");
  } else if (same_word(word, "nopass")) {
    user.nopass = true;
    user.passwords.clear();
  } else if (same_word(word, "resetpass")) {
    user.nopass = false;
    user.passwords.clear();
  } else if (same_word(word, "reset")) {
    user = {};
  } else if (same_word(word, "+@all") || same_word(word, "allcommands") ||
             same_word(word, "-@all") || same_word(word, "nocommands")) {
    user.all_commands = same_word(word, "+@all") || same_word(word, "allcommands");
    user.allowed.clear();
    user.denied.clear();
  } else if (word.starts_with('>')) {
    user.nopass = false;
    user.passwords.emplace(rest);
  } else if (word.starts_with('<')) {
    if (user.passwords.erase(std::string(rest)) == 0)
      return "The password you are trying to remove from the user does not exist";
  } else if (word.starts_with('+') || word.starts_with('-')) {
    if (find_command(command) == nullptr) return "Unknown command or category name in ACL";
    auto& gains = word.front() == '+' ? user.allowed : user.denied;
    auto& loses = word.front() == '+' ? user.denied : user.allowed;
    gains.insert(command);
    loses.erase(command);
  } else if (!word.starts_with('~') && !word.starts_with('&') && !word.starts_with('%') &&
             !same_word(word, "allkeys") && !same_word(word, "resetkeys") &&
             !same_word(word, "allchannels") && !same_word(word, "resetchannels")) {
    return "Syntax error";
  }
  return {};
}

void set_user(Turn& t, Session& session, Args argv) {
  AclUsers& users = t.s.users;
  const std::string& name = argv[2];
  const auto known = users.find(name);
  AclUser user = known != users.end() ? known->second
                 : name == kDefault   ? unchanged_default()
                                      : AclUser();
  for (const std::string& word : argv.subspan(3)) {
    if (const auto problem = take_word(user, word); !problem.empty()) {
      return ReplyWriter(session.out)
          .error("ERR Error in ACL SETUSER modifier '" + word + "': " + std::string(problem));
    }
  }
  users[name] = std::move(user);
  ReplyWriter(session.out).ok();
}

// Connections of a user that is deleted go with it.
void delete_users(Turn& t, Session& session, Args names) {
  std::int64_t deleted = 0;
  for (const std::string& name : names) {
    if (name == kDefault)
      return ReplyWriter(session.out).error("ERR The 'default' user cannot be removed");
    if (t.s.users.erase(name) == 0) continue;
    deleted += 1;
    for (auto& [conn, other] : t.s.sessions) {
      if (other.user != name) continue;
      if (&other == &session) {
        other.close_after_reply = true;
      } else {
        other.close_soon = true;
      }
    }
  }
  ReplyWriter(session.out).integer(deleted);
}

}  // namespace

bool may_run(const State& s, const Session& session, const Command& command) {
  if ((command.flags & flag::no_auth) != 0) return true;
  const auto found = s.users.find(session.user.empty() ? std::string(kDefault) : session.user);
  if (found == s.users.end()) return true;
  const AclUser& user = found->second;
  const std::string name(command.name);
  if (user.all_commands) return !user.denied.contains(name);
  return user.allowed.contains(name);
}

bool right_password(const State& s, std::string_view name, std::string_view password) {
  const auto found = s.users.find(std::string(name));
  if (name == kDefault) {
    if (found != s.users.end() && !found->second.on) return false;
    return s.config.requirepass.empty() || s.config.requirepass == password;
  }
  if (found == s.users.end() || !found->second.on) return false;
  return found->second.nopass || found->second.passwords.contains(std::string(password));
}

void serve_acl(Turn& t, Session& session, Args argv) {
  ReplyWriter reply(session.out);
  if (same_word(argv[1], "setuser") && argv.size() >= 3) return set_user(t, session, argv);
  if (same_word(argv[1], "deluser") && argv.size() >= 3)
    return delete_users(t, session, argv.subspan(2));
  if (same_word(argv[1], "whoami") && argv.size() == 2) {
    return reply.bulk(session.user.empty() ? kDefault : std::string_view(session.user));
  }
  reply.error("ERR unknown subcommand or wrong number of arguments for '" + argv[1] +
              "'. Try ACL HELP.");
}

}  // namespace model
