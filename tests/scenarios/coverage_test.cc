// What a run is said to have reached is what it has reached.
#include "scenarios/search/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/played.h"

namespace {

using scenarios::Coverage;
using scenarios::CoverageWatch;
using scenarios::FaultKind;
using scenarios::LinkPhase;
using ::testing::HasSubstr;

Coverage coverage_of(const std::string& json) {
  const scenarios::Scenario scenario = test_support::scenario_of(json);
  scenarios::Performance performance = test_support::performance_of(scenario);
  CoverageWatch watch(performance.play());
  while (performance.advance()) watch.look(performance.play());
  Coverage coverage;
  coverage.add(watch.reached());
  return coverage;
}

std::string pair_with(const std::string& steps) {
  return R"({ 'point': 'a pair', 'config': { 'repl-diskless-sync': 'no', 'save': '', 'repl-ping-replica-period': '3600' },
    'nodes': { 'a': { 'data': ['SET k 1'] }, 'b': { 'replicaof': 'a' } },
    'steps': [ )" +
         steps + "] }";
}

TEST(Coverage, AFaultCountsInThePhaseThatItMet) {
  const Coverage stream =
      coverage_of(pair_with("{ 'wait': { 'synced': ['a', 'b'] } }, { 'cut': ['a', 'b'] }"));
  EXPECT_EQ(stream.single(FaultKind::cut, LinkPhase::stream), 1U);
  EXPECT_EQ(stream.single(FaultKind::cut, LinkPhase::payload), 0U);
  EXPECT_EQ(stream.cells_reached(), 0U) << "there is no second fault";

  const Coverage load = coverage_of(
      pair_with("{ 'job': 'b', 'which': 'load', 'does': 'takes', 'time': '2s' }, "
                "{ 'wait': { 'info': { 'b': { 'loading': 1 } } } }, { 'cut': ['a', 'b'] }"));
  EXPECT_EQ(load.single(FaultKind::cut, LinkPhase::load), 1U);
}

TEST(Coverage, WhatChangedNothingHasNotHappened) {
  const Coverage none =
      coverage_of(pair_with("{ 'wait': { 'synced': ['a', 'b'] } }, { 'refuse': { 'from': 'b', "
                            "'to': 'a' }, 'for': '1s' }"));
  for (std::size_t phase = 0; phase < scenarios::kLinkPhases; ++phase)
    EXPECT_EQ(none.single(FaultKind::refuse, LinkPhase{static_cast<std::uint8_t>(phase)}), 0U);
}

TEST(Coverage, TwoFaultsMeetWhenOneIsInForceOrWasJustNow) {
  const std::string both =
      "{ 'wait': { 'synced': ['a', 'b'] } }, { 'partition': ['a', 'b'], 'for': '3s' }, "
      "{ 'run': 'INCR k', 'on': 'a' }, { 'sleep': '500ms' }, { 'cut': ['a', 'b'] }";
  const Coverage met = coverage_of(pair_with(both));
  EXPECT_EQ(met.pair(FaultKind::cut, FaultKind::partition, LinkPhase::stream), 1U);
  EXPECT_EQ(met.pair(FaultKind::partition, FaultKind::cut, LinkPhase::stream), 1U) << "no order";

  const Coverage apart =
      coverage_of(pair_with("{ 'wait': { 'synced': ['a', 'b'] } }, { 'pause': 'b', 'for': '1s' }, "
                            "{ 'sleep': '5s' }, { 'cut': ['a', 'b'] }"));
  EXPECT_EQ(apart.single(FaultKind::pause, LinkPhase::stream), 1U);
  EXPECT_EQ(apart.pair(FaultKind::cut, FaultKind::pause, LinkPhase::stream), 0U);
}

TEST(Coverage, AChangeOfRoleIsAFaultOfPeople) {
  const Coverage coverage = coverage_of(
      pair_with("{ 'job': 'a', 'which': 'snapshot', 'does': 'takes', 'time': '2s' }, "
                "{ 'wait': { 'link': { 'b': 'TRANSFER' } } }, { 'replicaof': { 'b': null } }"));
  EXPECT_EQ(coverage.single(FaultKind::role, LinkPhase::awaits_payload), 1U);
  EXPECT_EQ(coverage.pair(FaultKind::role, FaultKind::snapshot_job, LinkPhase::awaits_payload), 1U);
}

TEST(Coverage, RunsAddUpInAnyOrder) {
  const Coverage one =
      coverage_of(pair_with("{ 'wait': { 'synced': ['a', 'b'] } }, { 'cut': ['a', 'b'] }"));
  const Coverage two = coverage_of(pair_with("{ 'sleep': '1s' }, { 'pause': 'b', 'for': '1s' }"));
  Coverage forth = one, back = two;
  forth.merge(two);
  back.merge(one);
  EXPECT_EQ(forth, back);
  EXPECT_EQ(forth.single(FaultKind::cut, LinkPhase::stream), 1U);
  EXPECT_THAT(forth.markdown(), HasSubstr("| cut | | 1 |"));
  EXPECT_EQ(forth.singles().at("cut").at("stream"), 1U);
  // Kept, and read back.
  Coverage read;
  for (const auto& [place, count] : forth.counts()) EXPECT_TRUE(read.set_count(place, count));
  EXPECT_EQ(read, forth);
  EXPECT_FALSE(read.set_count(1'000'000, 1));
}

}  // namespace
