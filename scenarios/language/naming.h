// Who and what a scenario names, and the checks of everything that refers to such a name: nodes and
// peers, faults to heal, remembered values, formulas like @{a.master_repl_offset+1}.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/language/reading.h"

namespace scenarios {

struct Names {
  std::map<std::string, std::int64_t, std::less<>> nodes;  // and how many databases each has
  std::set<std::string, std::less<>> peers;
  std::set<std::string, std::less<>> listening_peers;
  // By the steps up to the one that is read:
  std::set<std::string, std::less<>> remembered;
  std::set<std::string, std::less<>> tapped;  // nodes whose stream is looked at
  std::set<std::string, std::less<>> faults;
  std::set<std::pair<std::string, std::string>> owed;  // (node, client) with replies to collect

  bool node(std::string_view name) const { return nodes.contains(name); }
  bool peer(std::string_view name) const { return peers.contains(name); }
  // To suggest one of them for a misspelt name.
  Words node_words(const Errors& errors) const;
  Words party_words(const Errors& errors) const;
  std::size_t ways = 0;  // directions that faults have named so far
};

// Letters, digits, '_' and '-', beginning with a letter; not a word of the language.
void check_name(const Value& member, Errors& errors);

// The name in `value`; an empty text, and an error, if nobody is called so.
std::string read_node(const Value& value, const Names& names, Errors& errors);
std::string read_party(const Value& value, const Names& names, Errors& errors);  // node or peer
bool check_node_key(const Value& member, const Names& names, Errors& errors);

// A list of nodes, or one node.
std::vector<std::string> read_nodes(const Value& value, const Names& names, Errors& errors,
                                    std::size_t least);

// Every @{...} in the text can be understood and refers to something that is there.
void check_formulas(const Value& at, std::string_view text, const Names& names, Errors& errors);

// One command as redis-cli takes it: quotes must be closed, and there must be a word.
void check_command(const Value& at, std::string_view line, const Names& names, Errors& errors);

// A field of INFO; complains only if it looks like a known one that is misspelt.
void check_info_field(const Value& at, std::string_view field, bool is_key, Errors& errors);

// An oracle's name, or EXPECT for the scenario's own expectations.
const Words& oracle_words();

}  // namespace scenarios
