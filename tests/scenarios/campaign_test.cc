// Campaigns: what they come to is a function of seed and indices, whoever makes the runs and however
// often the work is broken off; and a campaign that means nothing does not pass.

#include "scenarios/search/campaign.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "scenarios/language/write.h"
#include "scenarios/search/conduct.h"
#include "scenarios/search/journal.h"
#include "scenarios/search/kill_matrix.h"
#include "scenarios/search/summary.h"
#include "scenarios/search/verdict.h"
#include "tests/support/scenario_files.h"
#include "tests/support/small_generator.h"

namespace {

using namespace scenarios;
using test_support::small_plan;
namespace fs = std::filesystem;

const std::string kQuirk = "psync-ignores-history-id";

Tally made(const Plan& plan, std::uint64_t runs, unsigned workers = 1, std::uint64_t first = 0) {
  Tally tally;
  Budget budget;
  budget.first = first;
  budget.runs = runs;
  budget.workers = workers;
  conduct(plan, budget, tally, {});
  return tally;
}

TEST(Campaign, SeedsDependOnSeedAndIndexAlone) {
  EXPECT_EQ(scenario_seed(1, 5), scenario_seed(1, 5));
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (std::uint64_t index = 0; index < 100; ++index) seeds.insert(scenario_seed(seed, index));
  }
  EXPECT_EQ(seeds.size(), 3000U);
  EXPECT_LT(*seeds.rbegin(), std::uint64_t{1} << 53);
}

TEST(Campaign, AScenarioThatWasWrittenRunsToTheSameHash) {
  const Plan plan = small_plan(3);
  for (std::uint64_t index = 0; index < 20; ++index) {
    const Scenario made = scenario_of(plan, index);
    const auto back = load_scenario(write_scenario(made), "found");
    ASSERT_TRUE(std::holds_alternative<Scenario>(back)) << write_scenario(made);
    EXPECT_TRUE(std::get<Scenario>(back) == made) << write_scenario(made);
    EXPECT_EQ(run(std::get<Scenario>(back), sim::TraceMode::hash_only).trace_hash,
              run_of(plan, index).hash)
        << write_scenario(made);
  }
}

TEST(Campaign, AnyNumberOfWorkersComesToTheSame) {
  const Plan plan = small_plan(7, {kQuirk});
  const Tally one = made(plan, 100);
  EXPECT_EQ(one.runs, 100U);
  EXPECT_GT(one.failures.size(), 0U);  // or the comparison says little
  for (const unsigned workers : {2U, 5U}) EXPECT_EQ(made(plan, 100, workers), one) << workers;
  EXPECT_NE(made(small_plan(8, {kQuirk}), 100).summary_hash(), one.summary_hash());
  EXPECT_NE(made(plan, 99).summary_hash(), one.summary_hash());
}

TEST(Campaign, GoesOnWhereItWasBrokenOff) {
  const Plan plan = small_plan(7, {kQuirk});
  const Tally whole = made(plan, 90);
  Tally tally;
  for (const std::uint64_t until : {16U, 33U, 90U}) {
    Budget budget;
    budget.runs = until;
    budget.workers = 2;
    const auto read = Tally::from_json(tally.json());
    ASSERT_TRUE(read);
    tally = *read;
    conduct(plan, budget, tally, {});
  }
  EXPECT_EQ(tally, whole);
}

TEST(Campaign, TalliesMergeInAnyOrder) {
  const Plan plan = small_plan(2, {kQuirk});
  const Tally low = made(plan, 40), high = made(plan, 40, 1, 40);
  Tally up = low, down = high;
  up.merge(high);
  down.merge(low);
  EXPECT_EQ(up, down);
  EXPECT_EQ(up, made(plan, 80));
}

