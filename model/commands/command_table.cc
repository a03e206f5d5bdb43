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
  for (const std::span<const Command> family : data_commands())
    for (const Command& command : family) table.emplace(command.name, &command);
  for (const std::span<const Command> family : {server_commands(), acl_commands()})
    for (const Command& command : family) table.emplace(command.name, &command);
  return table;
}

}  // namespace

const Command* find_command(std::string_view name) {
  static const Table kTable = every_command();
  const auto place = kTable.find(lower(name));
  return place == kTable.end() ? nullptr : place->second;
}

}  // namespace model
