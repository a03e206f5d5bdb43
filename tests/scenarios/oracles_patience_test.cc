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

// --- limits of output (R7.46) ---------------------------------------------------------------------

model::Effect over_limit() {
  return model::Transitioned{model::MachineKind::replica_feed, model::ConnId{kConn},
                             static_cast<std::uint8_t>(FeedState::online),
                             static_cast<std::uint8_t>(FeedState::gone),
                             static_cast<std::uint8_t>(FeedEvent::over_limit)};
}

constexpr std::int64_t kSoft = 1000, kSoftSeconds = 2;

// A replica that has read everything, and then is owed `bytes`.
OracleStage owing(std::int64_t hard, std::int64_t soft, std::size_t bytes) {
  OracleStage stage = master();
  model::State& a = stage["a"];
  a.config.repl_timeout = 3600;
  a.config.repl_backlog_size = 500;
  a.config.replica_output_limit = {hard, soft, kSoftSeconds};
  stage.look("a");
  turn(stage, 2);
  stage.stream("a", std::string(bytes, 'x'));
  a.sessions.at(model::ConnId{kConn}).feed.position = 1;
  stage.look("a");
  return stage;
}

void drop(OracleStage& stage) {
  stage["a"].replicas.clear();
  stage.look("a", {over_limit()});
}

TEST(OraclePatience, FindsAReplicaGivenUpForOutputThatItMayHave) {
  OracleStage stage = owing(0, kSoft, 20000);
  turn(stage, 1);
  drop(stage);
  EXPECT_EQ(stage.judgement("LIVE").finding.substr(0, 48),
            "a gives up a replica for its output of about 20,");
  EXPECT_EQ(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
}

TEST(OraclePatience, GrantsThatAReplicaIsGivenUpAfterTheSoftSeconds) {
  OracleStage stage = owing(0, kSoft, 20000);
  turn(stage, kSoftSeconds);
  drop(stage);
  EXPECT_NE(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
}

TEST(OraclePatience, GrantsThatAReplicaOverTheHardLimitIsGivenUpAtOnce) {
  OracleStage stage = owing(20000, kSoft, 40000);
  drop(stage);
  EXPECT_NE(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
}

TEST(OraclePatience, KnowsNothingOfTheTimeBeforeALimitWasSet) {
  OracleStage stage = owing(0, 0, 20000);
  turn(stage, 5);
  stage["a"].config.replica_output_limit.soft = kSoft;
  stage.look("a");
  drop(stage);
  EXPECT_NE(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
}

TEST(OraclePatience, FindsAReplicaKeptOverALimit) {
  for (const auto& [hard, soft, turns] : {std::tuple{20000, 0, 4}, std::tuple{0, 1000, 6}}) {
    OracleStage stage = owing(hard, soft, 40000);
    turn(stage, turns - 1);
    EXPECT_NE(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
    turn(stage, 1);
    EXPECT_EQ(stage.judgement("LIVE").outcome, scenarios::Outcome::fail);
    EXPECT_EQ(stage.judgement("LIVE").finding.substr(0, 24), "a keeps a replica with 4");
  }
}

}  // namespace
