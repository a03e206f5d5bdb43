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

}  // namespace
