// What an arm has to tell of a run of a scenario: plain data, the same for simulated nodes and for
// real servers, so that the two can be held against each other.
//
//      Scenario --simulate()-------------> Told ---+
//                                                  +--> compare() --> differences
//      Scenario --play_on_real_servers()-> Told ---+
//
// Names in it are the scenario's: host n is 10.0.0.<n+1>, whatever address it really had.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/data/resp.h"
#include "scenarios/golden/look.h"
#include "scenarios/language/scenario.h"
#include "scenarios/run/play.h"
#include "scenarios/world/wire.h"
#include "sim/time.h"
#include "sim/trace.h"

namespace scenarios::arms {

// A node at a moment when nothing was on its way.
struct Look {
  std::string node;
  golden::Info info;
  model::Reply role;
  std::string digest;  // DEBUG DIGEST
};

struct StepTold {
  Taken taken;              // `step`: its number in the scenario
  std::vector<Look> looks;  // of a wait for nodes to be synced: these nodes, then
  std::size_t heard = 0;    // records of the trace until it was done
  // Parts of its condition that this arm cannot see, and went on without.
  std::vector<std::string> not_seen;
};

struct Told {
  std::string arm;                         // "simulated", "redis-server 7.0.15"
  std::vector<StepTold> steps;             // those that were begun, in order
  bool calm = false;                       // the run has come to its calm,
  bool settled = false;                    // and everybody became equal in it
  std::vector<Look> end;                   // nodes that run then
  Wire wire;                               // with all bytes kept
  sim::Trace trace{sim::TraceMode::keep};  // of which messages and faults matter here
  std::vector<std::string> hosts;
  sim::Instant ended{};
  std::int64_t wall_began_ms = 0;  // wall clock, since 1970
  std::string problem;  // why it was not played to its end, or its own verdict against the run
  bool broke = false;   // that was a failure of the arm: the scenario could have been played
  std::vector<std::string> logged;  // the end of what each server logged
};

// Whether a step is one after which nodes are looked at, and which.
std::vector<std::string> looked_at_after(const Step& step);

// A wait for nodes to be synced, directly behind a cut between nodes, means: until they are so
// again. The moment in which neither side has noticed the cut is passed over, on both arms.
inline constexpr sim::Duration kToNotice{30'000};
bool waits_behind_a_cut(const Scenario& scenario, std::size_t step);

// The scenario without what only simulated nodes can have: quirks, and the failures that must
// follow.
Scenario without_quirks(const Scenario& scenario);

}  // namespace scenarios::arms
