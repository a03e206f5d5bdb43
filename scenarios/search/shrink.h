// The smallest scenario that fails the same way: with the same failure key (oracle, clause, role, phase).
//
// Greedy, from the large to the small: take away runs of steps, nodes, settings, links, data; commands of
// a step; then make what is left plainer (a load becomes single commands, faults lose their options,
// latencies go back to the usual) and numbers smaller. After each change the scenario is run; a change
// that keeps the failure is kept. All passes are repeated until none of them finds anything, so that
// shrinking what has been shrunk changes nothing, as long as the budget was enough.
//
// A function of the scenario alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scenarios/language/scenario.h"
#include "scenarios/search/campaign.h"

namespace scenarios {

// Whether a scenario still fails as it should; the shrinker knows no more about it.
using StillFails = std::function<bool(const Scenario&)>;

struct ShrinkBudget {
  std::uint64_t runs = 4000;
};

struct Shrunk {
  Scenario scenario;
  std::uint64_t runs = 0;
  bool complete = false;  // nothing can be left out; false: the budget ended first
};

Shrunk shrink(Scenario scenario, const StillFails& still_fails, const ShrinkBudget& budget = {});

// Fails with a finding of this key, first of all. Tried in a child process: a crash is a failure like any.
StillFails fails_with(std::string key);

// Steps, and what a step has more than one of: commands. What a reader has to follow.
std::size_t size_in_events(const Scenario& scenario);

// --- what may vary ----------------------------------------------------------------------------------

// A number of the scenario, and the interval around it in which the failure stays.
struct Freedom {
  std::string pointer;   // "/steps/3/sleep"
  std::string sentence;  // "fails for any pause of 3.1 s to 9.8 s"
  std::int64_t low = 0, high = 0, value = 0;
  bool open_above = false;  // as far as was tried
};

// The failure need not stay at every number inside an interval: both ends and some between were tried.
std::vector<Freedom> freedoms_of(const Scenario& scenario, const StillFails& still_fails,
                                 const ShrinkBudget& budget = {});

}  // namespace scenarios
