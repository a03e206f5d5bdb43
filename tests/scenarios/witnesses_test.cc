// The witnesses: for every bug that can be switched on a scenario that shows it, and that passes
// without it. And for every oracle a bug that no other oracle sees on its witness.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scenarios/oracles/oracles.h"
#include "scenarios/run/runner.h"
#include "scenarios/run/tables.h"
#include "tests/support/scenario_files.h"

namespace {

using scenarios::Outcome;
using scenarios::Scenario;

const std::map<std::string, Scenario>& witnesses() {
  static const std::map<std::string, Scenario> kAll = [] {
    std::map<std::string, Scenario> all;
    for (const std::string& file : test_support::json_files_in("scenarios/witnesses")) {
      Scenario scenario = test_support::loaded(test_support::contents_of(file));
      scenario.name = std::filesystem::path(file).stem().string();
      all.emplace(scenario.name, std::move(scenario));
    }
    return all;
  }();
  return kAll;
}

std::string said(const scenarios::RunResult& result) {
  std::string text;
  for (const auto& judgement : result.judgements) {
    if (judgement.outcome == Outcome::fail)
      text += failure_key(judgement) + ": " + judgement.finding + "\n";
  }
  return text;
}

TEST(Witnesses, ThereIsOneForEachQuirkAndItBreaksWhatTheQuirkSays) {
  std::set<std::string> missing;
  for (const auto& quirk : scenarios::quirk_rows()) {
    const auto found = witnesses().find(std::string(quirk.name));
    ASSERT_NE(found, witnesses().end()) << quirk.name << " has no witness";
    const Scenario& scenario = found->second;
    for (const auto& node : scenario.nodes)
      EXPECT_EQ(node.quirks, std::vector<std::string>{std::string(quirk.name)}) << scenario.name;
    EXPECT_EQ(std::count(scenario.must_fail.begin(), scenario.must_fail.end(), quirk.breaks), 1)
        << quirk.name << " breaks " << quirk.breaks;
  }
  EXPECT_EQ(witnesses().size(), scenarios::quirk_rows().size());
  EXPECT_GE(witnesses().size(), 50U);
}

TEST(Witnesses, FailAsTheySayWithTheirQuirk) {
  for (const auto& [name, scenario] : witnesses()) {
    const auto result = scenarios::run(scenario, sim::TraceMode::hash_only);
    EXPECT_EQ(result.outcome, Outcome::pass) << name << "\n" << said(result);
    for (const auto& judgement : result.judgements) {
      if (judgement.outcome != Outcome::fail) continue;
      EXPECT_FALSE(judgement.clause.empty()) << name << ": " << judgement.oracle;
    }
  }
}

TEST(Witnesses, PassWithoutIt) {
  for (const auto& [name, witness] : witnesses()) {
    Scenario scenario = witness;
    scenario.must_fail.clear();
    for (auto& node : scenario.nodes) node.quirks.clear();
    const auto result = scenarios::run(scenario, sim::TraceMode::hash_only);
    EXPECT_EQ(result.outcome, Outcome::pass) << name << "\n" << said(result);
    for (const auto& fault : result.faults)
      EXPECT_GT(fault.effects, 0U) << name << ": " << fault.text << " changed nothing";
  }
}

TEST(Witnesses, EachOracleHasABugThatItAloneCatches) {
  std::map<std::string, std::vector<std::string>, std::less<>> alone;
  for (const auto& [name, scenario] : witnesses()) {
    if (scenario.must_fail.size() == 1) alone[scenario.must_fail.front()].push_back(name);
  }
  for (const std::string_view oracle : scenarios::oracle_names())
    EXPECT_TRUE(alone.contains(oracle)) << oracle << " catches no bug alone";
}

}  // namespace
