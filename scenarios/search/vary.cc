// Which numbers of a failing scenario may vary, and how far.
#include <algorithm>
#include <cstdlib>

#include "scenarios/search/numbers.h"
#include "scenarios/search/shrink.h"

namespace scenarios {
namespace {

class Probe {
 public:
  Probe(const Scenario& scenario, const Number& number, const StillFails& still_fails,
        std::uint64_t& runs, std::uint64_t most_runs)
      : scenario_(scenario), number_(number), still_fails_(still_fails), runs_(runs), most_(most_runs) {}

  Freedom interval() {
    Freedom freedom;
    freedom.pointer = number_.pointer;
    freedom.value = number_.value;
    freedom.low = fails(number_.least) ? number_.least : edge(number_.value, number_.least);
    // Outwards in doublings, as the most that is allowed is far away.
    std::int64_t inside = number_.value, outside = number_.most;
    constexpr int kDoublings = 10;
    bool bounded = false;
    for (int i = 0; i < kDoublings && inside < number_.most; ++i) {
      const std::int64_t next = std::min(number_.most, std::max(inside * 2, inside + 1));
      if (!fails(next)) {
        outside = next;
        bounded = true;
        break;
      }
      inside = next;
    }
    freedom.open_above = !bounded;
    freedom.high = bounded ? edge(inside, outside) : inside;
    return freedom;
  }

 private:
  bool fails(std::int64_t value) {
    if (runs_ >= most_) return false;
    ++runs_;
    Scenario other = scenario_;
    number_.set(other, value);
    return still_fails_(other);
  }

  // The failing value next to the border, to about two digits. `inside` fails, `outside` does not.
  std::int64_t edge(std::int64_t inside, std::int64_t outside) {
    while (std::abs(outside - inside) > std::max<std::int64_t>(1, std::abs(inside) / 50)) {
      const std::int64_t middle = inside + (outside - inside) / 2;
      (fails(middle) ? inside : outside) = middle;
    }
    // A rounder one between what fails and the middle of the interval, if that fails too.
    for (std::int64_t step = 1'000'000'000'000; step > 1; step /= 10) {
      if (std::abs(inside) / step < 10) continue;
      const std::int64_t down = inside / step * step;
      const std::int64_t rounded = outside > inside || down == inside ? down : down + step;
      const bool within = outside > inside ? rounded >= number_.value : rounded <= number_.value;
      return within && fails(rounded) ? rounded : inside;
    }
    return inside;
  }

  const Scenario& scenario_;
  const Number& number_;
  const StillFails& still_fails_;
  std::uint64_t& runs_;
  std::uint64_t most_;
};

std::string sentence_of(const Number& number, const Freedom& f) {
  const std::string low = in_words(number.kind, f.low), high = in_words(number.kind, f.high);
  const bool from_least = f.low == number.least;
  std::string out = "fails for any " + number.what + " ";
  if (from_least && f.open_above) return out + "whatever it is (tried up to " + high + ")";
  if (f.open_above) return out + "of at least " + low + " (tried up to " + high + ")";
  if (f.low == f.high) return "fails only for a " + number.what + " of " + low;
  if (from_least) return out + "of at most " + high;
  return out + "of " + low + " to " + high;
}

}  // namespace

std::vector<Freedom> freedoms_of(const Scenario& scenario, const StillFails& still_fails,
                                 const ShrinkBudget& budget) {
  std::vector<Freedom> freedoms;
  std::uint64_t runs = 0;
  for (const Number& number : numbers_of(scenario)) {
    if (runs >= budget.runs) break;
    Freedom freedom = Probe(scenario, number, still_fails, runs, budget.runs).interval();
    freedom.sentence = sentence_of(number, freedom);
    freedoms.push_back(std::move(freedom));
  }
  return freedoms;
}

}  // namespace scenarios
