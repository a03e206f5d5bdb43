// A run's result for a person, and as data.
#pragma once

#include <chrono>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "scenarios/run/runner.h"

namespace tools {

struct Replayed {
  scenarios::RunResult run;
  std::chrono::microseconds took{0};  // of real time
};

// The point, the timeline, each node's end, every verdict, what the faults did, the trace's hash.
void print_replay(std::ostream& out, const Replayed& replayed, bool color, std::size_t width);

// One line: the outcome, and if it failed why.
void print_verdict(std::ostream& out, const Replayed& replayed, bool color);

nlohmann::ordered_json as_json(const Replayed& replayed);

}  // namespace tools
