// Runs from a scenario's text to its verdict: steps, faults, the calm, and what is said when
// something is not as it should be.
#include "scenarios/run/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/played.h"

namespace {

using scenarios::Outcome;
using scenarios::RunResult;
using test_support::judgement_of;
using test_support::scenario_of;
using ::testing::HasSubstr;

// a, and its replica b, with these steps once they are synced.
std::string pair_with(const std::string& steps, const std::string& more = "") {
  return R"({ 'point': 'a pair', 'config': { 'repl-diskless-sync': 'no', 'save': '', 'repl-ping-replica-period': '3600' },
    'nodes': { 'a': { 'data': ['SET k 1'] }, 'b': { 'replicaof': 'a' } },)" +
         more + R"(
    'steps': [ { 'wait': { 'synced': ['a', 'b'] } })" +
         (steps.empty() ? "" : ", " + steps) + "] }";
}

RunResult run(const std::string& json, sim::TraceMode mode = sim::TraceMode::hash_only) {
  return scenarios::run(scenario_of(json), mode);
}

std::string expectation(const RunResult& result) {
  return judgement_of(result, "EXPECT").finding;
}

TEST(Runner, EndsWithEveryNodesState) {
  const RunResult result = run(pair_with("{ 'run': 'SET k 2', 'on': 'a', 'reply': 'OK' }"));
  EXPECT_EQ(result.outcome, Outcome::pass) << expectation(result);
  ASSERT_EQ(result.nodes.size(), 2U);
  EXPECT_EQ(result.nodes[1].role, "slave");
  EXPECT_EQ(result.nodes[1].link, "CONNECTED");
  EXPECT_EQ(result.nodes[1].offset, result.nodes[0].offset);
  EXPECT_EQ(result.nodes[1].digest, result.nodes[0].digest);
  EXPECT_EQ(result.nodes[0].counters.at("sync_full"), 1);
}

TEST(Runner, TheHashIsTheSameWhoeverReads) {
  const std::string json = pair_with(
      "{ 'cut': ['a', 'b'] }, { 'run': 'INCR k', 'on': 'a' }, { 'wait': { 'synced': ['a', 'b'] } "
      "}");
  const RunResult kept = run(json, sim::TraceMode::keep), bare = run(json);
  EXPECT_EQ(kept.trace_hash, bare.trace_hash);
  EXPECT_GT(kept.trace.records().size(), 0U);
  EXPECT_EQ(bare.trace.records().size(), 0U);
}

TEST(Runner, AWaitThatIsNotNeededIsMissedWithoutHarm) {
  const RunResult result = run(pair_with(
      "{ 'wait': { 'keys': { 'b': { 'k': 'never' } } }, 'within': '2s', 'needed': false }, "
      "{ 'wait': { 'keys': { 'b': { 'k': '1' } } }, 'needed': false }, "
      "{ 'run': 'INCR k', 'on': 'a', 'reply': 2 }"));
  EXPECT_EQ(result.outcome, Outcome::pass) << expectation(result);
  EXPECT_EQ(judgement_of(result, "EXPECT").checked, 2U) << "the first wait and the reply";
}

// What the real server leaves to chance, a seed decides here (R2.24).
TEST(Runner, AnotherSeedIsAnotherRun) {
  scenarios::Scenario scenario = scenario_of(pair_with(""));
  const std::uint64_t first = scenarios::run(scenario, sim::TraceMode::hash_only).trace_hash;
  EXPECT_EQ(scenarios::run(scenario, sim::TraceMode::hash_only).trace_hash, first);
  scenario.seed = 2;
  EXPECT_NE(scenarios::run(scenario, sim::TraceMode::hash_only).trace_hash, first);
}

// --- expectations --------------------------------------------------------------------------------

TEST(Runner, SaysWhereAnExpectationIsAndWhatWasSeenInstead) {
  const RunResult result = run(pair_with("{ 'expect': { 'keys': { 'b': { 'k': '2' } } } }"));
  EXPECT_EQ(result.outcome, Outcome::fail);
  EXPECT_THAT(expectation(result), HasSubstr("/steps/1 (line "));
  EXPECT_THAT(expectation(result),
              HasSubstr("expected that key \"k\" of b is \"2\"; seen: key \"k\" of b is \"1\""));
}

TEST(Runner, GivesUpAWaitAfterItsTime) {
  const RunResult result =
      run(pair_with("{ 'wait': { 'info': { 'b': { 'role': 'master' } } }, 'within': '3s' }, { "
                    "'expect': { 'down': 'a' } }"));
  EXPECT_THAT(expectation(result),
              HasSubstr("waited 3 s until role of b is \"master\"; seen: role of b is \"slave\""));
  EXPECT_EQ(judgement_of(result, "EXPECT").checked, 2U);  // what comes after is not judged
}

