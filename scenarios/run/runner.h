// Scenario and choices in, verdict and trace out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/language/scenario.h"
#include "scenarios/oracles/judgement.h"
#include "sim/choice.h"
#include "sim/trace.h"

namespace scenarios {

struct NodeEnd {              // a node's state at the end of the run
  std::string name;
  bool up = false;
  std::string role;           // "master", "slave"
  std::string link;           // state of its link to the master, "" on a master
  std::string replid, replid2;
  std::int64_t offset = 0, second_offset = -1;
  std::int64_t backlog_first = 0, backlog_size = 0;  // window; 0 when there is none
  std::uint64_t keys = 0;
  std::uint64_t digest = 0;
  std::map<std::string, std::int64_t> counters;      // sync_full, sync_partial_ok, ...
};

struct FaultEnd {
  std::string text;
  std::uint64_t effects = 0;  // 0: it changed nothing, so it has not happened
};

struct RunResult {
  std::string scenario;
  std::string point;
  std::uint64_t seed = 0;
  Outcome outcome = Outcome::not_tested;  // of the whole
  std::vector<Judgement> judgements;
  std::vector<NodeEnd> nodes;
  std::vector<FaultEnd> faults;
  std::vector<std::string> marks;         // reached, sorted
  sim::Instant ended{};
  std::uint64_t events = 0;
  std::uint64_t trace_hash = 0;
  sim::Trace trace;                       // records only if they were to be kept
};

RunResult run(const Scenario& scenario, sim::Choice choice, sim::TraceMode mode);
RunResult run(const Scenario& scenario, sim::TraceMode mode);  // choices from the scenario's seed

}  // namespace scenarios
