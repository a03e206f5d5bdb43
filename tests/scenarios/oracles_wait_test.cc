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

}  // namespace