// However many runs, a tally stays small.
TEST(Campaign, ATallyDoesNotGrowWithItsRuns) {
  Tally tally;
  std::size_t most = 0;
  for (std::uint64_t index = 0; index < 20'000; ++index) {
    RunRecord record;
    record.index = index;
    record.hash = index * 77;
    Finding finding;
    finding.key = "X/" + std::to_string(index % 1500);
    record.finding = finding;
    tally.add(record);
    most = std::max(most, tally.samples.size());
  }
  EXPECT_LE(most, 513U);
  EXPECT_GE(tally.samples.size(), 256U);
  EXPECT_EQ(tally.failures.size(), Tally::kMostFailures);
  EXPECT_EQ(tally.failed_runs(), 20'000U);
  EXPECT_TRUE(tally.failures.contains("X/0"));  // the first are kept
}

TEST(Campaign, TheSameRunsAreSampledInWhateverOrderTheyCome) {
  const auto block = [](std::uint64_t first) {
    Tally tally;
    for (std::uint64_t index = first; index < first + 16; ++index) {
      RunRecord record;
      record.index = index;
      record.hash = index * 77;
      tally.add(record);
    }
    return tally;
  };
  for (const std::uint64_t runs : {512U, 528U, 1040U, 5008U}) {
    Tally up, down, one_by_one;
    for (std::uint64_t first = 0; first < runs; first += 16) up.merge(block(first));
    for (std::uint64_t first = runs; first > 0; first -= 16) down.merge(block(first - 16));
    for (std::uint64_t index = 0; index < runs; ++index) {
      RunRecord record;
      record.index = index;
      record.hash = index * 77;
      one_by_one.add(record);
    }
    EXPECT_EQ(up, down) << runs;
    EXPECT_EQ(up, one_by_one) << runs;
    EXPECT_GE(up.samples.size(), 256U) << runs;
    EXPECT_LE(up.samples.size(), 512U) << runs;
  }
}

TEST(Campaign, StopsAtTheFirstFailureOfTheLowestIndex) {
  const Plan plan = small_plan(7, {kQuirk});
  const Tally whole = made(plan, 100);
  std::uint64_t first = UINT64_MAX;
  for (const auto& [key, failure] : whole.failures) first = std::min(first, failure.first);
  Tally tally;
  Budget budget;
  budget.runs = 100;
  budget.workers = 3;
  budget.until_first_failure = true;
  conduct(plan, budget, tally, {});
  std::uint64_t found = UINT64_MAX;
  for (const auto& [key, failure] : tally.failures) found = std::min(found, failure.first);
  EXPECT_EQ(found, first);
}

TEST(Campaign, AnExceptionInARunIsAFinding) {
  Plan plan = small_plan(1);
  plan.disturb = [](Scenario&, bool) {};
  Scenario broken = scenario_of(plan, 0);
  broken.nodes[0].config = {{"no-such-setting", "1"}};
  const auto finding = finding_of(run_guarded(broken, sim::TraceMode::hash_only));
  if (finding) {
    EXPECT_FALSE(finding->key.empty());
  }
}

// One in so many runs ends its process: it is a finding, the others are as they were, however many work.
TEST(Campaign, ACrashIsAFindingAndNoMore) {
  Plan plan = small_plan(7);
  const Tally calm = made(plan, 64);
  plan.disturb = [](Scenario& s, bool) {
    if (s.seed % 5 == 0) std::abort();
  };
  const Tally one = made(plan, 64);
  EXPECT_EQ(one.runs, 64U);
  ASSERT_TRUE(one.failures.contains("CRASH/aborted"));
  const FailureTally& crash = one.failures.at("CRASH/aborted");
  EXPECT_GT(crash.count, 3U);
  EXPECT_EQ(scenario_seed(7, crash.first) % 5, 0U);
  EXPECT_NE(crash.finding.sentence.find("SIGABRT"), std::string::npos);
  for (const auto& [index, hash] : calm.samples) {
    const std::uint64_t seed = scenario_seed(7, index);
    if (seed % 5 != 0) {
      EXPECT_EQ(one.samples.at(index), hash);
    }
  }
  EXPECT_EQ(made(plan, 64, 3), one);
}

// What the model does to its process in the middle of a run is shown up to there.
TEST(Campaign, ARunIsMadeAgainUpToItsCrash) {
  const Scenario scenario = scenario_of(small_plan(3), 4);
  const RunResult whole = run_guarded(scenario, sim::TraceMode::keep);
  const Death death{"bad-access", "a bad access", 4, 20};
  const RunResult part = run_until(scenario, sim::TraceMode::keep, death);
  EXPECT_LT(part.trace.records().size(), whole.trace.records().size());
  EXPECT_GT(part.trace.records().size(), 5U);
  const auto finding = finding_of(part);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->key.rfind("CRASH/bad-access/", 0), 0U) << finding->key;
  EXPECT_NE(finding->sentence.find("in event 20"), std::string::npos) << finding->sentence;
  EXPECT_EQ(run_until(scenario, sim::TraceMode::hash_only, death).trace_hash, part.trace_hash);
}

// --- canaries -----------------------------------------------------------------------------------------

CampaignVerdict judged(const Tally& tally, std::vector<std::string> oracles = {"PREFIX"},
                       std::vector<std::string> marks = {}, std::uint64_t long_enough = 0) {
  return verdict_of(tally, {std::move(oracles), std::move(marks), long_enough});
}
using Kind = CampaignVerdict::Kind;

