#include "scenarios/world/script.h"

#include "model/data/keyspace.h"
#include "model/data/rdb.h"
#include "model/data/text.h"

namespace scenarios {
namespace {

std::string empty_snapshot() {
  model::RdbOptions options;
  const std::string rdb = model::encode_rdb(model::Keyspace(), options);
  return "$" + std::to_string(rdb.size()) + "\r\n" + rdb;
}

}  // namespace

std::string part_bytes(std::string_view part) {
  if (part == "@rdb") return empty_snapshot();
  std::string bytes(part);
  const bool is_line = part.starts_with('+') || part.starts_with('-') || part.starts_with(':');
  if (is_line && !part.ends_with("\r\n")) bytes += "\r\n";
  return bytes;
}

const std::vector<std::string>* replies_to(
    const std::vector<std::pair<std::string, std::vector<std::string>>>& script,
    const std::vector<std::string>& argv) {
  const std::vector<std::string>* found = nullptr;
  for (const auto& [words, replies] : script) {
    if (argv.size() >= 2 && model::same_word(words, argv[0] + ' ' + argv[1])) return &replies;
    if (model::same_word(words, argv[0])) found = &replies;
  }
  return found;
}

}  // namespace scenarios
