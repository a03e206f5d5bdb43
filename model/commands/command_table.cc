#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "model/commands/command.h"
#include "model/data/text.h"

namespace model {
namespace {

using Table = std::map<std::string_view, const Command*>;

Table every_command() {
  Table table;
  for (const std::span<const Command> family :
       {string_commands(), key_commands(), list_commands(), set_commands(), hash_commands(),
        zset_commands(), blocking_commands(), client_commands(), pubsub_commands(), script_commands(),
        server_commands()})
    for (const Command& command : family) table.emplace(command.name, &command);
  return table;
}

const Table& table() {
  static const Table kTable = every_command();
  return kTable;
}

}  // namespace

std::size_t number_of_commands() {
  return table().size();
}

const Command* find_command(std::string_view name) {
  const Table& known = table();
  const auto place = known.find(lower(name));
  return place == known.end() ? nullptr : place->second;
}

}  // namespace model