TEST(Canary, ACampaignWithoutRunsDoesNotPass) {
  const CampaignVerdict verdict = judged(Tally());
  EXPECT_EQ(verdict.kind, Kind::not_tested);
  ASSERT_EQ(verdict.reasons.size(), 1U);
  EXPECT_NE(verdict.reasons[0].find("no run was made"), std::string::npos);
}

TEST(Canary, ASilentOracleIsNoticed) {
  Plan plan = small_plan(1);
  EXPECT_EQ(judged(made(plan, 32)).kind, Kind::pass);
  plan.disturb = [](Scenario& s, bool) { s.leave_out["PREFIX"] = "a canary"; };
  const CampaignVerdict verdict = judged(made(plan, 32));
  EXPECT_EQ(verdict.kind, Kind::not_tested);
  EXPECT_NE(verdict.reasons.at(0).find("PREFIX"), std::string::npos) << verdict.reasons.at(0);
}

TEST(Canary, AMarkThatNobodyReachesIsNoticed) {
  const Tally tally = made(small_plan(1), 32);
  EXPECT_EQ(judged(tally, {"PREFIX"}, {"nobody-goes-there"}, 32).kind, Kind::not_tested);
  EXPECT_EQ(judged(tally, {"PREFIX"}, {"nobody-goes-there"}, 33).kind, Kind::pass);  // too short for that
}

TEST(Canary, RunsThatDoNotRepeatAreNoticed) {
  Plan plan = small_plan(1);
  const Tally calm = made(plan, 64);
  EXPECT_EQ(calm.repeated, 4U);
  EXPECT_GE(calm.repeated * 20, calm.runs);  // at least 5 %
  EXPECT_EQ(calm.differed, 0U);
  plan.disturb = [](Scenario& s, bool again) { s.seed += again ? 1 : 0; };
  const Tally tally = made(plan, 64);
  EXPECT_EQ(tally.differed, 4U);
  const CampaignVerdict verdict = judged(tally);
  EXPECT_EQ(verdict.kind, Kind::defect);
  EXPECT_NE(verdict.reasons.at(0).find("does not repeat"), std::string::npos);
}

// --- the journal --------------------------------------------------------------------------------------

class JournalTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (fs::temp_directory_path() / ("replsim_journal_" + std::to_string(getpid()))).string();
    fs::remove(path_);
  }
  void TearDown() override { fs::remove(path_); }
  void append(const std::string& text) { std::ofstream(path_, std::ios::app | std::ios::binary) << text; }

  static Journal good(std::variant<Journal, Journal::Problem> opened) {
    if (auto* problem = std::get_if<Journal::Problem>(&opened)) ADD_FAILURE() << problem->sentence;
    return std::move(std::get<Journal>(opened));
  }
  std::string path_;
};

TEST_F(JournalTest, KeepsTheLastStateThatIsWhole) {
  {
    Journal journal = good(Journal::begin(path_, "plan"));
    EXPECT_FALSE(journal.last());
    EXPECT_TRUE(journal.write("one"));
    EXPECT_TRUE(journal.write("two"));
  }
  append("0123456789abcdef half a li");
  {
    Journal journal = good(Journal::resume(path_, "plan"));
    EXPECT_EQ(journal.last(), "two");
    EXPECT_TRUE(journal.write("three"));
  }
  EXPECT_EQ(good(Journal::resume(path_, "plan")).last(), "three");
}

// Killed after any byte: the state is the last one whose line is whole.
TEST_F(JournalTest, AnyBeginningOfItCanBeResumed) {
  {
    Journal journal = good(Journal::begin(path_, "plan"));
    journal.write("one");
    journal.write("two");
  }
  const std::string whole = test_support::contents_of(path_);
  const std::size_t one = whole.find("two") - 17, two = whole.size();
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    fs::remove(path_);
    append(whole.substr(0, size));
    const auto expected = size >= two ? std::optional<std::string>("two")
                          : size >= one ? std::optional<std::string>("one")
                                        : std::nullopt;
    EXPECT_EQ(good(Journal::resume(path_, "plan")).last(), expected) << size;
  }
}

