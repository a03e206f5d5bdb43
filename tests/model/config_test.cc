// Settings by redis-server 7.0.15's rules: what it takes, what it makes of it, how it refuses.

#include "model/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace {

using namespace model;

// CONFIG SET, then CONFIG GET; or the refusal, in brackets.
std::string set_and_get(Config& config, std::string_view name, std::string_view value) {
  const Setting* setting = find_setting(name);
  if (setting == nullptr) return "[no such setting]";
  if (const auto problem = setting->set(config, value)) return "[" + *problem + "]";
  return setting->get(config);
}

std::string set_and_get(std::string_view name, std::string_view value) {
  Config config;
  return set_and_get(config, name, value);
}

TEST(Config, EverySettingIsThereOnceAndTakesItsOwnDefault) {
  std::set<std::string_view> names;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    const bool alias_is_new = setting.alias.empty() || names.insert(setting.alias).second;
    EXPECT_TRUE(alias_is_new) << setting.alias;
    EXPECT_FALSE(setting.expects.empty()) << setting.name;
    Config config;
    EXPECT_EQ(setting.set(config, setting.get(Config())), std::nullopt) << setting.name;
    EXPECT_EQ(config, Config()) << setting.name;
    EXPECT_EQ(find_setting(setting.name), &setting);
  }
  const auto all = settings();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                             [](const Setting& a, const Setting& b) { return a.name < b.name; }));
}

TEST(Config, AliasesAndAnyLetterCaseFindIt) {
  EXPECT_EQ(find_setting("SLAVE-Priority"), find_setting("replica-priority"));
  EXPECT_EQ(find_setting("min-slaves-to-write"), find_setting("min-replicas-to-write"));
  EXPECT_EQ(find_setting("repl-backlog-siz"), nullptr);
}

TEST(Config, MemorySizesHaveRedissUnits) {
  EXPECT_EQ(memory_size("16384"), 16384);
  EXPECT_EQ(memory_size("16kb"), 16384);
  EXPECT_EQ(memory_size("16K"), 16000);
  EXPECT_EQ(memory_size("1Mb"), 1048576);
  EXPECT_EQ(memory_size("3m"), 3000000);
  EXPECT_EQ(memory_size("2GB"), std::int64_t{2} << 30U);
  EXPECT_EQ(memory_size("7b"), 7);
  EXPECT_EQ(memory_size("9223372036854775807"), INT64_MAX);
  for (const char* bad : {"", "kb", "-1", "+5", " 5", "1.5mb", "1kib", "1t", "5 kb", "9223372036854775808",
                          "8589934592gb", "99999999999999999999"}) {
    EXPECT_EQ(memory_size(bad), std::nullopt) << bad;
  }
}

TEST(Config, BacklogSizeHasAFloorButIsNeverNothing) {
  EXPECT_EQ(set_and_get("repl-backlog-size", "1"), "1");  // in a file; CONFIG SET makes it 16384
  EXPECT_EQ(set_and_get("repl-backlog-size", "20000b"), "20000");
  EXPECT_EQ(set_and_get("repl-backlog-size", "0"),
            "[argument must be between 1 and 9223372036854775807 inclusive]");
  EXPECT_EQ(set_and_get("repl-backlog-size", "9223372036854775808"),
            "[argument must be between 1 and 9223372036854775807 inclusive]");
  EXPECT_EQ(set_and_get("repl-backlog-size", "-1"), "[argument must be a memory value]");
  EXPECT_EQ(set_and_get("repl-backlog-size", "1.5mb"), "[argument must be a memory value]");
}

TEST(Config, WholeNumbersHaveOneSpelling) {
  EXPECT_EQ(set_and_get("repl-timeout", "2147483647"), "2147483647");
  EXPECT_EQ(set_and_get("repl-timeout", "0"), "[argument must be between 1 and 2147483647 inclusive]");
  EXPECT_EQ(set_and_get("repl-backlog-ttl", "0"), "0");
  EXPECT_EQ(set_and_get("replica-announce-port", "65536"),
            "[argument must be between 0 and 65535 inclusive]");
  for (const char* bad : {"", "abc", "5s", " 5", "05", "+5", "-0", "5.0", "99999999999999999999"}) {
    EXPECT_EQ(set_and_get("repl-timeout", bad), "[argument couldn't be parsed into an integer]") << bad;
  }
}

TEST(Config, WordsMayHaveAnyLetterCase) {
  EXPECT_EQ(set_and_get("repl-diskless-sync", "NO"), "no");
  EXPECT_EQ(set_and_get("repl-diskless-sync", "true"), "[argument must be 'yes' or 'no']");
  EXPECT_EQ(set_and_get("repl-diskless-load", "SwapDB"), "swapdb");
  EXPECT_EQ(set_and_get("repl-diskless-load", "always"),
            "[argument(s) must be one of the following: disabled, on-empty-db, swapdb]");
}

TEST(Config, OutputLimitsComeInGroupsOfFour) {
  const std::string_view name = "client-output-buffer-limit";
  EXPECT_EQ(set_and_get(name, "replica 1kb 2k 5"),
            "normal 0 0 0 slave 1024 2000 5 pubsub 33554432 8388608 60");
  EXPECT_EQ(set_and_get(name, "SLAVE 1 1 1"), "normal 0 0 0 slave 1 1 1 pubsub 33554432 8388608 60");
  EXPECT_EQ(set_and_get(name, ""), set_and_get(name, "normal 0 0 0"));
  Config config;
  EXPECT_EQ(set_and_get(config, name, "normal 0 0 0 replica 7 8 9"),
            "normal 0 0 0 slave 7 8 9 pubsub 33554432 8388608 60");
  EXPECT_EQ(set_and_get(config, name, "replica 1 1 1 master 2 2 2"),
            "[Invalid client class specified in buffer limit configuration.]");
  EXPECT_EQ(config.replica_output_limit, (OutputLimit{7, 8, 9}));  // all or nothing
  EXPECT_EQ(set_and_get(name, "replica 1 2"), "[Wrong number of arguments in buffer limit configuration.]");
  EXPECT_EQ(set_and_get(name, "replica 1 2 3s"),
            "[Error in hard, soft or soft_seconds setting in buffer limit configuration.]");
}

TEST(Config, SavePointsArePairs) {
  EXPECT_EQ(set_and_get("save", ""), "");
  EXPECT_EQ(set_and_get("save", "3600 1 300 100"), "3600 1 300 100");
  for (const char* bad : {"3600", "0 5", "1 -5", "a b", "\"\"", " 1 1", "1  1"}) {
    EXPECT_EQ(set_and_get("save", bad), "[Invalid save parameters]") << bad;
  }
}

TEST(Config, HzIsKeptInItsRange) {
  EXPECT_EQ(set_and_get("hz", "0"), "1");
  EXPECT_EQ(set_and_get("hz", "5000"), "500");
  EXPECT_EQ(set_and_get("hz", "-3"), "[argument must be between 0 and 2147483647 inclusive]");
}

TEST(Config, SomeAreForTheStartOnly) {
  for (const char* name : {"databases", "rdbchecksum", "enable-debug-command"}) {
    EXPECT_TRUE(find_setting(name)->at_start_only) << name;
  }
  EXPECT_FALSE(find_setting("repl-timeout")->at_start_only);
  EXPECT_EQ(set_and_get("appendonly", "no"), "no");
  EXPECT_EQ(set_and_get("appendonly", "yes"), "[there is no append-only file in this model]");
}

}  // namespace
