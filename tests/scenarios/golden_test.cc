// Golden cases are read as the recorder reads them: what it would not know is an error with its
// place, and messages end where it lets them end.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scenarios/golden/case.h"
#include "scenarios/golden/play.h"
#include "scenarios/golden/words.h"

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

Json case_of(const std::string& steps) {
  return Json::parse(R"({"name": "x", "nodes": {"A": {}, "B": {}}, "steps": [)" + steps + "]}");
}

NotUnderstood problem_with(const std::string& steps) {
  const auto read = read_case(case_of(steps));
  const auto* problem = std::get_if<NotUnderstood>(&read);
  return problem == nullptr ? NotUnderstood{"", "understood"} : *problem;
}

TEST(GoldenCase, UnknownThingsAreErrorsWithTheirPlace) {
  EXPECT_EQ(problem_with(R"({"sleep": 1}, {"jump": "A"})").where, R"(steps[1] {"jump":"A"})");
  EXPECT_EQ(problem_with(R"({"jump": "A"})").problem, "an unknown step");
  EXPECT_NE(problem_with(R"({"fault": "B>A", "kind": "melt"})").problem.find("\"melt\""),
            std::string::npos);
  EXPECT_NE(problem_with(R"({"wire_wait": "B>A", "what": "smoke"})").problem.find("\"smoke\""),
            std::string::npos);
  EXPECT_EQ(problem_with(R"({"kill": "C"})").problem, "there is no node \"C\"");
  EXPECT_EQ(problem_with(R"({"fault": "C>A", "kind": "cut"})").problem,
            "there is no link \"C>A\"; expected \"REPLICA>MASTER\"");
  EXPECT_EQ(problem_with(R"({"fault": "B>A", "kind": "cut_after", "dir": "m2r"})").problem,
            "\"bytes\" is missing");
  EXPECT_NE(problem_with(R"({"checkpoint": "x", "keys": "some"})").problem.find("\"digest\""),
            std::string::npos);
}

TEST(GoldenCase, MembersThatTheRecorderDoesNotReadAreNamed) {
  const auto read = read_case(case_of(R"({"sleep": 1, "why": "to rest"})"));
  EXPECT_EQ(std::get<Case>(read).unread, std::vector<std::string>{"steps[0].why"});
}

// What the recorder's scripted masters make of a newline before an array.
TEST(GoldenWords, ANewlineMakesLinesOfAnArray) {
  std::string_view rest = "\n*2\r\n$4\r\nPING\r\n";
  auto message = first_message(rest);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, Message::Kind::line);
  EXPECT_EQ(message->words, std::vector<std::string>{"*2"});
  message = first_message(rest.substr(message->raw.size()));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, Message::Kind::bulk);
  EXPECT_EQ(message->words, std::vector<std::string>{"PING"});
}

TEST(GoldenWords, MessagesAreWholeOrNothing) {
  EXPECT_FALSE(first_message("*1\r\n$4\r\nPIN"));
  EXPECT_FALSE(first_message("$4\r\nPING\r"));
  EXPECT_FALSE(first_message("+O"));
  const auto array = first_message("*2\r\n$3\r\nGET\r\n*1\r\n$1\r\nk\r\nrest");
  ASSERT_TRUE(array);
  EXPECT_EQ(array->raw, "*2\r\n$3\r\nGET\r\n*1\r\n$1\r\nk\r\n");
  EXPECT_EQ(first_message("*0\r\n")->kind, Message::Kind::array);
  EXPECT_EQ(first_message("$-1\r\n")->kind, Message::Kind::nil);
}

TEST(GoldenWords, PartsOfWhatAMasterSends) {
  const Parts sized = parts_of("+PONG\r\n\n+FULLRESYNC id 5\r\n\n$3\r\nabcSET");
  EXPECT_EQ(sized.reply, 8U);
  EXPECT_EQ(sized.header, 27U);
  EXPECT_EQ(sized.payload, 31U);
  EXPECT_EQ(sized.payload_end, 34U);
  EXPECT_EQ(sized.stream, 34U);
  const std::string mark(40, 'm');
  const Parts marked = parts_of("$EOF:" + mark + "\r\nabc" + mark + "SET");
  EXPECT_EQ(marked.payload, 47U);
  EXPECT_EQ(marked.payload_end, 50U);
  EXPECT_EQ(marked.stream, 90U);
  EXPECT_FALSE(parts_of("$EOF:" + mark + "\r\nabc" + mark.substr(1)).stream);
  EXPECT_EQ(parts_of("+CONTINUE\r\nSET").stream, 11U);
}

// A proxy listens before its master does; who dials is let in and put out again.
TEST(GoldenPlay, AProxyWithNobodyBehindIt) {
  const auto read = read_case(Json::parse(R"({"name": "x", "collapse_repeats": true,
      "nodes": {"A": {"autostart": false}, "B": {}},
      "steps": [{"replicaof": "B", "of": "A"}, {"wire_wait": "B>A", "what": "ended"}]})"));
  const auto played = play(std::get<Case>(read));
  ASSERT_TRUE(std::holds_alternative<Json>(played));
  const Json& link = std::get<Json>(played)["wire"]["B>A"];
  ASSERT_EQ(link.size(), 1U);
  EXPECT_EQ(link[0]["end"], "master refused");
}

}  // namespace
}  // namespace scenarios::golden
