#include "scenarios/search/campaign.h"

#include <algorithm>
#include <exception>

#include "scenarios/search/mix.h"

namespace scenarios {

std::uint64_t scenario_seed(std::uint64_t campaign_seed, std::uint64_t index) {
  constexpr unsigned kDropped = 64 - 53;
  return mix(campaign_seed, index) >> kDropped;
}

Scenario scenario_of(const Plan& plan, std::uint64_t index) {
  const std::uint64_t seed = scenario_seed(plan.seed, index);
  constexpr std::uint64_t kOfTheGenerator = 1;  // the run itself draws from the seed as it is
  sim::Choice choice = sim::Choice::seeded(mix(seed, kOfTheGenerator));
  Scenario scenario = plan.generate(choice);
  scenario.seed = seed;
  scenario.name = "found";
  return scenario;
}

std::optional<Finding> finding_of(const RunResult& result) {
  const Judgement* first = nullptr;
  for (const Judgement& j : result.judgements) {
    if (j.outcome == Outcome::fail && (first == nullptr || j.at < first->at)) first = &j;
  }
  if (first == nullptr) return std::nullopt;
  Finding finding{failure_key(*first), first->oracle, first->finding, first->at, {}};
  for (const Judgement& j : result.judgements) {
    if (j.outcome == Outcome::fail && &j != first) finding.also.push_back(j.oracle);
  }
  return finding;
}

RunResult run_guarded(const Scenario& scenario, sim::TraceMode mode) {
  std::string problem;
  try {
    return run(scenario, mode);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  RunResult result;
  result.scenario = scenario.name;
  result.point = scenario.point;
  result.seed = scenario.seed;
  result.outcome = Outcome::fail;
  Judgement crash;
  crash.oracle = "CRASH";
  crash.outcome = Outcome::fail;
  crash.finding = "the run ended in an exception: " + problem;
  crash.clause = "exception";
  result.judgements.push_back(std::move(crash));
  return result;
}

namespace {
thread_local std::uint64_t in_progress = 0;
}

std::uint64_t run_in_progress() { return in_progress; }

RunRecord run_of(const Plan& plan, std::uint64_t index) {
  in_progress = index;
  const Scenario scenario = scenario_of(plan, index);
  const auto once = [&](bool again) {
    if (!plan.disturb) return run_guarded(scenario, sim::TraceMode::hash_only);
    Scenario disturbed = scenario;
    plan.disturb(disturbed, again);
    return run_guarded(disturbed, sim::TraceMode::hash_only);
  };
  RunResult result = once(false);
  RunRecord record;
  record.index = index;
  record.hash = result.trace_hash;
  record.events = result.events;
  record.simulated = result.ended.time_since_epoch();
  record.finding = finding_of(result);
  record.judgements = std::move(result.judgements);
  record.marks = std::move(result.marks);
  record.repeated = index % kRepeatOneIn == 0;
  if (record.repeated) record.differed = once(true).trace_hash != record.hash;
  return record;
}

}  // namespace scenarios
