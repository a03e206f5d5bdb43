#include <gtest/gtest.h>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::LinkEvent;
using model::LinkState;
using model::Published;
using model::Resync;
using std::chrono::seconds;
using test_support::fails;
using test_support::link_edge;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;
using test_support::replid;

Resync asked(Resync::Why why, char id, model::Offset wanted) {
  return {why, model::ConnId{7}, std::string(replid(id).view()), wanted};
}

OracleStage pair() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  stage.write("a", "k", "1");
  stage.look("a");
  stage.catch_up("b", "a");
  stage.look("b");
  return stage;
}

TEST(OracleMustCont, PassesWhenWhatIsHeldIsGranted) {
  OracleStage stage = pair();
  stage.look_from("b", 7, "a", {asked(Resync::Why::granted, 'a', 28)});
  EXPECT_THAT(stage.judgement("MUSTCONT"), passes());
}

TEST(OracleMustCont, FindsANeedlessRefusal) {
  OracleStage stage = pair();
  stage.look_from("b", 7, "a", {asked(Resync::Why::after_backlog, 'a', 28)});
  EXPECT_THAT(
      stage.judgement("MUSTCONT"),
      fails("a refused to continue b from byte 28 of aaaaaaaa, a history that a is in, and a "
            "holds bytes 1 to 27"));
}

TEST(OracleMustCont, RemembersTheIdBeforeAPromotion) {
  OracleStage stage = pair();
  stage.promote("b", 'b');
  stage["b"].history.second_offset = 27;  // one too low
  stage.look("b");
  stage.look("b", {asked(Resync::Why::beyond_second_id, 'a', 28)});
  EXPECT_THAT(
      stage.judgement("MUSTCONT"),
      fails("b refused to continue a replica from byte 28 of aaaaaaaa, a history that b was in "
            "up to 27, and b holds bytes 1 to 27"));
}

TEST(OracleMustCont, RemembersTheIdBeforeAContinuation) {
  OracleStage stage = pair();
  stage["b"].history.id = replid('d');  // the old one is not kept
  stage.look(
      "b", {link_edge(LinkState::receive_psync_reply, LinkEvent::carry_on, LinkState::connected)});
  stage.look("b", {asked(Resync::Why::unknown_id, 'a', 1)});
  EXPECT_EQ(stage.judgement("MUSTCONT").outcome, scenarios::Outcome::fail);
}

// Promoted by PSYNC ... FAILOVER without a backlog: the one that it makes then is of a new history.
TEST(OracleMustCont, AsksForNothingFromBeforeABacklogThatIsMadeNow) {
  OracleStage stage = pair();
  stage.lose_link("b");
  stage.drop_backlog("b");
  stage.look("b");
  stage.promote("b", 'c');
  stage.make_master("b", 'c', 27);
  stage.look("b");
  stage.look("b", {asked(Resync::Why::unknown_id, 'a', 28)});
  EXPECT_EQ(stage.judgement("MUSTCONT").outcome, scenarios::Outcome::not_tested);
}

TEST(OracleMustCont, AcceptsRefusalsOfWhatIsNotShared) {
  OracleStage stage = pair();
  stage.promote("b", 'b');
  stage.look("b");
  stage.look("b", {asked(Resync::Why::beyond_second_id, 'a', 29)});
  stage.look("b", {asked(Resync::Why::unknown_id, 'x', 28)});
  stage.look("b", {asked(Resync::Why::after_backlog, 'b', 40)});
  stage.look("b", {asked(Resync::Why::before_backlog, 'b', 0)});
  EXPECT_THAT(stage.judgement("MUSTCONT"),
              not_tested("no request to resume named a point that had to be granted"));
}

TEST(OracleMustCont, AsksForOneGenerationOnly) {
  OracleStage stage = pair();
  stage.promote("b", 'b');
  stage.look("b");
  stage.demote("b");
  stage.look("b");
  stage.promote("b", 'c');
  stage.look("b");
  stage.look("b", {asked(Resync::Why::unknown_id, 'a', 28)});
  EXPECT_EQ(stage.judgement("MUSTCONT").outcome, scenarios::Outcome::not_tested);
  stage.look("b", {asked(Resync::Why::granted, 'b', 28)});
  EXPECT_THAT(stage.judgement("MUSTCONT"), passes());
}

TEST(OracleMustCont, ForgetsWithAFullResync) {
  OracleStage stage = pair();
  stage.promote("b", 'b');
  stage.look("b");
  stage.full_sync("b", "a");
  stage.look("b", {link_edge(LinkState::transfer, LinkEvent::loaded, LinkState::connected)});
  stage.look("b", {asked(Resync::Why::unknown_id, 'b', 28)});
  EXPECT_EQ(stage.judgement("MUSTCONT").outcome, scenarios::Outcome::not_tested);
}

