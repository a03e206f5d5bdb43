// What is done to links and connections on purpose, and how often it was felt.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/network_driver.h"

namespace sim {
namespace {

using testing::ElementsAre;
using Kind = Driver::Kind;

constexpr FaultTag kFault{7};
constexpr FaultTag kOther{8};

struct Fault : testing::Test {
  Driver d;
  HostId a = d.kernel.add_host("a");
  HostId b = d.kernel.add_host("b");
  EndId ours{}, theirs{};

  void SetUp() override { std::tie(ours, theirs) = d.connect(a, b); }

  std::vector<Kind> told_of(EndId end) {  // since the handshake
    auto kinds = d.told_to(end);
    kinds.erase(kinds.begin());
    return kinds;
  }
};

// --- holds ---

TEST_F(Fault, ClogHoldsBytesUntilReleaseAndLetsNewConnectionsIn) {
  d.kernel.hold(a, b, Hold::data, kFault);
  d.kernel.send(ours, "one ");
  d.run_for(Duration{1000});
  d.kernel.send(ours, "two");
  d.kernel.send(theirs, "the other way is open");
  const EndId fresh = d.kernel.dial(a, b);
  d.run_for(Duration{1'000'000});
  EXPECT_EQ(d.read[theirs], "");
  EXPECT_EQ(d.read[ours], "the other way is open");
  EXPECT_THAT(d.told_to(fresh), ElementsAre(Kind::connected));
  EXPECT_GE(d.kernel.impact(kFault), 1U);

  const Instant released = d.kernel.now();
  d.kernel.hold(a, b, Hold::none, kFault);
  d.run();
  EXPECT_EQ(d.read[theirs], "one two");
  EXPECT_EQ(d.told.back().at, released + Duration{500});
  EXPECT_EQ(d.kernel.impact(kFault), 2U);
}

TEST_F(Fault, PartitionHoldsDialsToo) {
  d.kernel.hold(a, b, Hold::everything, kFault);
  const EndId there = d.kernel.dial(a, b), back = d.kernel.dial(b, a);
  d.run_for(Duration{1'000'000});
  EXPECT_THAT(d.told_to(there), ElementsAre());
  EXPECT_THAT(d.told_to(peer_of(there)), ElementsAre());
  EXPECT_THAT(d.told_to(peer_of(back)), ElementsAre(Kind::accepted)) << "the way there is open";
  EXPECT_THAT(d.told_to(back), ElementsAre()) << "the answer is not";
  EXPECT_EQ(d.kernel.impact(kFault), 2U);
  d.kernel.hold(a, b, Hold::none, kFault);
  d.run();
  EXPECT_THAT(d.told_to(there), ElementsAre(Kind::connected));
  EXPECT_THAT(d.told_to(back), ElementsAre(Kind::connected));
}

TEST_F(Fault, APartitionDoesNotHoldBackThatAConnectionIsCut) {
  d.kernel.hold(a, b, Hold::everything, kOther);
  d.kernel.hold(b, a, Hold::everything, kOther);
  d.kernel.send(ours, "lost");
  d.kernel.cut(ours, CloseHow::rst, Notice::both, InFlight::lost, kFault);
  d.run_for(Duration{1'000'000});
  EXPECT_THAT(d.told_to(ours), ElementsAre(Kind::connected, Kind::reset));
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted, Kind::reset));
  EXPECT_EQ(d.read[theirs], "");
}

TEST_F(Fault, AHoldThatNothingMetHasNotHappened) {
  d.kernel.send(ours, "x");
  d.run();
  d.kernel.hold(a, b, Hold::everything, kFault);
  d.kernel.send(ours, "y");
  d.kernel.hold(a, b, Hold::none, kFault);
  d.run();
  EXPECT_EQ(d.read[theirs], "xy");
  EXPECT_EQ(d.kernel.impact(kFault), 0U);
}

