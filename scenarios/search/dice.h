// Draws for a generator of scenarios, on top of the one source of choice.
//
// In every draw 0 is the simplest outcome: the first of a list, the low end of a range, "no". A
// list of choices that runs out goes on with zeroes, so shorter lists and smaller numbers are
// simpler scenarios, and whoever shrinks the list shrinks the scenario.
//
// Two draws never stand in one expression whose order the language leaves open (arguments of a call,
// both sides of `+`): compilers differ there, and so would the scenarios of one seed. Name the first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "sim/choice.h"

namespace scenarios {

class Dice {
 public:
  explicit Dice(sim::Choice& choice) : choice_(choice) {}

  std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(choice_.below(sim::Purpose::scenario, bound));
  }
  // In [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return choice_.between(sim::Purpose::scenario, low, high);
  }
  // True in `hits` of `out_of` cases.
  bool chance(std::size_t hits, std::size_t out_of) { return below(out_of) + hits >= out_of; }

  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }
  template <class T>
  T pick(std::initializer_list<T> list) {
    return *(list.begin() + below(list.size()));
  }

  // One of several, each with a weight; weight 0 is never drawn unless all are 0: then the first.
  template <class T>
  T weighted(std::initializer_list<std::pair<std::size_t, T>> list) {
    std::size_t sum = 0;
    for (const auto& [weight, item] : list) sum += weight;
    std::size_t drawn = sum > 0 ? below(sum) : 0;
    for (const auto& [weight, item] : list) {
      if (drawn < weight) return item;
      drawn -= weight;
    }
    return list.begin()->second;
  }
  // The place in a list of weights.
  std::size_t weighted(std::span<const std::size_t> weights) {
    std::size_t sum = 0;
    for (const std::size_t weight : weights) sum += weight;
    std::size_t drawn = sum > 0 ? below(sum) : 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (drawn < weights[i]) return i;
      drawn -= weights[i];
    }
    return 0;
  }

 private:
  sim::Choice& choice_;
};

}  // namespace scenarios
