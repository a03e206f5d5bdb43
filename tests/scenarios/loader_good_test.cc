// What the language means: JSON in, plain data out.

#include <gtest/gtest.h>

#include "tests/support/scenario_files.h"

namespace {

using namespace scenarios;
using namespace std::chrono_literals;
using test_support::loaded;
using Judged = scenarios::Test;  // GoogleTest's own classes have a Test, too

// A scenario of three nodes, a raw peer and these steps.
Scenario with_steps(const std::string& steps) {
  return loaded(R"({"point": "x", "nodes": {"a": {}, "b": {"replicaof": "a"}, "c": {}},
                    "peers": {"m": {"listens": true}}, "steps": [)" +
                steps + "]}");
}

template <class What>
What only(const std::string& step) {
  const Scenario scenario = with_steps(step);
  if (scenario.steps.size() != 1 || !std::holds_alternative<What>(scenario.steps[0].what)) {
    ADD_FAILURE() << step << " is another step";
    return {};
  }
  return std::get<What>(scenario.steps[0].what);
}

Fault fault(const std::string& step) { return only<Fault>(step); }

template <class What>
What fault_of(const std::string& step) {
  const Fault read = fault(step);
  if (const What* what = std::get_if<What>(&read.what)) return *what;
  ADD_FAILURE() << step << " is another fault";
  return {};
}

Condition condition(const std::string& json) { return only<Expect>(R"({"expect": )" + json + "}").holds; }

TEST(Language, CatalogueAndSamplesAreGood) {
  std::vector<std::string> files = test_support::json_files_in("scenarios/catalogue");
  for (std::string& file : test_support::json_files_in("tests/scenarios/good"))
    files.push_back(std::move(file));
  for (const std::string& file : files) {
    EXPECT_EQ(test_support::joined(test_support::complaints(test_support::contents_of(file))), "") << file;
  }
}

TEST(Language, NodesTakeWhatTheScenarioSaysOfAll) {
  const Scenario s = loaded(R"({
    "point": "p", "seed": 18446744073709551615,
    "config": {"repl-timeout": 5, "slave-priority": "7"}, "profile": "redis-6.2", "quirks": "id2-limit-ignored",
    "nodes": {"z": {"config": {"repl-timeout": 9}, "quirks": ["psync-ignores-history-id"]},
              "a": {"replicaof": "z", "profile": "redis-7.0", "start": false, "data": "SET k v",
                    "clock": {"offset": "-1.5s", "drift_ppm": 20}}}})");
  EXPECT_EQ(s.seed, 18446744073709551615U);
  ASSERT_EQ(s.nodes.size(), 2U);
  const Node& z = s.nodes[0];
  EXPECT_EQ(z.name, "z");  // in the order of the file
  EXPECT_EQ(z.profile, "redis-6.2");
  EXPECT_EQ(z.config, (ConfigLines{{"repl-timeout", "9"}, {"replica-priority", "7"}}));
  EXPECT_EQ(z.quirks, (std::vector<std::string>{"id2-limit-ignored", "psync-ignores-history-id"}));
  EXPECT_EQ(z.replicaof, "");
  EXPECT_EQ(z.place.pointer, "/nodes/z");
  const Node& a = s.nodes[1];
  EXPECT_EQ(a.profile, "redis-7.0");
  EXPECT_EQ(a.replicaof, "z");
  EXPECT_FALSE(a.start);
  EXPECT_EQ(a.data, std::vector<std::string>{"SET k v"});
  EXPECT_EQ(a.clock_offset, -1500ms);
  EXPECT_EQ(a.clock_drift_ppm, 20);
}

TEST(Language, LinksBeginWithTheDefault) {
  const Scenario s = loaded(R"({
    "point": "p", "nodes": {"a": {}, "b": {}}, "link": {"latency": "2ms", "send_buffer": "16k"},
    "links": [{"between": ["a", "b"], "jitter": "1ms", "pieces": [1, 16]}]})");
  EXPECT_EQ(s.default_link.latency, 2ms);
  EXPECT_EQ(s.default_link.send_buffer, 16000U);
  ASSERT_EQ(s.links.size(), 1U);
  EXPECT_TRUE(s.links[0].both_ways);
  EXPECT_EQ(s.links[0].profile.latency, 2ms);
  EXPECT_EQ(s.links[0].profile.jitter, 1ms);
  EXPECT_EQ(s.links[0].profile.pieces, (sim::Pieces{1, 16}));
}

