#include "scenarios/language/naming.h"

#include <algorithm>
#include <cctype>

#include "scenarios/language/nearest.h"

namespace scenarios {
namespace {

using Kind = Value::Kind;

bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool word_letter(char c) { return letter(c) || digit(c) || c == '_'; }

const Words kReserved = {"all", "both", "nobody"};  // what steps say in place of a name

// The fields of INFO that the model prints, and a few more of the real server.
// clang-format off
const Words kInfoFields = {
    "role", "master_host", "master_port", "master_link_status", "master_last_io_seconds_ago",
    "master_sync_in_progress", "slave_read_repl_offset", "slave_repl_offset", "master_sync_total_bytes",
    "master_sync_read_bytes", "master_sync_left_bytes", "master_sync_perc",
    "master_sync_last_io_seconds_ago", "master_link_down_since_seconds", "slave_priority",
    "slave_read_only", "replica_announced", "connected_slaves", "min_slaves_good_slaves",
    "master_failover_state", "master_replid", "master_replid2", "master_repl_offset",
    "second_repl_offset", "repl_backlog_active", "repl_backlog_size", "repl_backlog_first_byte_offset",
    "repl_backlog_histlen", "redis_version", "redis_mode", "run_id", "tcp_port", "uptime_in_seconds",
    "hz", "connected_clients", "blocked_clients", "loading", "async_loading", "rdb_bgsave_in_progress",
    "rdb_changes_since_last_save", "rdb_last_save_time", "rdb_last_bgsave_status", "rdb_saves",
    "total_connections_received", "total_commands_processed", "total_net_repl_input_bytes",
    "total_net_repl_output_bytes", "rejected_connections", "sync_full", "sync_partial_ok",
    "sync_partial_err", "expired_keys", "evicted_keys", "keyspace_hits", "keyspace_misses",
    "unexpected_error_replies", "total_error_replies", "slave_expires_tracked_keys", "maxmemory",
    "used_memory", "mem_clients_slaves", "mem_clients_normal", "mem_replication_backlog",
    "mem_total_replication_buffers"};
// clang-format on

bool numbered(std::string_view field, std::string_view stem) {  // "slave0", "db3"
  return field.size() > stem.size() && field.starts_with(stem) &&
         std::all_of(field.begin() + static_cast<std::ptrdiff_t>(stem.size()), field.end(), digit);
}

struct Formula {
  std::string_view subject;  // a node, or a remembered name
  std::string_view field;    // of the node
  bool well_formed = false;
};

// node.field, node.field+3-1, name, name-1
Formula parse_formula(std::string_view body) {
  Formula formula;
  const std::size_t point = body.find('.');
  const std::size_t name_end = point == std::string_view::npos ? 0 : point + 1;
  std::size_t end = name_end;
  while (end < body.size() && word_letter(body[end])) ++end;
  if (point != std::string_view::npos) formula.subject = body.substr(0, point);
  (name_end == 0 ? formula.subject : formula.field) = body.substr(name_end, end - name_end);

  constexpr std::size_t kDigits = 18;
  formula.well_formed = true;
  while (end < body.size() && formula.well_formed) {  // +3-1
    const std::size_t sign = end++;
    while (end < body.size() && digit(body[end])) ++end;
    const std::size_t digits = end - sign - 1;
    formula.well_formed = (body[sign] == '+' || body[sign] == '-') && digits > 0 && digits <= kDigits;
  }
  if (formula.subject.empty() || (name_end != 0 && formula.field.empty())) formula.well_formed = false;
  return formula;
}

// By redis-cli's rules: a quote opens anywhere, and a blank must follow the one that closes it.
bool quotes_closed(std::string_view line) {
  char open = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (open == 0) {
      if (line[i] == '"' || line[i] == '\'') open = line[i];
    } else if (line[i] == '\\' && i + 1 < line.size() && (open == '"' || line[i + 1] == '\'')) {
      ++i;
    } else if (line[i] == open) {
      if (i + 1 < line.size() && !blank(line[i + 1])) return false;
      open = 0;
    }
  }
  return open == 0;
}

// One @{...}.
void check_formula(const Value& at, std::string_view whole, const Names& names, Errors& errors) {
  const Formula formula = parse_formula(whole.substr(2, whole.size() - 3));
  const auto complain = [&](std::string_view problem, const Words& known) {
    const std::string meant = nearest_word(formula.subject, known);
    const std::string hint = meant.empty() ? "" : " (did you mean \"" + meant + "\"?)";
    errors.say(at, in_quotes(whole) + " " + std::string(problem) + hint);
  };
  if (!formula.well_formed) {
    complain("is no formula: one reads @{node.info_field+1} or @{remembered-1}", {});
  } else if (formula.field.empty()) {
    if (names.remembered.contains(formula.subject)) return;
    const bool suggest = !errors.crowded();
    complain("uses a value that no step before this one remembers",
             suggest ? Words(names.remembered.begin(), names.remembered.end()) : Words());
  } else if (names.node(formula.subject)) {
    check_info_field(at, formula.field, false, errors);
  } else {
    complain("names no node of the scenario", names.node_words(errors));
  }
}

}  // namespace

