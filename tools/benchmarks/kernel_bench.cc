// What the kernel's loop costs.
//
//   kernel_hold         take the earliest event through Kernel::next and schedule one back
//   network_message     one small message: sent, arrived, handed over and hashed; one on each of
//   100
//                       connections is under way, so its ratio is to the heap with 100 pending
//   yardstick_hold      what the ratios are to: take the earliest, put one back
//   yardstick_exchange  the same in one sift instead of two, which is the floor: what the agenda
//   does
//                       when the event that was taken schedules another

#include <string>
#include <vector>

#include "sim/kernel.h"
#include "tools/benchmarks/bench.h"
#include "tools/benchmarks/four_ary_heap.h"

namespace bench {
namespace {

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

sim::Duration duration(std::uint64_t us) {
  return sim::Duration{static_cast<std::int64_t>(us)};
}

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

}  // namespace

void add_kernel(int repetitions) {
  const auto add = [&](const char* name, void (*function)(benchmark::State&)) {
    return benchmark::RegisterBenchmark(name, function)->Repetitions(repetitions)->MinTime(0.005);
  };
  add("yardstick_hold", yardstick_hold)->Arg(100)->Arg(10000);
  add("yardstick_exchange", yardstick_exchange)->Arg(100)->Arg(10000);
  add("kernel_hold", kernel_hold)->Arg(100)->Arg(10000);
  add("network_message", network_message);
}

}  // namespace bench
