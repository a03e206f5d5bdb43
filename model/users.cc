#include "model/users.h"

#include "model/data/text.h"

namespace model {
namespace {

constexpr std::string_view kSyntaxError = "Syntax error";
constexpr std::string_view kUnknown = "Unknown command or category name in ACL";

void allow_all(User& user, bool all) {
  user.all_commands = all;
  user.allowed.clear();
  user.denied.clear();
}

// "+get", "-get", "+@all", "-@all", "+config|get".
std::optional<std::string_view> modify_commands(User& user, bool allow, std::string_view name) {
  if (same_word(name, "@all")) {
    allow_all(user, allow);
    return std::nullopt;
  }
  const std::string_view whole = name.substr(0, name.find('|'));
  if (find_command(whole) == nullptr) return kUnknown;
  (allow ? user.allowed : user.denied).insert(lower(name));
  (allow ? user.denied : user.allowed).erase(lower(name));
  return std::nullopt;
}

bool has_subcommands(std::string_view name) {
  constexpr std::string_view kContainers[] = {"acl",    "client", "config", "debug",   "function",
                                              "memory", "object", "script", "slowlog", "xgroup"};
  for (const std::string_view one : kContainers) {
    if (name == one) return true;
  }
  return false;
}

std::string full_name(const Command& command, Args argv) {
  std::string name(command.name);
  if (has_subcommands(name) && argv.size() > 1) name += "|" + lower(argv[1]);
  return name;
}

}  // namespace

std::optional<std::string_view> modify(User& user, std::string_view modifier) {
  const auto is = [&](std::string_view word) { return same_word(modifier, word); };
  if (modifier.empty()) return kSyntaxError;
  const std::string_view rest = modifier.substr(1);
  if (is("on") || is("off")) {
    user.on = is("on");
  } else if (is("nopass")) {
    user.nopass = true;
    user.passwords.clear();
  } else if (is("resetpass")) {
    user.nopass = false;
    user.passwords.clear();
  } else if (is("allkeys") || modifier == "~*") {
    user.all_keys = true;
  } else if (is("resetkeys")) {
    user.all_keys = false;
  } else if (is("allchannels") || modifier == "&*") {
    user.all_channels = true;
  } else if (is("resetchannels")) {
    user.all_channels = false;
  } else if (is("allcommands") || is("nocommands")) {
    allow_all(user, is("allcommands"));
  } else if (is("reset")) {
    user = User();
  } else if (modifier[0] == '>') {
    user.nopass = false;
    user.passwords.emplace(rest);
  } else if (modifier[0] == '<') {
    user.passwords.erase(std::string(rest));
  } else if (modifier[0] == '+' || modifier[0] == '-') {
    return modify_commands(user, modifier[0] == '+', rest);
  } else {
    return kSyntaxError;
  }
  return std::nullopt;
}

bool may_log_in(const User& user, std::string_view password) {
  return user.on && (user.nopass || user.passwords.contains(std::string(password)));
}

std::optional<std::string> not_permitted(const User& user, const Command& command, Args argv) {
  if ((command.flags & flag::no_auth) != 0) return std::nullopt;
  const std::string name = full_name(command, argv), whole(command.name);
  bool may = user.all_commands;
  if (user.allowed.contains(whole) || user.allowed.contains(name)) may = true;
  if (user.denied.contains(whole) || user.denied.contains(name)) may = false;
  if (!may) return "this user has no permissions to run the '" + name + "' command";
  const bool names_keys = (command.flags & (flag::write | flag::readonly)) != 0 &&
                          argv.size() > 1 && command.name != "flushall" &&
                          command.name != "flushdb" && command.name != "swapdb" &&
                          command.name != "keys" && command.name != "scan";
  if (names_keys && !user.all_keys)
    return "this user has no permissions to access one of the keys used as arguments";
  const bool names_channels = command.name == "publish" || command.name == "spublish" ||
                              command.name == "subscribe" || command.name == "psubscribe";
  if (names_channels && !user.all_channels)
    return "this user has no permissions to access one of the channels used as arguments";
  return std::nullopt;
}

}  // namespace model
