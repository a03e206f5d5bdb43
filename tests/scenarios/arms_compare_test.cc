// What two arms told, held against each other, without a real one: both are simulated, and one of
// them is different on purpose.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scenarios/arms/compare.h"
#include "scenarios/arms/sim_arm.h"
#include "tests/support/scenario_files.h"

namespace {

namespace arms = scenarios::arms;

scenarios::Scenario scenario_in(const std::string& file) {
  return arms::without_quirks(
      test_support::loaded(test_support::contents_of(test_support::in_tree(file))));
}

std::string places(const std::vector<arms::Difference>& differences) {
  std::string text;
  for (const arms::Difference& one : differences) text += one.at + '\n';
  return text;
}

std::vector<std::string> unknown(std::string_view name,
                                 const std::vector<arms::Difference>& differences) {
  std::vector<std::string> out;
  for (const arms::Difference& one : differences) {
    if (arms::known(name, one.at) == nullptr) out.push_back(one.at);
  }
  return out;
}

std::ptrdiff_t requests(const arms::Told& told) {
  const auto& records = told.trace.records();
  return std::count_if(records.begin(), records.end(), [](const sim::Record& record) {
    const auto* const message = std::get_if<sim::record::Message>(&record.what);
    return message != nullptr && message->text.starts_with("PSYNC");
  });
}

void set(scenarios::arms::Look& look, std::string_view name, const std::string& value) {
  for (auto& [field, text] : look.info) {
    if (field == name) text = value;
  }
}

// How often somebody asks who is refused each time is about speed; with which words is not.
TEST(Compare, CountsNoRefusalsButReadsThem) {
  const std::string file = "scenarios/catalogue/asks-at-once-and-without-end.json";
  const scenarios::Scenario scenario = scenario_in(file);
  const arms::Told simulated = arms::simulate(scenario);
  scenarios::Scenario slower = scenario;
  slower.default_link.latency *= 2;
  const arms::Told fewer = arms::simulate(slower);
  EXPECT_LT(requests(fewer) + 50, requests(simulated));
  EXPECT_EQ(places(arms::compare(scenario, simulated, fewer)), "");

  scenarios::Scenario stale = scenario;
  for (auto& [name, value] : stale.nodes[1].config) {
    if (name == "replica-serve-stale-data") value = "yes";  // b answers -NOMASTERLINK
  }
  const std::string differences = places(arms::compare(scenario, simulated, arms::simulate(stale)));
  EXPECT_NE(differences.find("links.c>b.decisions[0]"), std::string::npos) << differences;
}

// What is known is known of its place: the same scenario may not differ anywhere else.
TEST(Compare, WhatIsKnownOfOnePlaceCoversNoOther) {
  const std::string name = "a17-scripts-by-effect";
  const scenarios::Scenario scenario = scenario_in("scenarios/twins/" + name + ".json");
  const arms::Told simulated = arms::simulate(scenario);
  ASSERT_EQ(places(arms::compare(scenario, simulated, simulated)), "");
  arms::Told other = simulated;
  ASSERT_EQ(other.end.size(), 2U);
  other.end[0].digest = "another";
  const auto differences = arms::compare(scenario, simulated, other);
  EXPECT_EQ(places(differences), "end.m.digest\n");
  EXPECT_TRUE(unknown(name, differences).empty());

  set(other.end[0], "sync_full", "2");
  other.steps[4].taken.finding = "something else came";
  const std::vector<std::string> left = unknown(name, arms::compare(scenario, simulated, other));
  EXPECT_EQ(left, (std::vector<std::string>{"steps[4].outcome", "end.m.sync_full"}));
}

TEST(Compare, NothingIsKnownOfAWholeScenario) {
  for (const arms::KnownDifference& one : arms::known_differences()) {
    SCOPED_TRACE(std::string(one.scenario) + " " + std::string(one.at));
    EXPECT_FALSE(one.at.empty());
    EXPECT_FALSE(one.reason.empty());
    EXPECT_FALSE(one.since.empty());
    const bool inside =
        one.at.starts_with("steps[") || one.at.starts_with("end.") || one.at.starts_with("links.");
    EXPECT_TRUE(inside);
    EXPECT_EQ(arms::known(one.scenario, "settled"), nullptr);
    EXPECT_EQ(arms::known(one.scenario, "steps[0].outcome"), nullptr);
    EXPECT_EQ(arms::known("another-scenario", one.at), nullptr);
  }
}

}  // namespace