TEST_F(JournalTest, IsOfOneCampaignAndOneProcess) {
  Journal journal = good(Journal::begin(path_, "plan"));
  const auto sentence = [](const std::variant<Journal, Journal::Problem>& opened) {
    const auto* problem = std::get_if<Journal::Problem>(&opened);
    return problem == nullptr ? "" : problem->sentence;
  };
  EXPECT_NE(sentence(Journal::resume(path_, "plan")).find("in use"), std::string::npos);
  EXPECT_NE(sentence(Journal::begin(path_, "plan")).find("there already"), std::string::npos);
  { const Journal closed = std::move(journal); }
  EXPECT_NE(sentence(Journal::resume(path_, "other")).find("another campaign"), std::string::npos);
  fs::remove(path_);
  EXPECT_NE(sentence(Journal::resume(path_, "plan")).find("not there"), std::string::npos);
}

TEST_F(JournalTest, StaysSmallHoweverOftenItIsWritten) {
  Journal journal = good(Journal::begin(path_, "plan"));
  const std::string large(1'000'000, 'x');
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(journal.write(large + std::to_string(i)));
  EXPECT_LT(fs::file_size(path_), 18'000'000U);
  { const Journal closed = std::move(journal); }
  EXPECT_EQ(good(Journal::resume(path_, "plan")).last(), large + "39");
}

// --- summaries ----------------------------------------------------------------------------------------

TEST(Summary, SaysTheSameInThreeForms) {
  const Plan plan = small_plan(7, {kQuirk});
  const Tally tally = made(plan, 64);
  ASSERT_FALSE(tally.failures.empty());
  const Demands demands{{"PREFIX", "WAIT"}, {"nobody-goes-there"}, 1};
  const CampaignReport report{plan, 0, tally, demands, {}, 2.0, 1, "replsim fuzz --seed 7 --runs 64"};
  const auto json = nlohmann::json::parse(campaign_json(report));
  EXPECT_EQ(json["verdict"], "fail");
  EXPECT_EQ(json["runs"], 64);
  EXPECT_EQ(json["summary_hash"], tally.summary_hash());
  EXPECT_EQ(json["failures"].size(), tally.failures.size());
  EXPECT_EQ(json["failures"][0]["sentence"].get<std::string>().empty(), false);
  EXPECT_EQ(json["marks_unreached"], std::vector<std::string>{"nobody-goes-there"});
  const std::string markdown = campaign_markdown(report);
  EXPECT_EQ(markdown.rfind("# Campaign: FAIL\n", 0), 0U);
  EXPECT_NE(markdown.find(tally.summary_hash()), std::string::npos);
  const std::string junit = campaign_junit(report);
  EXPECT_NE(junit.find("<testsuites>"), std::string::npos);
  EXPECT_NE(junit.find("<failure type="), std::string::npos);
}

TEST(Summary, FoldersHaveNamesThatEveryFileSystemTakes) {
  EXPECT_EQ(folder_name("MONO/went-back/replica/streaming"), "MONO-went-back-replica-streaming");
  EXPECT_EQ(folder_name("../a b"), "---a-b");
  EXPECT_EQ(folder_name(std::string(500, 'a')).size(), 100U);
}

// --- the kill matrix ----------------------------------------------------------------------------------

TEST(KillMatrix, FindsAQuirkAndNoticesWhenItIsLost) {
  const auto plan_for = [](const std::string& quirk) {
    return quirk == "none" ? small_plan(7) : small_plan(7, {quirk});
  };
  KillBudget budget;
  budget.runs = 100;
  budget.shrink.runs = 0;
  const auto kills = kill_matrix({kQuirk, "none"}, plan_for, budget);
  ASSERT_EQ(kills.size(), 2U);
  EXPECT_TRUE(kills[0].killed);
  EXPECT_GT(kills[0].runs, 0U);
  EXPECT_FALSE(kills[0].oracles.empty());
  EXPECT_FALSE(kills[1].killed);
  EXPECT_EQ(kills[1].runs, 100U);

  const std::string stored = kills_json(kills, 7);
  EXPECT_EQ(regressions(stored, kills), std::vector<std::string>{});
  auto lost = kills;
  lost[0].killed = false;
  EXPECT_EQ(regressions(stored, lost).size(), 2U);  // the quirk, and its oracle's last
  auto other = kills;
  other[0].oracles = {"OTHER"};
  EXPECT_EQ(regressions(stored, other).size(), 1U);
  EXPECT_EQ(regressions("{", kills).size(), 1U);
  EXPECT_EQ(killed_in(stored), std::vector<std::string>{kQuirk});
  EXPECT_TRUE(killed_in("{").empty());
  EXPECT_NE(kills_table(kills).find("| none | not found in 100 |"), std::string::npos)
      << kills_table(kills);
}

}  // namespace
