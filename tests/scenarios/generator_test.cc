// The generator of scenarios, and the properties that every run of the clean model has: a small
// campaign. rapidcheck draws the lists of choices and shrinks them; choice 0 is the simplest
// everywhere, so what it shrinks to is a simple scenario.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <memory>
#include <set>

#include "scenarios/language/loader.h"
#include "scenarios/language/write.h"
#include "scenarios/run/performance.h"
#include "scenarios/run/runner.h"
#include "scenarios/search/coverage.h"
#include "scenarios/search/generate.h"

namespace {

using scenarios::Menu;
using scenarios::Outcome;
using scenarios::Performance;
using scenarios::RunResult;
using scenarios::Scenario;

// The same cases every time; RC_PARAMS in the environment asks for others, or for more.
const int kFixed = setenv("RC_PARAMS", "seed=7013 max_success=60", 0);

Scenario scenario_from(std::uint64_t seed, const Menu& menu = {}) {
  sim::Choice choice = sim::Choice::seeded(seed);
  Scenario scenario = scenarios::generate(choice, menu);
  scenario.seed = seed;
  return scenario;
}

// A scenario from a list of choices that rapidcheck draws.
Scenario drawn_scenario() {
  constexpr int kLongest = 500;
  const auto choices =
      *rc::gen::resize(kLongest, rc::gen::container<std::vector<std::uint64_t>>(
                                     rc::gen::inRange<std::uint64_t>(0, 1'000'000)));
  sim::Choice choice = sim::Choice::listed(choices);
  Scenario scenario = scenarios::generate(choice, Menu{});
  scenario.seed = choices.size();
  return scenario;
}

std::string failures(const RunResult& result) {
  std::string text;
  for (const scenarios::Judgement& judgement : result.judgements) {
    if (judgement.outcome == Outcome::fail || judgement.outcome == Outcome::unknown)
      text += judgement.oracle + ": " + judgement.finding + "\n";
  }
  return text;
}

RunResult run(const Scenario& scenario) {
  return scenarios::run(scenario, sim::TraceMode::hash_only);
}

RC_GTEST_PROP(GeneratedRuns, NoOracleFailsOnTheCleanModel, ()) {
  const std::string found = failures(run(drawn_scenario()));
  if (!found.empty()) RC_FAIL(found);
}

RC_GTEST_PROP(GeneratedRuns, TwoRunsOfOneScenarioHaveOneHash, ()) {
  const Scenario scenario = drawn_scenario();
  const RunResult first = run(scenario), second = run(scenario);
  RC_ASSERT(first.trace_hash == second.trace_hash);
  RC_ASSERT(first.events == second.events);
}

RC_GTEST_PROP(GeneratedRuns, ACopyOfTheWorldEndsAsTheWorldItself, ()) {
  const auto scenario = std::make_shared<const Scenario>(drawn_scenario());
  Performance original(scenario, sim::Choice::seeded(scenario->seed), sim::TraceMode::hash_only);
  const auto before = *rc::gen::inRange(0, 600);
  for (int i = 0; i < before && original.advance(); ++i) {
  }
  Performance copy = original;
  RC_ASSERT(copy == original);
  // Not in step: nothing that they might share is then the same.
  while (copy.advance()) {
  }
  while (original.advance()) {
  }
  RC_ASSERT(copy == original);
  RC_ASSERT(copy.result().trace_hash == original.result().trace_hash);
}

TEST(GeneratedRuns, TheSeedsOfASmallCampaignPass) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    EXPECT_EQ(failures(run(scenario_from(seed))), "") << "seed " << seed;
  }
}

// --- the generator -------------------------------------------------------------------------------

TEST(Generator, OfNoChoicesMakesASimpleScenario) {
  sim::Choice choice = sim::Choice::listed({});
  const Scenario scenario = scenarios::generate(choice, Menu{});
  EXPECT_EQ(scenario.nodes.size(), 2U);
  EXPECT_LE(scenario.steps.size(), 2U);
  EXPECT_EQ(failures(run(scenario)), "");
}

TEST(Generator, IsAFunctionOfItsDraws) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::uint64_t hash = run(scenario_from(seed)).trace_hash;
    EXPECT_EQ(run(scenario_from(seed)).trace_hash, hash) << "seed " << seed;
    hashes.insert(hash);
  }
  EXPECT_EQ(hashes.size(), 20U) << "each seed another run";
}

TEST(Generator, DrawsForNothingElse) {
  sim::Choice choice = sim::Choice::seeded(3);
  choice.record();
  scenarios::generate(choice, Menu{});
  for (const sim::Drawn& drawn : choice.recorded())
    EXPECT_EQ(drawn.purpose, sim::Purpose::scenario);
}

TEST(Generator, KeepsToTheMenu) {
  Menu menu;
  menu.profile = "redis-6.2";
  menu.quirks = {"continue-resets-db"};
  menu.fewest_nodes = menu.most_nodes = 3;
  menu.operations = 10;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Scenario scenario = scenario_from(seed, menu);
    EXPECT_EQ(scenario.nodes.size(), 3U);
    for (const scenarios::Node& node : scenario.nodes) {
      EXPECT_EQ(node.profile, "redis-6.2");
      EXPECT_EQ(node.quirks, menu.quirks);
    }
    std::size_t commands = 0;
    for (const scenarios::Step& step : scenario.steps) {
      if (const auto* lines = std::get_if<scenarios::Run>(&step.what))
        commands += lines->lines.size();
    }
    EXPECT_LE(commands, 60U) << "what has begun may be finished; seed " << seed;
  }
}

TEST(Generator, WhatItMakesCanBeWrittenAndReadBack) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    const Scenario scenario = scenario_from(seed);
    const auto loaded =
        scenarios::load_scenario(scenarios::write_scenario(scenario), scenario.name);
    if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
      FAIL() << "seed " << seed << ": " << scenarios::to_text(errors->front(), "generated");
    }
    ASSERT_EQ(std::get<Scenario>(loaded), scenario) << "seed " << seed;
  }
}

TEST(Generator, AFileRunsAsTheScenarioThatItWasWrittenFrom) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    const Scenario scenario = scenario_from(seed);
    const auto loaded =
        scenarios::load_scenario(scenarios::write_scenario(scenario), scenario.name);
    EXPECT_EQ(run(std::get<Scenario>(loaded)).trace_hash, run(scenario).trace_hash)
        << "seed " << seed;
  }
}

// Nothing in it expects: whether a run fails is the oracles' word alone.
TEST(Generator, ExpectsNothing) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Scenario scenario = scenario_from(seed);
    EXPECT_TRUE(scenario.calm);
    EXPECT_TRUE(scenario.leave_out.empty());
    for (const scenarios::Step& step : scenario.steps) {
      EXPECT_FALSE(std::holds_alternative<scenarios::Expect>(step.what));
      EXPECT_FALSE(std::holds_alternative<scenarios::Throughout>(step.what));
      EXPECT_FALSE(std::holds_alternative<scenarios::ReplicaOf>(step.what)) << "it expects OK";
      if (const auto* wait = std::get_if<scenarios::Wait>(&step.what)) {
        EXPECT_FALSE(wait->needed);
      }
      if (const auto* lines = std::get_if<scenarios::Run>(&step.what)) {
        EXPECT_FALSE(lines->await);
      }
    }
  }
}

}  // namespace
