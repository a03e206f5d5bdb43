// A scenario as text, and back: what is written is read as the same scenario, and looks as a person
// would have written it.

#include "scenarios/language/write.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <stdexcept>

#include "tests/support/scenario_files.h"

namespace {

using namespace scenarios;
using namespace std::chrono_literals;

Scenario read(const std::string& json) { return test_support::loaded(json); }

std::string steps_only(const std::string& steps) {
  return R"({"point": "p", "nodes": {"a": {}, "b": {"replicaof": "a"}, "c": {}, "d": {}},
      "peers": {"m": {}}, "steps": [)" + steps + "]}";
}

TEST(Write, EveryFileOfTheTreeIsReadBackAsTheSame) {
  std::size_t files = 0;
  for (const char* folder : {"scenarios", "tests/scenarios/good"}) {
    for (const std::string& file : test_support::json_files_in(folder)) {
      if (file.ends_with("schema.json")) continue;
      const Scenario scenario = read(test_support::contents_of(file));
      const std::string text = write_scenario(scenario);
      const Scenario back = read(text);
      EXPECT_TRUE(back == scenario) << file << "\n" << text;
      EXPECT_EQ(write_scenario(back), text) << file;
      Scenario settled = scenario;
      settle(settled);
      EXPECT_TRUE(settled == scenario) << file;
      ++files;
    }
  }
  EXPECT_GT(files, 50U);
}

TEST(Write, LooksAsAPersonWroteIt) {
  const Scenario scenario = read(R"({
    "point": "A cut.", "seed": 7, "calm": {"within": "90000ms"},
    "config": {"repl-diskless-sync-delay": 0}, "link": {"latency": "2000us", "send_buffer": 16384},
    "nodes": {"a": {"data": ["SET k v"], "clock": {"offset": "-1500ms"}},
              "b": {"replicaof": "a", "config": {"repl-timeout": 5}}},
    "steps": [
      {"wait": {"info": {"b": {"master_link_status": "up", "role": "!=master"}}, "up": ["a", "b"]}, "within": "60s"},
      {"run": ["MULTI", "EXEC"], "on": "a", "replies": ["OK", []]},
      {"cut": ["a", "b"], "how": "rst", "after_bytes": {"from": "a", "to": "b", "of": "payload", "count": "50%"}},
      {"run": ["SET a-key-with-a-long-name 1", "SET another-key-with-a-long-name 2", "SET k 3"], "on": "a", "reply": {"each": "OK"}, "why": "to be long"}
    ]})");
  EXPECT_EQ(write_scenario(scenario, {"../scenario.schema.json"}), R"({
  "$schema": "../scenario.schema.json",
  "point": "A cut.",
  "seed": 7,
  "config": { "repl-diskless-sync-delay": "0" },
  "link": { "latency": "2ms", "send_buffer": "16kb" },
  "nodes": {
    "a": { "data": "SET k v", "clock": { "offset": "-1.5s" } },
    "b": { "replicaof": "a", "config": { "repl-timeout": "5" } }
  },
  "steps": [
    {
      "wait": {
        "info": { "b": { "master_link_status": "up", "role": "!=master" } },
        "up": ["a", "b"]
      }
    },
    { "run": ["MULTI", "EXEC"], "on": "a", "replies": ["OK", []] },
    { "cut": ["a", "b"], "after_bytes": { "from": "a", "to": "b", "count": "50%" } },
    {
      "run": ["SET a-key-with-a-long-name 1", "SET another-key-with-a-long-name 2", "SET k 3"],
      "on": "a",
      "reply": { "each": "OK" },
      "why": "to be long"
    }
  ],
  "calm": { "within": "90s" }
}
)");
}

TEST(Write, DurationsAndSizesAreThoseOfPeople) {
  const std::vector<std::pair<sim::Duration, std::string>> times = {
      {0us, "0s"}, {1us, "1us"}, {999us, "999us"}, {1ms, "1ms"}, {1500us, "1.5ms"}, {250ms, "250ms"},
      {1s, "1s"}, {3100ms, "3.1s"}, {90s, "90s"}, {120s, "2m"}, {150s, "150s"}, {3600s, "1h"},
      {90min, "90m"}, {-2s, "-2s"}, {1'000'001us, "1.000001s"}};
  for (const auto& [time, text] : times) EXPECT_EQ(duration_text(time), text);
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(16384), "16kb");
  EXPECT_EQ(size_text(10000), "10000");
  EXPECT_EQ(size_text(3 << 20), "3mb");
}

RC_GTEST_PROP(Write, AnyDurationIsReadBackAsTheSame, (std::uint32_t count, bool fine)) {
  const sim::Duration time(fine ? count : std::int64_t{count % 1'000'000} * 1000);
  const Scenario back = read(steps_only("{\"sleep\": \"" + duration_text(time) + "\"}"));
  RC_ASSERT(std::get<Sleep>(back.steps[0].what).time == time);
}

