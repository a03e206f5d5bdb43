// Conditions and formulas, judged against a world, and the sentences they are told in.
#include "scenarios/run/conditions.h"

#include <gtest/gtest.h>

#include "tests/support/played.h"

namespace {

using scenarios::Performance;
using scenarios::resolve;
using Op = scenarios::Test::Op;
using test_support::performance_of;
using test_support::scenario_of;

// The condition of the only step of a scenario about a and its replica b, judged at its end.
struct Judged {
  bool holds = false;
  std::string wanted, seen;
};
Judged judged(const std::string& condition) {
  const scenarios::Scenario scenario = scenario_of(R"({
    'point': 'judged', 'calm': false, 'config': { 'repl-diskless-sync-delay': '0' },
    'nodes': { 'a': { 'data': ['SET k 5'] }, 'b': { 'replicaof': 'a' }, 'c': { 'start': false } },
    'steps': [ { 'wait': { 'synced': ['a', 'b'] } }, { 'run': 'SET k 7', 'on': 'a' }, { 'sleep': '2s' },
               { 'remember': 'before', 'node': 'a', 'field': 'master_repl_offset' }, { 'expect': )" +
                                                   condition + "} ] }");
  Performance performance = performance_of(scenario);
  while (performance.advance()) {
  }
  const scenarios::Condition& last = std::get<scenarios::Expect>(scenario.steps.back().what).holds;
  const scenarios::Sight sight = performance.play().sight();
  return {holds(sight, last), wanted(last), seen_instead(sight, last)};
}

TEST(Conditions, LookAtInfoOfANode) {
  EXPECT_TRUE(judged("{ 'info': { 'a': { 'connected_slaves': 1, 'role': 'master' } } }").holds);
  const Judged no = judged("{ 'info': { 'b': { 'role': 'master', 'master_link_status': 'up' } } }");
  EXPECT_FALSE(no.holds);
  EXPECT_EQ(no.wanted, "role of b is \"master\" and master_link_status of b is \"up\"");
  EXPECT_EQ(no.seen, "role of b is \"slave\"");
}

TEST(Conditions, ComputeWithWhatIsSeenAndRemembered) {
  EXPECT_TRUE(
      judged("{ 'info': { 'b': { 'slave_repl_offset': '@{a.master_repl_offset}' } } }").holds);
  EXPECT_TRUE(
      judged("{ 'info': { 'a': { 'repl_backlog_first_byte_offset': '<@{before-10}' } } }").holds);
  EXPECT_FALSE(judged("{ 'info': { 'a': { 'master_repl_offset': '@{before+1}' } } }").holds);
}

TEST(Conditions, LookAtKeysStatesAndProcesses) {
  EXPECT_TRUE(judged("{ 'keys': { 'b': { 'k': '7', 'other': null } } }").holds);
  EXPECT_EQ(judged("{ 'keys': { 'b': { 'k': '8' } } }").seen, "key \"k\" of b is \"7\"");
  EXPECT_TRUE(judged("{ 'link': { 'b': 'CONNECTED' }, 'role_state': { 'b': 'connected' } }").holds);
  EXPECT_TRUE(judged("{ 'replicas': { 'a': { 'b': 'online', 'c': null } } }").holds);
  EXPECT_TRUE(judged("{ 'up': 'a', 'down': 'c' }").holds);
}

TEST(Conditions, SayWhatKeepsNodesFromBeingSynced) {
  EXPECT_TRUE(judged("{ 'synced': ['a', 'b'], 'equal': ['a', 'b'] }").holds);
  EXPECT_EQ(judged("{ 'synced': ['a', 'b', 'c'] }").seen, "c is down");
  EXPECT_EQ(judged("{ 'synced': ['b', 'a'] }").seen, "a does not follow b");
}

TEST(Conditions, CountMessages) {
  EXPECT_TRUE(judged("{ 'wire': { 'from': 'a', 'to': 'b', 'has': 'SET k *' } }").holds);
  EXPECT_TRUE(judged("{ 'wire': { 'from': 'b', 'to': 'a', 'has': 'PSYNC*', 'times': 1 } }").holds);
  EXPECT_EQ(judged("{ 'wire': { 'from': 'b', 'to': 'a', 'has': 'PSYNC*', 'times': 2 } }").seen,
            "number of messages like \"PSYNC*\" from b to a is \"1\"");
}

TEST(Conditions, CombineByNotAndAny) {
  EXPECT_TRUE(judged("{ 'not': { 'keys': { 'b': { 'k': '8' } } } }").holds);
  EXPECT_TRUE(judged("{ 'any': [ { 'up': 'c' }, { 'up': 'a' } ] }").holds);
  EXPECT_FALSE(judged("{ 'any': [ { 'up': 'c' }, { 'down': 'a' } ] }").holds);
}

class Tests : public ::testing::Test {
 protected:
  bool passes(Op op, const std::string& wanted, std::optional<std::string> value) {
    return scenarios::passes({performance_.world(), {}, {}}, scenarios::Test{op, wanted}, value);
  }
  Performance performance_ =
      performance_of(scenario_of("{ 'point': 'none', 'nodes': { 'a': {} }, 'steps': [] }"));
};

TEST_F(Tests, CompareNumbersAsNumbersAndTheRestAsText) {
  EXPECT_TRUE(passes(Op::is, "10", "10"));
  EXPECT_TRUE(passes(Op::more, "9", "10"));
  EXPECT_FALSE(passes(Op::more, "9", "many"));
  EXPECT_TRUE(passes(Op::is_not, "up", "down"));
  EXPECT_TRUE(passes(Op::like, "db*keys=1*", "db0:keys=1,expires=0"));
}

TEST_F(Tests, AnAbsentValuePassesAbsenceAndInequality) {
  EXPECT_TRUE(passes(Op::absent, "", std::nullopt));
  EXPECT_TRUE(passes(Op::is_not, "x", std::nullopt));
  EXPECT_FALSE(passes(Op::is, "", std::nullopt));
  EXPECT_FALSE(passes(Op::absent, "", "x"));
}

TEST_F(Tests, AFormulaWithoutAValuePassesNothing) {
  EXPECT_FALSE(passes(Op::is, "@{a.nothing}", ""));
  EXPECT_EQ(resolve({performance_.world(), {}, {}}, "@{a.nothing+1}").problem,
            "\"a.nothing\" has no value here");
  const scenarios::Remembered remembered{{"old-id", "abc"}, {"n", "4"}};
  EXPECT_EQ(resolve({performance_.world(), remembered, {}}, "<@{old-id}> @{n+3-1}").text, "<abc> 6");
}

}  // namespace
