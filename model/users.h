// Users other than "default" (ACL SETUSER), as far as a replica that follows under a name of its
// own needs them: on or off, passwords, commands, and whether keys and channels are theirs at all.
//
// Left out: categories but @all, patterns of keys and channels, selectors, ACL LIST, GETUSER, LOG,
// files. The default user is the one that requirepass protects; it may do anything.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "model/commands/command.h"

namespace model {

struct User {
  bool on = false, nopass = false;
  bool all_commands = false, all_keys = false, all_channels = false;
  std::set<std::string> passwords;
  std::set<std::string> allowed, denied;  // commands by name, against what all_commands says
  bool operator==(const User&) const = default;
};

// Carries out one modifier of ACL SETUSER; what is wrong with it, if anything is.
std::optional<std::string_view> modify(User& user, std::string_view modifier);

bool may_log_in(const User& user, std::string_view password);

// Why the user may not run this, in the words after "NOPERM "; nothing when it may.
std::optional<std::string> not_permitted(const User& user, const Command& command, Args argv);

}  // namespace model
