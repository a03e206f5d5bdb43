// How long a master bears with its replicas, as LIVE sees it.
#include <gtest/gtest.h>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::FeedEvent;
using model::FeedState;
using model::Snapshot;
using test_support::fails;
using test_support::not_tested;
using test_support::OracleStage;

constexpr std::uint32_t kConn = 5;
constexpr std::int64_t kTimeout = 3;

OracleStage master() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage["a"].config.repl_timeout = kTimeout;
  stage.look("a");
  stage.attach("a", kConn);
  stage.look("a");
  return stage;
}

void turn(OracleStage& stage, int times) {
  for (int i = 0; i < times; ++i) {
    stage.pass(std::chrono::milliseconds(1001));
    ++stage["a"].replication_ticks;
    stage.look("a");
  }
}

// R2.6, R9.9
TEST(OraclePatience, FindsASilentReplicaThatIsKept) {
  OracleStage stage = master();
  turn(stage, 6);
  EXPECT_NE(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
  turn(stage, 1);
  EXPECT_THAT(
      stage.judgement("LIVE"),
      fails("a has heard nothing of a replica since 0.000 s and keeps it, repl-timeout is 3 s"));
}

TEST(OraclePatience, LetsThoseBeWhoSpeak) {
  OracleStage stage = master();
  turn(stage, 5);
  stage.look_from("b", kConn, "a");
  turn(stage, 5);
  EXPECT_NE(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
}

TEST(OraclePatience, AsksNoAcknowledgementOfOneThatCameWithSync) {
  OracleStage stage = master();
  stage["a"].sessions.at(model::ConnId{kConn}).feed.came_with_sync = true;
  turn(stage, 20);
  EXPECT_NE(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
}

model::Effect dropped() {
  return model::Transitioned{model::MachineKind::replica_feed, model::ConnId{kConn},
                             static_cast<std::uint8_t>(FeedState::wait_bgsave_end),
                             static_cast<std::uint8_t>(FeedState::gone),
                             static_cast<std::uint8_t>(FeedEvent::timed_out)};
}

OracleStage transfer() {
  OracleStage stage = master();
  model::Feed& feed = stage["a"].sessions.at(model::ConnId{kConn}).feed;
  feed.state = FeedState::wait_bgsave_end;
  Snapshot& snapshot = stage["a"].snapshot.emplace();
  snapshot.target = Snapshot::Target::socket;
  snapshot.job = model::JobId{1};
  snapshot.payload = model::Blob(std::string(100, 'x'));
  snapshot.relay_end = 100;
  stage.look("a");
  turn(stage, 2);
  feed.file_sent = 10;
  stage.look("a");
  turn(stage, 2);
  return stage;
}

TEST(OraclePatience, FindsATransferGivenUpThatMovedOn) {
  OracleStage stage = transfer();
  stage["a"].replicas.clear();
  stage.look("a", {dropped()});
  EXPECT_THAT(
      stage.judgement("LIVE"),
      fails(
          "a gives up a replica in its transfer that took bytes at 2.002 s, repl-timeout is 3 s"));
}

TEST(OraclePatience, GrantsThatATransferIsGivenUpWhenItStoodStill) {
  OracleStage stage = transfer();
  turn(stage, 1);
  stage["a"].replicas.clear();
  stage.look("a", {dropped()});
  EXPECT_NE(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
}

}  // namespace
