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

std::ptrdiff_t requests(const arms::Told& told) {
  const auto& records = told.trace.records();
  return std::count_if(records.begin(), records.end(), [](const sim::Record& record) {
    const auto* const message = std::get_if<sim::record::Message>(&record.what);
    return message != nullptr && message->text.starts_with("PSYNC");
  });
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

}  // namespace
