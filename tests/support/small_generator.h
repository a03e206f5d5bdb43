// A generator of small scenarios for tests of campaigns, so that these do not change with the real one.
#pragma once

#include <string>

#include "scenarios/language/write.h"
#include "scenarios/search/campaign.h"

namespace test_support {

// Two or three nodes, writes, cuts and outages around a small backlog: enough for most quirks of the
// resync decision.
inline scenarios::Scenario small_scenario(sim::Choice& choice, const std::vector<std::string>& quirks) {
  using namespace scenarios;
  const auto below = [&](std::uint64_t bound) { return choice.below(sim::Purpose::scenario, bound); };
  Scenario s;
  s.point = "A small one.";
  const std::vector<std::string> names = {"a", "b", "c"};
  const std::size_t nodes = 2 + below(2);
  for (std::size_t i = 0; i < nodes; ++i) {
    Node node;
    node.name = names[i];
    node.config = {{"repl-diskless-sync-delay", "0"}, {"repl-timeout", "5"}};
    if (i > 0) node.replicaof = names[below(i)];
    node.quirks = quirks;
    s.nodes.push_back(node);
  }
  const auto add = [&](Step::What what) { s.steps.push_back({std::move(what), {}, {}, {}, {}}); };
  add(Sleep{sim::Duration(2'000'000)});
  const std::size_t steps = 4 + below(8);
  for (std::size_t i = 0; i < steps; ++i) {
    const std::string one = names[below(nodes)], other = names[below(nodes)];
    switch (below(5)) {
      case 0:
      case 1: {
        Run run;
        run.node = one;
        run.client = "writer";  // whose replies nobody waits for
        run.lines = {"INCR n", "SET k" + std::to_string(below(9)) + " {i}"};
        run.repeat = static_cast<std::uint32_t>(1 + below(5));
        run.await = false;
        add(run);
        break;
      }
      case 2:
        add(Sleep{sim::Duration(static_cast<std::int64_t>(100'000 + below(3'000'000)))});
        break;
      case 3: {
        if (one == other) break;
        Fault fault;
        Cut cut;
        cut.one = one;
        cut.other = other;
        cut.noticed_by = "both";
        fault.what = cut;
        add(fault);
        break;
      }
      default: {
        ReplicaOf follow;
        follow.pairs = {{one, one == other ? "" : other}};
        add(follow);
      }
    }
  }
  // Whatever happened, in the end all follow the first.
  ReplicaOf last;
  for (std::size_t i = 0; i < nodes; ++i) last.pairs.emplace_back(names[i], i == 0 ? "" : names[0]);
  add(last);
  settle(s);
  return s;
}

inline scenarios::Plan small_plan(std::uint64_t seed, std::vector<std::string> quirks = {}) {
  scenarios::Plan plan;
  plan.seed = seed;
  plan.quirks = quirks;
  plan.generate = [quirks](sim::Choice& choice) { return small_scenario(choice, quirks); };
  return plan;
}

}  // namespace test_support