TEST(Runner, JudgesReplies) {
  EXPECT_EQ(
      run(pair_with(R"({ 'run': ['GET k', 'INCR k', 'GET none', 'FOO', 'MGET k none'], 'on': 'a',
    'replies': ['1', 2, null, { 'error': 'ERR unknown command' }, ['2', null]] })"))
          .outcome,
      Outcome::pass);
  EXPECT_THAT(expectation(run(pair_with("{ 'run': 'GET k', 'on': 'a', 'reply': '7' }"))),
              HasSubstr("GET k on a was answered \"1\", expected \"7\""));
  EXPECT_THAT(expectation(run(pair_with("{ 'crash': 'a' }, { 'run': 'GET k', 'on': 'a' }"))),
              HasSubstr("the connection was refused"));
}

TEST(Runner, CollectsALateReply) {
  const RunResult result =
      run(pair_with(R"({ 'run': 'WAIT 2 1500', 'on': 'a', 'client': 'late', 'await': false },
    { 'run': 'SET k 3', 'on': 'a', 'reply': 'OK' }, { 'collect': 'late', 'on': 'a', 'reply': 1 })"));
  EXPECT_EQ(result.outcome, Outcome::pass) << expectation(result);
}

TEST(Runner, WatchesThroughoutATime) {
  EXPECT_EQ(
      run(pair_with("{ 'always': { 'info': { 'b': { 'role': 'slave' } } }, 'for': '2s' }")).outcome,
      Outcome::pass);
  const RunResult result =
      run(pair_with("{ 'crash': 'b', 'at': '5s' }, { 'never': { 'replicas': { 'a': { 'b': null } } "
                    "}, 'for': '2s' }"));
  EXPECT_THAT(expectation(result),
              HasSubstr("expected never that state of replica b on a is absent; it came to be"));
}

TEST(Runner, StepsKeepTheirTimes) {
  const RunResult result =
      run(pair_with("{ 'checkpoint': 'x', 'at': '4s' }, { 'checkpoint': 'y', 'after': '1500ms' }",
                    "'calm': false,"),
          sim::TraceMode::keep);
  std::vector<std::int64_t> times;
  for (const sim::Record& record : result.trace.records()) {
    const auto* step = std::get_if<sim::record::Step>(&record.what);
    if (step != nullptr && step->what == "checkpoint")
      times.push_back(record.at.time_since_epoch().count());
  }
  EXPECT_THAT(times, ::testing::ElementsAre(4'000'000, 5'500'000));
}

// --- faults --------------------------------------------------------------------------------------

TEST(Runner, FlagsAFaultThatChangedNothing) {
  const RunResult result =
      run(pair_with("{ 'partition': ['a', 'b'], 'for': '1us' }, { 'pause': 'b', 'for': '1s' }, { "
                    "'sleep': '2s' }"));
  ASSERT_EQ(result.faults.size(), 2U);
  EXPECT_EQ(result.faults[0].effects, 0U);
  EXPECT_EQ(result.faults[1].effects, 1U);
  EXPECT_EQ(result.outcome, Outcome::pass);
}

TEST(Runner, StrikesAtAByteOfEveryKind) {
  struct Point {
    const char* where;
    const char* mark;
  };
  for (const Point& point :
       {Point{"'of': 'payload', 'count': '50%'", "transfer_broken"},
        Point{"'of': 'payload', 'count': 0", "transfer_broken"},
        Point{"'of': 'payload_end', 'count': -1", "transfer_broken"},
        Point{"'of': 'header', 'count': 2", "transfer_broken"},
        Point{"'of': 'reply', 'count': 5", "backlog_created_by_first_replica"}}) {
    SCOPED_TRACE(point.where);
    const RunResult result =
        run(std::string(R"({ 'point': 'a byte', 'config': { 'repl-diskless-sync': 'no' },
      'nodes': { 'a': { 'data': ['SET k 1'] }, 'b': {} },
      'steps': [ { 'cut': ['a', 'b'], 'after_bytes': { 'from': 'a', 'to': 'b', )") +
            point.where + R"( } },
                 { 'replicaof': { 'b': 'a' } }, { 'wait': { 'synced': ['a', 'b'] } } ] })");
    EXPECT_EQ(result.outcome, Outcome::pass) << expectation(result);
    EXPECT_GE(result.faults[0].effects, 1U);
    EXPECT_EQ(result.nodes[0].counters.at("sync_full"), 2);
    EXPECT_THAT(result.marks, ::testing::Contains(point.mark));
  }
}

TEST(Runner, StrikesWhenAConditionHoldsAndAsOftenAsItIsTold) {
  const RunResult result = run(
      pair_with(R"({ 'cut': ['a', 'b'], 'when': { 'info': { 'a': { 'connected_slaves': 0 } } } },
    { 'cut': ['a', 'b'], 'when': { 'link': { 'b': 'CONNECTED' } }, 'times': 3 }, { 'sleep': '3s' },
    { 'wait': { 'synced': ['a', 'b'] } })"));
  ASSERT_EQ(result.faults.size(), 2U);
  EXPECT_EQ(result.faults[1].effects, 3U) << expectation(result);
  EXPECT_EQ(result.nodes[0].counters.at("sync_partial_ok"), 3);
}

TEST(Runner, FaultsThatMeetOnALinkAreUndoneOneByOne) {
  const RunResult result = run(
      pair_with(R"({ 'partition': ['a', 'b'], 'as': 'one' }, { 'clog': ['a', 'b'], 'as': 'two' },
    { 'heal': 'one' }, { 'run': 'SET k 2', 'on': 'a' },
    { 'always': { 'keys': { 'b': { 'k': '1' } } }, 'for': '3s' }, { 'heal': 'two' }, { 'wait': { 'synced': ['a', 'b'] } })"));
  EXPECT_EQ(result.outcome, Outcome::pass) << expectation(result);
}

TEST(Runner, CrashedNodesStayDownInTheCalmAndPausedOnesGoOn) {
  const RunResult result = run(pair_with("{ 'pause': 'a' }, { 'crash': 'b' }"));
  EXPECT_TRUE(result.nodes[0].up);
  EXPECT_FALSE(result.nodes[1].up);
  EXPECT_NE(judgement_of(result, "CONV").outcome, Outcome::fail);
}

TEST(Runner, LoadsStopWhenTheCalmBegins) {
  const RunResult result =
      run(pair_with("{ 'load': ['SET {key} {n}', 'INCR counter'], 'on': 'a', 'rate': '200/s', "
                    "'keys': 5 }, { 'sleep': '2s' }"));
  EXPECT_EQ(result.outcome, Outcome::pass) << expectation(result);
  EXPECT_GE(result.nodes[0].counters.at("commands_processed"), 400);
  EXPECT_LE(result.nodes[0].keys, 7U);
  EXPECT_EQ(result.nodes[0].digest, result.nodes[1].digest);
}

TEST(Runner, TheCalmEndsThoughPingsAreAlwaysOnTheirWay) {
  const RunResult result = run(R"({ 'point': 'far apart', 'link': { 'latency': '800ms' },
    'config': { 'repl-diskless-sync': 'no', 'repl-ping-replica-period': '1', 'repl-timeout': '10' },
    'nodes': { 'a': { 'data': ['SET k 1'] }, 'b': { 'replicaof': 'a' } },
    'steps': [ { 'wait': { 'keys': { 'b': { 'k': '1' } } } } ] })");
  EXPECT_EQ(result.outcome, Outcome::pass) << judgement_of(result, "LIVE").finding;
  EXPECT_EQ(judgement_of(result, "LIVE").outcome, Outcome::pass);
}

// --- witnesses and peers -------------------------------------------------------------------------

TEST(Runner, AWitnessPassesOnlyWhenWhatItNamesFails) {
  EXPECT_EQ(run(pair_with("", "'must_fail': ['CONV'],")).outcome, Outcome::fail);
}

TEST(Runner, PeersSpeakByHandAndFromTheirScript) {
  const RunResult result =
      run(R"({ 'point': 'peers', 'calm': false, 'config': { 'repl-diskless-sync-delay': '0' },
    'nodes': { 'a': {}, 'b': { 'replicaof': 'm' } },
    'peers': { 'x': {}, 'm': { 'listens': true, 'replies': { 'PING': '+PONG', 'REPLCONF': '+OK',
      'PSYNC': ['-LOADING wait', '+FULLRESYNC 0123456789012345678901234567890123456789 10|@rdb'] } } },
    'steps': [ { 'raw': 'x', 'dial': 'a' }, { 'raw': 'x', 'send': 'PING\r\n' }, { 'wait': { 'got': { 'x': '+PONG\r\n' } } },
               { 'wait': { 'link': { 'b': 'CONNECTED' } } }, { 'expect': { 'info': { 'b': { 'slave_repl_offset': 10 } } } },
               { 'raw': 'x', 'close': 'fin' }, { 'raw': 'x', 'send': 'PING\r\n' } ] })");
  EXPECT_THAT(expectation(result), HasSubstr("/steps/6 (line"));
  EXPECT_THAT(expectation(result), HasSubstr("the peer x has no open connection"));
}

// Found by a campaign: c's handshake takes longer than its repl-timeout, which is nobody's fault, and
// a was blamed for it.
TEST(Runner, DoesNotBlameTheMasterOfAReplicaThatCannotBeHeldToFollowing) {
  const RunResult result = run(R"({
    'point': 'one link is too slow', 'config': { 'repl-diskless-sync-delay': '0' },
    'nodes': { 'a': {}, 'b': { 'replicaof': 'a' },
               'c': { 'replicaof': 'a' } },
    'links': [ { 'between': ['a', 'c'], 'latency': '1s', 'bandwidth': '20kb' } ],
    'steps': [ { 'run': 'CONFIG SET repl-timeout 3', 'on': 'c' }, { 'restart': 'a', 'after': '1s' } ] })");
  const scenarios::Judgement judgement = judgement_of(result, "LIVE");
  EXPECT_EQ(judgement.outcome, Outcome::unknown);
  EXPECT_EQ(judgement.finding.substr(0, 37), "c cannot be held to following a: they");
}

}  // namespace
