// The families of benchmarks, each in a file of its own, and what they tell main.cc beside their
// time.
#pragma once

#include <benchmark/benchmark.h>

namespace bench {

// Counters of benchmarks that make whole runs: how many of them, and of events, one iteration has.
inline constexpr const char* kRuns = "runs";
inline constexpr const char* kEvents = "events";

void add_kernel(int repetitions);  // kernel_bench.cc
void add_runs(int repetitions);    // run_bench.cc

}  // namespace bench