Words Names::node_words(const Errors& errors) const {
  Words words;
  if (errors.crowded()) return words;
  for (const auto& [name, databases] : nodes) words.push_back(name);
  return words;
}

Words Names::party_words(const Errors& errors) const {
  Words words = node_words(errors);
  if (!errors.crowded()) words.insert(words.end(), peers.begin(), peers.end());
  return words;
}

void check_name(const Value& member, Errors& errors) {
  const std::string& name = member.key;
  constexpr std::size_t kLongestName = 64;
  const bool good =
      !name.empty() && name.size() <= kLongestName && letter(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return word_letter(c) || c == '-'; });
  if (!good) {
    errors.unknown_key(member, "a name of letters, digits, '_' and '-', beginning with a letter", {});
  } else if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
    errors.say_about_key(member, "\"" + name + "\" is a word of the language and no name");
  }
}

std::string read_node(const Value& value, const Names& names, Errors& errors) {
  if (value.kind == Kind::text && names.node(value.text)) return value.text;
  errors.expected(value, "the name of a node", names.node_words(errors));
  return {};
}

std::string read_party(const Value& value, const Names& names, Errors& errors) {
  if (value.kind == Kind::text && (names.node(value.text) || names.peer(value.text))) return value.text;
  errors.expected(value, names.peers.empty() ? "the name of a node" : "the name of a node or peer",
                  names.party_words(errors));
  return {};
}

bool check_node_key(const Value& member, const Names& names, Errors& errors) {
  if (names.node(member.key)) return true;
  errors.unknown_key(member, "the name of a node", names.node_words(errors));
  return false;
}

std::vector<std::string> read_nodes(const Value& value, const Names& names, Errors& errors,
                                    std::size_t least) {
  std::vector<std::string> out;
  std::set<std::string_view> seen;
  if (value.kind == Kind::text) {
    out.push_back(read_node(value, names, errors));
  } else if (value.kind == Kind::list) {
    for (const Value* item : value.children) {
      out.push_back(read_node(*item, names, errors));
      if (!out.back().empty() && !seen.insert(item->text).second) {
        errors.say(*item, "the node \"" + out.back() + "\" is named twice");
      }
    }
  }
  const bool right_kind = value.kind == Kind::text || value.kind == Kind::list;
  if (!right_kind || out.size() < least) {
    errors.expected(value, least > 1 ? "a list of at least " + std::to_string(least) + " nodes"
                                     : std::string("the name of a node, or a list of such"));
  }
  return out;
}

void check_formulas(const Value& at, std::string_view text, const Names& names, Errors& errors) {
  constexpr int kMostFormulas = 1000;
  int count = 0;
  for (std::size_t begin = text.find("@{"); begin != std::string_view::npos;) {
    if (++count > kMostFormulas) return errors.say(at, "there are more than 1000 formulas in one text");
    const std::size_t end = text.find('}', begin);
    if (end == std::string_view::npos) {
      return errors.say(at, "the formula " + in_quotes(text.substr(begin)) + " is not closed by a '}'");
    }
    check_formula(at, text.substr(begin, end + 1 - begin), names, errors);
    begin = text.find("@{", end);
  }
}

void check_command(const Value& at, std::string_view line, const Names& names, Errors& errors) {
  if (std::all_of(line.begin(), line.end(), blank)) return errors.expected(at, "a command");
  if (!quotes_closed(line))
    errors.say(at, "the quotes in the command " + in_quotes(line) + " do not match");
  check_formulas(at, line, names, errors);
}

void check_info_field(const Value& at, std::string_view field, bool is_key, Errors& errors) {
  if (std::find(kInfoFields.begin(), kInfoFields.end(), field) != kInfoFields.end()) return;
  if (numbered(field, "slave") || numbered(field, "db")) return;
  const std::string meant = nearest_word(field, kInfoFields);
  if (meant.empty()) return;
  const std::string expected = "a field of INFO";
  if (is_key) errors.unknown_key(at, expected, kInfoFields);
  else
    errors.say(
        at, "expected " + expected + ", found " + in_quotes(field) + " (did you mean \"" + meant + "\"?)");
}

const Words& oracle_words() {
  static const Words words = {"PREFIX",   "BYTES", "IDENT", "CONV",  "MONO",  "ATOM", "EXPIRE", "WAIT",
                              "MUSTCONT", "LIVE",  "LEAK",  "PROTO", "STATE", "ROLE", "EXPECT"};
  return words;
}

}  // namespace scenarios
