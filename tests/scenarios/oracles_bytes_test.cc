#include <gtest/gtest.h>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using test_support::fails;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;

OracleStage pair() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a', 100);
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  stage.write("a", "k", "1");
  stage.look("a");
  return stage;
}

TEST(OracleBytes, PassesWhenBytesAreTheAuthors) {
  OracleStage stage = pair();
  stage.catch_up("b", "a");
  stage.look("b");
  EXPECT_THAT(stage.judgement("BYTES"), passes());
}

TEST(OracleBytes, ShowsBothVersionsOfTheFirstDifference) {
  OracleStage stage = pair();
  stage.stream("b", "*3\r\n$3\r\nGET");
  stage.look("b");
  EXPECT_THAT(stage.judgement("BYTES"),
              fails("b holds other bytes from 109 of aaaaaaaa on than a wrote there: \"GET\", not "
                    "\"SET\""));
}

TEST(OracleBytes, KnowsWhereTheAuthorStopped) {
  OracleStage stage = pair();
  stage.catch_up("b", "a");
  stage.stream("b", "*1\r\n$4\r\nping\r\n");
  stage.look("b");
  EXPECT_THAT(stage.judgement("BYTES"),
              fails("b holds byte 128 of aaaaaaaa, which ended with byte 127 when a last wrote"));
}

TEST(OracleBytes, ReadsAcrossAPromotion) {
  OracleStage stage = pair();
  stage.catch_up("b", "a");
  stage.look("b");
  stage.promote("b", 'b');
  stage.look("b");
  stage.write("b", "k", "2");
  stage.look("b");
  stage.write("a", "k", "3");  // the old master goes on, in a history of its own
  stage.look("a");
  EXPECT_THAT(stage.judgement("BYTES"), passes());

  // A replica of b that was given a's bytes instead.
  stage["a"].history = stage["b"].history;
  stage["a"].link.host = std::string("b");  // assigning the literal makes GCC 12 warn at -O3
  stage.look("a");
  stage.stream("a", "x");
  stage.look("a");
  EXPECT_THAT(stage.judgement("BYTES"),
              fails("a holds byte 155 of bbbbbbbb, which ended with byte 154 when b last wrote"));
}

TEST(OracleBytes, HoldsAuthorsToWhatTheyWrote) {
  OracleStage stage = pair();
  stage.make_master("a", 'a', 110);
  stage.look("a");
  EXPECT_THAT(stage.judgement("BYTES"),
              fails("a took back bytes 111 to 127 of aaaaaaaa, which it had written"));
}

TEST(OracleBytes, IsNotTestedWhileOnlyAuthorsHoldBytes) {
  OracleStage stage = pair();
  EXPECT_THAT(stage.judgement("BYTES"),
              not_tested("no node ever held a byte of another's history"));
}

}  // namespace
