// Both arms: scenarios that take a moment are the same on simulated nodes and real servers; what is
// not the same is seen; what cannot be done is said.
#include <gtest/gtest.h>

#include <string>

#include "scenarios/arms/compare.h"
#include "scenarios/arms/expressible.h"
#include "scenarios/arms/sim_arm.h"
#include "tests/support/scenario_files.h"
#include "tools/live/real_arm.h"

namespace {

namespace arms = scenarios::arms;

scenarios::Scenario scenario_in(const std::string& file) {
  return test_support::loaded(test_support::contents_of(test_support::in_tree(file)));
}

std::string all_of(const std::vector<arms::Difference>& differences) {
  std::string text;
  for (const arms::Difference& one : differences)
    text += one.where + ": simulated " + one.simulated + ", real " + one.real + ' ' +
            one.real_finding + '\n';
  return text;
}

class OnBothArms : public testing::TestWithParam<const char*> {};

TEST_P(OnBothArms, IsTheSame) {
  const scenarios::Scenario scenario =
      scenario_in(std::string("scenarios/catalogue/") + GetParam() + ".json");
  ASSERT_TRUE(arms::expressible(scenario).untaken.empty());
  const arms::Told simulated = arms::simulate(scenario);
  EXPECT_EQ(simulated.problem, "");
  const arms::Told real = live::play_on_real_servers(scenario, &simulated);
  ASSERT_EQ(real.problem, "");
  EXPECT_EQ(real.steps.size(), scenario.steps.size());
  EXPECT_EQ(all_of(arms::compare(scenario, simulated, real)), "");
}

INSTANTIATE_TEST_SUITE_P(Catalogue, OnBothArms,
                         testing::Values("backlog-one-byte-too-few", "half-open",
                                         "master-returns-empty", "partial-resync",
                                         "promoted-sibling", "psync-by-hand", "trickle"),
                         [](const auto& which) {
                           std::string name = which.param;
                           std::erase(name, '-');
                           return name;
                         });

// A model with a bug is not like a real server.
TEST(Arms, SeeABug) {
  const scenarios::Scenario right = scenario_in("scenarios/witnesses/psync-refuses-exact-end.json");
  const arms::Told wrong = arms::simulate(right);
  const scenarios::Scenario mended = arms::without_quirks(right);
  const arms::Told simulated = arms::simulate(mended);
  const arms::Told real = live::play_on_real_servers(mended, &simulated);
  EXPECT_EQ(all_of(arms::compare(mended, simulated, real)), "");
  const auto differences = arms::compare(mended, wrong, real);
  ASSERT_FALSE(differences.empty());
  EXPECT_NE(all_of(differences).find("FULLRESYNC"), std::string::npos) << all_of(differences);
  EXPECT_FALSE(differences.front().real_heard.empty());
  EXPECT_FALSE(differences.front().simulated_heard.empty());
}

// Expectations that do not hold on a real server are told with what was seen.
TEST(Arms, TellWhatARealServerDidInstead) {
  scenarios::Scenario scenario =
      test_support::loaded(R"({"point": "A wrong belief.", "nodes": {"a": {}},
    "steps": [{"run": "SET k v", "on": "a", "reply": "OK"}, {"expect": {"keys": {"a": {"k": "w"}}}}], "calm": false})");
  const arms::Told real = live::play_on_real_servers(scenario, nullptr);
  ASSERT_EQ(real.problem, "");
  ASSERT_EQ(real.steps.size(), 2U);
  EXPECT_EQ(real.steps[0].taken.finding, "");
  EXPECT_EQ(real.steps[1].taken.finding,
            "expected that key \"k\" of a is \"w\"; seen: key \"k\" of a is \"v\"");
}

TEST(Arms, SayWhatARealServerCannotBeMadeToDo) {
  const auto cannot = [](const std::string& file) {
    std::string text;
    for (const arms::Untaken& one : arms::expressible(scenario_in(file)).untaken)
      text += one.what + ": " + one.reason + '\n';
    return text;
  };
  EXPECT_NE(cannot("scenarios/catalogue/overdue-on-a-replica.json").find("clock of b"),
            std::string::npos);
  EXPECT_NE(
      cannot("scenarios/catalogue/snapshot-cannot-start.json").find("snapshot of a fails to start"),
      std::string::npos);
  EXPECT_NE(cannot("scenarios/catalogue/reader-behind-the-ring.json").find("a is redis-6.2"),
            std::string::npos);
  EXPECT_NE(
      cannot("scenarios/catalogue/cut-inside-a-command.json").find("mark link_lost_in_command"),
      std::string::npos);
  const arms::Expressible partly =
      arms::expressible(scenario_in("scenarios/catalogue/chain-loses-its-middle.json"));
  EXPECT_TRUE(partly.untaken.empty());
  EXPECT_EQ(partly.unseen.size(), 1U);
}

}  // namespace
