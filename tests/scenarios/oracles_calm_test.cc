// CONV and LIVE: what must hold when the calm has ended.
#include <gtest/gtest.h>

#include <utility>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::LinkEvent;
using model::LinkState;
using scenarios::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test_support::fails;
using test_support::link_edge;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;

constexpr auto kNobody = std::nullopt;

// a <- b <- c, in step, b and c online at their masters; the calm began at 10 s and it is 40 s.
struct Chain {
  OracleStage stage{{"a", "b", "c"}};
  sim::Instant began{};

  Chain() {
    stage.pass(seconds(10));
    began = stage.now();
    stage.make_master("a", 'a');
    stage.write("a", "k", "1");
    stage.look("a");
    stage.full_sync("b", "a");
    stage.full_sync("c", "b");
    stage.attach("a", 1);
    stage.attach("b", 2);
    for (const char* node : {"a", "b", "c"}) stage.look(node);
    stage.pass(seconds(30));
  }
  void end(bool settled = true) { stage.end_calm(began, {kNobody, 0, 1}, settled); }
};

TEST(OracleConv, PassesForATreeInStep) {
  Chain chain;
  chain.end();
  EXPECT_THAT(chain.stage.judgement("CONV"), passes());
  EXPECT_EQ(chain.stage.judgement("CONV").checked, 2u);
}

TEST(OracleConv, NamesTheKeyThatDiffers) {
  Chain chain;
  chain.stage.put("c", "k", "2");
  chain.end();
  EXPECT_THAT(chain.stage.judgement("CONV"),
              fails("c and its top master a ended with other data: db 0, key \"k\": string \"2\" "
                    "here, string \"1\" there"));
}

TEST(OracleConv, ComparesIdentitiesToo) {
  Chain chain;
  chain.stage["b"].history.id = test_support::replid('b');
  chain.end();
  EXPECT_THAT(chain.stage.judgement("CONV"),
              fails("b and its top master a ended with equal data at offset 27 of bbbbbbbb and "
                    "offset 27 of aaaaaaaa"));
}

TEST(OracleConv, LetsAPingBeUnderWay) {
  Chain chain;
  chain.stage.stream("a", "*1\r\n$4\r\nping\r\n");
  chain.stage.look("a");
  chain.end();
  EXPECT_THAT(chain.stage.judgement("CONV"), passes());
}

TEST(OracleConv, DoesNotWaitForAnOldPing) {
  Chain chain;
  chain.stage.stream("a", "*1\r\n$4\r\nping\r\n");
  chain.stage.look("a");
  chain.stage.pass(seconds(60));
  chain.end();
  EXPECT_THAT(chain.stage.judgement("CONV"),
              fails("b and its top master a ended with equal data at offset 27 of aaaaaaaa and "
                    "offset 41 of aaaaaaaa"));
}

TEST(OracleConv, AsksNothingOfNodesWithoutARunningTop) {
  Chain chain;
  chain.stage.put("c", "k", "2");
  chain.stage.view("a").state = nullptr;
  chain.end();
  EXPECT_THAT(chain.stage.judgement("CONV"),
              not_tested("no replica was connected to its master at the end of a calm"));
  EXPECT_THAT(chain.stage.judgement("LIVE"),
              not_tested("no replica had a running master at the end of a calm"));
}

TEST(OracleConv, AsksNothingOfNodesThatFollowEachOther) {
  Chain chain;
  chain.stage.end_calm(chain.began, {1, 0, 1});
  EXPECT_EQ(chain.stage.judgement("CONV").outcome, Outcome::not_tested);
}

TEST(OracleConv, LeavesNodesThatAreNotConnectedToLive) {
  Chain chain;
  chain.stage.lose_link("b");
  chain.stage.write("a", "k", "2");
  chain.stage.look("a");
  chain.end();
  EXPECT_EQ(chain.stage.judgement("CONV").outcome, Outcome::not_tested);
  EXPECT_EQ(chain.stage.judgement("LIVE").outcome, Outcome::fail);
}

TEST(OracleConv, ExcusesWritableReplicas) {
  Chain chain;
  chain.stage.put("c", "k", "mine");
  chain.stage.view("c").touched_up = true;
  chain.end();
  EXPECT_THAT(chain.stage.judgement("CONV"), passes());
}

TEST(OracleLive, PassesWhenEverybodyIsConnected) {
  Chain chain;
  chain.end();
  EXPECT_THAT(chain.stage.judgement("LIVE"), passes());
}

// What links, timeouts and releases rule out is nobody's fault.
TEST(OracleLive, CannotKnowWhereTimeoutsAreShorterThanTheWay) {
  for (const auto& [silence, outcome] :
       {std::pair(seconds(9), Outcome::fail), std::pair(seconds(10), Outcome::unknown)}) {
    Chain chain;
    chain.stage["a"].config.repl_timeout = 12;
    chain.stage.lose_link("b");
    chain.stage.look("b", {model::Dial{}});
    chain.stage.end_calm(chain.began, {kNobody, 0, 1}, false, {seconds(0), silence, seconds(0)});
    EXPECT_EQ(chain.stage.judgement("LIVE").outcome, outcome) << silence.count();
  }
}

TEST(OracleLive, CannotKnowWherePingsAreTooRare) {
  for (const auto& [period, outcome] :
       {std::pair(10, Outcome::fail), std::pair(11, Outcome::unknown)}) {
    Chain chain;
    chain.stage["a"].config.repl_ping_replica_period = period;
    chain.stage["c"].config.repl_timeout = 12;
    chain.stage.lose_link("c");
    chain.stage.look("c", {link_edge(LinkState::connected, LinkEvent::timed_out, LinkState::connect)});
    chain.end(false);
    EXPECT_EQ(chain.stage.judgement("LIVE").outcome, outcome) << period;
  }
}

