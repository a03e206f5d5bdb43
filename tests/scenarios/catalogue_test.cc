// The whole catalogue: it passes, twice to the same hash, and reaches every rare path of the model.
// (The bugs that can be switched on have scenarios of their own: witnesses_test.cc.)
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "scenarios/language/loader.h"
#include "scenarios/run/runner.h"
#include "scenarios/run/tables.h"
#include "tests/support/source_tree.h"

namespace {

using scenarios::Outcome;
using scenarios::Scenario;

std::vector<Scenario> catalogue() {
  std::vector<std::filesystem::path> paths;
  for (const char* const folder : {"scenarios/catalogue", "scenarios/twins"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(test_support::in_tree(folder))) {
      if (entry.path().extension() == ".json") paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Scenario> result;
  for (const auto& path : paths) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    auto loaded = scenarios::load_scenario(text.str(), path.stem().string());
    EXPECT_TRUE(std::holds_alternative<Scenario>(loaded)) << path;
    if (auto* scenario = std::get_if<Scenario>(&loaded)) result.push_back(std::move(*scenario));
  }
  return result;
}

const std::vector<Scenario>& scenarios_of_catalogue() {
  static const std::vector<Scenario> kAll = catalogue();
  return kAll;
}

std::string findings(const scenarios::RunResult& result) {
  std::string text;
  for (const auto& judgement : result.judgements) {
    if (judgement.outcome == Outcome::fail) text += judgement.oracle + ": " + judgement.finding + "\n";
  }
  return text;
}

TEST(Catalogue, HoldsAtLeastSixteenScenarios) { EXPECT_GE(scenarios_of_catalogue().size(), 16U); }

TEST(Catalogue, Passes) {
  for (const Scenario& scenario : scenarios_of_catalogue()) {
    const auto result = scenarios::run(scenario, sim::TraceMode::hash_only);
    EXPECT_EQ(result.outcome, Outcome::pass) << scenario.name << "\n" << findings(result);
  }
}

TEST(Catalogue, ComesToTheSameHashWhetherOrNotItsTraceIsKept) {
  for (const Scenario& scenario : scenarios_of_catalogue()) {
    const auto hashed = scenarios::run(scenario, sim::TraceMode::hash_only);
    const auto kept = scenarios::run(scenario, sim::TraceMode::keep);
    EXPECT_EQ(hashed.trace_hash, kept.trace_hash) << scenario.name;
    EXPECT_FALSE(kept.trace.records().empty()) << scenario.name;
  }
}

TEST(Catalogue, EveryFaultChangesSomething) {
  for (const Scenario& scenario : scenarios_of_catalogue()) {
    for (const auto& fault : scenarios::run(scenario, sim::TraceMode::hash_only).faults) {
      EXPECT_GT(fault.effects, 0U) << scenario.name << ": " << fault.text;
    }
  }
}

TEST(Catalogue, ReachesEveryMark) {
  std::set<std::string> reached;
  for (const Scenario& scenario : scenarios_of_catalogue()) {
    const auto result = scenarios::run(scenario, sim::TraceMode::hash_only);
    reached.insert(result.marks.begin(), result.marks.end());
  }
  for (const auto& mark : scenarios::mark_rows()) {
    EXPECT_EQ(reached.count(std::string(mark.name)), 1U) << mark.name << ": " << mark.about;
  }
}

}  // namespace
