// A campaign as a function: the seed of the campaign and the index of a run give its scenario, and the
// scenario its outcome. Nothing else does, so that runs may be made in any order, by any number of
// workers, today or after a crash.
//
//      (seed, index) --scenario_seed--> choices --generate--> Scenario --run--> RunRecord
//
// Who adds runs up: tally.h. Who makes many: conduct.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/language/scenario.h"
#include "scenarios/run/runner.h"
#include "sim/choice.h"

namespace scenarios {

using Generate = std::function<Scenario(sim::Choice&)>;  // gives settled ones

// Every run with index % this == 0 is made twice, and both must come to the same hash: 6 % of all.
inline constexpr std::uint64_t kRepeatOneIn = 16;

struct Plan {
  std::uint64_t seed = 1;
  Generate generate;
  // What `generate` was asked for, to be written down; a folder can only be resumed with the same.
  std::string profile;  // empty: drawn
  std::vector<std::string> quirks;
  // Called before each run, for canaries: a campaign must notice when runs do not repeat, and when an
  // oracle does not judge. `again`: the second run of those that are made twice.
  std::function<void(Scenario&, bool again)> disturb;
};

// Below 2^53, so that every JSON reader keeps it.
std::uint64_t scenario_seed(std::uint64_t campaign_seed, std::uint64_t index);

// Named "found" and settled: written to found.json and read back, it runs to the same hash.
Scenario scenario_of(const Plan& plan, std::uint64_t index);

// A failure of a run: that which was seen first.
struct Finding {
  std::string key;     // "MONO/went-back/replica/streaming"
  std::string oracle;  // "MONO"
  std::string sentence;
  sim::Instant at{};
  std::vector<std::string> also;  // other oracles that failed in this run
  bool operator==(const Finding&) const = default;
};

// The failure that a run is filed under, or nothing.
std::optional<Finding> finding_of(const RunResult& result);

struct RunRecord {
  std::uint64_t index = 0;
  std::uint64_t hash = 0;  // of the trace
  std::uint64_t events = 0;
  sim::Duration simulated{0};
  std::vector<Judgement> judgements;
  std::vector<std::string> marks;
  std::optional<Finding> finding;
  bool repeated = false;
  bool differed = false;  // the two runs of one scenario, from each other
};

RunRecord run_of(const Plan& plan, std::uint64_t index);

// The index of the run that this thread is making, or made last: whom to blame for a crash.
std::uint64_t run_in_progress();

// A run that cannot end in an exception: one that the model throws is a finding of the oracle CRASH.
RunResult run_guarded(const Scenario& scenario, sim::TraceMode mode);

}  // namespace scenarios
