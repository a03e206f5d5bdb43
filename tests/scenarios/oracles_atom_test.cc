#include <gtest/gtest.h>

#include "model/data/resp.h"
#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using test_support::fails;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;

// b follows a, and a has then written a unit of two operations: bytes 28 to 81.
OracleStage with_unit() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  stage.write("a", "k", "2");
  stage.write("a", "l", "2");
  stage.look("a", {model::WroteUnit{28, 81}});
  return stage;
}

TEST(OracleAtom, PassesWhenAUnitIsAppliedAsOne) {
  OracleStage stage = with_unit();
  stage.catch_up("b", "a");
  stage.look("b");
  EXPECT_THAT(stage.judgement("ATOM"), passes());
}

TEST(OracleAtom, FindsANodeThatRestsInsideAUnit) {
  OracleStage stage = with_unit();
  stage["b"].link.master->received = 54;
  stage["b"].link.master->applied = 54;
  stage.write("b", "k", "2");
  stage.look("b");
  EXPECT_THAT(stage.judgement("ATOM"),
              fails("b rests at offset 54 of aaaaaaaa, inside bytes 28 to 81, which a wrote as one "
                    "unit: what it shows there, nobody ever held"));
  EXPECT_EQ(failure_key(stage.judgement("ATOM")), "ATOM/inside-a-unit/replica/streaming");
}

TEST(OracleAtom, FollowsAUnitIntoAnotherHistory) {
  OracleStage stage({"a", "b", "c"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  for (const char* node : {"b", "c"}) {
    stage.full_sync(node, "a");
    stage.look(node);
  }
  stage.write("a", "k", "2");
  stage.write("a", "l", "2");
  stage.look("a", {model::WroteUnit{28, 81}});
  stage.catch_up("b", "a");
  stage.look("b");
  stage.promote("b", 'b');
  stage.look("b");
  stage["c"].history.id = stage["c"].link.master->id = test_support::replid('b');
  stage.write("c", "k", "2");
  stage.look("c");
  EXPECT_THAT(stage.judgement("ATOM"),
              fails("c rests at offset 54 of bbbbbbbb, inside bytes 28 to 81, which a wrote as one "
                    "unit: what it shows there, nobody ever held"));
}

TEST(OracleAtom, FindsATransactionThatNobodyEnded) {
  OracleStage stage = with_unit();
  stage.catch_up("b", "a");
  stage["b"].link.master->session.multi.emplace();
  stage.look("b");
  EXPECT_THAT(stage.judgement("ATOM"),
              fails("b is inside a transaction that a never ended: all of aaaaaaaa up to 81 has "
                    "arrived, and what follows will only be queued"));
}

TEST(OracleAtom, WaitsForTheRestOfATransaction) {
  OracleStage stage = with_unit();
  stage["b"].link.master->received = 60;
  stage["b"].link.master->session.multi.emplace();
  stage.look("b");
  EXPECT_THAT(stage.judgement("ATOM"), passes());
}

TEST(OracleAtom, LetsAPauseHoldTheEnd) {
  OracleStage stage = with_unit();
  stage["b"].link.master->received = 81;
  stage["b"].link.master->session.multi.emplace();
  stage["b"].link.master->session.parked = 0;
  stage.look("b");
  EXPECT_THAT(stage.judgement("ATOM"),
              not_tested("no node ever took in a unit of several operations"));
}

}  // namespace
