#include <gtest/gtest.h>

#include "model/data/resp.h"
#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using test_support::fails;
using test_support::OracleStage;
using test_support::passes;

constexpr model::ConnId kLink{0x8000'0001U};

// b follows a, and a has a GETACK for it.
OracleStage asked() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  stage.full_sync("b", "a");
  stage["b"].link.conn = kLink;
  stage.look("b");
  stage.stream("a", model::request({"REPLCONF", "GETACK", "*"}));
  stage.write("a", "k", "2");
  stage.look("a");
  stage.catch_up("b", "a");
  return stage;
}

// R5.21
TEST(OracleProto, SeesAGetackAnswered) {
  OracleStage stage = asked();
  stage.look("b", {model::Send{kLink, 0, 30}});
  EXPECT_THAT(stage.judgement("PROTO"), passes());
}

TEST(OracleProto, FindsAGetackThatIsNotAnswered) {
  OracleStage stage = asked();
  stage.look("b", {model::Send{model::ConnId{7}, 0, 30}});
  EXPECT_THAT(
      stage.judgement("PROTO"),
      fails("b has applied a GETACK of its master, up to offset 91 of aaaaaaaa, and does not "
            "acknowledge"));
}

TEST(OracleProto, WaitsForRoomBeforeItAsksForAnAnswer) {
  OracleStage stage = asked();
  stage["b"].link.out = "*3";
  stage.look("b");
  EXPECT_THAT(stage.judgement("PROTO"), passes());
}

// R7.20
OracleStage waiting() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.attach("a", 5);
  stage.look("a");
  stage.meet_client("a", 7);
  stage["a"].sessions.at(model::ConnId{7}).waiting.emplace();
  stage.look_from_client(7, "a");
  return stage;
}

void turn(OracleStage& stage) {
  ++stage["a"].replication_ticks;
  stage.look("a");
}

TEST(OracleProto, FindsThatReplicasAreNotAskedForAClientThatWaits) {
  OracleStage stage = waiting();
  turn(stage);
  EXPECT_NE(stage.judgement("PROTO").outcome, scenarios::Outcome::fail);
  turn(stage);
  EXPECT_THAT(stage.judgement("PROTO"),
              fails("a has a client that waits for replicas, and has not asked them"));
}

TEST(OracleProto, GrantsThatNobodyIsAskedTwiceNorInAPause) {
  OracleStage asked = waiting();
  asked.look("a", {model::Reached{model::Mark::getack_sent}});
  OracleStage paused = waiting();
  paused["a"].pause.until = model::Instant::max();
  for (int i = 0; i < 4; ++i) {
    turn(asked);
    turn(paused);
  }
  EXPECT_NE(asked.judgement("PROTO").outcome, scenarios::Outcome::fail);
  EXPECT_NE(paused.judgement("PROTO").outcome, scenarios::Outcome::fail);
}

}  // namespace
