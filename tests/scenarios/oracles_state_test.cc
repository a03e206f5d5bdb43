// PROTO and STATE: what a server hears, and what it says of itself.
#include <gtest/gtest.h>

#include "model/server.h"
#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::ConnId;
using model::Impossible;
using model::ProtocolBreach;
using test_support::fails;
using test_support::not_tested;
using test_support::OracleStage;
using test_support::passes;
using test_support::replid;

constexpr ConnId kToMaster{model::Server::kDialled};

OracleStage pair() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  return stage;
}

TEST(OracleProto, PassesWhenAReplicaHearsNothingWrong) {
  OracleStage stage = pair();
  EXPECT_THAT(stage.judgement("PROTO"), passes());
}

TEST(OracleProto, FindsNonsenseFromAMaster) {
  OracleStage stage = pair();
  stage.look("b", {ProtocolBreach{kToMaster, "Protocol error: invalid bulk length"}});
  EXPECT_THAT(
      stage.judgement("PROTO"),
      fails("b heard from its master what it must not: Protocol error: invalid bulk length"));
}

TEST(OracleProto, FindsNonsenseFromAReplica) {
  OracleStage stage = pair();
  stage.look_from("b", 5, "a", {ProtocolBreach{ConnId{5}, "a command from a replica"}});
  EXPECT_THAT(stage.judgement("PROTO"),
              fails("a heard from b what it must not: a command from a replica"));
}

TEST(OracleProto, LetsClientsAndRawPeersSayAnything) {
  OracleStage stage = pair();
  stage.look("a", {ProtocolBreach{ConnId{5}, "nonsense"}});
  stage.view("b").from_raw = true;
  stage.look("b", {ProtocolBreach{kToMaster, "nonsense"}});
  stage.view("b").from_raw = false;
  stage.view("b").corrupted_input = true;
  stage.look("b", {ProtocolBreach{kToMaster, "nonsense"}});
  EXPECT_THAT(stage.judgement("PROTO"), passes());
}

TEST(OracleProto, IsNotTestedWhenNodesAreAlone) {
  OracleStage stage({"a"});
  stage.make_master("a", 'a');
  stage.look("a", {ProtocolBreach{ConnId{5}, "nonsense"}});
  EXPECT_THAT(stage.judgement("PROTO"), not_tested("no node ever listened to another"));
}

TEST(OracleState, PassesForSoundStates) {
  OracleStage stage = pair();
  stage.lose_link("b");
  stage.look("b");
  stage.promote("b", 'b');
  stage.look("b");
  stage.demote("b");
  stage.look("b");
  EXPECT_THAT(stage.judgement("STATE"), passes());
}

TEST(OracleState, RepeatsWhatAServerSaysOfItself) {
  OracleStage stage = pair();
  stage.look("a", {Impossible{"a replica in ONLINE cannot take \"file sent\""}});
  EXPECT_THAT(stage.judgement("STATE"), fails("a: a replica in ONLINE cannot take \"file sent\""));
}

TEST(OracleState, IsNotTestedWhenNothingRuns) {
  OracleStage stage({"a"});
  EXPECT_THAT(stage.judgement("STATE"), not_tested("no server ever ran"));
}

struct Breakage {
  const char* rule;
  void (*apply)(model::State&);
  const char* finding;
};

class OracleStateRule : public testing::TestWithParam<Breakage> {};

