// The world: what its hosts are, what outlives a process, and that it is a value.
#include "scenarios/world/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "model/state.h"
#include "tests/support/played.h"
#include "tests/support/source_tree.h"

namespace {

using namespace std::chrono_literals;
using scenarios::Jobs;
using scenarios::Performance;
using scenarios::World;
using test_support::performance_of;
using test_support::play_until;
using test_support::scenario_of;

std::vector<std::filesystem::path> catalogue() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(test_support::in_tree("scenarios/catalogue"))) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

scenarios::Scenario read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  auto loaded = scenarios::load_scenario(text.str(), file.stem().string());
  if (!std::holds_alternative<scenarios::Scenario>(loaded)) {
    ADD_FAILURE() << file << " cannot be loaded";
    return {};
  }
  return std::get<scenarios::Scenario>(loaded);
}

constexpr const char* kPair = R"({
  'point': 'a pair', 'config': { 'repl-diskless-sync-delay': '0', 'save': '' },
  'nodes': { 'a': { 'data': ['SET k 1', 'SELECT 3', 'SET other 2'] }, 'b': { 'replicaof': 'a' } },
  'steps': [ { 'wait': { 'synced': ['a', 'b'] } }, { 'run': 'INCR k', 'on': 'a', 'repeat': 20 },
             { 'wait': { 'synced': ['a', 'b'] } } ] })";

TEST(World, ACopyTakenInTheMiddleRunsOnIdentically) {
  for (const auto& file : catalogue()) {
    SCOPED_TRACE(file.stem().string());
    const scenarios::Scenario scenario = read(file);
    Performance whole = performance_of(scenario);
    std::vector<Performance> copies;
    constexpr int kEvery = 40;
    constexpr std::size_t kMost = 4;
    for (int events = 0; whole.advance(); ++events) {
      if (events % kEvery == 0 && copies.size() < kMost) copies.push_back(whole);
    }
    const std::uint64_t hash = whole.result().trace_hash;
    for (Performance& copy : copies) {
      while (copy.advance()) {
      }
      EXPECT_EQ(copy.result().trace_hash, hash);
    }
  }
}

TEST(World, ACopyEqualsItsOriginalUntilOneMovesOn) {
  Performance one = performance_of(scenario_of(kPair));
  for (int i = 0; i < 10; ++i) one.advance();
  Performance other = one;
  EXPECT_TRUE(one.world() == other.world());
  other.advance();
  EXPECT_FALSE(one.world() == other.world());
  one.advance();
  EXPECT_TRUE(one.world() == other.world());
}

TEST(World, KnowsNodesAndPeersByNameAndByAddress) {
  const World world(
      std::make_shared<const scenarios::Scenario>(scenario_of(
          R"({ 'point': 'names', 'nodes': { 'a': {}, 'b': {} }, 'peers': { 'x': {} }, 'steps': [] })")),
      sim::Choice::seeded(1), sim::TraceMode::hash_only);
  EXPECT_EQ(world.host_named("a"), sim::HostId{0});
  EXPECT_EQ(world.host_named("10.0.0.2"), sim::HostId{1});
  EXPECT_EQ(world.host_named("x"), sim::HostId{2});
  for (const char* nobody : {"10.0.0.0", "10.0.0.4", "10.0.0.1x", "clients", "nowhere", ""}) {
    EXPECT_EQ(world.host_named(nobody), std::nullopt) << nobody;
  }
}

TEST(World, DataAreThereBeforeTheFirstEvent) {
  const Performance performance = performance_of(scenario_of(kPair));
  EXPECT_EQ(performance.world().now(), sim::kStart);
  EXPECT_EQ(performance.world().state(0)->data.size(), 2U);
  EXPECT_NE(performance.world().state(0)->data.find(3, "other"), nullptr);
}

