#include "scenarios/arms/sim_arm.h"

#include <algorithm>
#include <memory>

#include "model/data/debug_digest.h"
#include "model/info.h"
#include "model/state.h"
#include "scenarios/run/calm.h"
#include "scenarios/run/performance.h"

namespace scenarios::arms {
namespace {

constexpr sim::Duration kPause{1};

// The scenario with a moment's rest after each step that is looked at, and where its steps were.
struct Rested {
  Scenario scenario;
  std::vector<std::size_t> original;  // of each step; of a rest: the step before
  std::vector<std::size_t> rests;
};

Rested rested(const Scenario& scenario) {
  Rested out{scenario, {}, {}};
  out.scenario.steps.clear();
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    if (waits_behind_a_cut(scenario, i)) {
      Step moment;
      moment.what = Sleep{kToNotice};
      moment.place = scenario.steps[i - 1].place;
      out.scenario.steps.push_back(std::move(moment));
      out.original.push_back(i - 1);
    }
    out.scenario.steps.push_back(scenario.steps[i]);
    out.original.push_back(i);
    if (looked_at_after(scenario.steps[i]).empty()) continue;
    out.rests.push_back(out.scenario.steps.size());
    Step rest;
    rest.what = Sleep{kPause};
    rest.place = scenario.steps[i].place;
    out.scenario.steps.push_back(std::move(rest));
    out.original.push_back(i);
  }
  return out;
}

Look look_at(const World& world, std::size_t node) {
  const model::State& s = *world.state(node);
  Look look;
  look.node = world.node(node).name;
  look.info = golden::info_of(world, node);
  std::string bytes;
  model::ReplyWriter writer(bytes);
  model::write_role(s, writer);
  model::ReplyParser parser;
  parser.feed(bytes);
  parser.next(look.role);
  look.digest = model::hex(model::debug_digest(s.data));
  return look;
}

// When each step was over, by how much had been written down.
class Watch {
 public:
  Watch(const Rested& plan, Told& told) : plan_(plan), told_(told) {}

  void look(const Performance& run) {
    const std::vector<Taken>& taken = run.play().log.taken();
    // The newest may still go on; what has been told of the others is final.
    for (; told_until_ < taken.size(); ++told_until_) tell(taken[told_until_], run);
    if (!taken.empty()) told_until_ = taken.size() - 1;
    while (next_rest_ < plan_.rests.size() && run.at_step() >= plan_.rests[next_rest_]) {
      const std::size_t step = plan_.original[plan_.rests[next_rest_++]];
      StepTold& told = at(step, run);
      for (const std::string& name :
           looked_at_after(plan_.scenario.steps[plan_.rests[next_rest_ - 1] - 1])) {
        const std::size_t node = *run.world().node_named(name);
        if (run.world().state(node) != nullptr) told.looks.push_back(look_at(run.world(), node));
      }
    }
  }

 private:
  void tell(const Taken& taken, const Performance& run) {
    const bool is_rest =
        taken.step > 0 && plan_.original[taken.step] == plan_.original[taken.step - 1];
    if (is_rest) return;
    const std::size_t step = plan_.original[taken.step];
    StepTold& told = at(step, run);
    told.taken = taken;
    told.taken.step = step;
  }
  StepTold& at(std::size_t step, const Performance& run) {
    if (told_.steps.empty() || told_.steps.back().taken.step != step) {
      told_.steps.emplace_back().taken.step = step;
    }
    told_.steps.back().heard = run.world().kernel().trace().records().size();
    return told_.steps.back();
  }

  const Rested& plan_;
  Told& told_;
  std::size_t told_until_ = 0, next_rest_ = 0;
};

}  // namespace

std::vector<std::string> looked_at_after(const Step& step) {
  const auto* const wait = std::get_if<Wait>(&step.what);
  if (wait == nullptr || !wait->needed) return {};
  for (const Condition::Part& part : wait->until.all_of) {
    if (const auto* synced = std::get_if<Synced>(&part)) return synced->nodes;
  }
  return {};
}

bool waits_behind_a_cut(const Scenario& scenario, std::size_t step) {
  if (step == 0 || looked_at_after(scenario.steps[step]).empty()) return false;
  const auto* const fault = std::get_if<Fault>(&scenario.steps[step - 1].what);
  return fault != nullptr && std::holds_alternative<Cut>(fault->what) && !fault->when &&
         !fault->after_bytes;
}

Scenario without_quirks(const Scenario& scenario) {
  Scenario out = scenario;
  for (Node& node : out.nodes) node.quirks.clear();
  out.must_fail.clear();
  return out;
}

Told simulate(const Scenario& scenario) {
  const Rested plan = rested(scenario);
  const auto shared = std::make_shared<const Scenario>(plan.scenario);
  Performance run(shared, sim::Choice::seeded(scenario.seed), sim::TraceMode::keep);
  run.world().wire().keep_bytes();
  run.keep_log();
  Told told;
  told.arm = "simulated";
  told.wall_began_ms = WallClock::kEpochMs;
  for (const Node& node : scenario.nodes) told.hosts.push_back(node.name);
  for (const Peer& peer : scenario.peers) told.hosts.push_back(peer.name);
  Watch watch(plan, told);
  bool more = true;
  while (more) {
    more = run.advance();
    watch.look(run);
    if (!told.calm && run.steps_are_over() && scenario.calm) told.calm = true;
  }
  const World& world = run.world();
  told.ended = world.now();
  if (told.calm) {
    told.settled = settled(world) || settled_but_for_pings(world);
    for (std::size_t i = 0; i < world.nodes(); ++i) {
      if (world.state(i) != nullptr) told.end.push_back(look_at(world, i));
    }
  }
  told.wire = world.wire();
  told.trace = world.kernel().trace();
  const RunResult result = run.result();
  if (result.outcome == Outcome::fail) {
    for (const Judgement& judgement : result.judgements) {
      if (judgement.outcome != Outcome::fail || !told.problem.empty()) continue;
      told.problem = judgement.oracle + ": " + judgement.finding;
    }
  }
  return told;
}

}  // namespace scenarios::arms
