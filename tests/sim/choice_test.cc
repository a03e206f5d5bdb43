#include "sim/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace sim {
namespace {

using testing::ElementsAre;

std::vector<std::uint64_t> draw(Choice& choice, Purpose purpose, std::uint64_t bound, int times) {
  std::vector<std::uint64_t> values;
  for (int i = 0; i < times; ++i) values.push_back(choice.below(purpose, bound));
  return values;
}

// If these change, every seed of every stored campaign means another run.
TEST(Choice, DrawsWhatItHasAlwaysDrawn) {
  Choice choice = Choice::seeded(42);
  EXPECT_THAT(draw(choice, Purpose::latency, 1000, 5), ElementsAre(872, 513, 173, 737, 442));
  EXPECT_THAT(draw(choice, Purpose::host, ~std::uint64_t{0}, 3),
              ElementsAre(18322400752958980010U, 15559519203301546077U, 4541406470428776542U));
  EXPECT_THAT(draw(choice, Purpose::fault, (std::uint64_t{1} << 63) + 1, 3),
              ElementsAre(2976329598606396698U, 2289747125647453558U, 7907403645342620285U));
  EXPECT_EQ(choice.between(Purpose::clock, -500, 500), 436);
}

TEST(Choice, IsAFunctionOfTheSeed) {
  Choice one = Choice::seeded(7), same = Choice::seeded(7), other = Choice::seeded(8);
  EXPECT_EQ(draw(one, Purpose::host, 1U << 30, 20), draw(same, Purpose::host, 1U << 30, 20));
  EXPECT_EQ(one, same);
  EXPECT_NE(draw(one, Purpose::host, 1U << 30, 20), draw(other, Purpose::host, 1U << 30, 20));
}

TEST(Choice, ADrawForOnePurposeDoesNotMoveAnother) {
  Choice quiet = Choice::seeded(7), busy = Choice::seeded(7);
  draw(busy, Purpose::latency, 10, 100);
  draw(busy, Purpose::workload, 3, 33);
  EXPECT_EQ(draw(quiet, Purpose::fault, 1000, 50), draw(busy, Purpose::fault, 1000, 50));
}

TEST(Choice, PurposesAreDifferentStreams) {
  std::set<std::vector<std::uint64_t>> streams;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kPurposes; ++i) {
    Choice choice = Choice::seeded(7);
    streams.insert(draw(choice, static_cast<Purpose>(i), 1U << 30, 8));
    names.insert(name(static_cast<Purpose>(i)));
  }
  EXPECT_EQ(streams.size(), kPurposes);
  EXPECT_EQ(names.size(), kPurposes);
}

TEST(Choice, OneOfOneIsNoDraw) {
  Choice choice = Choice::seeded(7), listed = Choice::listed({5});
  EXPECT_EQ(choice.below(Purpose::host, 1), 0U);
  EXPECT_EQ(choice, Choice::seeded(7));
  EXPECT_EQ(listed.below(Purpose::host, 1), 0U);
  EXPECT_EQ(listed.below(Purpose::host, 10), 5U);
}

TEST(Choice, EveryNumberBelowTheBoundComesAboutAsOften) {
  Choice choice = Choice::seeded(7);
  std::vector<int> seen(10);
  for (const auto value : draw(choice, Purpose::host, 10, 100'000)) ++seen.at(value);
  for (const int times : seen) EXPECT_NEAR(times, 10'000, 400);
}

TEST(Choice, ChanceIsExactInTheLongRunAndAtItsEnds) {
  Choice choice = Choice::seeded(7);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    hits += choice.chance(Purpose::fault, 1, 20) ? 1 : 0;
    ASSERT_FALSE(choice.chance(Purpose::fault, 0, 20));
    ASSERT_TRUE(choice.chance(Purpose::fault, 20, 20));
  }
  EXPECT_NEAR(hits, 5000, 300);
}

TEST(Choice, AListIsPlayedBackModuloTheBoundAndThenDrawsZero) {
  Choice choice = Choice::listed({7, 12, 3});
  EXPECT_EQ(choice.below(Purpose::latency, 10), 7U);
  EXPECT_EQ(choice.below(Purpose::fault, 10), 2U);
  EXPECT_EQ(choice.between(Purpose::host, -1, 8), 2);
  EXPECT_EQ(choice.below(Purpose::host, 10), 0U);
  EXPECT_EQ(choice.between(Purpose::host, -5, 5), -5);
  EXPECT_FALSE(choice.chance(Purpose::fault, 19, 20))
      << "used up, so the simplest: it does not happen";
  EXPECT_EQ(choice.draws(), 6U);
}

RC_GTEST_PROP(Choice, ARecordedRunPlaysBackFromItsList, (std::uint64_t seed)) {
  const auto asked =
      *rc::gen::container<std::vector<std::pair<std::uint8_t, std::uint64_t>>>(rc::gen::pair(
          rc::gen::inRange<std::uint8_t>(0, kPurposes), rc::gen::arbitrary<std::uint64_t>()));
  const auto run = [&](Choice choice) {
    choice.record();
    for (const auto& [purpose, bound] : asked) {
      const auto value = choice.below(static_cast<Purpose>(purpose), bound | 1);
      RC_ASSERT(value < (bound | 1));
    }
    return choice.recorded();
  };
  const std::vector<Drawn> first = run(Choice::seeded(seed));
  std::vector<std::uint64_t> values;
  for (const Drawn& drawn : first) values.push_back(drawn.value);
  RC_ASSERT(run(Choice::listed(values)) == first);
}

RC_GTEST_PROP(Choice, BetweenStaysBetween,
              (std::uint64_t seed, std::int32_t one, std::int32_t other)) {
  Choice choice = Choice::seeded(seed);
  const auto [low, high] = std::minmax(one, other);
  for (int i = 0; i < 10; ++i) {
    const auto value = choice.between(Purpose::host, low, high);
    RC_ASSERT(low <= value && value <= high);
  }
}

}  // namespace
}  // namespace sim
