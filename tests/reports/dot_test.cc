#include "reports/dot.h"

#include <gtest/gtest.h>

namespace {

namespace dot = reports::dot;

TEST(Dot, EscapesWhatIsMarkup) {
  EXPECT_EQ(dot::html("a < b && c > d"), "a &lt; b &amp;&amp; c &gt; d");
  EXPECT_EQ(dot::quoted(R"(say "\n")"), R"("say \"\\n\"")");
}

TEST(Dot, WrapsLongWordsAtBlanks) {
  EXPECT_EQ(dot::wrapped("short enough to stand on one line"), "short enough to stand on one line");
  EXPECT_EQ(
      dot::wrapped("the connection was lost while a pause held back the stream"),
      R"(the connection was lost while a<BR ALIGN="LEFT"/>pause held back the stream<BR ALIGN="LEFT"/>)");
  EXPECT_EQ(dot::wrapped("one-word-that-is-much-too-long-to-stand-on-a-line"),
            "one-word-that-is-much-too-long-to-stand-on-a-line");
}

TEST(Dot, WritesNumbersForPeople) {
  EXPECT_EQ(dot::with_commas(0), "0");
  EXPECT_EQ(dot::with_commas(999), "999");
  EXPECT_EQ(dot::with_commas(1000), "1,000");
  EXPECT_EQ(dot::with_commas(12345678), "12,345,678");
}

TEST(Dot, TablesHaveACellForEachContent) {
  dot::Table table;
  table.row({"a", {"b", "RIGHT"}}).row({{"c", "", 2}});
  EXPECT_EQ(table.text(), R"(<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">)"
                          R"(<TR><TD ALIGN="LEFT">a</TD><TD ALIGN="RIGHT">b</TD></TR>)"
                          R"(<TR><TD ALIGN="LEFT" ROWSPAN="2">c</TD></TR></TABLE>)");
}

}  // namespace
