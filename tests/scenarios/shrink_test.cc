// Shrinking: what is left fails in the same way, nothing in it can be left out, and a second time changes
// nothing.

#include "scenarios/search/shrink.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "scenarios/language/write.h"
#include "scenarios/search/mentions.h"
#include "scenarios/search/numbers.h"
#include "tests/support/scenario_files.h"
#include "tests/support/small_generator.h"

namespace {

using namespace scenarios;
using namespace std::chrono_literals;

Scenario every_verb() {
  return test_support::loaded(
      test_support::contents_of(test_support::in_tree("tests/scenarios/good/every-verb.json")));
}

bool has_cut(const Scenario& s) {
  return std::any_of(s.steps.begin(), s.steps.end(), [](const Step& step) {
    const auto* fault = std::get_if<Fault>(&step.what);
    return fault != nullptr && std::holds_alternative<Cut>(fault->what);
  });
}

TEST(Shrink, LeavesNothingThatIsNotNeeded) {
  const Shrunk shrunk = shrink(every_verb(), has_cut);
  EXPECT_TRUE(shrunk.complete);
  EXPECT_EQ(write_scenario(shrunk.scenario), R"({
  "point": "Every word of the language once, to be read, not to be run.",
  "nodes": {
    "a": {},
    "b": {}
  },
  "steps": [
    { "cut": ["a", "b"] }
  ],
  "must_fail": "EXPECT"
}
)");
}

TEST(Shrink, WhatDoesNotFailIsLeftAsItIs) {
  const Scenario scenario = every_verb();
  const Shrunk shrunk = shrink(scenario, [](const Scenario&) { return false; }, {200});
  EXPECT_TRUE(shrunk.scenario == scenario);
}

TEST(Shrink, MakesNumbersRoundAndSmall) {
  const auto sleeps_long = [](const Scenario& s) {
    return std::any_of(s.steps.begin(), s.steps.end(), [](const Step& step) {
      const auto* sleep = std::get_if<Sleep>(&step.what);
      return sleep != nullptr && sleep->time >= 3100ms;
    });
  };
  const Shrunk shrunk = shrink(
      test_support::loaded(R"({"point": "p", "nodes": {"a": {}}, "steps": [{"sleep": "8.137452s"}]})"),
      sleeps_long);
  ASSERT_EQ(shrunk.scenario.steps.size(), 1U);
  EXPECT_EQ(std::get<Sleep>(shrunk.scenario.steps[0].what).time, 4s);  // one digit; 3.1 s has two
}

TEST(Shrink, KeepsToItsBudget) {
  std::uint64_t asked = 0;
  const Shrunk shrunk = shrink(
      every_verb(), [&](const Scenario& s) { return ++asked, has_cut(s); }, {10});
  EXPECT_EQ(asked, 10U);
  EXPECT_EQ(shrunk.runs, 10U);
  EXPECT_FALSE(shrunk.complete);
  EXPECT_TRUE(has_cut(shrunk.scenario));
}

