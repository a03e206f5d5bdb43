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
#include "scenarios/search/children.h"
#include "scenarios/search/coverage.h"
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

// A run of more events than this is taken for one that never ends, and ended. The longest of a million
// ordinary runs has a twentieth of that.
inline constexpr std::uint64_t kMostEvents = 10'000'000;

struct RunRecord {
  std::uint64_t index = 0;
  std::uint64_t hash = 0;  // of the trace
  std::uint64_t events = 0;
  sim::Duration simulated{0};
  std::vector<Judgement> judgements;
  std::vector<std::string> marks;
  Reached reached;
  std::optional<Finding> finding;
  bool repeated = false;
  bool differed = false;  // the two runs of one scenario, from each other
};

RunRecord run_of(const Plan& plan, std::uint64_t index);

// --- runs that do not end well ------------------------------------------------------------------------
//
// What the model does to its own process is a finding of the oracle CRASH, and like any other it is a
// function of the scenario: the number of the event tells what was about to happen to whom, and the run up
// to there can be made again, in any process, and shown.

// A run that cannot end in an exception: one that the model throws is such a finding. The pulse counts its
// events. What ends the process ends it.
RunResult run_guarded(const Scenario& scenario, sim::TraceMode mode);

// The run of a scenario in whose event number `death.beats` the process ended: all before that, and the
// finding.
RunResult run_until(const Scenario& scenario, sim::TraceMode mode, const Death& death);

// Run `index` of a plan, whose process ended so; with 0 beats nothing of it is made again.
RunRecord record_of(const Plan& plan, std::uint64_t index, const Death& death);

// Runs scenarios in a child process, one after the other: a crash is the child's end, and a finding here.
class Sandbox {
 public:
  explicit Sandbox(std::chrono::milliseconds longest_event = Children::kLongestEvent);
  // As the run ended. `death`, if it is given, is what ended the process, if anything did.
  std::optional<Finding> finding(const Scenario& scenario, std::optional<Death>* death = nullptr);

 private:
  Children child_;
};

// The run of any scenario, whole or up to its crash, in this process: it is tried in a sandbox first.
RunResult run_safely(Sandbox& sandbox, const Scenario& scenario, sim::TraceMode mode);

}  // namespace scenarios
