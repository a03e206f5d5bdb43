// What whole runs cost: under all oracles, with the trace as a hash alone, as campaigns make them.
//
//   run_ordinary   a master and two replicas, about fifty commands, an outage, a cut link, a
//   restart run_generated  drawn scenarios of three nodes and about fifty commands, of every kind
//   campaign       a campaign's runs, two to five nodes: drawn, run, one in sixteen twice, added up
//
// An iteration makes several runs, of the same seeds each time, so that iterations can be compared.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "scenarios/language/loader.h"
#include "scenarios/run/runner.h"
#include "scenarios/search/campaign.h"
#include "scenarios/search/generate.h"
#include "scenarios/search/tally.h"
#include "tools/benchmarks/bench.h"

namespace bench {
namespace {

constexpr std::uint64_t kSeeds = 16;       // of the ordinary run
constexpr std::uint64_t kScenarios = 128;  // drawn ones

constexpr const char* kOrdinary = R"({
  "point": "What most runs are like.",
  "config": { "repl-diskless-sync-delay": 0 },
  "nodes": { "a": {}, "b": { "replicaof": "a" }, "c": { "replicaof": "a" } },
  "steps": [
    { "wait": { "synced": ["a", "b", "c"] } },
    { "run": ["SET k0 v", "INCR n", "RPUSH l 1 2 3", "SADD s x y", "HSET h f 1", "ZADD z 1 m", "APPEND k0 w"], "on": "a" },
    { "sleep": "300ms" },
    { "run": ["INCR n", "LPOP l", "SET t 1 PX 700", "HINCRBY h f 5", "SELECT 1", "SET k1 v", "INCR n", "SELECT 0"], "on": "a" },
    { "partition": ["a", "b"], "as": "outage" },
    { "run": ["MULTI", "INCR n", "RPUSH l 4", "SET k2 v", "EXEC", "DEL s", "SADD s z"], "on": "a" },
    { "sleep": "1s" },
    { "run": ["GET n", "INCR n", "APPEND k0 x", "PEXPIRE k2 900", "HSET h g 2"], "on": "a" },
    { "heal": "outage" },
    { "cut": ["a", "c"] },
    { "run": ["INCR n", "RPUSH l 5 6", "ZINCRBY z 2 m", "GETSET k0 y", "SREM s z"], "on": "a" },
    { "wait": { "synced": ["a", "b", "c"] } },
    { "crash": "b" },
    { "run": ["INCR n", "SET k3 v", "DEL k1", "RPUSH l 7", "HSET h f 9", "INCRBYFLOAT x 1.5"], "on": "a" },
    { "sleep": "500ms" },
    { "restart": "b" },
    { "run": ["INCR n", "SETRANGE k0 2 abc", "LTRIM l 1 -1", "ZADD z 3 o", "MSET p 1 q 2"], "on": "a" },
    { "wait": { "synced": ["a", "b", "c"] } },
    { "run": ["INCR n", "SET k4 v", "RPOPLPUSH l m", "GETDEL p", "SPOP s", "HDEL h g", "INCR n"], "on": "a" }
  ]
})";

// Whether a run is one that can be compared: it must not have failed half way.
void expect_pass(benchmark::State& state, const scenarios::RunResult& result) {
  if (result.outcome == scenarios::Outcome::pass) return;
  for (const scenarios::Judgement& j : result.judgements) {
    if (j.outcome != scenarios::Outcome::fail) continue;
    state.SkipWithError((j.oracle + ": " + j.finding).c_str());
  }
}

void count(benchmark::State& state, std::uint64_t runs, std::uint64_t events) {
  const auto iterations = static_cast<double>(state.iterations());
  state.counters[kRuns] = static_cast<double>(runs) / iterations;
  state.counters[kEvents] = static_cast<double>(events) / iterations;
}

void run_ordinary(benchmark::State& state) {
  auto loaded = scenarios::load_scenario(kOrdinary, "ordinary");
  if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
    state.SkipWithError(scenarios::to_text(errors->front(), "ordinary").c_str());
    return;
  }
  scenarios::Scenario& scenario = std::get<scenarios::Scenario>(loaded);
  std::uint64_t runs = 0, events = 0;
  for (auto _ : state) {
    for (scenario.seed = 1; scenario.seed <= kSeeds; ++scenario.seed, ++runs) {
      const auto result = scenarios::run(scenario, sim::TraceMode::hash_only);
      expect_pass(state, result);
      events += result.events;
    }
  }
  count(state, runs, events);
}

scenarios::Plan plan(std::size_t fewest_nodes, std::size_t most_nodes) {
  scenarios::Menu menu;
  menu.fewest_nodes = fewest_nodes;
  menu.most_nodes = most_nodes;
  scenarios::Plan plan;
  plan.seed = 11;
  plan.generate = [menu](sim::Choice& choice) { return scenarios::generate(choice, menu); };
  return plan;
}

void run_generated(benchmark::State& state) {
  const scenarios::Plan three_nodes = plan(3, 3);
  std::vector<scenarios::Scenario> drawn;
  for (std::uint64_t i = 0; i < kScenarios; ++i)
    drawn.push_back(scenarios::scenario_of(three_nodes, i));
  std::uint64_t runs = 0, events = 0;
  for (auto _ : state) {
    for (const scenarios::Scenario& scenario : drawn) {
      events += scenarios::run(scenario, sim::TraceMode::hash_only).events;
      ++runs;
    }
  }
  count(state, runs, events);
}

void campaign(benchmark::State& state) {
  const scenarios::Plan all = plan(2, 5);
  std::uint64_t runs = 0, events = 0;
  for (auto _ : state) {
    scenarios::Tally tally;
    for (std::uint64_t i = 0; i < kScenarios; ++i) tally.add(scenarios::run_of(all, i));
    runs += tally.runs;
    events += tally.events;
  }
  count(state, runs, events);
}

}  // namespace

void add_runs(int repetitions) {
  const auto add = [&](const char* name, void (*function)(benchmark::State&)) {
    benchmark::RegisterBenchmark(name, function)->Repetitions(repetitions)->MinTime(0.005);
  };
  add("run_ordinary", run_ordinary);
  add("run_generated", run_generated);
  add("campaign", campaign);
}

}  // namespace bench