TEST(OracleLive, CannotKnowWhereAReleaseCannotReadAnother) {
  Chain chain;
  chain.stage["b"].rules.rdb_version = chain.stage["a"].rules.rdb_version - 1;
  chain.stage.lose_link("b");
  chain.end(false);
  EXPECT_EQ(chain.stage.judgement("LIVE").outcome, Outcome::unknown);
}

// Before 6.2 nobody acknowledges after SYNC, and a diskless master waits for that.
TEST(OracleLive, CannotKnowWhoNeverAcknowledges) {
  for (const auto& [acks, outcome] :
       {std::pair(true, Outcome::fail), std::pair(false, Outcome::unknown)}) {
    Chain chain;
    chain.stage["a"].config.repl_diskless_sync = true;
    chain.stage["b"].rules.acks_marked_transfer = acks;
    chain.stage.look_from("b", 1, "a",
                          {model::Resync{model::Resync::Why::sync_command, model::ConnId{1}, "", 0}});
    chain.stage.lose_link("b");
    chain.end(false);
    EXPECT_EQ(chain.stage.judgement("LIVE").outcome, outcome) << acks;
  }
}

// A node whose link was lost in the calm for want of pings may not be in step when it ends.
TEST(OracleConv, CannotKnowWhereLinksCannotLast) {
  for (const auto& [lost, outcome] :
       {std::pair(false, Outcome::fail), std::pair(true, Outcome::unknown)}) {
    Chain chain;
    chain.stage["a"].config.repl_ping_replica_period = 60;
    chain.stage.put("c", "k", "2");
    if (lost) {
      chain.stage.look("b",
                       {link_edge(LinkState::connected, LinkEvent::timed_out, LinkState::connect)});
    }
    chain.end(false);
    EXPECT_EQ(chain.stage.judgement("CONV").outcome, outcome) << lost;
  }
}

TEST(OracleLive, SaysWhereALinkStands) {
  Chain chain;
  chain.stage.lose_link("b");
  chain.stage["b"].link.state = LinkState::receive_psync_reply;
  chain.stage.look("b", {model::Dial{}});
  chain.stage.pass(seconds(5));
  chain.end();
  EXPECT_THAT(chain.stage.judgement("LIVE"),
              fails("b does not follow a after 35.000 s of calm: its link stands in "
                    "RECEIVE_PSYNC_REPLY since 40.000 s and was dialled 1 times"));
}

TEST(OracleLive, CountsLinksThatAreLostAgainAndAgain) {
  Chain chain;
  for (int i = 0; i < 4; ++i) {
    chain.stage.look("b", {link_edge(LinkState::connected, LinkEvent::closed, LinkState::connect)});
  }
  chain.end();
  EXPECT_THAT(chain.stage.judgement("LIVE"),
              fails("b does not follow a steadily: in the last 15.000 s of calm it lost the link 4 "
                    "times"));
}

TEST(OracleLive, CountsDials) {
  Chain chain;
  for (int i = 0; i < 77; ++i) chain.stage.look("c", {model::Dial{}});
  chain.end();
  EXPECT_THAT(chain.stage.judgement("LIVE"), fails("c dialled b 77 times in 30.000 s of calm"));
}

TEST(OracleLive, AsksTheMasterToo) {
  Chain chain;
  chain.stage["b"].sessions.begin()->second.feed.state = model::FeedState::wait_bgsave_end;
  chain.end();
  EXPECT_THAT(chain.stage.judgement("LIVE"),
              fails("b sees 0 of its 1 connected replicas online after 30.000 s of calm"));
}

TEST(OracleLive, IsUnsureAboutAWorldThatDidNotSettle) {
  Chain chain;
  chain.end(false);
  const scenarios::Judgement judgement = chain.stage.judgement("LIVE");
  EXPECT_EQ(judgement.outcome, Outcome::unknown);
  EXPECT_EQ(judgement.finding,
            "every replica is connected, but the world did not settle within 30.000 s of calm");
}

TEST(OracleLive, FindsACommandHeldBackWithoutAPause) {
  for (const bool paused : {false, true}) {
    Chain chain;
    chain.stage.meet_client("a", 7);
    chain.stage["a"].sessions.at(model::ConnId{7}).parked = 0;
    if (paused) chain.stage["a"].pause.until = model::Instant::max();
    chain.end();
    const auto judgement = chain.stage.judgement("LIVE");
    if (paused) {
      EXPECT_THAT(judgement, passes());
    } else {
      EXPECT_THAT(judgement, fails("a holds back a command after 30.000 s of calm, and there is no pause"));
    }
  }
}

TEST(OracleLive, HoldsAFailoverToWhoCanTakeOver) {
  for (const bool gone : {false, true}) {
    Chain chain;
    model::State& a = chain.stage["a"];
    a.failover.state = model::FailoverState::waiting_for_sync;
    if (gone) a.failover.host = "10.0.0.9";
    a.sessions.begin()->second.feed.acked = a.history.offset;
    chain.stage.look("a");
    chain.stage.pass(seconds(4));
    chain.end();
    const auto judgement = chain.stage.judgement("LIVE");
    if (gone) {
      EXPECT_THAT(judgement, passes());
    } else {
      EXPECT_THAT(judgement, fails("a still fails over, at offset 27, after 34.000 s of calm"));
    }
  }
}

TEST(OracleConv, ComparesLibrariesOfFunctions) {
  Chain chain;
  chain.stage["c"].libraries["lib"] = {};
  chain.end();
  EXPECT_THAT(chain.stage.judgement("CONV"),
              fails("c and its top master a ended with other data: libraries of functions: 1 and 0, or "
                    "of other code"));
}

}  // namespace