TEST_P(OracleStateRule, IsWatched) {
  OracleStage stage = pair();
  GetParam().apply(stage["b"]);
  stage.look("b");
  EXPECT_THAT(stage.judgement("STATE"), fails(GetParam().finding));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, OracleStateRule,
    testing::Values(
        Breakage{"R1_1", [](model::State& s) { s.backlog->append("xx"); },
                 "b: has a backlog that ends with 29 while its offset is 27 (R1.1)"},
        Breakage{"R1_2",
                 [](model::State& s) {
                   s.link = {};
                   s.backlog.reset();
                   s.sessions[ConnId{1}];
                   s.replicas.push_back(ConnId{1});
                 },
                 "b: has replicas but no backlog (R1.2)"},
        Breakage{"R1_4_offset", [](model::State& s) { s.history.second_id = replid('x'); },
                 "b: has a second id but no second offset (R1.4)"},
        Breakage{"R1_4_ahead",
                 [](model::State& s) {
                   s.history.second_id = replid('x');
                   s.history.second_offset = 29;
                 },
                 "b: has a second id up to 29 while its offset is 27 (R1.4)"},
        Breakage{"R1_5_both", [](model::State& s) { s.link.cached.emplace(); },
                 "b: has a master and a cached master (R1.5)"},
        Breakage{"R1_5_link", [](model::State& s) { s.link.state = model::LinkState::transfer; },
                 "b: has a link in TRANSFER and a master (R1.5)"},
        Breakage{"R1_5_host", [](model::State& s) { s.link.host.clear(); },
                 "b: follows \"\" with a link in CONNECTED (R1.5)"},
        Breakage{"R1_6_id", [](model::State& s) { s.link.master->id = replid('x'); },
                 "b: follows xxxxxxxx but says it is in aaaaaaaa (R1.6)"},
        Breakage{"R1_6_offset", [](model::State& s) { s.link.master->applied = 20; },
                 "b: has applied 20 but says it is at 27 (R1.6)"},
        Breakage{
            "R1_7_offset",
            [](model::State& s) {
              s.link.master.reset();
              s.link.state = model::LinkState::connect;
              s.link.cached.emplace();
              s.link.cached->id = s.history.id;
              s.link.cached->applied = 26;
            },
            "b: would resume from offset 26 of aaaaaaaa but is at offset 27 of aaaaaaaa (R1.7)"},
        Breakage{"R1_7_multi",
                 [](model::State& s) {
                   s.link.master.reset();
                   s.link.state = model::LinkState::connect;
                   s.link.cached.emplace();
                   s.link.cached->id = s.history.id;
                   s.link.cached->applied = 27;
                   s.link.cached->multi.emplace();
                 },
                 "b: keeps an open transaction of a lost master (R1.7)"},
        Breakage{"R1_7_parser",
                 [](model::State& s) {
                   s.link.master.reset();
                   s.link.state = model::LinkState::connect;
                   s.link.cached.emplace();
                   s.link.cached->id = s.history.id;
                   s.link.cached->applied = 27;
                   s.link.cached->in.feed("*3\r\n$3\r\nSE");
                 },
                 "b: keeps 10 unparsed bytes of a lost master (R1.7)"}),
    [](const auto& rule) { return rule.param.rule; });

// R9.13, R9.21
OracleStage counting(std::int64_t good) {
  OracleStage stage = pair();
  model::State& a = stage["a"];
  a.config.min_replicas_to_write = 1;
  a.config.min_replicas_max_lag = 2;
  stage.attach("a", 5);
  a.good_replicas = good;
  return stage;
}

TEST(OracleState, FindsMoreGoodReplicasThanAreOnline) {
  OracleStage stage = counting(2);
  stage.look("a");
  EXPECT_THAT(stage.judgement("STATE"), fails("a: counts 2 good replicas, and 1 are online (R9.21)"));
}

TEST(OracleState, HoldsTheCronToWhatItCounts) {
  OracleStage stage = counting(1);
  stage.pass(std::chrono::seconds(4));
  stage.look("a");  // late, and the cron has not looked yet
  EXPECT_THAT(stage.judgement("STATE"), passes());
  ++stage["a"].replication_ticks;
  stage.look("a");
  EXPECT_THAT(stage.judgement("STATE"),
              fails("a: has just counted 1 good replicas, and 0 have acknowledged within "
                    "min-replicas-max-lag (R9.13)"));
}

TEST(OracleState, DoesNotCountWhenNobodyAsks) {
  OracleStage stage = counting(7);
  stage["a"].config.min_replicas_to_write = 0;
  stage.look("a");
  EXPECT_THAT(stage.judgement("STATE"), passes());
}

}  // namespace
