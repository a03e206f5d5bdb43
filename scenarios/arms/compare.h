// Two arms held against each other: the first thing in which they differ, and what each side had
// seen and said by then.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/arms/told.h"
#include "scenarios/arms/transcript.h"

namespace scenarios::arms {

struct Difference {
  std::string where;  // "sync_full in INFO of a, after step 4 (line 12)": for people
  std::string at;  // "steps[3].look.a.sync_full": the same everywhere, for the list of known ones
  std::string simulated, real;      // what each has there; empty: nothing
  std::vector<std::string> agreed;  // in a list: what came just before, the same on both
  std::string simulated_finding, real_finding;           // what a broken expectation saw instead
  std::vector<std::string> simulated_heard, real_heard;  // the newest messages until then
};

// In order: steps, links, the end. Empty: the arms agree in everything that can be compared.
std::vector<Difference> compare(const Scenario& scenario, const Told& simulated, const Told& real);

// A difference that is known, and why it stands. `at` is how its place begins, '*' in it is
// anything. A difference at any other place of the scenario is not known.
struct KnownDifference {
  std::string_view scenario, at, since, reason;
};
std::span<const KnownDifference> known_differences();
const KnownDifference* known(std::string_view scenario, std::string_view at);

}  // namespace scenarios::arms
