// Numbers and words as Redis reads and writes them; what is expected here a redis-server 7.0.15
// does.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "model/data/number.h"
#include "model/data/text.h"

namespace {

using model::matches;
using model::text_of;
using model::to_double;
using model::to_integer;
using model::to_long_double;

RC_GTEST_PROP(Integer, IsReadBack, (std::int64_t number)) {
  RC_ASSERT(to_integer(std::to_string(number)) == number);
}

TEST(Integer, IsCanonicalOrNone) {
  EXPECT_EQ(to_integer("0"), 0);
  EXPECT_EQ(to_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const std::string text : {"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "0x1",
                                 "9223372036854775808", "-9223372036854775809"})
    EXPECT_EQ(to_integer(text), std::nullopt) << text;
}

TEST(Double, IsWhatStrtodReadsWholly) {
  EXPECT_EQ(to_double("1e3"), 1000);
  EXPECT_EQ(to_double("+1"), 1);
  EXPECT_EQ(to_double("0x10"), 16);
  EXPECT_EQ(to_double("-inf"), -HUGE_VAL);
  for (const std::string text : {"", " 1", "1 ", "1x", "nan", "1e400", "1e-400"})
    EXPECT_EQ(to_double(text), std::nullopt) << text;
  EXPECT_EQ(to_double(std::string("1\0", 2)), std::nullopt);
}

TEST(Double, HasSeventeenDigits) {
  EXPECT_EQ(text_of(3.1), "3.1000000000000001");
  EXPECT_EQ(text_of(3.0), "3");
  EXPECT_EQ(text_of(1e20), "1e+20");
  EXPECT_EQ(text_of(1e-5), "1.0000000000000001e-05");
  EXPECT_EQ(text_of(-HUGE_VAL), "-inf");
  EXPECT_EQ(text_of(0.1), "0.10000000000000001");
}

TEST(LongDouble, LosesItsTrailingZeros) {
  EXPECT_EQ(text_of(*to_long_double("10.5") + *to_long_double("0.1")), "10.6");
  EXPECT_EQ(text_of(5000.0L), "5000");
  EXPECT_EQ(text_of(-0.0L), "0");
  EXPECT_EQ(text_of(0.00001L), "0.00001");
}

TEST(Pattern, MatchesAsKeysDoes) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("h?llo", "hello"));
  EXPECT_TRUE(matches("h*o*d", "hello world"));
  EXPECT_FALSE(matches("h*o*x", "hello world"));
  EXPECT_TRUE(matches("[a-c]x", "bx"));
  EXPECT_TRUE(matches("[c-a]x", "bx"));
  EXPECT_FALSE(matches("[^a-c]x", "bx"));
  EXPECT_TRUE(matches("[\\]]", "]"));
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "x"));
  EXPECT_TRUE(matches("k[1", "k1"));
  EXPECT_FALSE(matches("", "x"));
  EXPECT_FALSE(matches("x", ""));
  // Many stars are no reason to take for ever.
  EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(10'000, 'a')));
}

TEST(Words, AreEqualInAnyCase) {
  EXPECT_TRUE(model::same_word("BySCORE", "byscore"));
  EXPECT_FALSE(model::same_word("BY", "byscore"));
  EXPECT_EQ(model::lower("Ab1"), "ab1");
  EXPECT_EQ(model::upper("Ab1"), "AB1");
}

}  // namespace
