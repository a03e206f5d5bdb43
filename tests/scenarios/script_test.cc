// What a raw peer says, without a host: bytes and time in, bytes out.
#include "scenarios/world/script.h"

#include <gtest/gtest.h>

namespace {

using scenarios::PeerScript;
using End = PeerScript::End;

constexpr sim::Instant at(int ms) {
  return sim::Instant(std::chrono::milliseconds(ms));
}

struct Talk {
  scenarios::Replies replies;
  PeerScript script;
  std::string heard(std::string_view bytes, int ms) {
    script.hears(bytes);
    return said(ms);
  }
  std::string said(int ms) {
    std::string out;
    script.speak(replies, at(ms), out);
    return out;
  }
};

TEST(PeerScript, AnswersByTwoWordsBeforeOne) {
  Talk talk{{{"REPLCONF", {"+OK"}}, {"replconf capa", {"-no"}}}, PeerScript()};
  EXPECT_EQ(talk.heard("REPLCONF capa eof\r\nREPLCONF x y\r\nPING\r\n", 0), "-no\r\n+OK\r\n");
}

TEST(PeerScript, HasAReplyForEachConnectionAndTheLastForAllLaterOnes) {
  const scenarios::Replies replies = {{"PSYNC", {"-one", "-two"}}};
  for (const auto& [connection, reply] : {std::pair{0, "-one\r\n"}, {1, "-two\r\n"}, {7, "-two\r\n"}}) {
    Talk talk{replies, PeerScript(static_cast<std::size_t>(connection))};
    EXPECT_EQ(talk.heard("PSYNC ? -1\r\n", 0), reply);
  }
}

TEST(PeerScript, PausesAndHearsNothingMeanwhile) {
  Talk talk{{{"PING", {"one|@sleep:50|two"}}}, PeerScript()};
  EXPECT_EQ(talk.heard("PING\r\nPING\r\n", 10), "one");
  EXPECT_EQ(talk.script.due(), at(60));
  EXPECT_EQ(talk.said(59), "");
  EXPECT_EQ(talk.said(60), "twoone");
  EXPECT_EQ(talk.script.due(), at(110));
}

TEST(PeerScript, TricklesAByteAtATime) {
  Talk talk{{{"PING", {"go|@trickle:5|abc"}}, {"ECHO", {"whole"}}}, PeerScript()};
  EXPECT_EQ(talk.heard("PING\r\nECHO\r\n", 0), "goa");
  EXPECT_EQ(talk.said(4), "");
  EXPECT_EQ(talk.said(5), "b");
  EXPECT_EQ(talk.said(10), "c");
  EXPECT_EQ(talk.said(15), "whole");  // a new reply is not trickled
  EXPECT_FALSE(talk.script.due());
}

TEST(PeerScript, CutsAcrossParts) {
  Talk talk{{{"PING", {"ab|@cut:3|cd|ef|gh"}}}, PeerScript()};
  EXPECT_EQ(talk.heard("PING\r\nPING\r\n", 0), "abcde");
  EXPECT_EQ(talk.script.end(), End::fin);
  EXPECT_EQ(talk.said(1000), "");
}

TEST(PeerScript, FallsSilentAndEnds) {
  Talk silent{{{"PING", {"a|@silence|b"}}}, PeerScript()};
  EXPECT_EQ(silent.heard("PING\r\nPING\r\n", 0), "a");
  EXPECT_EQ(silent.script.end(), End::none);
  Talk closes{{{"PING", {"a|@close|b"}}}, PeerScript()};
  EXPECT_EQ(closes.heard("PING\r\n", 0), "a");
  EXPECT_EQ(closes.script.end(), End::fin);
  Talk resets{{{"PING", {"@rst"}}}, PeerScript()};
  EXPECT_EQ(resets.heard("PING\r\n", 0), "");
  EXPECT_EQ(resets.script.end(), End::rst);
}

TEST(PeerScript, SendsASnapshotWholeOrSpoilt) {
  Talk talk{{{"GOOD", {"@rdb"}}, {"BAD", {"@badrdb"}}}, PeerScript()};
  const std::string good = talk.heard("GOOD\r\n", 0), bad = talk.heard("BAD\r\n", 0);
  ASSERT_EQ(good.size(), bad.size());
  EXPECT_TRUE(good.starts_with("$"));
  EXPECT_EQ(good.substr(0, good.size() - 1), bad.substr(0, bad.size() - 1));
  EXPECT_NE(good.back(), bad.back());
}

}  // namespace
