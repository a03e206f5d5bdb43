#include <gtest/gtest.h>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::LinkEvent;
using model::LinkState;
using model::Published;
using model::Resync;
using test_support::fails;
using test_support::link_edge;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;
using test_support::replid;

OracleStage pair() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  return stage;
}

std::string id(char letter) {
  return std::string(replid(letter).view());
}

TEST(OracleIdent, PassesForATrueRequest) {
  OracleStage stage = pair();
  stage.lose_link("b");
  stage.look("b", {Published{Published::In::psync_request, replid('a'), 27}});
  EXPECT_THAT(stage.judgement("IDENT"), passes());
}

TEST(OracleIdent, FindsDataThatChangedWhileTheOffsetStoodStill) {
  OracleStage stage = pair();
  // a gives up its backlog, keeps its id all the same, and writes on.
  stage.drop_backlog("a");
  stage.look("a");
  stage.write("a", "stray", "1");
  stage.look("a");
  stage.demote("a");
  stage.look("a", {Published{Published::In::psync_request, replid('a'), 27}});
  EXPECT_THAT(
      stage.judgement("IDENT"),
      fails("a asks to be continued from offset 27 of aaaaaaaa but does not hold what a had "
            "there: db 0, key \"stray\": string \"1\" here, missing there"));
}

TEST(OracleIdent, LetsAMasterWithoutABacklogWriteBeforeItIsFirstUsed) {
  OracleStage stage({"a"});
  stage.make_master("a", 'a');
  stage.drop_backlog("a");
  stage.look("a");
  stage.write("a", "k", "1");
  stage.look("a");
  stage.demote("a");
  stage.look("a", {Published{Published::In::psync_request, replid('a'), 0}});
  EXPECT_THAT(stage.judgement("IDENT"), passes());
}

TEST(OracleIdent, ComparesABaselineWithItsSnapshot) {
  OracleStage stage = pair();
  stage["a"].snapshot.emplace().offset = 27;
  stage.look("a", {Published{Published::In::full_resync, replid('a'), 27}});
  EXPECT_THAT(stage.judgement("IDENT"), passes());
  stage.look("a", {Published{Published::In::full_resync, replid('a'), 0}});
  EXPECT_THAT(
      stage.judgement("IDENT"),
      fails("a announces a full resync at offset 0 of aaaaaaaa, but the snapshot was taken at "
            "offset 27 of aaaaaaaa"));
}

TEST(OracleIdent, FindsAContinuationOverAFork) {
  OracleStage stage = pair();
  stage.promote("b", 'b');
  stage.look("b");
  stage.look("b", {Resync{Resync::Why::granted, model::ConnId{7}, id('a'), 28}});
  EXPECT_THAT(stage.judgement("IDENT"), passes());
  stage.look("b", {Resync{Resync::Why::granted, model::ConnId{7}, id('A'), 29}});
  EXPECT_THAT(
      stage.judgement("IDENT"),
      fails("b continues a replica from offset 28 of aaaaaaaa with its own bbbbbbbb, but the "
            "two part at 27"));
}

TEST(OracleIdent, FindsAContinuationBetweenStrangers) {
  OracleStage stage = pair();
  stage.make_master("b", 'b');
  stage.restart("b");
  stage.make_master("b", 'b');
  stage.look("b");
  stage.look("b", {Resync{Resync::Why::granted, model::ConnId{7}, id('a'), 1}});
  EXPECT_THAT(
      stage.judgement("IDENT"),
      fails("b continues a replica from offset 0 of aaaaaaaa with its own bbbbbbbb, but the "
            "two share nothing"));
}

TEST(OracleIdent, FindsASecondIdThatReachesTooFar) {
  OracleStage stage = pair();
  stage.promote("b", 'b');
  stage["b"].history.second_offset = 40;
  stage.look("b");
  EXPECT_THAT(stage.judgement("IDENT"),
              fails("b takes aaaaaaaa and bbbbbbbb for one up to 39, but the two part at 27"));
}

TEST(OracleIdent, FindsASecondIdThatSurvivedAFullResync) {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.look("a");
  stage.make_master("b", 'b');
  stage.look("b");
  stage.full_sync("b", "a");
  stage["b"].history.second_id = replid('b');
  stage["b"].history.second_offset = 1;
  stage.look("b", {link_edge(LinkState::transfer, LinkEvent::loaded, LinkState::connected)});
  EXPECT_THAT(stage.judgement("IDENT"),
              fails("b takes bbbbbbbb and aaaaaaaa for one up to 0, but the two share nothing"));
}

TEST(OracleIdent, FindsAReplicaThatWasNotToldOfANewId) {
  OracleStage stage = pair();
  stage.attach("b", 3);
  stage.look("b");
  stage.promote("b", 'b');
  stage.look("b");
  EXPECT_THAT(stage.judgement("IDENT"),
              fails("b is now in bbbbbbbb and kept a replica attached that knows it as aaaaaaaa"));
}

TEST(OracleIdent, FindsADataFileThatIsNotWhatItSays) {
  OracleStage stage = pair();
  stage.restart("b");
  stage["b"].link.host = "a";
  stage["b"].history.id = replid('a');
  stage["b"].history.offset = 27;
  stage.look("b", {Published{Published::In::restart, replid('a'), 27}});
  EXPECT_THAT(
      stage.judgement("IDENT"),
      fails("b restarts at offset 27 of aaaaaaaa but does not hold what a had there: db 0, key "
            "\"k\": missing here, string \"1\" there"));
}

TEST(OracleIdent, IsNotTestedWhenNothingIsPublished) {
  OracleStage stage = pair();
  EXPECT_THAT(stage.judgement("IDENT"), not_tested("nobody published an identity that was known"));
}

}  // namespace
