// Who may do what, as far as replication has to do with it: a replica logs in as a user (AUTH, R3.2), and
// a master may refuse PSYNC, or all but what a replica needs, to whoever is not allowed it (R3.13).
//
// The password of the user "default" is the setting requirepass. Keys and channels are not guarded here.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "model/commands/command.h"
#include "model/types.h"

namespace model {

struct State;

struct AclUser {
  bool on = false;
  bool nopass = false;
  std::set<std::string> passwords;
  bool all_commands = false;  // but for those denied; else none but those allowed
  std::set<std::string> allowed, denied;
  bool operator==(const AclUser&) const = default;
};
using AclUsers = std::map<std::string, AclUser>;  // "default" only once it was changed

bool may_run(const State& s, const Session& session, const Command& command);
bool right_password(const State& s, std::string_view user, std::string_view password);
void serve_acl(Turn& t, Session& session, Args argv);

}  // namespace model
