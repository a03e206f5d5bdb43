// The wire protocol: what comes out does not depend on where the bytes were cut.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "model/data/resp.h"

namespace {

using model::Reply;
using model::ReplyParser;
using model::RequestParser;

struct Parsed {
  std::vector<std::vector<std::string>> requests;
  std::string raw;  // of all requests, one behind the other
  std::string problem;
  std::size_t pending = 0;
};

Parsed parse(const std::vector<std::string>& pieces) {
  Parsed parsed;
  RequestParser parser;
  std::vector<std::string> argv;
  for (const std::string& piece : pieces) {
    parser.feed(piece);
    RequestParser::Got got;
    while ((got = parser.next(argv)) == RequestParser::Got::request) {
      parsed.requests.push_back(argv);
      parsed.raw += parser.raw();
    }
    if (got == RequestParser::Got::malformed) parsed.problem = parser.problem();
  }
  parsed.pending = parser.pending();
  return parsed;
}

std::string problem_of(const std::string& bytes) {
  return parse({bytes}).problem;
}

// Cuts `bytes` where the draws say.
std::vector<std::string> pieces_of(const std::string& bytes) {
  std::vector<std::string> pieces;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, 12);
    pieces.push_back(bytes.substr(at, size));
    at += size;
  }
  return pieces;
}

std::string one_request() {
  const auto argv = *rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<std::string>>());
  std::string bytes;
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return "\r\n";
    case 1:
      return "*0\r\n";
    case 2:  // inline
      for (const std::string& word : argv) bytes += model::quoted(word) + " ";
      return bytes + "\n";
    default:
      model::append_request(bytes, argv);
      return bytes;
  }
}

std::string some_requests() {
  std::string bytes;
  for (int count = *rc::gen::inRange(0, 12); count > 0; --count) bytes += one_request();
  return bytes;
}

RC_GTEST_PROP(RequestParser, DoesNotCareWhereTheBytesWereCut, ()) {
  const std::string bytes = some_requests();
  const Parsed whole = parse({bytes});
  const Parsed cut = parse(pieces_of(bytes));
  RC_ASSERT(whole.problem.empty());
  RC_ASSERT(cut.requests == whole.requests);
  RC_ASSERT(cut.pending == whole.pending);
  RC_ASSERT(cut.raw == whole.raw);
  RC_ASSERT(cut.raw + bytes.substr(bytes.size() - cut.pending) == bytes);
}

RC_GTEST_PROP(RequestParser, ReadsBackWhatWasWritten, (const std::vector<std::string>& argv)) {
  RC_PRE(!argv.empty());
  std::string bytes;
  model::append_request(bytes, argv);
  const Parsed parsed = parse({bytes});
  RC_ASSERT(parsed.requests == std::vector<std::vector<std::string>>{argv});
  RC_ASSERT(parsed.raw == bytes);
}

RC_GTEST_PROP(RequestParser, FindsTheSameFaultsInDamagedBytes, ()) {
  std::string bytes = some_requests();
  RC_PRE(!bytes.empty());
  bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
  const Parsed whole = parse({bytes});
  const Parsed cut = parse(pieces_of(bytes));
  RC_ASSERT(cut.problem == whole.problem);
  RC_ASSERT(cut.requests == whole.requests);
  RC_ASSERT(cut.raw == whole.raw);
}

RC_GTEST_PROP(RequestParser, IsEqualWhenItWillGoOnAlike, ()) {
  const std::string bytes = some_requests();
  RequestParser whole, cut;
  whole.feed(bytes);
  std::vector<std::string> argv;
  while (whole.next(argv) == RequestParser::Got::request) {
  }
  for (const std::string& piece : pieces_of(bytes)) {
    cut.feed(piece);
    while (cut.next(argv) == RequestParser::Got::request) {
    }
  }
  RC_ASSERT(cut == whole);
  cut.feed("*");
  RC_ASSERT(!(cut == whole));
}

