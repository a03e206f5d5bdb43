// The small parts of the reader: nearest words, places, durations and sizes.

#include <gtest/gtest.h>

#include "scenarios/language/json_places.h"
#include "scenarios/language/nearest.h"
#include "scenarios/language/reading.h"
#include "tests/support/scenario_files.h"

namespace {

using namespace scenarios;
using namespace std::chrono_literals;

TEST(Nearest, FindsTheWordThatWasMeant) {
  const Words known = {"repl-backlog-size", "repl-backlog-ttl", "repl-timeout", "wait", "cut"};
  EXPECT_EQ(nearest_word("repl-backlog-sice", known), "repl-backlog-size");
  EXPECT_EQ(nearest_word("repl_backlog_TTL", known), "repl-backlog-ttl");
  EXPECT_EQ(nearest_word("wiat", known), "wait");
  EXPECT_EQ(nearest_word("cutt", known), "cut");
  EXPECT_EQ(nearest_word("zebra", known), "");
  EXPECT_EQ(nearest_word("", known), "");
  EXPECT_EQ(nearest_word(std::string(100'000, 'a'), known), "");
}

// Reads one value of a kind; the text is what stands in the file.
template <class Read>
auto read_one(const std::string& json, Read&& read) {
  Document document(json);
  LoadErrors errors;
  EXPECT_TRUE(document.parse(errors)) << json;
  Errors found(document);
  auto value = read(document.root(), found);
  EXPECT_EQ(value.has_value(), found.take().empty()) << json;
  return value;
}

TEST(Reading, DurationsAreExactAndHaveAUnit) {
  const auto duration = [](const std::string& text) {
    return read_one("\"" + text + "\"",
                    [](const Value& v, Errors& e) { return read_duration(v, e, true); });
  };
  EXPECT_EQ(duration("250ms"), sim::Duration(250ms));
  EXPECT_EQ(duration("500us"), sim::Duration(500));
  EXPECT_EQ(duration("1.5s"), sim::Duration(1500ms));
  EXPECT_EQ(duration("0.000001s"), sim::Duration(1));
  EXPECT_EQ(duration("-2m"), sim::Duration(-120s));
  EXPECT_EQ(duration("10000h"), sim::Duration(10'000h));
  EXPECT_EQ(duration("1.0us"), sim::Duration(1));
  for (const char* bad : {"", "5", "s", "5 s", "5S", ".5s", "5.s", "1.2.3s", "0.5us", "1e3s", "+5s", "--5s",
                          "10001h", "99999999999999999999s", "0x5s"}) {
    EXPECT_EQ(duration(bad), std::nullopt) << bad;
  }
}

TEST(Reading, SizesAreRedissOwn) {
  const auto size = [](const std::string& json) {
    return read_one(json, [](const Value& v, Errors& e) { return read_size(v, e, {0, 1 << 30}); });
  };
  EXPECT_EQ(size("\"16kb\""), 16384);
  EXPECT_EQ(size("\"16k\""), 16000);
  EXPECT_EQ(size("\"1GB\""), 1 << 30);
  EXPECT_EQ(size("7"), 7);
  for (const char* bad : {"\"\"", "\"kb\"", "\"1kib\"", "\"-1\"", "\"2gb\"", "1.5", "-1", "null"}) {
    EXPECT_EQ(size(bad), std::nullopt) << bad;
  }
}

TEST(Places, EveryValueKnowsItsOwn) {
  const std::string text = "{\n  \"a/b\" : [1, -2.5 ,\n \"x\\\"y\", {\"~\": null}],\"t\":true}";
  Document document(text);
  LoadErrors errors;
  ASSERT_TRUE(document.parse(errors));
  EXPECT_TRUE(errors.empty());
  const auto shown = [&](const Value& value) {
    return document.place_of(value).pointer + " " + std::to_string(document.place_of(value).line) + ":" +
           std::to_string(document.place_of(value).column);
  };
  const Value& list = *document.root().find("a/b");
  EXPECT_EQ(shown(document.root()), " 1:1");
  EXPECT_EQ(shown(list), "/a~1b 2:11");
  EXPECT_EQ(document.place_of_key(list).column, 3U);
  EXPECT_EQ(shown(*list.children[1]), "/a~1b/1 2:15");
  EXPECT_EQ(shown(*list.children[2]), "/a~1b/2 3:2");
  EXPECT_EQ(list.children[2]->text, "x\"y");
  EXPECT_EQ(shown(*list.children[3]->find("~")), "/a~1b/3/~0 3:16");
  EXPECT_EQ(shown(*document.root().find("t")), "/t 3:27");
}

TEST(Places, ShownTextIsShortPrintableAndUtf8) {
  EXPECT_EQ(in_quotes("a\nb\t\"\\"), R"("a\nb\t\"\\")");
  EXPECT_EQ(in_quotes(std::string("\0\x7f\xff", 3)), R"("\x00\x7f\xff")");
  EXPECT_LT(in_quotes(std::string(1000, 'x')).size(), 80U);
}

}  // namespace
