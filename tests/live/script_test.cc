// `serve --script`: raw masters and replicas of a scenario against real servers on TCP.
#include "tools/live/script.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/live_client.h"
#include "tests/support/redis_server.h"
#include "tests/support/source_tree.h"

namespace {

using live::Played;
using test_support::RedisServer;

struct Outcome {
  Played played{};
  std::string out, log;
};

Outcome play(const std::string& file, int port) {
  live::ScriptOptions options;
  options.file = file;
  options.target.port = static_cast<std::uint16_t>(port);
  options.port = std::uint16_t{0};
  std::ostringstream out, log;
  Outcome outcome;
  outcome.played = play_script(options, out, log);
  outcome.out = out.str();
  outcome.log = log.str();
  return outcome;
}

std::string script(const std::string& name) {
  return test_support::in_tree("tests/live/scripts/" + name + ".json");
}

class LiveScripts : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, LiveScripts,
                         testing::Values("cut-in-payload", "offsets-at-every-edge", "silence",
                                         "transient-errors"));

TEST_P(LiveScripts, HoldOnARealServer) {
  RedisServer real({}, {"--repl-diskless-sync-delay", "0"});
  const Outcome outcome = play(script(GetParam()), real.port());
  EXPECT_EQ(outcome.played, Played::good) << outcome.out << outcome.log;
  EXPECT_NE(outcome.out.find("pass   "), std::string::npos);
}

// R4.28.
TEST(LiveScript, ABadChecksumEndsARealServer) {
  RedisServer real;
  play(script("bad-checksum"), real.port());
  EXPECT_TRUE(test_support::eventually(
      [&] { return real.log().find("RDB file was saved with checksum") != std::string::npos ||
                   real.log().find("Wrong RDB checksum") != std::string::npos; }))
      << real.log();
}

TEST(LiveScript, ADifferenceIsToldWithItsPlace) {
  RedisServer real;
  const std::string path = testing::TempDir() + "/replsim-script.json";
  std::ofstream(path) << R"({"point": "It is not so.", "nodes": {"a": {}}, "peers": {"x": {}}, "calm": false,
    "steps": [
      {"raw": "x", "dial": "a"},
      {"raw": "x", "send": "PING\r\n"},
      {"wait": {"got": {"x": "+PING*"}}, "within": "100ms"}]})";
  const Outcome outcome = play(path, real.port());
  EXPECT_EQ(outcome.played, Played::differs);
  EXPECT_NE(outcome.out.find(path + ":5: waited in vain for "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("+PONG"), std::string::npos) << outcome.out;
}

TEST(LiveScript, WhatCannotBePlayedIsNamed) {
  const std::string path = testing::TempDir() + "/replsim-script-2.json";
  std::ofstream(path) << R"({"point": "Too much.", "nodes": {"a": {}, "b": {"replicaof": "a"}},
    "steps": [{"crash": "a"}]})";
  const Outcome outcome = play(path, 1);
  EXPECT_EQ(outcome.played, Played::bad_input);
  EXPECT_NE(outcome.log.find("a script has one node"), std::string::npos) << outcome.log;
  EXPECT_NE(outcome.log.find(path + ":2: this step cannot be taken"), std::string::npos) << outcome.log;
}

}  // namespace