TEST(RequestParser, SaysWhatIsWrongInTheWordsOfRedis) {
  EXPECT_EQ(problem_of("*1\r\nx\r\n"), "Protocol error: expected '$', got 'x'");
  EXPECT_EQ(problem_of("*1\r\n\n\r\n"), "Protocol error: expected '$', got ' '");
  EXPECT_EQ(problem_of("*x\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(problem_of("*2147483648\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(problem_of("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(problem_of("*1\r\n$01\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(problem_of("*1\r\n$536870913\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(problem_of("\"a\r\n"), "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(problem_of(std::string(65537, 'A')), "Protocol error: too big inline request");
  EXPECT_EQ(problem_of("*" + std::string(65537, '1')),
            "Protocol error: too big mbulk count string");
  EXPECT_EQ(problem_of("*1\r\n$" + std::string(65537, '1')),
            "Protocol error: too big bulk count string");
}

TEST(RequestParser, WaitsWhereRedisWaits) {
  for (const std::string bytes :
       {"*1\r", "*1\r\n", "*1\r\n$4\r\nPING\r", "PING", "*2147483647\r\n"})
    EXPECT_EQ(problem_of(bytes) + std::to_string(parse({bytes}).requests.size()), "0") << bytes;
  // A zero byte hides the rest of the line: C's string functions look for its end.
  EXPECT_TRUE(parse({std::string("PI\0NG\r\n", 7)}).requests.empty());
  EXPECT_TRUE(parse({std::string("*1\r\n\0\r\n", 7)}).problem.empty());
}

TEST(RequestParser, AMasterMaySendBulksOfAnyLength) {
  RequestParser parser;
  parser.set_unlimited(true);
  parser.feed("*1\r\n$536870913\r\n");
  std::vector<std::string> argv;
  EXPECT_EQ(parser.next(argv), RequestParser::Got::nothing_yet);
}

TEST(RequestParser, StaysMalformedUntilCleared) {
  RequestParser parser;
  std::vector<std::string> argv;
  parser.feed("*x\r\n");
  EXPECT_EQ(parser.next(argv), RequestParser::Got::malformed);
  parser.feed("PING\r\n");
  EXPECT_EQ(parser.next(argv), RequestParser::Got::malformed);
  parser.clear();
  parser.feed("PING\r\n");
  EXPECT_EQ(parser.next(argv), RequestParser::Got::request);
  EXPECT_TRUE(parser.was_inline());
  EXPECT_EQ(parser.raw(), "PING\r\n");
}

TEST(RequestParser, SkippedLinesBelongToWhatFollows) {
  RequestParser parser;
  std::vector<std::string> argv;
  parser.feed("\r\n*0\r\n\n*1\r\n$4\r\nPING\r\nrest");
  ASSERT_EQ(parser.next(argv), RequestParser::Got::request);
  EXPECT_EQ(argv, std::vector<std::string>{"PING"});
  EXPECT_FALSE(parser.was_inline());
  EXPECT_EQ(parser.raw(), "\r\n*0\r\n\n*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(parser.pending_bytes(), "rest");
}

// Appendix A of the protocol reference: sizes that offsets are counted with.
TEST(Request, HasTheGoldenBytes) {
  EXPECT_EQ(model::request({"PING"}), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(model::request({"MULTI"}).size(), 15U);
  EXPECT_EQ(model::request({"EXEC"}).size(), 14U);
  EXPECT_EQ(model::request({"SELECT", "0"}), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
  EXPECT_EQ(model::request({"SELECT", "15"}).size(), 24U);
  EXPECT_EQ(model::request({"REPLCONF", "GETACK", "*"}).size(), 37U);
  EXPECT_EQ(model::request({"REPLCONF", "ACK", "1218"}).size(), 37U);
  EXPECT_EQ(model::request({"SET", "a", "1"}).size(), 27U);
  EXPECT_EQ(model::request({"PSYNC", "?", "-1"}).size(), 30U);
}

// --- lines
// -----------------------------------------------------------------------------------------

using Words = std::vector<std::string>;

TEST(SplitLine, KnowsQuotesAndEscapes) {
  EXPECT_EQ(model::split_line("  SET  k\tv "), (Words{"SET", "k", "v"}));
  EXPECT_EQ(model::split_line(R"("a\x41\n\"" '\'b"' "")"), (Words{"aA\n\"", "'b\"", ""}));
  EXPECT_EQ(model::split_line(R"(foo"bar")"), (Words{"foobar"}));
  EXPECT_EQ(model::split_line(R"("\q\xzz")"), (Words{"qxzz"}));
  EXPECT_EQ(model::split_line(""), Words{});
  for (const std::string line : {R"("a)", R"('a)", R"("a"b)", R"('a'b)", R"("a\")"})
    EXPECT_EQ(model::split_line(line), std::nullopt) << line;
}

RC_GTEST_PROP(SplitLine, UndoesQuoted, (const Words& words)) {
  std::string line;
  for (const std::string& word : words) line += model::quoted(word) + " ";
  RC_ASSERT(model::split_line(line) == words);
}

// --- replies
// ---------------------------------------------------------------------------------------

Reply some_reply(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 7 : 6);
  const auto text = [](std::string s) {
    std::erase_if(s, [](char c) { return c == '\r' || c == '\n'; });
    return s;
  };
  switch (kind) {
    case 0:
      return {Reply::Kind::simple, text(*rc::gen::arbitrary<std::string>()), {}};
    case 1:
      return {Reply::Kind::error, text(*rc::gen::arbitrary<std::string>()), {}};
    case 2:
      return {Reply::Kind::integer, std::to_string(*rc::gen::arbitrary<std::int64_t>()), {}};
    case 3:
      return {Reply::Kind::bulk, *rc::gen::arbitrary<std::string>(), {}};
    case 4:
      return {Reply::Kind::null, "", {}};
    case 5:
      return {Reply::Kind::null_array, "", {}};
    default:
      break;
  }
  Reply array{Reply::Kind::array, "", {}};
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) array.elements.push_back(some_reply(depth - 1));
  return array;
}

void write(model::ReplyWriter& writer, const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::simple:
      return writer.simple(reply.text);
    case Reply::Kind::error:
      return writer.error(reply.text);
    case Reply::Kind::integer:
      return writer.integer(std::stoll(reply.text));
    case Reply::Kind::bulk:
      return writer.bulk(reply.text);
    case Reply::Kind::null:
      return writer.null();
    case Reply::Kind::null_array:
      return writer.null_array();
    case Reply::Kind::array:
      break;
  }
  writer.array(reply.elements.size());
  for (const Reply& element : reply.elements) write(writer, element);
}

RC_GTEST_PROP(ReplyParser, ReadsWhatWasWrittenHoweverItIsCut, ()) {
  std::vector<Reply> written;
  std::string bytes;
  model::ReplyWriter writer(bytes);
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
    written.push_back(some_reply(3));
    write(writer, written.back());
  }
  ReplyParser parser;
  std::vector<Reply> read;
  for (const std::string& piece : pieces_of(bytes)) {
    parser.feed(piece);
    for (Reply reply; parser.next(reply) == ReplyParser::Got::reply;) read.push_back(reply);
  }
  RC_ASSERT(read == written);
  RC_ASSERT(parser.pending() == 0U);
  RC_ASSERT(parser == ReplyParser());
}

TEST(ReplyParser, RefusesWhatIsNoReply) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "*1\r\n";
  for (const std::string& bytes :
       {std::string("?\r\n"), std::string("\r\n"), std::string(":x\r\n"), std::string("$-2\r\n"),
        std::string("$1\r\nxyz"), std::string("*-2\r\n"), std::string("$99999999999\r\n"), deep}) {
    ReplyParser parser;
    Reply reply;
    parser.feed(bytes);
    EXPECT_EQ(parser.next(reply), ReplyParser::Got::malformed) << bytes;
    parser.feed("+OK\r\n");
    EXPECT_EQ(parser.next(reply), ReplyParser::Got::malformed) << bytes;
    parser.clear();
    parser.feed("+OK\r\n");
    EXPECT_EQ(parser.next(reply), ReplyParser::Got::reply);
  }
}

TEST(ReplyText, LooksAsRedisCliPrintsIt) {
  ReplyParser parser;
  parser.feed("*6\r\n+OK\r\n-ERR no\r\n:7\r\n$2\r\na\n\r\n$-1\r\n*0\r\n");
  Reply reply;
  ASSERT_EQ(parser.next(reply), ReplyParser::Got::reply);
  EXPECT_EQ(model::to_text(reply), R"([OK, (error) ERR no, (integer) 7, "a\n", (nil), []])");
}

}  // namespace