// Whatever directions a fault holds, there is a way to write it.
RC_GTEST_PROP(Write, AnyDirectionsAreReadBackAsTheSame, ()) {
  static const std::vector<std::string> kNames = {"a", "b", "c", "d", "m"};
  const auto pairs = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 5), rc::gen::inRange(1, 5))));
  HoldWays hold;
  for (const auto& [one, step] : pairs) {
    hold.ways.push_back({kNames[static_cast<std::size_t>(one)],
                         kNames[static_cast<std::size_t>((one + step) % 5)]});
  }
  Scenario scenario = read(steps_only(""));
  Fault fault;
  fault.what = hold;
  scenario.steps.push_back({fault, {}, {}, {}, {}});
  settle(scenario);
  const Scenario back = read(write_scenario(scenario));
  RC_ASSERT(back == scenario);
}

TEST(Write, DirectionsAreWrittenInTheirShortestForm) {
  for (const std::string form :
       {R"(["a", "b"])", R"([["a"], ["b", "c"]])", R"([["a", "b"], ["c"], ["d", "m"]])",
        R"({ "from": "a", "to": ["b", "c"] })", R"({ "from": ["a", "d"], "to": "b" })",
        R"([{ "from": "a", "to": "b" }, { "from": "b", "to": "c" }])"}) {
    const std::string text = write_scenario(read(steps_only("{\"partition\": " + form + "}")));
    EXPECT_NE(text.find("\"partition\": " + form), std::string::npos) << text;
  }
  const std::string alone = write_scenario(read(steps_only(R"({"partition": "a"})")));
  EXPECT_NE(alone.find(R"([["a"], ["b", "c", "d", "m"]])"), std::string::npos) << alone;
}

TEST(Write, AFaultIsDescribedAsItWouldBeWritten) {
  const auto told = [](const std::string& step) {
    return std::get<Fault>(read(steps_only(step)).steps[0].what).text;
  };
  EXPECT_EQ(told(R"({"cut": ["a", "b"], "how": "fin", "noticed_by": "b"})"), "cut a b (fin, b)");
  EXPECT_EQ(told(R"({"partition": "a"})"), "partition a | b c d m");
  EXPECT_EQ(told(R"({"clog": {"from": "a", "to": "b"}, "for": "1s"})"), "clog a > b");
  EXPECT_EQ(told(R"({"restart": "a", "disk": "lose", "config": {"repl-timeout": 5}, "replicaof": null})"),
            "restart a (lose, config repl-timeout=5, replicaof nobody)");
  EXPECT_EQ(told(R"({"job": "a", "does": "takes", "time": "2000ms"})"), "job a (snapshot, takes, 2s)");
}

TEST(Write, SettlesWhatAProgramMade) {
  Scenario scenario = read(steps_only(""));
  scenario.nodes[0].config = {{"repl-timeout", "5"}, {"save", ""}, {"repl-timeout", "7"}};
  scenario.steps.push_back({Expect{{{Equal{{"a", "b"}}, InfoIs{"a", "role", {scenarios::Test::Op::is, "master"}}}, {}}},
                            {}, {}, {}, {}});
  settle(scenario);
  EXPECT_EQ(scenario.nodes[0].config, (ConfigLines{{"repl-timeout", "7"}, {"save", ""}}));
  EXPECT_EQ(scenario.steps[0].place.pointer, "/steps/0");
  EXPECT_TRUE(read(write_scenario(scenario)) == scenario);
}

TEST(Write, RefusesWhatTheLanguageCannotSay) {
  Scenario scenario = read(steps_only(""));
  Condition twice{{Equal{{"a", "b"}}, Equal{{"c", "d"}}}, {}};
  scenario.steps.push_back({Expect{twice}, {}, {}, {}, {}});
  EXPECT_THROW(write_scenario(scenario), std::logic_error);
}

TEST(Scenario, EqualityLooksAtEverythingButPlaces) {
  const std::string one = steps_only(R"({"expect": {"not": {"up": "a"}, "any": [{"up": "a"}]}})");
  EXPECT_TRUE(read(one) == read("\n\n" + one));
  EXPECT_FALSE(read(one) == read(steps_only(R"({"expect": {"not": {"up": "b"}, "any": [{"up": "a"}]}})")));
  EXPECT_FALSE(read(one) == read(steps_only(R"({"expect": {"not": {"up": "a"}, "any": [{"up": "b"}]}})")));
  EXPECT_FALSE(read(one) == read(steps_only(R"({"sleep": "1s"})")));
}

}  // namespace
