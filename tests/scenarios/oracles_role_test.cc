#include <gtest/gtest.h>

#include "model/server.h"
#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using test_support::fails;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;

OracleStage three() {
  OracleStage stage({"a", "b", "c"});
  stage.make_master("a", 'a');
  stage.make_master("b", 'b');
  stage.make_master("c", 'c');
  for (const char* node : {"a", "b", "c"}) stage.look(node);
  return stage;
}

void follow(OracleStage& stage, const char* node, const char* master) {
  stage[node].link.host = master;
  stage[node].link.port = 6379;
  stage.view(node).follows = stage.index(master);
}

TEST(OracleRole, PassesWhenANodeObeys) {
  OracleStage stage = three();
  follow(stage, "b", "a");
  stage.look("b", {model::Ordered{"a", 6379}});
  stage["b"].link = model::Link{};
  stage.view("b").follows.reset();
  stage.look("b", {model::Ordered{}});
  EXPECT_THAT(stage.judgement("ROLE"), passes());
}

TEST(OracleRole, FindsAnOrderThatANewerOneHasOvertaken) {
  OracleStage stage = three();
  follow(stage, "b", "a");
  stage.look("b", {model::Ordered{"a", 6379}});
  stage["b"].link = model::Link{};
  stage.look("b", {model::Ordered{}});
  follow(stage, "a", "b");
  stage.look("a", {model::Ordered{"b", 6379}});
  follow(stage, "b", "a");
  stage.look("b");
  EXPECT_THAT(stage.judgement("ROLE"),
              fails("b follows a:6379, but was last told to follow nobody: a circle b -> a -> b"));
}

TEST(OracleRole, LetsPeopleOrderACircle) {
  OracleStage stage = three();
  follow(stage, "b", "b");
  stage.look("b", {model::Ordered{"b", 6379}});
  EXPECT_THAT(stage.judgement("ROLE"), passes());
}

TEST(OracleRole, TakesTheConfigurationForAnOrder) {
  OracleStage stage = three();
  stage.restart("b");
  follow(stage, "b", "a");
  stage.look("b");
  EXPECT_THAT(stage.judgement("ROLE"), not_tested("no node ever followed another"));
}

TEST(OracleRole, FindsDataOfAStranger) {
  OracleStage stage = three();
  stage.full_sync("b", "a");
  follow(stage, "b", "c");
  stage["b"].link.conn = model::ConnId{model::Server::kDialled};
  stage.look_from("a", model::Server::kDialled, "b", {model::Ordered{"c", 6379}});
  EXPECT_THAT(stage.judgement("ROLE"), fails("b takes data from a, but follows c"));
}

}  // namespace
