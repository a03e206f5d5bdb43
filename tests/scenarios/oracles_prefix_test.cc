#include <gtest/gtest.h>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::LinkEvent;
using model::LinkState;
using test_support::fails;
using test_support::link_edge;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;
using test_support::replid;

// a is a master that has written, b its replica, in step; both have been seen.
OracleStage pair() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a', 1000);
  stage.look("a");
  stage.write("a", "k", "1");
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  return stage;
}

TEST(OraclePrefix, PassesWhenAReplicaHoldsWhatItsMasterHad) {
  OracleStage stage = pair();
  stage.write("a", "k", "2");
  stage.look("a");
  stage.catch_up("b", "a");
  stage.look("b");
  EXPECT_THAT(stage.judgement("PREFIX"), passes());
}

TEST(OraclePrefix, NamesTheKeyThatDiffers) {
  OracleStage stage = pair();
  stage.write("a", "k", "2");
  stage.look("a");
  stage.catch_up("b", "a");
  stage.put("b", "k", "3");
  stage.look("b");
  EXPECT_THAT(stage.judgement("PREFIX"),
              fails("b at offset 1,054 of aaaaaaaa holds other data than a had there: db 0, key "
                    "\"k\": string \"3\" here, string \"2\" there"));
}

TEST(OraclePrefix, ComparesAReplicaThatLagsWithThePast) {
  OracleStage stage = pair();
  stage.write("a", "k", "2");
  stage.look("a");
  stage.put("b", "x", "1");  // b's offset is still that of k = 1, and nobody holds those data now
  stage.look("b");
  EXPECT_THAT(stage.judgement("PREFIX"),
              fails("b at offset 1,027 of aaaaaaaa holds other data than a had there"));
}

TEST(OraclePrefix, FollowsAHistoryAcrossAPromotion) {
  OracleStage stage({"a", "b", "c"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  for (const char* node : {"b", "c"}) {
    stage.full_sync(node, "a");
    stage.look(node);
  }
  stage.promote("b", 'b');
  stage.look("b");
  stage["c"].history.id = replid('b');  // told by +CONTINUE
  stage.put("c", "k", "2");
  stage.look(
      "c", {link_edge(LinkState::receive_psync_reply, LinkEvent::carry_on, LinkState::connected)});
  EXPECT_THAT(
      stage.judgement("PREFIX"),
      fails("c at offset 27 of bbbbbbbb holds other data than b had there: db 0, key \"k\": "
            "string \"2\" here, string \"1\" there"));
}

TEST(OraclePrefix, HoldsMastersToTheirStream) {
  OracleStage stage = pair();
  stage.put("a", "k", "2");
  stage.look("a");
  EXPECT_THAT(
      stage.judgement("PREFIX"),
      fails("a changed its data at offset 1,027 of aaaaaaaa and put nothing into its stream"));
}

TEST(OraclePrefix, IsNotTestedWithoutAReplica) {
  OracleStage stage({"a"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  EXPECT_THAT(stage.judgement("PREFIX"),
              not_tested("no replica ever rested where its master had rested"));
}

TEST(OraclePrefix, ExcusesNodesThatCannotBeHeldToIt) {
  for (bool scenarios::NodeView::*excuse :
       {&scenarios::NodeView::touched_up, &scenarios::NodeView::from_raw,
        &scenarios::NodeView::corrupted_input}) {
    OracleStage stage = pair();
    stage.put("b", "k", "mine");
    stage.view("b").*excuse = true;
    stage.look("b");
    EXPECT_THAT(stage.judgement("PREFIX"), passes());
  }
}

TEST(OraclePrefix, DoesNotJudgeAMasterWithoutABacklog) {
  OracleStage stage({"a"});
  stage.make_master("a", 'a');
  stage.drop_backlog("a");
  stage.look("a");
  stage.write("a", "k", "1");
  stage.look("a");
  EXPECT_EQ(stage.judgement("PREFIX").outcome, scenarios::Outcome::not_tested);
}

// b loads a payload of a's history at its present offset.
void begin_load(OracleStage& stage) {
  model::State& b = stage["b"];
  b.link.master.reset();
  b.link.state = LinkState::transfer;
  b.link.transfer.emplace();
  b.link.told_id = replid('a');
  b.link.transfer->offset = stage["a"].history.offset;
  b.link.transfer->complete = true;
  b.backlog.reset();
  b.data.clear();
  stage.look("b");
}

void fail_load(OracleStage& stage) {
  stage["b"].link.transfer.reset();
  stage["b"].link.state = LinkState::connecting;
  stage.look("b", {link_edge(LinkState::transfer, LinkEvent::transfer_failed, LinkState::connect)});
}

TEST(OraclePrefix, AcceptsWhatAFailedLoadMayLeave) {
  OracleStage empty = pair();
  begin_load(empty);
  fail_load(empty);
  EXPECT_THAT(empty.judgement("PREFIX"), passes());

  OracleStage old = pair();
  const model::Keyspace before = old["b"].data;
  begin_load(old);
  old["b"].data = before;
  fail_load(old);
  EXPECT_THAT(old.judgement("PREFIX"), passes());
}

TEST(OraclePrefix, RejectsARemnantOfAFailedLoad) {
  OracleStage stage = pair();
  stage.write("a", "x", "1");
  stage.look("a");
  begin_load(stage);
  stage.put("b", "x", "1");
  fail_load(stage);
  EXPECT_THAT(
      stage.judgement("PREFIX"),
      fails("the load of b failed and left 1 keys, which are neither its old data nor those "
            "of offset 1,054 of aaaaaaaa"));
}

}  // namespace