TEST_F(Fault, HoldingOneWayOfOneConnectionHoldsNothingElse) {
  const auto [second, second_peer] = d.connect(a, b);
  d.kernel.hold_connection(ours, true, kFault);
  d.kernel.send(ours, "held");
  d.kernel.send(theirs, "not held");
  d.kernel.send(second, "not held");
  d.run_for(Duration{1'000'000});
  EXPECT_EQ(d.read[theirs], "");
  EXPECT_EQ(d.read[ours], "not held");
  EXPECT_EQ(d.read[second_peer], "not held");
  d.kernel.hold(a, b, Hold::data, kOther);
  d.kernel.hold_connection(ours, false, kFault);
  d.run_for(Duration{1'000'000});
  EXPECT_EQ(d.read[theirs], "") << "two faults have met";
  d.kernel.hold(a, b, Hold::none, kOther);
  d.run();
  EXPECT_EQ(d.read[theirs], "held");
  EXPECT_EQ(d.kernel.impact(kFault), 1U);
}

// --- links ---

TEST_F(Fault, ASlowLinkIsCountedByWhatItSlows) {
  d.kernel.set_link(a, b, {.latency = Duration{1'000'000}}, kFault);
  EXPECT_EQ(d.kernel.impact(kFault), 0U);
  d.kernel.send(ours, "slow");
  d.run_for(Duration{500'000});
  EXPECT_EQ(d.read[theirs], "");
  EXPECT_EQ(d.kernel.impact(kFault), 1U);

  d.kernel.set_link(a, b, {});  // and what is on its way hurries
  d.kernel.send(ours, " and fast");
  d.run_for(Duration{500});
  EXPECT_EQ(d.read[theirs], "slow and fast");
  EXPECT_EQ(d.kernel.impact(kFault), 1U);
}

TEST_F(Fault, AThrottledLinkLetsGoOfItsBacklogWhenItIsFastAgain) {
  d.kernel.set_link(a, b, {.bytes_per_second = 10}, kFault);
  EXPECT_EQ(d.kernel.send(ours, std::string(5000, 'x')), 5000U);
  d.run_for(Duration{1'000'000});
  d.kernel.set_link(a, b, {});
  d.run_for(Duration{1000});
  EXPECT_EQ(d.read[theirs].size(), 5000U);
}

// --- welcome ---

TEST_F(Fault, ARefusedDialTakesARoundTrip) {
  d.kernel.welcome(a, b, Welcome::refuse, kFault);
  const Instant dialled = d.kernel.now();
  const EndId end = d.kernel.dial(a, b);
  d.run();
  EXPECT_THAT(d.told_to(end), ElementsAre(Kind::refused));
  EXPECT_EQ(d.told.back().at, dialled + Duration{1000});
  EXPECT_EQ(d.kernel.impact(kFault), 1U);
  EXPECT_EQ(d.kernel.send(end, "x"), 0U);
}

TEST_F(Fault, ASilentWelcomeConnectsAndThenNothing) {
  d.kernel.welcome(a, b, Welcome::silence, kFault);
  const EndId end = d.kernel.dial(a, b);
  d.run();
  EXPECT_THAT(d.told_to(end), ElementsAre(Kind::connected));
  EXPECT_EQ(d.kernel.send(end, std::string(1'000'000, 'x')), 2 * 262144U);
  d.run();
  EXPECT_THAT(d.told_to(end), ElementsAre(Kind::connected));
  EXPECT_THAT(d.told_to(peer_of(end)), ElementsAre());
  EXPECT_EQ(d.kernel.impact(kFault), 1U);
}

// --- cuts ---

TEST_F(Fault, ACutTellsBothAndLosesWhatWasInFlight) {
  d.kernel.send(ours, "arrives");
  d.run();
  d.kernel.send(ours, "does not");
  d.kernel.cut(ours, CloseHow::rst, Notice::both, InFlight::lost, kFault);
  d.run();
  EXPECT_EQ(d.read[theirs], "arrives");
  EXPECT_THAT(told_of(ours), ElementsAre(Kind::reset));
  EXPECT_THAT(told_of(theirs), ElementsAre(Kind::bytes, Kind::reset));
  EXPECT_EQ(d.kernel.impact(kFault), 1U);
  EXPECT_TRUE(d.kernel.dialled_ends(a, b).empty());
}

TEST_F(Fault, ACutMayDeliverWhatWasInFlight) {
  d.kernel.send(ours, "arrives");
  d.kernel.cut(theirs, CloseHow::fin, Notice::both, InFlight::delivered, kFault);
  d.run();
  EXPECT_EQ(d.read[theirs], "arrives");
  EXPECT_THAT(told_of(theirs), ElementsAre(Kind::bytes, Kind::ended));
  EXPECT_THAT(told_of(ours), ElementsAre(Kind::ended));
}

TEST_F(Fault, ACutDeadConnectionIsNoEffect) {
  d.kernel.cut(ours, CloseHow::rst, Notice::both, InFlight::lost, kFault);
  d.run();
  d.kernel.cut(ours, CloseHow::rst, Notice::both, InFlight::lost, kFault);
  d.run();
  EXPECT_EQ(d.kernel.impact(kFault), 1U);
  EXPECT_THAT(told_of(ours), ElementsAre(Kind::reset));
}

TEST_F(Fault, WhoIsNotNotifiedBelievesUntilItWrites) {
  d.kernel.cut(ours, CloseHow::rst, Notice::acceptor, InFlight::lost, kFault);
  d.run_for(Duration{10'000'000});
  EXPECT_THAT(told_of(theirs), ElementsAre(Kind::reset));
  EXPECT_THAT(told_of(ours), ElementsAre());
  EXPECT_TRUE(d.kernel.alive(ours));
  EXPECT_EQ(d.kernel.send(ours, "x"), 1U);
  d.run();
  EXPECT_THAT(told_of(ours), ElementsAre(Kind::reset));
  EXPECT_EQ(d.read[theirs], "");
}

TEST_F(Fault, NobodyNotifiedIsTwoHalfOpenEnds) {
  d.kernel.cut(ours, CloseHow::rst, Notice::nobody, InFlight::lost, kFault);
  d.kernel.send(ours, "x");
  d.run();
  EXPECT_THAT(told_of(ours), ElementsAre(Kind::reset));
  EXPECT_THAT(told_of(theirs), ElementsAre());
  d.kernel.close(theirs, CloseHow::fin);
  d.run();
  EXPECT_THAT(told_of(theirs), ElementsAre());
}

TEST_F(Fault, BytesThatACutHasLostAreSentAgainAndFindNobody) {
  d.kernel.send(ours, "in flight");
  d.kernel.cut(ours, CloseHow::rst, Notice::nobody, InFlight::lost, kFault);
  d.run();
  EXPECT_THAT(told_of(ours), ElementsAre(Kind::reset));
  EXPECT_THAT(told_of(theirs), ElementsAre());
}

TEST_F(Fault, AfterACutByFinTheOldConnectionAnswersWithReset) {
  d.kernel.cut(ours, CloseHow::fin, Notice::both, InFlight::lost, kFault);
  d.run();
  EXPECT_THAT(told_of(ours), ElementsAre(Kind::ended));
  d.kernel.send(ours, "x");
  d.run();
  EXPECT_THAT(told_of(ours), ElementsAre(Kind::ended, Kind::reset));
  EXPECT_THAT(told_of(theirs), ElementsAre(Kind::ended));
}

TEST_F(Fault, ACutDuringTheHandshakeIsARefusal) {
  const EndId end = d.kernel.dial(a, b);
  d.kernel.cut(end, CloseHow::rst, Notice::both, InFlight::lost, kFault);
  d.run();
  EXPECT_THAT(d.told_to(end), ElementsAre(Kind::refused));
  EXPECT_THAT(d.told_to(peer_of(end)), ElementsAre());

  const EndId half = d.kernel.dial(a, b);
  d.run_for(Duration{700});  // accepted, not yet connected
  d.kernel.cut(half, CloseHow::fin, Notice::both, InFlight::delivered, kFault);
  d.run();
  EXPECT_THAT(d.told_to(half), ElementsAre(Kind::refused));
  EXPECT_THAT(d.told_to(peer_of(half)), ElementsAre(Kind::accepted, Kind::ended));
}

// --- stops and flips ---

TEST_F(Fault, AStopIsExactAndLiftedContinues) {
  d.kernel.stop_after(ours, 4, kFault);
  d.kernel.send(ours, "0123456789");
  d.kernel.close(ours, CloseHow::fin);
  d.run_for(Duration{1'000'000});
  EXPECT_EQ(d.read[theirs], "0123");
  EXPECT_EQ(d.kernel.delivered(ours), 4U);
  EXPECT_THAT(told_of(theirs), ElementsAre(Kind::bytes));
  EXPECT_EQ(d.told.back().kind, Kind::stopped);
  EXPECT_EQ(d.told.back().number, 4U);
  EXPECT_EQ(d.kernel.impact(kFault), 1U);
  d.kernel.lift(ours);
  d.run();
  EXPECT_EQ(d.read[theirs], "0123456789");
  EXPECT_THAT(told_of(theirs), ElementsAre(Kind::bytes, Kind::bytes, Kind::ended));
}

TEST_F(Fault, AStopAtZeroAndOneInThePastFireAtOnce) {
  d.kernel.stop_after(ours, 0, kFault);
  ASSERT_TRUE(d.step());
  EXPECT_EQ(d.told.back().kind, Kind::stopped);
  EXPECT_EQ(d.told.back().end, ours);
  EXPECT_EQ(d.told.back().host, a);
  d.kernel.send(ours, "abc");
  d.run();
  EXPECT_EQ(d.read[theirs], "");
  d.kernel.lift(ours);
  d.run();
  EXPECT_EQ(d.read[theirs], "abc");
  d.kernel.stop_after(ours, 2, kOther);
  d.kernel.send(ours, "def");
  d.run();
  EXPECT_EQ(d.read[theirs], "abc");
  EXPECT_EQ(d.kernel.impact(kOther), 1U);
}

TEST_F(Fault, StopsFireInOrderOfPosition) {
  d.kernel.stop_after(ours, 6, kOther);
  d.kernel.stop_after(ours, 2, kFault);
  d.kernel.send(ours, "0123456789");
  d.run();
  EXPECT_EQ(d.read[theirs], "01");
  d.kernel.lift(ours);
  d.run();
  EXPECT_EQ(d.read[theirs], "012345");
  d.kernel.lift(ours);
  d.run();
  EXPECT_EQ(d.read[theirs], "0123456789");
}

TEST_F(Fault, ACutAtAStopIsExact) {
  d.kernel.stop_after(ours, 3, kFault);
  d.kernel.send(ours, "0123456789");
  d.run();
  d.kernel.cut(ours, CloseHow::fin, Notice::acceptor, InFlight::lost, kFault);
  d.run();
  EXPECT_EQ(d.read[theirs], "012");
  EXPECT_THAT(told_of(theirs), ElementsAre(Kind::bytes, Kind::ended));
}

TEST_F(Fault, TheEndOfTheStreamBehindAStopIsLostWithTheBytes) {
  d.kernel.stop_after(ours, 3, kFault);
  d.kernel.send(ours, "0123456789");
  d.kernel.close(ours, CloseHow::fin);
  d.run();
  d.kernel.cut(ours, CloseHow::fin, Notice::nobody, InFlight::lost, kFault);
  d.run();
  EXPECT_EQ(d.read[theirs], "012");
  EXPECT_THAT(told_of(theirs), ElementsAre(Kind::bytes));
  EXPECT_TRUE(d.kernel.alive(theirs));
}

TEST_F(Fault, AFlippedBitIsCountedWhenItIsDelivered) {
  d.kernel.send(ours, "abc");
  d.run();
  d.kernel.flip(ours, 2, 0, kFault);  // passed
  d.kernel.flip(ours, 4, 5, kFault);
  d.kernel.flip(ours, 100, 0, kFault);  // never written
  d.kernel.send(ours, "def");
  EXPECT_EQ(d.kernel.impact(kFault), 0U);
  d.run();
  EXPECT_EQ(d.read[theirs], "abcdEf");
  EXPECT_EQ(d.kernel.impact(kFault), 1U);
}

}  // namespace
}  // namespace sim
