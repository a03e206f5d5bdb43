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

OracleStage pair() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  return stage;
}

TEST(OracleMono, PassesWhenEverybodyGoesForward) {
  OracleStage stage = pair();
  stage.write("a", "k", "2");
  stage.look("a");
  stage.catch_up("b", "a");
  stage.look("b");
  stage.attach("a", 5).feed.acked = 54;
  stage.look_from("b", 5, "a");
  EXPECT_THAT(stage.judgement("MONO"), passes());
}

TEST(OracleMono, FindsAStepBack) {
  OracleStage stage = pair();
  stage["b"].history.offset = 20;
  stage.look("b");
  EXPECT_THAT(stage.judgement("MONO"), fails("b went back from 27 to offset 20 of aaaaaaaa"));
}

TEST(OracleMono, AllowsAStepBackByAFullResyncOrARestart) {
  OracleStage stage = pair();
  stage["b"].history.offset = 20;
  stage["b"].link.master.reset();
  stage.look("b", {link_edge(LinkState::transfer, LinkEvent::loaded, LinkState::connected)});
  stage.restart("b");
  stage["b"].history.id = test_support::replid('a');
  stage["b"].history.offset = 10;
  stage.look("b");
  EXPECT_THAT(stage.judgement("MONO"), passes());
}

TEST(OracleMono, FindsMoreAppliedThanReceived) {
  OracleStage stage = pair();
  stage["b"].link.master->received = 20;
  stage.look("b");
  EXPECT_THAT(stage.judgement("MONO"), fails("b has applied 27 of aaaaaaaa but received only 20"));
}

TEST(OracleMono, FindsMoreReceivedThanWritten) {
  OracleStage stage = pair();
  stage["b"].link.master->received = 28;
  stage.look("b");
  EXPECT_THAT(stage.judgement("MONO"),
              fails("b has received 28 bytes of aaaaaaaa, of which a wrote only 27"));
}

TEST(OracleMono, FindsAnAcknowledgementOfWhatIsNotApplied) {
  OracleStage stage = pair();
  stage.write("a", "k", "2");
  stage.look("a");
  stage["b"].link.master->received = 50;
  stage.look("b");
  stage.attach("a", 5).feed.acked = 50;
  stage.look_from("b", 5, "a");
  EXPECT_THAT(stage.judgement("MONO"),
              fails("b acknowledged 50 of aaaaaaaa to a but has applied only 27"));
}

TEST(OracleMono, TakesALateAcknowledgementOfAnEarlierLife) {
  OracleStage stage = pair();
  stage.restart("b");
  stage["b"].history.id = test_support::replid('a');
  stage.look("b");
  stage.attach("a", 5).feed.acked = 27;
  stage.look_from("b", 5, "a");
  EXPECT_THAT(stage.judgement("MONO"), passes());
}

TEST(OracleMono, IsNotTestedWhenNothingMoves) {
  OracleStage stage({"a"});
  stage.make_master("a", 'a');
  stage.look("a");
  stage.look("a");
  EXPECT_THAT(stage.judgement("MONO"), not_tested("no node ever moved within a history"));
}

}  // namespace
