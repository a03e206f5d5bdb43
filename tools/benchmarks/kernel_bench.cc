// What the kernel's loop costs, in nanoseconds and as a ratio to a bare heap's hold in the same run.
//
//   kernel_hold         take the earliest event through Kernel::next and schedule one back
//   network_message     one small message: sent, arrived, handed over and hashed; one on each of 100
//                       connections is under way, so its ratio is to the heap with 100 pending
//   yardstick_hold      what the ratios are to: take the earliest, put one back
//   yardstick_exchange  the same in one sift instead of two, which is the floor: what the agenda does
//                       when the event that was taken schedules another
//
// Ratios, because a machine is fast or slow, busy or not, for both alike. The measurements are
// interleaved and repeated, and of each the quietest repetition counts.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kernel.h"
#include "tools/benchmarks/four_ary_heap.h"

namespace {

using bench::FourAryHeap;

// How far ahead things are scheduled: the same draws for all that is compared.
constexpr std::size_t kIncrements = 4096;

const std::vector<std::uint64_t>& increments() {
  static const std::vector<std::uint64_t> drawn = [] {
    sim::Choice choice = sim::Choice::seeded(1);
    std::vector<std::uint64_t> values;
    for (std::size_t i = 0; i < kIncrements; ++i) {
      values.push_back(1 + choice.below(sim::Purpose::workload, 2000));
    }
    return values;
  }();
  return drawn;
}

sim::Duration duration(std::uint64_t us) { return sim::Duration{static_cast<std::int64_t>(us)}; }

FourAryHeap heap_of(std::size_t pending) {
  FourAryHeap heap;
  for (std::size_t i = 0; i < pending; ++i) {
    heap.put(FourAryHeap::item(increments()[i % kIncrements], i));
  }
  return heap;
}

void yardstick_hold(benchmark::State& state) {
  const auto& ahead = increments();
  FourAryHeap heap = heap_of(static_cast<std::size_t>(state.range(0)));
  std::size_t i = 0;
  for (auto _ : state) {
    heap.put(heap.take() + FourAryHeap::item(ahead[i++ % kIncrements], 0));
  }
  benchmark::DoNotOptimize(heap.front());
}

void yardstick_exchange(benchmark::State& state) {
  const auto& ahead = increments();
  FourAryHeap heap = heap_of(static_cast<std::size_t>(state.range(0)));
  std::size_t i = 0;
  for (auto _ : state) {
    heap.exchange(heap.front() + FourAryHeap::item(ahead[i++ % kIncrements], 0));
  }
  benchmark::DoNotOptimize(heap.front());
}

void kernel_hold(benchmark::State& state) {
  const auto& ahead = increments();
  const auto pending = static_cast<std::size_t>(state.range(0));
  sim::Kernel kernel(sim::Choice::seeded(1), sim::TraceMode::hash_only);
  const sim::HostId host = kernel.add_host("a");
  const sim::Event wake{sim::EventKind::wake, sim::number(host), 0};
  for (std::size_t i = 0; i < pending; ++i) {
    kernel.schedule(sim::kStart + duration(ahead[i % kIncrements]), wake);
  }
  std::size_t i = 0;
  for (auto _ : state) {
    const auto happened = kernel.next(sim::kNever);
    kernel.schedule(kernel.now() + duration(ahead[i++ % kIncrements]),
                    {sim::EventKind::wake, sim::number(happened->host), happened->number});
  }
}

void network_message(benchmark::State& state) {
  constexpr std::size_t kConnections = 100;
  const auto& ahead = increments();
  const std::string message = "*3\r\n$3\r\nSET\r\n$6\r\nkey:17\r\n$5\r\nvalue\r\n";
  sim::Kernel kernel(sim::Choice::seeded(1), sim::TraceMode::hash_only);
  const sim::HostId master = kernel.add_host("master");
  std::vector<sim::EndId> ends;
  for (std::size_t i = 0; i < kConnections; ++i) {
    const sim::HostId replica = kernel.add_host("replica");
    kernel.set_link(master, replica, {.latency = duration(ahead[i])});
    ends.push_back(kernel.dial(master, replica));
  }
  while (kernel.next(sim::kNever)) {
  }
  for (const sim::EndId end : ends) kernel.send(end, message);
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto happened = kernel.next(sim::kNever);
    bytes += happened->bytes.size();
    kernel.send(sim::peer_of(happened->end), message);
  }
  if (bytes != message.size() * static_cast<std::size_t>(state.iterations())) {
    state.SkipWithError("not one message at a time");
  }
}

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
        const std::string name = run.run_name.function_name +
                                 (run.run_name.args.empty() ? "" : "/" + run.run_name.args);
        const double ns = run.GetAdjustedCPUTime();
        const auto [at, first] = least.try_emplace(name, ns);
        if (!first) at->second = std::min(at->second, ns);
      }
    }
  }

  std::map<std::string, double> least;
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
};

void print(const std::map<std::string, double>& least, bool json) {
  std::printf(json ? "{\"benchmarks\":[" : "%-26s %10s %8s\n", "benchmark", "ns", "ratio");
  const char* between = "";
  for (const Row& row : kRows) {
    const double ns = least.at(row.name);
    const double ratio = ns / least.at(row.yardstick);
    if (json) {
      std::printf("%s{\"name\":\"%s\",\"ns\":%.2f,\"ratio\":%.3f}", between, row.name, ns, ratio);
    } else {
      std::printf("%-26s %10.1f %8.2f\n", row.name, ns, ratio);
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

  const int repetitions = quick ? 20 : 100;
  const auto add = [&](const char* name, void (*function)(benchmark::State&)) {
    return benchmark::RegisterBenchmark(name, function)->Repetitions(repetitions)->MinTime(0.005);
  };
  add("yardstick_hold", yardstick_hold)->Arg(100)->Arg(10000);
  add("yardstick_exchange", yardstick_exchange)->Arg(100)->Arg(10000);
  add("kernel_hold", kernel_hold)->Arg(100)->Arg(10000);
  add("network_message", network_message);

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
