#include "sim/agenda.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <vector>

namespace sim {
namespace {

Instant at(std::int64_t us) { return Instant{Duration{us}}; }
Event step(std::uint64_t what) { return {EventKind::step, 0, what}; }

TEST(Agenda, IsEmptyAtFirst) {
  const Agenda agenda;
  EXPECT_TRUE(agenda.empty());
  EXPECT_EQ(agenda.size(), 0U);
  EXPECT_EQ(agenda.next_due(), kNever);
}

TEST(Agenda, TheEarliestComesFirst) {
  Agenda agenda;
  for (const int due : {5, 3, 9, 1, 7}) agenda.add(at(due), step(0));
  for (const int due : {1, 3, 5, 7, 9}) {
    EXPECT_EQ(agenda.next_due(), at(due));
    EXPECT_EQ(agenda.take().at, at(due));
  }
  EXPECT_TRUE(agenda.empty());
  EXPECT_EQ(agenda.next_due(), kNever);
}

TEST(Agenda, EqualTimesComeOutInTheOrderTheyWentIn) {
  Agenda agenda;
  for (std::uint64_t i = 0; i < 1000; ++i) agenda.add(at(7), step(i));
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(agenda.take().event.what, i);
}

TEST(Agenda, WhatIsDueInThePastComesNext) {
  Agenda agenda;
  agenda.add(at(10), step(1));
  agenda.add(at(20), step(2));
  agenda.take();
  agenda.add(at(5), step(3));
  EXPECT_EQ(agenda.next_due(), at(5));
  EXPECT_EQ(agenda.take().event.what, 3U);
}

TEST(Agenda, NegativeTimesAndNeverHaveTheirPlace) {
  Agenda agenda;
  agenda.add(kNever, step(3));
  agenda.add(at(0), step(2));
  agenda.add(at(-1), step(1));
  agenda.add(Instant::min(), step(0));
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(agenda.take().event.what, i);
}

TEST(Agenda, EqualityIsOfWhatIsPendingNotOfHowItGotThere) {
  Agenda one, other;
  one.add(at(1), step(1));
  one.add(at(2), step(2));
  other.add(at(0), step(0));
  other.add(at(2), step(2));
  other.add(at(1), step(1));
  EXPECT_FALSE(one == other);
  other.take();
  EXPECT_TRUE(one == other);
  one.take();
  one.add(at(2), step(3));
  other.take();
  other.take();
  other.add(at(2), step(3));
  other.add(at(2), step(2));
  EXPECT_FALSE(one == other) << "the same events, in another order";
}

// Against the obvious one: a multimap keeps equal keys in the order of insertion.
RC_GTEST_PROP(Agenda, BehavesLikeAMultimap, ()) {
  Agenda agenda;
  std::multimap<Instant, Event> model;
  const auto moves =
      *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
  std::uint64_t what = 0;
  for (const std::uint8_t move : moves) {
    // One in four takes while few are pending, two in four later, so that it grows and shrinks.
    const bool take = move % 4 == 0 || (move % 4 == 1 && model.size() > 20);
    if (take && !model.empty()) {
      const Agenda copy = agenda;
      const auto due = agenda.take();
      RC_ASSERT(due.at == model.begin()->first);
      RC_ASSERT(due.event == model.begin()->second);
      RC_ASSERT(!(copy == agenda));
      model.erase(model.begin());
    } else {
      agenda.add(at(move / 8), step(what));
      model.emplace(at(move / 8), step(what++));
    }
    RC_ASSERT(agenda.size() == model.size());
    RC_ASSERT(agenda.empty() == model.empty());
    RC_ASSERT(agenda.next_due() == (model.empty() ? kNever : model.begin()->first));
    Agenda rebuilt;
    for (const auto& [due, event] : model) rebuilt.add(due, event);
    RC_ASSERT(rebuilt == agenda);
  }
}

TEST(Agenda, HoldsManyInOrder) {
  Agenda agenda;
  std::multimap<Instant, Event> model;
  std::uint64_t x = 1;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    x = x * 6364136223846793005 + 1442695040888963407;
    const Instant due = at(static_cast<std::int64_t>(x >> 48));
    agenda.add(due, step(i));
    model.emplace(due, step(i));
    if (i % 3 == 2) {
      ASSERT_EQ(agenda.take().event, model.begin()->second);
      model.erase(model.begin());
    }
  }
  for (; !model.empty(); model.erase(model.begin())) {
    ASSERT_EQ(agenda.take().event, model.begin()->second);
  }
  EXPECT_TRUE(agenda.empty());
}

}  // namespace
}  // namespace sim
