#include <gtest/gtest.h>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::WallTime;
using std::chrono::milliseconds;
using test_support::fails;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;

WallTime at(int ms) {
  return WallTime(milliseconds(ms));
}

// b has what a has: k, which lives until 1000.
OracleStage with_deadline() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage["a"].data.set_expiry(0, "k", at(1000));
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  return stage;
}

TEST(OracleExpire, KeepsHowCloseAReadWas) {
  OracleStage stage = with_deadline();
  stage.look("b", {model::ShownExpiring{at(1000), at(990), ""}});
  stage.look("b", {model::ShownExpiring{at(1000), at(500), ""}});
  EXPECT_THAT(stage.judgement("EXPIRE"), passes());
  ASSERT_TRUE(stage.judgement("EXPIRE").nearest);
  EXPECT_EQ(words(*stage.judgement("EXPIRE").nearest),
            "a key was read before its deadline by 10 ms");
}

TEST(OracleExpire, LetsAKeyBeReadAtItsDeadline) {
  OracleStage stage = with_deadline();
  stage.look("b", {model::ShownExpiring{at(1000), at(1000), ""}});
  EXPECT_THAT(stage.judgement("EXPIRE"), passes());
}

TEST(OracleExpire, FindsAReadAfterTheDeadline) {
  OracleStage stage = with_deadline();
  stage.look("b", {model::ShownExpiring{at(1000), at(1001), "k"}});
  EXPECT_THAT(stage.judgement("EXPIRE"),
              fails("b showed key \"k\" to a client 1 ms after its deadline"));
}

TEST(OracleExpire, FindsAReplicaThatRemovesByItself) {
  OracleStage stage = with_deadline();
  stage["b"].data.erase(0, "k");
  stage["b"].stats.expired_keys = 1;
  stage.look("b");
  EXPECT_THAT(stage.judgement("EXPIRE"),
              fails("b removed an overdue key by itself at offset 27 of aaaaaaaa, although it "
                    "follows a master"));
}

TEST(OracleExpire, FindsAnOverdueKeyThatIsGone) {
  OracleStage stage = with_deadline();
  stage["b"].data.erase(0, "k");
  stage["b"].data.put(0, "other", std::string("1"), at(5000));
  stage["b"].last_wall = at(1001);
  stage.look("b");
  EXPECT_THAT(stage.judgement("EXPIRE"),
              fails("b has lost key \"k\", which is overdue but which a still had at offset 27 of "
                    "aaaaaaaa"));
}

TEST(OracleExpire, FindsAnotherDeadline) {
  OracleStage stage = with_deadline();
  stage["b"].data.set_expiry(0, "k", at(1500));
  stage.look("b");
  EXPECT_THAT(stage.judgement("EXPIRE"),
              fails("b lets key \"k\" live until 1500 ms, 500 ms after a does"));
}

TEST(OracleExpire, LetsAMasterRemove) {
  OracleStage stage = with_deadline();
  stage.look("a", {model::ShownExpiring{at(1000), at(1), ""}});
  stage["a"].data.erase(0, "k");
  stage["a"].stats.expired_keys = 1;
  stage.stream("a", "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n");
  stage.look("a");
  EXPECT_THAT(stage.judgement("EXPIRE"), passes());
}

TEST(OracleExpire, IsNotTestedWithoutDeadlines) {
  OracleStage stage({"a"});
  stage.make_master("a", 'a');
  stage.look("a");
  EXPECT_THAT(stage.judgement("EXPIRE"),
              not_tested("no key with a deadline was read or replicated"));
}

}  // namespace