TEST(World, AReplicasOwnDataAreInTheFileThatItStartsFrom) {
  Performance performance = performance_of(scenario_of(R"({
    'point': 'own data', 'config': { 'repl-diskless-sync-delay': '0' },
    'nodes': { 'a': {}, 'b': { 'replicaof': 'a', 'data': ['SET old 1'] } },
    'steps': [ { 'wait': { 'synced': ['a', 'b'] } } ] })"));
  EXPECT_NE(performance.world().state(1)->data.find(0, "old"), nullptr);
  ASSERT_TRUE(play_until(
      performance, [](const World& world) { return world.state(1)->link.master.has_value(); }));
  EXPECT_EQ(performance.world().state(1)->data.find(0, "old"), nullptr);
}

TEST(World, ADiskOutlivesItsProcessUnlessItIsLost) {
  const auto run = [](const char* disk) {
    return scenarios::run(scenario_of(std::string(R"({
      'point': 'restart', 'nodes': { 'a': {} },
      'steps': [ { 'run': ['SET k 1', 'SAVE', 'SET late 1'], 'on': 'a' }, { 'crash': 'a' },
                 { 'wait': { 'down': 'a' } }, { 'restart': 'a', 'disk': ')") +
                                      disk + R"(' },
                 { 'run': ['EXISTS k', 'EXISTS late'], 'on': 'a', 'client': 'new', 'reply': { 'each': { 'anything': true } } } ] })"),
                          sim::TraceMode::hash_only);
  };
  EXPECT_EQ(run("keep").nodes[0].keys, 1U);
  EXPECT_EQ(run("lose").nodes[0].keys, 0U);
}

// DEBUG SLEEP sleeps right there: what was asked for behind it, in the same transaction even, is
// done when it is over, and the reply comes then.
TEST(World, WhatIsBehindASleepWaitsForItsEnd) {
  Performance performance = performance_of(scenario_of(R"({
    'point': 'asleep', 'calm': false,
    'config': { 'enable-debug-command': 'yes', 'repl-diskless-sync-delay': '0', 'save': '' },
    'nodes': { 'a': {}, 'b': { 'replicaof': 'a' } },
    'steps': [ { 'wait': { 'synced': ['a', 'b'] } },
               { 'run': ['MULTI', 'DEBUG SLEEP 2', 'REPLICAOF NO ONE', 'DEBUG SLEEP 1', 'EXEC'],
                 'on': 'b', 'pipelined': true } ] })"));
  sim::Instant asleep{}, alone{}, awake{};
  while (performance.advance()) {
    const World& world = performance.world();
    const bool sleeps = world.kernel().stalled(sim::HostId{1});
    if (sleeps && asleep == sim::Instant{}) asleep = world.now();
    if (asleep != sim::Instant{} && alone == sim::Instant{} && world.state(0)->sessions.empty())
      alone = world.now();
    if (!sleeps) awake = world.now();
  }
  EXPECT_GE(alone, asleep + 2s);
  EXPECT_LT(alone, asleep + 2s + 10ms);
  EXPECT_GE(awake, asleep + 3s);
  EXPECT_TRUE(performance.world().state(1)->is_master());
}

TEST(World, ADialToNobodyIsRefused) {
  Performance performance = performance_of(scenario_of(R"({
    'point': 'nobody', 'calm': false, 'nodes': { 'a': {} },
    'steps': [ { 'run': 'REPLICAOF elsewhere 6379', 'on': 'a' }, { 'sleep': '3s' } ] })"));
  ASSERT_TRUE(play_until(performance, [](const World& world) {
    return world.state(0)->link.state == model::LinkState::connecting;
  }));
  EXPECT_TRUE(play_until(performance, [](const World& world) {
    return world.state(0)->link.state == model::LinkState::connect;
  }));
}

TEST(WallClock, IsTrueTimePlusAnErrorThatGrowsAndJumps) {
  using scenarios::WallClock;
  constexpr std::int32_t kPpm = 1000;
  WallClock clock(2s, kPpm);
  EXPECT_EQ(clock.at(sim::kStart).time_since_epoch(),
            std::chrono::milliseconds(WallClock::kEpochMs) + 2s);
  EXPECT_EQ(clock.error(sim::kStart + 10s), 2s + 10ms);
  clock.set_drift(sim::kStart + 10s, 0);
  EXPECT_EQ(clock.error(sim::kStart + 100s), 2s + 10ms);
  clock.jump(-5s);
  EXPECT_EQ(clock.error(sim::kStart + 100s), -3s + 10ms);
}

// --- jobs ----------------------------------------------------------------------------------------

constexpr model::StartJob kSnapshot{model::JobId{7}, model::JobKind::snapshot, 800, 1, 80ms};

// All reports of the job, as "time in ms: bytes" or "time in ms: end".
std::vector<std::string> reports(Jobs& jobs, std::optional<Jobs::Due> due) {
  std::vector<std::string> told;
  while (due) {
    const auto report = jobs.report(due->job, due->at);
    if (!report) break;
    const std::string time = std::to_string(due->at.time_since_epoch() / 1ms) + ": ";
    told.push_back(time + (!report->end                          ? std::to_string(report->bytes)
                           : *report->end == model::JobEnd::done ? "done"
                                                                 : "failed"));
    due = report->next ? std::optional<Jobs::Due>({due->job, *report->next}) : std::nullopt;
  }
  return told;
}

using ::testing::ElementsAre;

TEST(Jobs, ReportInEightStepsAndThenEnd) {
  Jobs jobs;
  EXPECT_THAT(reports(jobs, jobs.start(0, kSnapshot, sim::kStart)),
              ElementsAre("10: 100", "20: 200", "30: 300", "40: 400", "50: 500", "60: 600",
                          "70: 700", "80: done"));
  EXPECT_FALSE(jobs.running(0));
}

TEST(Jobs, DieHalfWayWhenAFaultOrdersIt) {
  Jobs jobs;
  using Fault = scenarios::JobFault;
  jobs.order({"a", Fault::Job::snapshot, Fault::Does::dies, 0us}, 0, 1, sim::FaultTag{1},
             sim::kStart);
  EXPECT_THAT(reports(jobs, jobs.start(0, kSnapshot, sim::kStart)),
              ElementsAre("10: 100", "20: 200", "30: 300", "40: failed"));
  EXPECT_EQ(jobs.struck(sim::FaultTag{1}), 1U);
  EXPECT_EQ(reports(jobs, jobs.start(0, kSnapshot, sim::kStart)).back(), "80: done");
}

TEST(Jobs, TakeTheTimeThatAFaultGivesThem) {
  Jobs jobs;
  using Fault = scenarios::JobFault;
  jobs.order({"a", Fault::Job::snapshot, Fault::Does::takes, 8s}, 0, 0, sim::FaultTag{1},
             sim::kStart);
  EXPECT_EQ(reports(jobs, jobs.start(0, kSnapshot, sim::kStart)).back(), "8000: done");
  EXPECT_EQ(reports(jobs, jobs.start(0, kSnapshot, sim::kStart)).back(), "8000: done");
  jobs.revoke(sim::FaultTag{1});
  EXPECT_EQ(reports(jobs, jobs.start(0, kSnapshot, sim::kStart)).back(), "80: done");
}

TEST(Jobs, EndLateThoughNobodyWantsThemAnyMore) {
  Jobs jobs;
  using Fault = scenarios::JobFault;
  jobs.start(0, kSnapshot, sim::kStart);
  EXPECT_EQ(jobs.kill(0, kSnapshot.job, sim::kStart), std::nullopt);
  jobs.order({"a", Fault::Job::snapshot, Fault::Does::ends_late, 500ms}, 0, 1, sim::FaultTag{1},
             sim::kStart);
  jobs.start(0, kSnapshot, sim::kStart);
  EXPECT_THAT(reports(jobs, jobs.kill(0, kSnapshot.job, sim::kStart + 5ms)),
              ElementsAre("505: done"));
}

}  // namespace
