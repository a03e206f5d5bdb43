#include "scenarios/run/runner.h"

#include <algorithm>

#include "model/marks.h"
#include "model/state.h"
#include "scenarios/run/performance.h"

namespace scenarios {
namespace {

std::map<std::string, std::int64_t> counters_of(const model::State& s) {
  const model::Stats& stats = s.stats;
  return {{"sync_full", stats.sync_full},
          {"sync_partial_ok", stats.sync_partial_ok},
          {"sync_partial_err", stats.sync_partial_err},
          {"expired_keys", stats.expired_keys},
          {"commands_processed", stats.commands_processed},
          {"connected_replicas", static_cast<std::int64_t>(s.replicas.size())}};
}

NodeEnd end_of(const World& world, std::size_t index) {
  NodeEnd end;
  end.name = world.node(index).name;
  const model::State* const s = world.state(index);
  if (s == nullptr) return end;
  end.up = true;
  end.role = s->is_master() ? "master" : "slave";
  if (!s->is_master()) end.link = model::name(s->link.state);
  end.replid = s->history.id.view();
  end.replid2 = s->history.second_id.view();
  end.offset = s->history.offset;
  end.second_offset = s->history.second_offset;
  if (s->backlog) {
    end.backlog_first = s->backlog->first();
    end.backlog_size = s->backlog->histlen();
  }
  end.keys = s->data.size();
  end.digest = s->data.digest();
  end.counters = counters_of(*s);
  return end;
}

Outcome outcome_of(const Scenario& scenario, const std::vector<Judgement>& judgements) {
  const auto has = [&](Outcome outcome) {
    return std::any_of(judgements.begin(), judgements.end(),
                       [&](const Judgement& j) { return j.outcome == outcome; });
  };
  if (!scenario.must_fail.empty()) {
    // A witness: what it names fails, and nothing else does.
    const bool as_told = std::all_of(judgements.begin(), judgements.end(), [&](const Judgement& j) {
      const bool named = std::find(scenario.must_fail.begin(), scenario.must_fail.end(),
                                   j.oracle) != scenario.must_fail.end();
      return named == (j.outcome == Outcome::fail);
    });
    return as_told ? Outcome::pass : Outcome::fail;
  }
  if (has(Outcome::fail)) return Outcome::fail;
  if (has(Outcome::unknown)) return Outcome::unknown;
  return has(Outcome::pass) ? Outcome::pass : Outcome::not_tested;
}

}  // namespace

RunResult Performance::result() {
  World& world = play_.world;
  RunResult result;
  result.scenario = world.scenario().name;
  result.point = world.scenario().point;
  result.seed = world.scenario().seed;
  result.judgements = world.bench().judgements();
  result.judgements.push_back(play_.expectations.judgement());
  result.outcome = outcome_of(world.scenario(), result.judgements);
  for (const Judgement& j : result.judgements) {
    const bool expected = &j == &result.judgements.back();
    world.trace().add(world.now(),
                      sim::record::Verdict{j.oracle, std::string(name(j.outcome)),
                                           expected ? play_.expectations.finding() : j.finding});
  }
  for (std::size_t i = 0; i < world.nodes(); ++i) result.nodes.push_back(end_of(world, i));
  result.faults = play_.injector.ends(world);
  for (const model::MarkName& mark : model::marks()) {
    if (world.reached(mark.mark)) result.marks.emplace_back(mark.name);
  }
  std::sort(result.marks.begin(), result.marks.end());
  result.ended = world.now();
  result.events = world.kernel().events_taken();
  result.trace_hash = world.trace().hash();
  result.trace = std::move(world.trace());
  return result;
}

RunResult run(const Scenario& scenario, sim::Choice choice, sim::TraceMode mode) {
  // The caller's scenario outlives the run: shared without being owned.
  Performance performance(std::shared_ptr<const Scenario>(std::shared_ptr<void>(), &scenario),
                          std::move(choice), mode);
  while (performance.advance()) {
  }
  return performance.result();
}

RunResult run(const Scenario& scenario, sim::TraceMode mode) {
  return run(scenario, sim::Choice::seeded(scenario.seed), mode);
}

}  // namespace scenarios
