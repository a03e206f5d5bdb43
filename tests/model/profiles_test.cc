// The releases as tables: every V row of the reference is said, the page about them is what the tables
// say, and settings, commands and defaults are those of the time (V1 to V53, 9.6).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "model/machines.h"
#include "model/releases.h"
#include "model/rules_table.h"
#include "tests/support/source_tree.h"

namespace {

using model::Profile;
using model::Rules;

const Rules& rules_of(std::string_view profile) {
  const Profile* found = model::find_profile(profile);
  EXPECT_NE(found, nullptr) << profile;
  return found->rules;
}

std::set<std::string> rows_said() {
  std::set<std::string> said;
  const auto add = [&](std::string_view rows) {
    std::string row;
    for (const char c : std::string(rows) + ",") {
      if (c != ',') {
        if (c != ' ') row += c;
        continue;
      }
      said.insert(row);
      row.clear();
    }
  };
  for (const model::RuleRow& rule : model::rule_rows()) add(rule.rows);
  for (const model::RowNote& note : model::row_notes()) add(note.row);
  return said;
}

TEST(Profiles, SayEveryRowOfTheTableOfVersions) {
  const std::set<std::string> said = rows_said();
  for (int row = 1; row <= 53; ++row) {
    const std::string name = "V" + std::to_string(row);
    EXPECT_EQ(said.count(name), 1U) << name;
  }
}

TEST(Profiles, TheDefaultIsFirstAndHasNoDifference) {
  const Rules& usual = model::profiles().front().rules;
  EXPECT_EQ(model::profiles().front().name, "redis-7.0");
  EXPECT_EQ(usual, Rules{});
}

TEST(Profiles, EachDiffersFromTheDefaultInARowThatCanBeShown) {
  const Rules& usual = model::profiles().front().rules;
  for (const Profile& profile : model::profiles().subspan(1)) {
    std::size_t differences = 0;
    for (const model::RuleRow& rule : model::rule_rows()) {
      differences += rule.value(profile.rules) != rule.value(usual);
    }
    EXPECT_GE(differences, 3U) << profile.name;
  }
}

TEST(Profiles, KnowTheSettingsOfTheirTime) {  // 9.6
  EXPECT_FALSE(has_setting(rules_of("redis-2.6"), "repl-backlog-size"));
  EXPECT_TRUE(has_setting(rules_of("redis-2.8"), "repl-backlog-size"));
  EXPECT_FALSE(has_setting(rules_of("redis-4.0"), "replica-ignore-maxmemory"));
  EXPECT_FALSE(has_setting(rules_of("redis-5.0"), "repl-diskless-load"));
  EXPECT_TRUE(has_setting(rules_of("redis-6.2"), "repl-diskless-load"));
  EXPECT_FALSE(has_setting(rules_of("redis-6.2"), "repl-diskless-sync-max-replicas"));
  EXPECT_TRUE(has_setting(rules_of("redis-2.6"), "repl-timeout"));
  for (const model::Setting& setting : model::settings()) {
    EXPECT_TRUE(has_setting(rules_of("valkey-8"), setting.name)) << setting.name;
  }
}

TEST(Profiles, BeginWithTheDefaultsOfTheirTime) {  // 9.6, V27, V43, V52
  const auto of = [](std::string_view profile) { return default_config(rules_of(profile)); };
  EXPECT_EQ(of("redis-7.0"), model::Config{});
  EXPECT_FALSE(of("redis-6.2").repl_diskless_sync);
  EXPECT_TRUE(of("redis-7.2").repl_diskless_sync);
  EXPECT_EQ(of("redis-7.2").repl_backlog_size, 1024 * 1024);
  EXPECT_EQ(of("valkey-8").repl_backlog_size, 10 * 1024 * 1024);
  EXPECT_TRUE(of("valkey-8").lazyfree_lazy_expire);
  EXPECT_TRUE(of("valkey-8").replica_lazy_flush);
  EXPECT_FALSE(of("redis-4.0").replica_ignore_maxmemory);
  EXPECT_TRUE(of("redis-5.0").replica_ignore_maxmemory);
  EXPECT_EQ(model::find_setting("save")->get(of("redis-2.8")), "900 1 300 10 60 10000");
}

TEST(Profiles, KnowTheCommandsOfTheirTime) {  // V10, V44
  EXPECT_FALSE(has_command(rules_of("redis-2.6"), "psync"));
  EXPECT_TRUE(has_command(rules_of("redis-2.8"), "psync"));
  EXPECT_FALSE(has_command(rules_of("redis-2.8"), "wait"));
  EXPECT_FALSE(has_command(rules_of("redis-5.0"), "failover"));
  EXPECT_TRUE(has_command(rules_of("redis-6.2"), "failover"));
  EXPECT_FALSE(has_command(rules_of("redis-6.2"), "lmpop"));
  EXPECT_FALSE(has_command(rules_of("redis-7.0"), "waitaof"));
}

TEST(Profiles, ShowTheInfoOfTheirTime) {  // V53
  EXPECT_FALSE(has_info_field(rules_of("redis-2.6"), "master_repl_offset"));
  EXPECT_TRUE(has_info_field(rules_of("redis-2.8"), "master_repl_offset"));
  EXPECT_FALSE(has_info_field(rules_of("redis-2.8"), "master_replid"));
  EXPECT_FALSE(has_info_field(rules_of("redis-5.0"), "slave_read_repl_offset"));
  EXPECT_FALSE(has_info_field(rules_of("redis-7.2"), "valkey_version"));
  EXPECT_TRUE(has_info_field(rules_of("valkey-8"), "valkey_version"));
}

TEST(Profiles, EdgesOfOneReleaseNameARelease) {
  for (const model::LinkEdge& edge : model::link_edges()) {
    if (edge.only.empty()) continue;
    EXPECT_NE(model::find_profile(edge.only), nullptr) << edge.only;
  }
}

// --- the page ---------------------------------------------------------------------------------------

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string page() {
  std::ostringstream out;
  out << "# Releases\n\n"
         "Written by tests/model/profiles_test.cc from the tables (`UPDATE=1`); `replsim profiles` prints the same.\n"
         "V rows are those of the reference's table of versions. A rule that is not named is as in redis-7.0.\n";
  const Rules& usual = model::profiles().front().rules;
  for (const Profile& profile : model::profiles()) {
    out << "\n## " << profile.name << "\n\n" << profile.about << ".\n";
    bool any = false;
    for (const model::RuleRow& rule : model::rule_rows()) {
      const std::string value = rule.value(profile.rules);
      if (value == rule.value(usual)) continue;
      if (!any) out << "\n| rows | rule | here | in 7.0 | what it says |\n|---|---|---|---|---|\n";
      any = true;
      out << "| " << rule.rows << " | `" << rule.name << "` | " << escaped(value) << " | "
          << escaped(rule.value(usual)) << " | " << rule.about << " |\n";
    }
  }
  out << "\n## Rows that no rule says\n\n| row | modelled | |\n|---|---|---|\n";
  for (const model::RowNote& note : model::row_notes()) {
    out << "| " << note.row << " | " << (note.modelled ? "yes" : "no") << " | " << note.note << " |\n";
  }
  out << "\n## Liberties\n\n"
         "- Settings are taken under their old and their new names by all releases, and so are SLAVEOF and REPLICAOF: a\n"
         "  scenario can be run on any release as it stands.\n"
         "- Errors and refusals have the words of 7.0, but for those that a rule names.\n"
         "- A replica of 2.6 that joins a running save is told the database that the other one was told.\n"
         "- Before 2.8 the newline to a waiting replica comes each second, not with the ping.\n";
  return out.str();
}

TEST(Profiles, ThePageSaysWhatTheTablesSay) {
  const std::string path = test_support::in_tree("model/PROFILES.md");
  const char* const update = std::getenv("UPDATE");
  if (update != nullptr && std::string(update) == "1") std::ofstream(path, std::ios::binary) << page();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), page()) << "UPDATE=1 writes it anew";
}

}  // namespace