TEST(Language, PeersAnswerOneReplyAConnection) {
  const Scenario s = loaded(R"({"point": "p", "nodes": {"a": {"replicaof": "m"}},
    "peers": {"m": {"listens": true, "replies": {"PSYNC": ["-ERR x", "+CONTINUE"], "PING": "+PONG"}}}})");
  ASSERT_EQ(s.peers.size(), 1U);
  EXPECT_TRUE(s.peers[0].listens);
  EXPECT_EQ(s.peers[0].replies[0].second, (std::vector<std::string>{"-ERR x", "+CONTINUE"}));
  EXPECT_EQ(s.peers[0].replies[1].first, "PING");
}

TEST(Language, RunTakesALineOrAList) {
  const scenarios::Run run = only<scenarios::Run>(R"({"run": "GET k", "on": "a", "reply": null})");
  EXPECT_EQ(run.lines, std::vector<std::string>{"GET k"});
  EXPECT_EQ(run.client, "main");
  EXPECT_TRUE(run.await);
  EXPECT_EQ(run.within, 10s);
  ASSERT_EQ(run.replies.size(), 1U);
  EXPECT_EQ(run.replies[0].kind, ReplyTest::Kind::nil);

  const scenarios::Run list =
      only<scenarios::Run>(R"({"run": ["GET k", "INCR n"], "on": "a", "pipelined": true, "repeat": 3,
                                 "replies": [{"error": "LOADING"}, ["x", -2]]})");
  EXPECT_TRUE(list.pipelined);
  EXPECT_EQ(list.repeat, 3U);
  ASSERT_EQ(list.replies.size(), 2U);
  EXPECT_EQ(list.replies[0].kind, ReplyTest::Kind::error);
  EXPECT_EQ(list.replies[0].text, "LOADING");
  EXPECT_EQ(list.replies[1].kind, ReplyTest::Kind::list);
  EXPECT_EQ(list.replies[1].elements[1].text, "-2");

  const scenarios::Run each =
      only<scenarios::Run>(R"({"run": ["GET k", "GET l"], "on": "a", "reply": {"each": {"like": "v*"}}})");
  ASSERT_EQ(each.replies.size(), 1U);
  EXPECT_EQ(each.replies[0].kind, ReplyTest::Kind::like);
}

TEST(Language, StepsSayWhenAndWhy) {
  const Scenario s =
      with_steps(R"({"sleep": "1.5s", "at": "2m", "why": "to see"}, {"sleep": "0us", "after": "3ms"})");
  EXPECT_EQ(std::get<Sleep>(s.steps[0].what).time, 1500ms);
  EXPECT_EQ(s.steps[0].at, sim::Duration(120s));
  EXPECT_EQ(s.steps[0].why, "to see");
  EXPECT_EQ(s.steps[0].place.pointer, "/steps/0");
  EXPECT_EQ(s.steps[1].after, sim::Duration(3ms));
}

TEST(Language, RolesLoadsAndMemory) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(only<ReplicaOf>(R"({"replicaof": {"c": "a", "b": null, "a": "a"}})").pairs,
            (Pairs{{"c", "a"}, {"b", ""}, {"a", "a"}}));
  const Load load = only<Load>(R"({"load": ["SET {key} {n}"], "on": "a", "rate": "50/s", "count": 9})");
  EXPECT_EQ(load.per_second, 50U);
  EXPECT_EQ(load.count, 9U);
  const Remember remember = only<Remember>(R"({"remember": "x", "node": "a", "field": "sync_full"})");
  EXPECT_EQ(remember.name + remember.node + remember.field, "xasync_full");
  EXPECT_TRUE(only<Heal>(R"({"heal": "all"})").all);
  EXPECT_TRUE(only<Throughout>(R"({"never": {"up": "a"}, "for": "5s"})").never);
  EXPECT_EQ(only<Raw>(R"({"raw": "m", "send": "PING\r\n"})").send, "PING\r\n");
}

