// Every rule of the reference (tests/rules/rules.txt) is named by a test or a scenario, or says why it
// cannot be shown. tests/rules/TABLE.md is written from what names them: UPDATE=1 makes it anew.
//
// A rule is named by a scenario in its "rules", by a text test or a test in any comment: "R5.1".

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/source_tree.h"

namespace {

namespace fs = std::filesystem;
using test_support::in_tree;

struct Rule {
  std::string name;    // "R5.1"
  std::string words;   // what it is about
  std::string reason;  // why nothing shows it; empty: something must
};

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// "R5.1 words" or "R5.1 - reason"; '#' begins a remark.
std::vector<Rule> read_rules(const std::string& text) {
  std::vector<Rule> rules;
  for (const std::string& line : lines_of(text)) {
    const std::size_t space = line.find(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    Rule rule{line.substr(0, space), line.substr(space + 1), ""};
    if (rule.words.starts_with("- ")) {
      rule.reason = rule.words.substr(2);
      rule.words.clear();
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The names in a text: "R5.1", "R10.3a", each once.
std::set<std::string> rules_named(std::string_view text) {
  std::set<std::string> names;
  const auto digits_end = [&](std::size_t i) {
    while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0) ++i;
    return i;
  };
  for (std::size_t i = text.find('R'); i != std::string_view::npos; i = text.find('R', i + 1)) {
    if (i > 0 && is_word(text[i - 1])) continue;
    const std::size_t section = digits_end(i + 1);
    if (section == i + 1 || section >= text.size() || text[section] != '.') continue;
    std::size_t end = digits_end(section + 1);
    if (end == section + 1) continue;
    if (end < text.size() && text[end] == 'a') ++end;
    if (end < text.size() && is_word(text[end])) continue;
    names.emplace(text.substr(i, end - i));
  }
  return names;
}

using Witnesses = std::map<std::string, std::set<std::string>>;  // rule -> files

Witnesses witnesses() {
  Witnesses found;
  for (const char* const room : {"tests", "scenarios"}) {
    for (const auto& entry : fs::recursive_directory_iterator(in_tree(room))) {
      const std::string path = entry.path().lexically_relative(in_tree("")).generic_string();
      const std::string kind = entry.path().extension().string();
      const bool test = path.starts_with("tests/") && (kind == ".cc" || kind == ".txt");
      const bool told = path.starts_with("tests/rules") || path.starts_with("tests/support/");
      if (!entry.is_regular_file() || told || !(test || kind == ".json")) continue;
      for (const std::string& rule : rules_named(contents(entry.path()))) found[rule].insert(path);
    }
  }
  return found;
}

std::string table(const std::vector<Rule>& rules, const Witnesses& found) {
  std::string out =
      "# Rules and what shows them\n\nWritten by `UPDATE=1` and the test of the rules; the words are those of "
      "`rules.txt`.\n\n| rule | is about | shown by |\n|---|---|---|\n";
  for (const Rule& rule : rules) {
    out += "| " + rule.name + " | " + rule.words + " | ";
    if (!rule.reason.empty()) out += "left out: " + rule.reason;
    const auto files = found.find(rule.name);
    if (files != found.end()) {
      std::string list;
      for (const std::string& file : files->second) {
        const std::string name = fs::path(file).filename().string();
        list += (list.empty() ? "[" : ", [") + name + "](../../" + file + ")";
      }
      out += (rule.reason.empty() ? "" : "; ") + list;
    }
    out += " |\n";
  }
  return out;
}

std::vector<Rule> our_rules() { return read_rules(contents(in_tree("tests/rules/rules.txt"))); }

TEST(Rules, NamesAreFoundInText) {
  EXPECT_EQ(rules_named("(R5.1, R10.3a) R4.31-R4.34. XR1.1 R12 R1.2b R7.2"),
            (std::set<std::string>{"R5.1", "R10.3a", "R4.31", "R4.34", "R7.2"}));
}

TEST(Rules, EachIsShownOrSaysWhyNot) {
  const std::vector<Rule> rules = our_rules();
  const Witnesses found = witnesses();
  ASSERT_EQ(rules.size(), 247U);
  for (const Rule& rule : rules) {
    if (!rule.reason.empty()) continue;
    EXPECT_TRUE(found.contains(rule.name)) << rule.name << " (" << rule.words << ") is shown by nothing";
  }
}

TEST(Rules, NobodyNamesOneThatIsNone) {
  std::set<std::string> known;
  for (const Rule& rule : our_rules()) known.insert(rule.name);
  for (const auto& [name, files] : witnesses())
    EXPECT_TRUE(known.contains(name)) << name << " in " << *files.begin();
}

TEST(Rules, TheTableIsAsItWouldBeWritten) {
  const std::string path = in_tree("tests/rules/TABLE.md");
  const std::string made = table(our_rules(), witnesses());
  if (std::getenv("UPDATE") != nullptr) std::ofstream(path, std::ios::binary) << made;
  EXPECT_EQ(contents(path), made) << "UPDATE=1 writes it anew";
}

}  // namespace
