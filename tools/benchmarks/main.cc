// Measures, and prints each benchmark in nanoseconds and as a ratio to a bare heap's hold in the
// same run.
//
// Ratios, because a machine is fast or slow, busy or not, for both alike. The measurements are
// interleaved and repeated, and of each the quietest repetition counts. Of whole runs the
// nanoseconds are those of one event, and runs a second and events a run are told as well.

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/benchmarks/bench.h"
#include "tools/memory.h"

namespace {

struct Measured {
  double ns = 0;                // of one iteration
  double runs = 0, events = 0;  // in one iteration, if it makes runs
};

// Keeps the quietest repetition of each benchmark and shows nothing.
class Quietest : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) {
        std::fprintf(stderr, "%s: %s\n", run.benchmark_name().c_str(), run.error_message.c_str());
        failed = true;
      } else if (run.run_type == Run::RT_Iteration) {
        const std::string name =
            run.run_name.function_name + (run.run_name.args.empty() ? "" : "/" + run.run_name.args);
        const auto counter = [&](const char* which) {
          const auto it = run.counters.find(which);
          return it == run.counters.end() ? 0.0 : it->second.value;
        };
        const Measured now{run.GetAdjustedCPUTime(), counter(bench::kRuns),
                           counter(bench::kEvents)};
        const auto [at, first] = least.try_emplace(name, now);
        if (!first && now.ns < at->second.ns) at->second = now;
      }
    }
  }

  std::map<std::string, Measured> least;
  bool failed = false;
};

struct Row {
  const char* name;
  const char* yardstick;
};
constexpr Row kRows[] = {
    {"yardstick_hold/100", "yardstick_hold/100"},
    {"yardstick_hold/10000", "yardstick_hold/10000"},
    {"yardstick_exchange/100", "yardstick_hold/100"},
    {"yardstick_exchange/10000", "yardstick_hold/10000"},
    {"kernel_hold/100", "yardstick_hold/100"},
    {"kernel_hold/10000", "yardstick_hold/10000"},
    {"network_message", "yardstick_hold/100"},
    {"run_ordinary", "yardstick_hold/100"},
    {"run_generated", "yardstick_hold/100"},
    {"campaign", "yardstick_hold/100"},
};

void print(const std::map<std::string, Measured>& least, bool json) {
  std::printf(json ? "{\"benchmarks\":[" : "%-26s %10s %8s %10s %12s\n", "benchmark", "ns", "ratio",
              "runs/s", "events/run");
  const char* between = "";
  for (const Row& row : kRows) {
    const Measured& measured = least.at(row.name);
    const bool makes_runs = measured.runs > 0;
    const double ns = makes_runs ? measured.ns / measured.events : measured.ns;
    const double ratio = ns / least.at(row.yardstick).ns;
    const double a_second = makes_runs ? 1e9 * measured.runs / measured.ns : 0;
    const double a_run = makes_runs ? measured.events / measured.runs : 0;
    if (json) {
      std::printf("%s{\"name\":\"%s\",\"ns\":%.2f,\"ratio\":%.3f", between, row.name, ns, ratio);
      if (makes_runs)
        std::printf(",\"runs_per_second\":%.0f,\"events_per_run\":%.1f", a_second, a_run);
      std::printf("}");
    } else {
      std::printf("%-26s %10.1f %8.2f", row.name, ns, ratio);
      if (makes_runs) std::printf(" %10.0f %12.1f", a_second, a_run);
      std::printf("\n");
    }
    between = ",";
  }
  if (json) std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  bool quick = false;
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--short") {
      quick = true;
    } else if (flag == "--json") {
      json = true;
    } else {
      std::fprintf(stderr,
                   "tools/bench: unknown argument %s; usage: tools/bench [--short] [--json]\n",
                   argv[i]);
      return 2;
    }
  }

  tools::keep_freed_memory();
  bench::add_kernel(quick ? 20 : 100);
  bench::add_runs(quick ? 5 : 30);

  std::string program = "replsim_bench";
  std::string interleaved = "--benchmark_enable_random_interleaving=true";
  char* flags[] = {program.data(), interleaved.data(), nullptr};
  int count = 2;
  benchmark::Initialize(&count, flags);
  Quietest quietest;
  benchmark::RunSpecifiedBenchmarks(&quietest);
  if (quietest.failed) return 4;
  print(quietest.least, json);
  return 0;
}