// Any wish about what stays: as a hash of what there is, it is like a bug that nobody understands.
RC_GTEST_PROP(Shrink, ASecondTimeChangesNothing, (std::uint64_t seed, std::uint8_t which)) {
  sim::Choice choice = sim::Choice::seeded(seed);
  Scenario scenario = test_support::small_scenario(choice, {});
  const auto fails = [which](const Scenario& s) {
    std::size_t runs = 0, others = 0;
    std::int64_t slept = 0;
    for (const Step& step : s.steps) {
      if (const auto* run = std::get_if<Run>(&step.what)) runs += run->lines.size() * run->repeat;
      else if (const auto* sleep = std::get_if<Sleep>(&step.what)) slept += sleep->time.count();
      else ++others;
    }
    return runs >= which % 4U && others >= which / 64U && slept >= (which % 8) * 123'456;
  };
  settle(scenario);
  RC_PRE(fails(scenario));
  const Shrunk once = shrink(scenario, fails, {20'000});
  RC_ASSERT(once.complete);
  RC_ASSERT(fails(once.scenario));
  const Shrunk twice = shrink(once.scenario, fails, {20'000});
  RC_ASSERT(twice.scenario == once.scenario);
  RC_ASSERT(size_in_events(once.scenario) <= size_in_events(scenario));
}

TEST(Shrink, ARealFailureStaysTheSameFailure) {
  const Plan plan = test_support::small_plan(7, {"psync-ignores-history-id"});
  std::size_t shrunk_ones = 0;
  for (std::uint64_t index = 0; index < 100 && shrunk_ones < 2; ++index) {
    const RunRecord record = run_of(plan, index);
    if (!record.finding) continue;
    ++shrunk_ones;
    const auto fails = fails_with(record.finding->key);
    const Scenario found = scenario_of(plan, index);
    const Shrunk once = shrink(found, fails);
    EXPECT_TRUE(once.complete);
    EXPECT_TRUE(fails(once.scenario));
    EXPECT_LE(size_in_events(once.scenario), 15U) << write_scenario(once.scenario);
    EXPECT_TRUE(shrink(once.scenario, fails).scenario == once.scenario) << write_scenario(once.scenario);
    // As a file it is the same.
    const auto back = load_scenario(write_scenario(once.scenario), "shrunk");
    ASSERT_TRUE(std::holds_alternative<Scenario>(back));
    EXPECT_TRUE(fails(std::get<Scenario>(back)));
  }
  EXPECT_GT(shrunk_ones, 0U);
}

TEST(Mentions, ANodeIsTakenAwayWithAllThatIsAboutIt) {
  Scenario scenario = every_verb();
  for (const char* name : {"b", "c-1", "d", "fake", "raw"}) {
    const auto smaller = without(scenario, name);
    ASSERT_TRUE(smaller) << name;
    scenario = *smaller;
    settle(scenario);
    const std::string text = write_scenario(scenario);
    EXPECT_EQ(test_support::joined(test_support::complaints(text)), "") << name << "\n" << text;
    EXPECT_EQ(text.find("\"" + std::string(name) + "\""), std::string::npos) << text;
  }
  EXPECT_FALSE(without(scenario, "a"));
}

TEST(Freedoms, AreToldAsIntervals) {
  const Scenario scenario =
      test_support::loaded(R"({"point": "p", "nodes": {"a": {}}, "steps": [{"sleep": "5s"}]})");
  const auto between = [](const Scenario& s) {
    const auto time = std::get<Sleep>(s.steps[0].what).time;
    return time >= 3100ms && time <= 9800ms;
  };
  const auto freedoms = freedoms_of(scenario, between);
  ASSERT_EQ(freedoms.size(), 1U);
  EXPECT_EQ(freedoms[0].pointer, "/steps/0/sleep");
  EXPECT_GE(freedoms[0].low, 3'100'000);
  EXPECT_LE(freedoms[0].low, 3'300'000);
  EXPECT_GE(freedoms[0].high, 9'000'000);
  EXPECT_LE(freedoms[0].high, 9'800'000);
  EXPECT_EQ(freedoms[0].sentence.substr(0, 33), "fails for any sleep in step 1 of ") << freedoms[0].sentence;

  const auto any = freedoms_of(scenario, [](const Scenario&) { return true; });
  EXPECT_TRUE(any.at(0).open_above);
  EXPECT_EQ(any.at(0).low, 0);
}

TEST(Numbers, EachCanBeSet) {
  const Scenario scenario = every_verb();
  const auto numbers = numbers_of(scenario);
  EXPECT_GT(numbers.size(), 10U);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Scenario other = scenario;
    const std::int64_t value = numbers[i].value + 1;
    numbers[i].set(other, value);
    EXPECT_EQ(numbers_of(other).at(i).value, value) << numbers[i].pointer;
  }
  EXPECT_EQ(in_words(Number::Kind::duration, 3'100'000), "3.1 s");
  EXPECT_EQ(in_words(Number::Kind::count, 12), "12");
}

}  // namespace
