#include <gtest/gtest.h>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::LinkEvent;
using model::LinkState;
using test_support::fails;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;

// b and c have k=1 at offset 27; b alone has k=2 at 54.
OracleStage trio() {
  OracleStage stage({"a", "b", "c"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  stage.full_sync("c", "a");
  stage.look("c");
  stage.write("a", "k", "2");
  stage.look("a");
  stage.catch_up("b", "a");
  stage.look("b");
  return stage;
}

TEST(OracleWait, PassesWhenTheReplicasHaveIt) {
  OracleStage stage = trio();
  stage.look("a", {model::WaitAnswered{54, 1}});
  stage.look("a", {model::WaitAnswered{27, 2}});
  EXPECT_THAT(stage.judgement("WAIT"), passes());
}

TEST(OracleWait, FindsACountThatIsTooHigh) {
  OracleStage stage = trio();
  stage.look("a", {model::WaitAnswered{54, 2}});
  EXPECT_THAT(stage.judgement("WAIT"),
              fails("a told a client that 2 replicas hold offset 54 of aaaaaaaa, but only 1 has "
                    "applied it"));
}

TEST(OracleWait, DoesNotTakeAnOffsetForData) {
  OracleStage stage = trio();
  const model::Keyspace old = stage["c"].data;
  stage.catch_up("c", "a");
  stage["c"].data = old;
  stage.look("c");
  stage.look("a", {model::WaitAnswered{54, 2}});
  EXPECT_EQ(stage.judgement("WAIT").outcome, scenarios::Outcome::fail);
}

TEST(OracleWait, ForgivesANodeThatLosesItsMemory) {
  OracleStage stage = trio();
  stage.look("a", {model::WaitAnswered{54, 1}});
  stage.restart("b");
  stage.look("b");
  stage.look("a", {model::WaitAnswered{54, 1}});
  EXPECT_THAT(stage.judgement("WAIT"), passes());
}

TEST(OracleWait, FindsAWriteThatAPromotionLoses) {
  OracleStage stage = trio();
  stage.look("a", {model::WaitAnswered{54, 1}});
  stage["b"].history.offset = 27;
  stage.look("b");
  stage.promote("b", 'b');
  stage.look("b");
  EXPECT_THAT(stage.judgement("WAIT"),
              fails("b was promoted at offset 27 of aaaaaaaa, although a client had been told that "
                    "it holds offset 54"));
}

TEST(OracleWait, AllowsAFullResyncToTakeANodeBack) {
  OracleStage stage = trio();
  stage.look("a", {model::WaitAnswered{54, 1}});
  stage["b"].history.offset = 27;
  stage.look(
      "b", {test_support::link_edge(LinkState::transfer, LinkEvent::loaded, LinkState::connected)});
  stage.promote("b", 'b');
  stage.look("b");
  EXPECT_THAT(stage.judgement("WAIT"), passes());
}

TEST(OracleWait, IsNotTestedByAnEmptyAnswer) {
  OracleStage stage = trio();
  stage.look("a", {model::WaitAnswered{54, 0}});
  EXPECT_THAT(stage.judgement("WAIT"),
              not_tested("no WAIT told a client that a replica holds its write"));
}

// Of a client on connection 7.
model::Effect answered(model::Offset offset) {
  return model::WaitAnswered{offset, 1, model::ConnId{7}};
}

TEST(OracleWait, FindsAnAnswerForLessThanItsClientWrote) {
  OracleStage stage = trio();
  stage.meet_client("a", 7);
  stage.write("a", "k", "3");
  stage.look_from_client(7, "a");
  stage.catch_up("b", "a");
  stage.look("b");
  stage.look("a", {answered(54)});
  EXPECT_THAT(
      stage.judgement("WAIT"),
      fails("a answered a WAIT for offset 54 of aaaaaaaa, but its client has written behind "
            "offset 54"));
}

TEST(OracleWait, AsksNothingOfAClientForWhatOthersWrote) {
  OracleStage stage = trio();
  stage.meet_client("a", 7);
  stage.meet_client("a", 8);
  stage.write("a", "k", "3");
  stage.look_from_client(8, "a");
  stage.look("a", {answered(54)});
  // Asked for and answered before the write of the same event.
  stage.write("a", "k", "4");
  stage.look_from_client(7, "a", {answered(54)});
  EXPECT_THAT(stage.judgement("WAIT"), passes());
}

TEST(OracleWait, AsksNothingForWritesThatAPauseHeld) {
  OracleStage stage = trio();
  stage.meet_client("a", 7);
  stage["a"].pause = {.until = model::Instant::max(), .writes_only = true};
  stage.look("a");
  stage["a"].pause = {};
  stage.write("a", "k", "3");
  stage.look_from_client(7, "a");
  stage.look("a", {answered(54)});
  EXPECT_THAT(stage.judgement("WAIT"), passes());
}

model::Effect handed_over() {
  return model::Transitioned{model::MachineKind::failover, model::ConnId{},
                             static_cast<std::uint8_t>(model::FailoverState::waiting_for_sync),
                             static_cast<std::uint8_t>(model::FailoverState::in_progress),
                             static_cast<std::uint8_t>(model::FailoverEvent::caught_up)};
}

// R10.31
TEST(OracleWait, FindsAFailoverToANodeThatIsBehind) {
  OracleStage stage = trio();
  stage.demote("a");
  stage.view("a").follows = stage.index("b");
  OracleStage other = stage;
  stage.look("a", {handed_over()});
  EXPECT_THAT(stage.judgement("WAIT"), passes());
  other.view("a").follows = other.index("c");
  other.look("a", {handed_over()});
  EXPECT_THAT(other.judgement("WAIT"),
              fails("a hands over to c at offset 54 of aaaaaaaa, which that has not applied"));
}

// R10.19
OracleStage leaving(model::Offset acked, std::chrono::seconds left) {
  OracleStage stage = trio();
  model::State& a = stage["a"];
  stage.attach("a", 5).feed.acked = acked;
  stage.look("a");
  stage.pass(std::chrono::seconds(10));
  a.exited = true;
  a.shutdown = model::Shutdown{.wish = {}, .deadline = model::Instant(stage.now().time_since_epoch() + left)};
  stage.look("a");
  return stage;
}

TEST(OracleWait, FindsAServerThatExitsBeforeItsReplicasHaveEverything) {
  EXPECT_THAT(leaving(27, std::chrono::seconds(1)).judgement("WAIT"),
              fails("a exits at offset 54, a replica has acknowledged 27, and shutdown-timeout is not "
                    "over"));
  EXPECT_NE(leaving(54, std::chrono::seconds(1)).judgement("WAIT").outcome, scenarios::Outcome::fail);
  EXPECT_NE(leaving(27, std::chrono::seconds(0)).judgement("WAIT").outcome, scenarios::Outcome::fail);
}

}  // namespace
