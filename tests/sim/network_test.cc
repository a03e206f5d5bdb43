#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/network_driver.h"

namespace sim {
namespace {

using testing::ElementsAre;
using Kind = Driver::Kind;

struct TwoHosts : testing::Test {
  Driver d;
  HostId a = d.kernel.add_host("a");
  HostId b = d.kernel.add_host("b");

  void link(LinkProfile profile) {
    d.kernel.set_link(a, b, profile);
    d.kernel.set_link(b, a, profile);
  }
};

using Network = TwoHosts;

TEST_F(Network, ADialIsAcceptedAfterOneWayAndConnectedAfterTwo) {
  link({.latency = Duration{300}});
  const EndId end = d.kernel.dial(a, b);
  d.run();
  ASSERT_EQ(d.told.size(), 2U);
  EXPECT_EQ(d.told[0],
            (Driver::Told{Instant{Duration{300}}, Kind::accepted, peer_of(end), b, 0, ""}));
  EXPECT_EQ(d.told[1], (Driver::Told{Instant{Duration{600}}, Kind::connected, end, a, 0, ""}));
}

TEST_F(Network, BytesArriveAfterTheLatency) {
  link({.latency = Duration{300}});
  const auto [ours, theirs] = d.connect(a, b);
  const Instant sent = d.kernel.now();
  EXPECT_EQ(d.kernel.send(ours, "hello"), 5U);
  d.run();
  EXPECT_EQ(d.told.back(),
            (Driver::Told{sent + Duration{300}, Kind::bytes, theirs, b, 0, "hello"}));
  EXPECT_EQ(d.kernel.sent(ours), 5U);
  EXPECT_EQ(d.kernel.delivered(ours), 5U);
  EXPECT_EQ(d.kernel.delivered(theirs), 0U);
}

TEST_F(Network, WritesDueAtTheSameInstantAreReadAsOne) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.send(ours, "one ");
  d.kernel.send(ours, "two");
  d.run();
  EXPECT_EQ(d.told.back().bytes, "one two");
}

TEST_F(Network, PiecesHaveTheSizesAskedFor) {
  link({.jitter = Duration{5000}, .pieces = {.smallest = 2, .largest = 3}});
  const auto [ours, theirs] = d.connect(a, b);
  const std::size_t before = d.told.size();
  d.kernel.send(ours, std::string(100, 'x'));
  d.run();
  EXPECT_EQ(d.read[theirs], std::string(100, 'x'));
  EXPECT_GT(d.told.size() - before, 3U);
}

TEST_F(Network, BandwidthTakesItsTime) {
  link({.latency = Duration{100}, .bytes_per_second = 1'000'000});
  const auto [ours, theirs] = d.connect(a, b);
  const Instant sent = d.kernel.now();
  d.kernel.send(ours, std::string(100'000, 'x'));
  d.run();
  EXPECT_EQ(d.read[theirs].size(), 100'000U);
  EXPECT_EQ(d.told.back().at, sent + Duration{100'000 + 100});
}

TEST_F(Network, BandwidthIsExactOverManySmallWrites) {
  link({.latency = Duration{0}, .bytes_per_second = 3'000'000});
  const auto [ours, theirs] = d.connect(a, b);
  const Instant sent = d.kernel.now();
  for (int i = 0; i < 3000; ++i) d.kernel.send(ours, "x");
  d.run();
  EXPECT_EQ(d.told.back().at, sent + Duration{1000});
}

TEST_F(Network, AFullReceiverStopsTheWriterAndReadingFreesIt) {
  link({.send_buffer = 1000, .receive_buffer = 500});
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.set_reading(theirs, false);
  EXPECT_EQ(d.kernel.send(ours, std::string(5000, 'x')), 1500U);
  EXPECT_EQ(d.kernel.room(ours), 0U);
  EXPECT_EQ(d.kernel.send(ours, "y"), 0U);
  d.run();
  EXPECT_FALSE(d.was_told(ours, Kind::room));

  d.kernel.set_reading(theirs, true);
  d.run();
  EXPECT_TRUE(d.was_told(ours, Kind::room));
  EXPECT_EQ(d.read[theirs].size(), 1500U);
  EXPECT_EQ(d.kernel.room(ours), 1000U);
}

TEST_F(Network, RoomIsToldOnceAndTruly) {
  link({.bytes_per_second = 100'000, .send_buffer = 9000});
  const auto [ours, theirs] = d.connect(a, b);
  std::string rest(100'000, 'x');
  rest.erase(0, d.kernel.send(ours, rest));
  while (d.step()) {
    if (d.told.back().kind != Kind::room) continue;
    EXPECT_EQ(d.told.back().number, d.kernel.room(ours));
    EXPECT_GE(d.told.back().number, 3000U);
    rest.erase(0, d.kernel.send(ours, rest));
  }
  EXPECT_EQ(d.read[theirs].size(), 100'000U);
}

TEST_F(Network, CloseSendsWhatWasWrittenFirst) {
  link({.bytes_per_second = 10'000, .send_buffer = 100'000});
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.send(ours, std::string(20'000, 'x'));
  d.kernel.close(ours, CloseHow::fin);
  EXPECT_FALSE(d.kernel.alive(ours));
  EXPECT_EQ(d.kernel.send(ours, "more"), 0U);
  d.run();
  EXPECT_EQ(d.read[theirs].size(), 20'000U);
  EXPECT_EQ(d.told_to(theirs).back(), Kind::ended);
  EXPECT_TRUE(d.kernel.alive(theirs));
}

TEST_F(Network, AnEndThatWasToldOfTheEndCanStillBeClosedOnceAndQuietly) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.close(ours, CloseHow::fin);
  d.run();
  d.kernel.close(theirs, CloseHow::fin);
  d.kernel.close(theirs, CloseHow::rst);
  d.run();
  EXPECT_THAT(d.told_to(ours), ElementsAre(Kind::connected));
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted, Kind::ended));
  EXPECT_FALSE(d.kernel.alive(theirs));
}

TEST_F(Network, WritingToAClosedEndIsAnsweredWithReset) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.close(ours, CloseHow::fin);
  d.run();
  EXPECT_EQ(d.kernel.send(theirs, "too late"), 8U);
  d.run();
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted, Kind::ended, Kind::reset));
  EXPECT_EQ(d.kernel.send(theirs, "x"), 0U);
}

TEST_F(Network, WhatAClosedEndStillHasToSendComesBeforeItsReset) {
  link({.bytes_per_second = 100'000});
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.send(ours, std::string(20'000, 'x'));
  d.kernel.close(ours, CloseHow::fin);
  d.kernel.send(theirs, "arrives while the last bytes are being sent");
  d.run();
  EXPECT_EQ(d.read[theirs].size(), 20'000U);
  EXPECT_EQ(d.told_to(theirs).back(), Kind::ended);
}

TEST_F(Network, ResetComesAfterTheBytesThatHaveLeft) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.send(ours, "left");
  d.kernel.close(ours, CloseHow::rst);
  d.run();
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted, Kind::bytes, Kind::reset));
  EXPECT_EQ(d.read[theirs], "left");
  EXPECT_FALSE(d.kernel.alive(theirs));
}

TEST_F(Network, NothingIsNoticedWhileNotReading) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.set_reading(theirs, false);
  d.kernel.send(ours, "x");
  d.kernel.close(ours, CloseHow::rst);
  d.run();
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted));
  d.kernel.set_reading(theirs, true);
  d.run();
  EXPECT_THAT(d.told_to(theirs), ElementsAre(Kind::accepted, Kind::bytes, Kind::reset));
}

TEST_F(Network, WritingFindsOutAboutAResetEvenWhenNotReading) {
  const auto [ours, theirs] = d.connect(a, b);
  d.kernel.set_reading(theirs, false);
  d.kernel.close(ours, CloseHow::rst);
  d.run();
  EXPECT_EQ(d.kernel.send(theirs, "x"), 0U);
  d.run();
  EXPECT_EQ(d.told_to(theirs).back(), Kind::reset);
}

TEST_F(Network, AHostMayDialItself) {
  const auto [ours, theirs] = d.connect(a, a);
  d.kernel.send(ours, "to myself");
  d.kernel.send(theirs, "and back");
  d.run();
  EXPECT_EQ(d.read[theirs], "to myself");
  EXPECT_EQ(d.read[ours], "and back");
}

TEST_F(Network, ADiallerThatHasGivenUpAnswersTheAcceptanceWithReset) {
  const EndId end = d.kernel.dial(a, b);
  d.kernel.close(end, CloseHow::fin);
  d.run();
  EXPECT_THAT(d.told_to(peer_of(end)), ElementsAre(Kind::accepted, Kind::reset));
  EXPECT_THAT(d.told_to(end), ElementsAre());
}

TEST_F(Network, DialledEndsAreTheLivingOnesOfBothDirections) {
  const auto [first, first_peer] = d.connect(a, b);
  const auto [second, second_peer] = d.connect(b, a);
  d.connect(a, a);
  EXPECT_THAT(d.kernel.dialled_ends(a, b), ElementsAre(first, second));
  EXPECT_THAT(d.kernel.dialled_ends(b, a), ElementsAre(first, second));
  d.kernel.close(first, CloseHow::rst);
  d.run();
  EXPECT_THAT(d.kernel.dialled_ends(a, b), ElementsAre(second));
}

}  // namespace
}  // namespace sim
