#include "sim/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <sstream>

namespace sim {
namespace {

using testing::HasSubstr;

Instant at(std::int64_t us) { return Instant{Duration{us}}; }

Trace small_trace(TraceMode mode = TraceMode::keep) {
  Trace trace(mode);
  trace.add(at(0), record::Scenario{.name = "x", .point = "Shows it.", .seed = ~std::uint64_t{0}});
  trace.add(at(0), record::Host{.host = 0, .name = "a"});
  trace.add(at(7), record::Message{
                       .end = 0, .host = 0, .peer = 1, .text = "PING", .from = 0, .count = 14});
  trace.add(at(9),
            record::Delivered{.end = 1, .from = 0, .count = 14, .digest = 0xfedcba9876543210});
  trace.add(at(9), record::Gauge{.host = 0, .name = "offset", .value = -1});
  return trace;
}

std::string written(const Trace& trace) {
  std::ostringstream out;
  write_trace(out, trace);
  return out.str();
}

std::variant<std::vector<Record>, TraceError> read(const std::string& text) {
  std::istringstream in(text);
  return read_trace(in);
}

// If this changes, no stored hash is worth anything any more.
TEST(Trace, HashesToWhatItHasAlwaysHashedTo) {
  EXPECT_EQ(small_trace().hash(), 1821906536397924516U);
}

TEST(Trace, TheHashIsTheSameWhetherRecordsAreKeptOrNot) {
  const Trace kept = small_trace(), hashed = small_trace(TraceMode::hash_only);
  EXPECT_EQ(kept.hash(), hashed.hash());
  EXPECT_EQ(kept.count(), hashed.count());
  EXPECT_EQ(kept.records().size(), 5U);
  EXPECT_TRUE(hashed.records().empty());
}

// Of each kind that is told field by field: the fields in the order of the record.
TEST(Trace, WhatIsToldIsWhatIsAdded) {
  for (const TraceMode mode : {TraceMode::keep, TraceMode::hash_only}) {
    Trace added(mode), told(mode);
    added.add(at(1), record::Process{.host = 1, .what = "exit", .why = "SHUTDOWN"});
    added.add(at(2), record::Connection{.end = 1, .host = 2, .peer = 3, .what = "refused"});
    added.add(at(3), record::Transition{.host = 1,
                                        .machine = "replica-feed",
                                        .instance = 7,
                                        .from = "WAIT_BGSAVE_START",
                                        .to = "",
                                        .on = "lost"});
    added.add(at(4), record::Mark{.host = 2, .name = "mark_with_a_long_name"});
    added.add(at(5), record::Step{.place = "/steps/0", .what = "run", .text = "a> SET k v"});
    added.add(at(6), record::Note{.host = 0, .topic = "resync", .text = "in words"});
    told.tell<record::Process>(at(1), 1U, "exit", "SHUTDOWN");
    told.tell<record::Connection>(at(2), 1U, 2U, 3U, std::string_view("refused"));
    told.tell<record::Transition>(at(3), 1U, "replica-feed", 7U, "WAIT_BGSAVE_START", "", "lost");
    told.tell<record::Mark>(at(4), 2U, "mark_with_a_long_name");
    told.tell<record::Step>(at(5), std::string("/steps/0"), "run", "a> SET k v");
    told.tell<record::Note>(at(6), 0U, "resync", "in words");
    EXPECT_EQ(added, told);
  }
}

TEST(Trace, ProseIsNoPartOfTheHash) {
  Trace trace = small_trace();
  trace.add(at(10), record::Note{.host = 0, .topic = "resync", .text = "in words"});
  EXPECT_EQ(trace.hash(), small_trace().hash());
  EXPECT_EQ(trace.records().size(), 6U);
}

TEST(Trace, TheHashKnowsKindTimeFieldsAndOrder) {
  const auto hash = [](auto... records) {
    Trace trace;
    (trace.add(at(1), records), ...);
    return trace.hash();
  };
  const record::Mark ab{0, "ab"}, c{0, "c"};
  EXPECT_NE(hash(ab, c), hash(c, ab));
  EXPECT_NE(hash(record::Mark{0, "x"}), hash(record::Host{0, "x"}));
  EXPECT_NE(hash(record::Step{"ab", "c", ""}), hash(record::Step{"a", "bc", ""}));
  EXPECT_NE(hash(record::Mark{0, "x"}), hash(record::Mark{1, "x"}));
  Trace later;
  later.add(at(2), ab);
  EXPECT_NE(later.hash(), hash(ab));
}

TEST(Trace, IsWrittenAsJsonLines) {
  EXPECT_EQ(written(small_trace()),
            R"({"format":"replsim-trace","version":1})" "\n"
            R"({"t":0,"kind":"scenario","name":"x","point":"Shows it.","seed":"18446744073709551615"})" "\n"
            R"({"t":0,"kind":"host","host":0,"name":"a"})" "\n"
            R"({"t":7,"kind":"message","end":0,"host":0,"peer":1,"text":"PING","from":0,"count":14})" "\n"
            R"({"t":9,"kind":"delivered","end":1,"from":0,"count":14,"digest":"18364758544493064720"})" "\n"
            R"({"t":9,"kind":"gauge","host":0,"name":"offset","value":-1})" "\n"
            R"({"hash":"1948b6578bf5e8a4","records":5})" "\n");
}

TEST(Trace, EveryStringComesBackAsItWas) {
  const std::vector<std::string> odd = {
      "", std::string("\0\x01\x1f\x7f", 4), "quote \" and \\ back", "caf\u00e9", "\xe9", "\xff\xfe",
      "\xc3\xa9", "\xc3", "\u4f60\u597d", "\u4f60\xff", "\xed\xa0\x80", "\xf4\x90\x80\x80",
      "\U0001f600 and \u00e9", "\xc0\x80", "line\nbreak\r\n", "\u2028", "\\u0041"};
  Trace trace(TraceMode::keep);
  for (const std::string& text : odd) trace.add(at(1), record::Mark{.host = 1, .name = text});
  const auto back = read(written(trace));
  ASSERT_TRUE(std::holds_alternative<std::vector<Record>>(back));
  EXPECT_EQ(std::get<std::vector<Record>>(back), trace.records());
}

TEST(Trace, BytesAreWrittenOneCharacterEach) {
  Trace trace(TraceMode::keep);
  trace.add(at(0), record::Mark{.host = 0, .name = "\xff\x01z"});
  EXPECT_THAT(written(trace), HasSubstr(R"("name":"\u00ff\u0001z")"));
}

RC_GTEST_PROP(Trace, ComesBackAsItWasWritten, ()) {
  using Text = std::string;
  const auto number = [] { return *rc::gen::arbitrary<std::uint32_t>(); };
  const auto wide = [] { return *rc::gen::arbitrary<std::uint64_t>(); };
  const auto text = [] { return *rc::gen::container<Text>(rc::gen::arbitrary<char>()); };
  Trace trace(TraceMode::keep);
  const int records = *rc::gen::inRange(0, 20);
  for (int i = 0; i < records; ++i) {
    const Instant when = at(*rc::gen::arbitrary<std::int64_t>());
    switch (*rc::gen::inRange(0, 13)) {
      case 0: trace.add(when, record::Scenario{text(), text(), wide()}); break;
      case 1: trace.add(when, record::Host{number(), text()}); break;
      case 2: trace.add(when, record::Process{number(), text(), text()}); break;
      case 3: trace.add(when, record::Connection{number(), number(), number(), text()}); break;
      case 4: trace.add(when, record::Delivered{number(), wide(), wide(), wide()}); break;
      case 5:
        trace.add(when, record::Message{number(), number(), number(), text(), wide(), wide()});
        break;
      case 6:
        trace.add(when, record::Transition{number(), text(), number(), text(), text(), text()});
        break;
      case 7: trace.add(when, record::Mark{number(), text()}); break;
      case 8: trace.add(when, record::Note{number(), text(), text()}); break;
      case 9:
        trace.add(when, record::Gauge{number(), text(), static_cast<std::int64_t>(wide())});
        break;
      case 10: trace.add(when, record::Fault{number(), text(), text()}); break;
      case 11: trace.add(when, record::Step{text(), text(), text()}); break;
      default: trace.add(when, record::Verdict{text(), text(), text()}); break;
    }
  }
  const auto back = read(written(trace));
  RC_ASSERT(std::holds_alternative<std::vector<Record>>(back));
  RC_ASSERT(std::get<std::vector<Record>>(back) == trace.records());
}

TEST(Trace, ExtremeNumbersComeBack) {
  Trace trace(TraceMode::keep);
  const std::uint64_t exact = std::uint64_t{1} << 53;
  for (const std::uint64_t n : {std::uint64_t{0}, exact - 1, exact, exact + 1, ~std::uint64_t{0}}) {
    trace.add(at(1), record::Delivered{.end = ~0U, .from = n, .count = n, .digest = n});
    trace.add(at(1), record::Gauge{.host = 0, .name = "", .value = static_cast<std::int64_t>(n)});
    trace.add(at(1),
              record::Gauge{.host = 0, .name = "", .value = static_cast<std::int64_t>(0 - n)});
  }
  trace.add(kNever, record::Gauge{
                        .host = 0, .name = "", .value = std::numeric_limits<std::int64_t>::min()});
  const auto back = read(written(trace));
  ASSERT_TRUE(std::holds_alternative<std::vector<Record>>(back));
  EXPECT_EQ(std::get<std::vector<Record>>(back), trace.records());
}

// --- damaged traces ---

// Replaces `old` in the written small trace and returns what is wrong with it, "line: problem".
std::string damaged(const std::string& old, const std::string& fresh) {
  std::string text = written(small_trace());
  const auto place = text.find(old);
  EXPECT_NE(place, std::string::npos) << old;
  text.replace(place, old.size(), fresh);
  const auto back = read(text);
  if (std::holds_alternative<std::vector<Record>>(back)) return "read it";
  const auto& error = std::get<TraceError>(back);
  return std::to_string(error.line) + ": " + error.problem;
}

TEST(Trace, DamageIsNamedWithItsLine) {
  EXPECT_EQ(damaged("replsim-trace", "other"), "1: not a replsim trace");
  EXPECT_EQ(damaged("\"version\":1", "\"version\":2"), "1: expected version 1 of the trace format");
  EXPECT_EQ(damaged("{\"t\":0,\"kind\":\"host\"", "{\"t\":0,\"ki"),
            "3: expected a JSON object on one line");
  EXPECT_EQ(damaged("\"kind\":\"host\"", "\"kind\":\"hosts\""), "3: unknown kind \"hosts\"");
  EXPECT_EQ(damaged("\"name\":\"a\"", "\"nome\":\"a\""), "3: no \"name\"");
  EXPECT_EQ(damaged("\"name\":\"a\"", "\"name\":\"a\",\"more\":1"),
            "3: a field that a record of this kind does not have");
  EXPECT_EQ(damaged("\"name\":\"a\"", "\"name\":5"), "3: \"name\": expected a string, found 5");
  EXPECT_EQ(damaged("\"host\":0,\"name\":\"a\"", "\"host\":-1,\"name\":\"a\""),
            "3: \"host\": expected a whole number that fits, found -1");
  EXPECT_EQ(damaged("\"host\":0,\"name\":\"a\"", "\"host\":4294967296,\"name\":\"a\""),
            "3: \"host\": expected a whole number that fits, found 4294967296");
  EXPECT_EQ(damaged("\"18446744073709551615\"", "\"18446744073709551616\""),
            "2: \"seed\": expected a whole number that fits, found \"18446744073709551616\"");
  EXPECT_EQ(damaged("\"t\":7", "\"t\":7.5"),
            "4: \"t\": expected a whole number that fits, found 7.5");
  EXPECT_EQ(damaged("\"records\":5", "\"records\":6"),
            "7: there are 5 records, the last line says otherwise");
  EXPECT_THAT(damaged("\"name\":\"a\"", "\"name\":\"b\""), HasSubstr("7: the records hash to "));
  EXPECT_THAT(damaged("\"name\":\"a\"}\n", "\"name\":\"a\"}\n[]\n"),
              HasSubstr("4: expected a JSON object"));
  EXPECT_EQ(damaged("\"records\":5}\n", "\"records\":5}\n{}\n"),
            "8: a line behind the last one, which has the hash");
}

TEST(Trace, ATraceThatEndsEarlyIsNotATrace) {
  const std::string text = written(small_trace());
  EXPECT_EQ(std::get<TraceError>(read("")).line, 1U);
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    ASSERT_TRUE(std::holds_alternative<TraceError>(read(text.substr(0, length)))) << length;
  }
}

RC_GTEST_PROP(Trace, AnyChangedByteIsSurvived, ()) {
  std::string text = written(small_trace());
  const auto place = *rc::gen::inRange<std::size_t>(0, text.size());
  text[place] = *rc::gen::arbitrary<char>();
  read(text);  // an error or another trace of the same meaning, never a crash
}

}  // namespace
}  // namespace sim