TEST(Language, ConditionsAreAllOfTheirParts) {
  const Condition c =
      condition(R"({"info": {"b": {"role": "!=master", "sync_full": 2}}, "keys": {"a": {"k": null}},
                                    "db": 3, "synced": ["a", "b"], "down": "c", "not": {"up": "c"},
                                    "wire": {"from": "b", "to": "a", "has": "PSYNC *"}})");
  ASSERT_EQ(c.all_of.size(), 7U);
  EXPECT_EQ(std::get<InfoIs>(c.all_of[0]).test, (Judged{Judged::Op::is_not, "master"}));
  EXPECT_EQ(std::get<InfoIs>(c.all_of[1]).test, (Judged{Judged::Op::is, "2"}));
  EXPECT_EQ(std::get<KeyIs>(c.all_of[2]).db, 3U);
  EXPECT_EQ(std::get<KeyIs>(c.all_of[2]).test.op, Judged::Op::absent);
  EXPECT_EQ(std::get<Synced>(c.all_of[3]).nodes, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(std::get<IsUp>(c.all_of[4]).up);
  EXPECT_EQ(std::get<WireHas>(c.all_of[5]).times, (Judged{Judged::Op::at_least, "1"}));
  EXPECT_EQ(std::get<Not>(c.all_of[6]).inner->all_of.size(), 1U);
}

TEST(Language, TestsCompareMatchOrTakeLiterally) {
  const auto test = [](const std::string& json) {
    return std::get<InfoIs>(condition(R"({"info": {"a": {"role": )" + json + "}}}").all_of.at(0)).test;
  };
  EXPECT_EQ(test(R"("up")"), (Judged{Judged::Op::is, "up"}));
  EXPECT_EQ(test("-7"), (Judged{Judged::Op::is, "-7"}));
  EXPECT_EQ(test(R"(">=3")"), (Judged{Judged::Op::at_least, "3"}));
  EXPECT_EQ(test(R"("<@{b.master_repl_offset+1}")"),
            (Judged{Judged::Op::less, "@{b.master_repl_offset+1}"}));
  EXPECT_EQ(test(R"("like:*x")"), (Judged{Judged::Op::like, "*x"}));
  EXPECT_EQ(test(R"("is:>=3")"), (Judged{Judged::Op::is, ">=3"}));
  EXPECT_EQ(test("null"), (Judged{Judged::Op::absent, ""}));
}

TEST(Language, WaysAreNamedAsShortAsTheyCanBe) {
  using Ways = std::vector<Way>;
  const auto ways = [](const std::string& json) {
    return fault_of<HoldWays>(R"({"partition": )" + json + "}").ways;
  };
  EXPECT_EQ(ways(R"(["a", "b"])"), (Ways{{"a", "b"}, {"b", "a"}}));
  EXPECT_EQ(ways(R"({"from": "a", "to": "b"})"), (Ways{{"a", "b"}}));
  EXPECT_EQ(ways(R"([["a"], ["b", "c"]])"), (Ways{{"a", "b"}, {"b", "a"}, {"a", "c"}, {"c", "a"}}));
  EXPECT_EQ(ways(R"([{"from": "a", "to": "b"}, {"from": "c", "to": ["a", "b"]}])"),
            (Ways{{"a", "b"}, {"c", "a"}, {"c", "b"}}));
  EXPECT_EQ(ways(R"("a")"), (Ways{{"a", "b"}, {"b", "a"}, {"a", "c"}, {"c", "a"}, {"a", "m"}, {"m", "a"}}));
}

TEST(Language, FaultsStrikeAtTimesBytesAndConditions) {
  const Fault cut = fault(R"({"cut": ["a", "b"], "how": "fin", "noticed_by": "b", "times": 2, "as": "x",
      "after_bytes": {"from": "a", "to": "b", "count": "50%", "connection": "next"}})");
  EXPECT_EQ(std::get<Cut>(cut.what).how, sim::CloseHow::fin);
  EXPECT_EQ(std::get<Cut>(cut.what).noticed_by, "b");
  EXPECT_EQ(cut.name, "x");
  EXPECT_EQ(cut.times, 2U);
  EXPECT_EQ(cut.text, "cut a b (fin, b)");
  ASSERT_TRUE(cut.after_bytes);
  EXPECT_EQ(cut.after_bytes->base, BytePoint::Base::payload);
  EXPECT_EQ(cut.after_bytes->percent, 50U);
  EXPECT_EQ(cut.after_bytes->connection, BytePoint::Which::next);

  const Fault pause = fault(R"({"pause": "a", "when": {"up": "b"}, "for": "3s"})");
  EXPECT_EQ(pause.lasts, sim::Duration(3s));
  EXPECT_EQ(pause.when->all_of.size(), 1U);

  const BytePoint last =
      *fault(R"({"cut": ["a", "b"], "after_bytes": {"from": "a", "to": "b", "of": "payload_end",
                                    "count": -1}})")
           .after_bytes;
  EXPECT_EQ(last.base, BytePoint::Base::payload_end);
  EXPECT_EQ(last.count, -1);
}

