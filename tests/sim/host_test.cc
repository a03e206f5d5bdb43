// What becomes of connections and timers when the software on a host dies, freezes or comes back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/network_driver.h"

namespace sim {
namespace {

using testing::ElementsAre;
using Kind = Driver::Kind;

struct Host : testing::Test {
  Driver d;
  HostId a = d.kernel.add_host("a");
  HostId b = d.kernel.add_host("b");

  Instant in(std::int64_t us) { return d.kernel.now() + Duration{us}; }
  Event wake(HostId host, std::uint64_t incarnation = 0) {
    return {EventKind::wake, number(host), incarnation};
  }
  std::vector<Kind> kinds() {
    std::vector<Kind> all;
    for (const auto& one : d.told) all.push_back(one.kind);
    return all;
  }
};

TEST_F(Host, IsUpAtFirstAndHasAName) {
  EXPECT_EQ(d.kernel.hosts(), 2U);
  EXPECT_EQ(d.kernel.name(b), "b");
  EXPECT_TRUE(d.kernel.up(b));
  EXPECT_FALSE(d.kernel.stalled(b));
  EXPECT_EQ(d.kernel.incarnation(b), 0U);
}

TEST_F(Host, TheDriversEventsComeBackInOrder) {
  d.kernel.schedule(in(20), {EventKind::step, 0, 7});
  d.kernel.schedule(in(10), wake(b));
  d.kernel.schedule(in(10), {EventKind::job, number(a), 5});
  d.kernel.schedule(in(30), {EventKind::fault, 0, 9});
  d.kernel.schedule(in(40), {EventKind::resume, number(a), 1});
  d.run();
  EXPECT_THAT(kinds(), ElementsAre(Kind::wake, Kind::job, Kind::step, Kind::fault, Kind::resume));
  EXPECT_EQ(d.told[1].number, 5U);
  EXPECT_EQ(d.told[1].host, a);
  EXPECT_EQ(d.told[0].at, Instant{Duration{10}});
  EXPECT_EQ(d.kernel.events_taken(), 5U);
}

TEST_F(Host, TimeStandsAtUntilWhenNothingHappens) {
  d.kernel.schedule(in(100), wake(a));
  EXPECT_FALSE(d.kernel.next(Instant{Duration{99}}));
  EXPECT_EQ(d.kernel.now(), Instant{Duration{99}});
  EXPECT_TRUE(d.kernel.next(Instant{Duration{100}}));
  EXPECT_FALSE(d.kernel.next(kNever));
  EXPECT_EQ(d.kernel.now(), Instant{Duration{100}});
}

TEST_F(Host, ACrashThatAnswersResetsItsConnectionsAndRefusesDials) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.send(theirs, "last words");
  d.kernel.crash(b, Farewell::reset);
  const EndId again = d.kernel.dial(a, b);
  d.run();
  EXPECT_THAT(d.told_to(ours), ElementsAre(Kind::connected, Kind::bytes, Kind::reset));
  EXPECT_THAT(d.told_to(again), ElementsAre(Kind::refused));
  EXPECT_FALSE(d.kernel.alive(again));
  EXPECT_FALSE(d.kernel.alive(theirs));
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted));

  d.kernel.start(b);
  EXPECT_EQ(d.kernel.incarnation(b), 1U);
  const EndId third = d.kernel.dial(a, b);
  d.run();
  EXPECT_THAT(d.told_to(third), ElementsAre(Kind::connected));
}

TEST_F(Host, ASilentCrashLeavesTheOtherSideBelieving) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.crash(b, Farewell::silence);
  d.run_for(Duration{1'000'000});
  EXPECT_TRUE(d.kernel.alive(ours));
  EXPECT_EQ(d.kernel.send(ours, "anybody there?"), 14U);
  d.run_for(Duration{1'000'000});
  EXPECT_THAT(d.told_to(ours), ElementsAre(Kind::connected));

  d.kernel.start(b);  // and has forgotten
  d.run();
  EXPECT_THAT(d.told_to(ours), ElementsAre(Kind::connected, Kind::reset));
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted));
}

TEST_F(Host, AnIdleHalfOpenEndStaysUntilItWrites) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.crash(b, Farewell::silence);
  d.kernel.start(b);
  d.run();
  EXPECT_TRUE(d.kernel.alive(ours));
  const Instant written = d.kernel.now();
  EXPECT_EQ(d.kernel.send(ours, "x"), 1U);
  d.run();
  EXPECT_THAT(d.told_to(ours), ElementsAre(Kind::connected, Kind::reset));
  EXPECT_EQ(d.told.back().at, written + Duration{1000}) << "a round trip";
}

TEST_F(Host, AHalfOpenEndTakesASendBufferFullAndNoMore) {
  d.kernel.set_link(a, b, {.send_buffer = 1000});
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.crash(b, Farewell::silence);
  EXPECT_EQ(d.kernel.send(ours, std::string(700, 'x')), 700U);
  EXPECT_EQ(d.kernel.send(ours, std::string(700, 'x')), 300U);
  EXPECT_EQ(d.kernel.send(ours, std::string(700, 'x')), 0U);
  EXPECT_EQ(d.kernel.sent(ours), 1000U);
}