TEST(OracleMustCont, RemembersWhatTheFileOfARestartedMasterSaid) {
  OracleStage stage = pair();
  stage.restart("a");
  stage.make_master("a", 'c', 27);
  stage.look("a", {Published{Published::In::restart, replid('a'), 27}});
  stage.look("a", {asked(Resync::Why::unknown_id, 'a', 28)});
  EXPECT_THAT(
      stage.judgement("MUSTCONT"),
      fails("a refused to continue a replica from byte 28 of aaaaaaaa, a history that a was in "
            "up to 27, and a goes on with byte 28"));
}

// b has lost its link and asks again, for everything.
void ask_for_everything(OracleStage& stage) {
  stage.lose_link("b");
  stage.look("b");
  stage["b"].link.cached.reset();
  stage["b"].link.state = LinkState::receive_psync_reply;
  stage.look(
      "b", {link_edge(LinkState::send_psync, LinkEvent::written, LinkState::receive_psync_reply)});
}

TEST(OracleMustCont, FindsAReplicaThatForgotItsPosition) {
  OracleStage stage = pair();
  ask_for_everything(stage);
  stage.look_from("b", 7, "a", {Resync{Resync::Why::asked_for_full, model::ConnId{7}, "?", -1}});
  EXPECT_THAT(
      stage.judgement("MUSTCONT"),
      fails("b asked a for everything although it was at offset 27 of aaaaaaaa, a history that a "
            "is in, and a holds bytes 1 to 27"));
}

TEST(OracleMustCont, AllowsAReplicaToForgetASessionWithAnError) {
  OracleStage stage = pair();
  stage.look("b",
             {link_edge(LinkState::connected, LinkEvent::stream_malformed, LinkState::connect)});
  stage["b"].link.master.reset();
  stage["b"].link.state = LinkState::receive_psync_reply;
  stage.look(
      "b", {link_edge(LinkState::connected, LinkEvent::closed_while_held, LinkState::connect),
            link_edge(LinkState::send_psync, LinkEvent::written, LinkState::receive_psync_reply)});
  stage.look_from("b", 7, "a", {Resync{Resync::Why::asked_for_full, model::ConnId{7}, "?", -1}});
  EXPECT_EQ(stage.judgement("MUSTCONT").outcome, scenarios::Outcome::not_tested);
}

TEST(OracleMustCont, AllowsAFreshReplicaToAskForEverything) {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.look("a");
  stage["b"].link.host = "a";
  stage["b"].link.state = LinkState::receive_psync_reply;
  stage.look(
      "b", {link_edge(LinkState::send_psync, LinkEvent::written, LinkState::receive_psync_reply)});
  stage.look_from("b", 7, "a", {Resync{Resync::Why::asked_for_full, model::ConnId{7}, "?", -1}});
  stage.look("a", {Resync{Resync::Why::sync_command, model::ConnId{8}, "", 0}});
  EXPECT_EQ(stage.judgement("MUSTCONT").outcome, scenarios::Outcome::not_tested);
}

TEST(OracleMustCont, FindsABacklogThatIsGivenUpTooEarly) {
  OracleStage stage = pair();
  stage["b"].config.repl_backlog_ttl = 60;
  stage.pass(seconds(100));
  stage.promote("b", 'b');
  stage.look("b");
  stage.pass(seconds(5));
  stage.drop_backlog("b");
  stage["b"].history.id = replid('c');
  stage.look("b");
  EXPECT_THAT(stage.judgement("MUSTCONT"),
              fails("b gave up its backlog after 5.000 s without a replica, repl-backlog-ttl is "
                    "60.000 s"));
}

// a held bytes 1 to 100, and now holds 91 to 110 in a backlog of the size given.
void forget(OracleStage& stage, std::int64_t size) {
  stage.make_master("a", 'a');
  stage.stream("a", std::string(100, 'x'));
  stage.look("a");
  stage["a"].backlog.emplace(model::Backlog::Kind::ring, 91, size);
  stage["a"].backlog->append(std::string(20, 'x'));
  stage["a"].history.offset = 110;
  stage.look("a");
}

TEST(OracleMustCont, FindsABacklogThatForgetsTooMuch) {
  OracleStage stage({"a"});
  forget(stage, std::int64_t{1} << 20);
  EXPECT_THAT(stage.judgement("MUSTCONT"),
              fails("a forgot bytes 1 to 90 of aaaaaaaa and holds only 20 of 1,048,576"));
}

TEST(OracleMustCont, AllowsABacklogOfAnotherSizeToForget) {
  OracleStage stage({"a"});
  forget(stage, 1000);
  EXPECT_EQ(stage.judgement("MUSTCONT").outcome, scenarios::Outcome::not_tested);
}

}  // namespace