TEST(Language, EveryKindOfFault) {
  EXPECT_EQ(fault_of<HoldWays>(R"({"clog": ["a", "b"]})").what, sim::Hold::data);
  EXPECT_EQ(fault_of<Freeze>(R"({"freeze": {"from": "a", "to": "b"}})").way, (Way{"a", "b"}));
  EXPECT_EQ(fault_of<Reshape>(R"({"slow": ["a", "b"], "latency": "1s"})").latency, sim::Duration(1s));
  EXPECT_EQ(fault_of<Reshape>(R"({"throttle": ["a", "b"], "bandwidth": "10kb/s"})").bytes_per_second,
            10240U);
  EXPECT_EQ(fault_of<Reshape>(R"({"trickle": ["a", "b"]})").pieces, (sim::Pieces{1, 1}));
  EXPECT_EQ(fault_of<Welcoming>(R"({"refuse": {"from": "a", "to": "b"}})").what, sim::Welcome::refuse);
  EXPECT_EQ(fault_of<Welcoming>(R"({"silence": {"from": "a", "to": "b"}})").what, sim::Welcome::silence);
  EXPECT_TRUE(fault_of<Crash>(R"({"crash": "a", "silent": true})").silent);
  const Restart restart =
      fault_of<Restart>(R"({"restart": "a", "disk": "lose", "replicaof": null, "config": {"hz": 1}})");
  EXPECT_FALSE(restart.keep_disk);
  EXPECT_EQ(restart.replicaof, "");
  EXPECT_EQ(restart.config, (ConfigLines{{"hz", "1"}}));
  EXPECT_EQ(fault_of<Restart>(R"({"restart": "a"})").replicaof, std::nullopt);
  EXPECT_EQ(fault_of<Pause>(R"({"pause": "a"})").node + fault_of<Resume>(R"({"resume": "b"})").node, "ab");
  EXPECT_EQ(fault_of<Stop>(R"({"stop": "b"})").node, "b");
  EXPECT_EQ(fault_of<SlowLoop>(R"({"slow_loop": "a", "by": "20ms"})").by, 20ms);
  const JobFault job =
      fault_of<JobFault>(R"({"job": "a", "which": "load", "does": "takes", "time": "2s"})");
  EXPECT_EQ(job.job, JobFault::Job::load);
  EXPECT_EQ(job.time, 2s);
  EXPECT_EQ(fault_of<DiskFault>(R"({"disk": "a", "does": "write_error"})").does,
            DiskFault::Does::write_error);
  EXPECT_EQ(fault_of<ClockFault>(R"({"clock": "a", "step": "-5s"})").step, -5s);
  const Flip flip = fault_of<Flip>(R"({"flip": {"from": "a", "to": "b"}, "count": 9, "bit": 3})");
  EXPECT_EQ(flip.at.base, BytePoint::Base::payload);
  EXPECT_EQ(flip.at.count, 9);
  EXPECT_EQ(flip.bit, 3U);
}

TEST(Language, CalmAndVerdict) {
  const Scenario s = loaded(R"({"point": "p", "nodes": {"a": {}}, "calm": {"within": "3s"},
                                "leave_out": {"MONO": "why"}, "must_fail": "PREFIX"})");
  EXPECT_TRUE(s.calm);
  EXPECT_EQ(s.calm_within, 3s);
  EXPECT_EQ(s.leave_out.at("MONO"), "why");
  EXPECT_EQ(s.must_fail, std::vector<std::string>{"PREFIX"});
  EXPECT_FALSE(loaded(R"({"point": "p", "nodes": {"a": {}}, "calm": false})").calm);
}

TEST(Language, ColumnsCountCharacters) {
  EXPECT_EQ(
      test_support::complaints("{\"point\": \"\xc3\xbc\xe2\x82\xac\", \"nodes\": 5}").at(0).substr(0, 13),
      "1:26: /nodes:");
}

}  // namespace