TEST_F(Host, ADialIntoAHoleWaitsUntilTheHostIsBack) {
  d.kernel.crash(b, Farewell::silence);
  const EndId end = d.kernel.dial(a, b);
  d.run_for(Duration{5'000'000});
  EXPECT_THAT(d.told_to(end), ElementsAre());
  d.kernel.start(b);
  d.run();
  EXPECT_THAT(d.told_to(end), ElementsAre(Kind::connected));
}

TEST_F(Host, ADialThatWasGivenUpIsNotRepeatedWhenTheHostIsBack) {
  d.kernel.crash(b, Farewell::silence);
  const EndId end = d.kernel.dial(a, b);
  d.run_for(Duration{5'000'000});
  d.kernel.close(end, CloseHow::fin);
  d.kernel.start(b);
  d.run();
  EXPECT_TRUE(d.told.empty());
}

TEST_F(Host, ACrashDropsTimersOfTheOldIncarnation) {
  d.kernel.schedule(in(100), wake(a, 0));
  d.kernel.schedule(in(100), {EventKind::job, number(a), 3});
  d.kernel.crash(a, Farewell::reset);
  d.run_for(Duration{50});
  d.kernel.start(a);
  d.kernel.schedule(in(100), wake(a, 1));
  d.run();
  EXPECT_THAT(kinds(), ElementsAre(Kind::job, Kind::wake)) << "jobs are told apart by their number";
  EXPECT_EQ(d.told[1].number, 1U);
}

TEST_F(Host, AStalledHostIsToldNothingUntilItResumesAndThenAllInOrder) {
  const auto [ours, theirs] = d.connect(a, b);
  const std::size_t before = d.told.size();
  d.kernel.stall(b);
  d.kernel.schedule(in(100), wake(b));
  d.kernel.send(ours, "before the timer? no, after: ");  // arrives at 500
  d.kernel.schedule(in(2000), {EventKind::job, number(b), 3});
  const EndId fresh = d.kernel.dial(a, b);  // knocks at 500
  d.run_for(Duration{3000});
  d.kernel.send(ours, "this too");
  d.kernel.close(ours, CloseHow::fin);
  d.run_for(Duration{3000});
  EXPECT_EQ(d.told.size(), before + 1)
      << "only the dialler, whom b's operating system has answered";
  EXPECT_THAT(d.told_to(fresh), ElementsAre(Kind::connected));

  d.kernel.resume(b);
  const Instant resumed = d.kernel.now();
  d.told.clear();
  d.run();
  EXPECT_THAT(kinds(),
              ElementsAre(Kind::wake, Kind::bytes, Kind::ended, Kind::accepted, Kind::job));
  EXPECT_EQ(d.read[theirs], "before the timer? no, after: this too");
  for (const auto& one : d.told) EXPECT_EQ(one.at, resumed);
}

TEST_F(Host, WhatIsLateComesBeforeWhatIsDueNow) {
  d.kernel.stall(b);
  d.kernel.schedule(in(100), wake(b));
  d.kernel.schedule(in(3000), {EventKind::resume, number(b), 1});
  d.kernel.schedule(in(3000), {EventKind::job, number(b), 3});
  ASSERT_TRUE(d.step());
  d.kernel.resume(b);
  d.run();
  EXPECT_THAT(kinds(), ElementsAre(Kind::resume, Kind::wake, Kind::job));
}

TEST_F(Host, AStalledHostThatStallsAgainAtOnceForgetsNothing) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.stall(b);
  d.kernel.send(ours, "x");
  d.run_for(Duration{3000});
  d.kernel.resume(b);
  d.kernel.stall(b);
  d.run_for(Duration{3000});
  EXPECT_EQ(d.read[theirs], "");
  d.kernel.resume(b);
  d.run();
  EXPECT_EQ(d.read[theirs], "x");
}

TEST_F(Host, AStalledHostPushesBackLikeAnyThatDoesNotRead) {
  d.kernel.set_link(a, b, {.send_buffer = 1000, .receive_buffer = 500});
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.stall(b);
  EXPECT_EQ(d.kernel.send(ours, std::string(5000, 'x')), 1500U);
  d.run_for(Duration{1'000'000});
  EXPECT_FALSE(d.was_told(ours, Kind::room));
  d.kernel.resume(b);
  d.run();
  EXPECT_TRUE(d.was_told(ours, Kind::room));
  EXPECT_EQ(d.read[theirs].size(), 1500U);
}

TEST_F(Host, AStalledHostThatCrashesWasNeverTold) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.stall(b);
  d.kernel.send(ours, "x");
  d.kernel.schedule(in(100), wake(b));
  d.run_for(Duration{3000});
  d.kernel.crash(b, Farewell::reset);
  d.kernel.start(b);
  EXPECT_FALSE(d.kernel.stalled(b));
  d.run();
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted));
  EXPECT_THAT(d.told_to(ours), ElementsAre(Kind::connected, Kind::reset));
}

TEST_F(Host, LifeIsInTheTrace) {
  d.kernel.stall(b);
  d.kernel.resume(b);
  d.kernel.crash(b, Farewell::silence);
  d.kernel.start(b);
  std::vector<std::string> words;
  for (const Record& record : d.kernel.trace().records()) {
    if (const auto* host = std::get_if<record::Host>(&record.what))
      words.push_back("host " + host->name);
    if (const auto* process = std::get_if<record::Process>(&record.what))
      words.push_back(process->what);
  }
  EXPECT_THAT(words, ElementsAre("host a", "host b", "pause", "resume", "crash", "start"));
}

}  // namespace
}  // namespace sim
