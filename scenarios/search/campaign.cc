#include "scenarios/search/campaign.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "scenarios/language/loader.h"
#include "scenarios/language/write.h"
#include "scenarios/oracles/scene.h"
#include "scenarios/run/performance.h"
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

namespace {

// --- runs that do not end well ------------------------------------------------------------------------

Performance performance_of(const Scenario& scenario, sim::TraceMode mode) {
  // The caller's scenario outlives the run: shared without being owned.
  return {std::shared_ptr<const Scenario>(std::shared_ptr<void>(), &scenario),
          sim::Choice::seeded(scenario.seed), mode};
}

std::string happening(sim::Occurrence::Kind kind) {
  using Kind = sim::Occurrence::Kind;
  switch (kind) {
    case Kind::accepted: return "was connected to";
    case Kind::connected: return "had its connection accepted";
    case Kind::refused: return "had its connection refused";
    case Kind::bytes: return "was sent bytes";
    case Kind::ended: return "saw a connection end";
    case Kind::reset: return "saw a connection break";
    case Kind::room: return "had room to send again";
    case Kind::wake: return "had a timer due";
    case Kind::job: return "had news of a job";
    case Kind::resume: return "was resumed";
    default: return "had a step or fault due";
  }
}

// What was about to happen, when the process ended: the kernel is a value, and can be asked on a copy.
void say_what_happened(const World& world, Judgement& crash) {
  sim::Kernel ahead = world.kernel();
  const auto next = ahead.next(sim::kNever);
  if (!next) return;
  crash.at = ahead.now();
  const std::size_t host = number(next->host);
  crash.finding += ", when " + std::string(world.name_of(next->host)) + " ";
  if (host < world.nodes()) {
    const NodeView view = world.views()[host];
    crash.role = role_of(view);
    crash.phase = phase_of(view);
    crash.finding += "(" + crash.role + ", " + crash.phase + ") ";
  }
  crash.finding += happening(next->kind);
  if (next->kind != sim::Occurrence::Kind::bytes) return;
  constexpr std::size_t kShown = 60;
  std::string shown;
  for (const char c : next->bytes.substr(0, kShown)) {
    if (c == '\r') continue;
    if (c == '\n') shown += ' ';
    else shown += c >= ' ' && c <= '~' ? c : '.';
  }
  crash.finding += ": " + shown + (next->bytes.size() > kShown ? "..." : "");
}

Judgement crash_of(std::string_view clause, std::string words) {
  Judgement crash;
  crash.oracle = "CRASH";
  crash.outcome = Outcome::fail;
  crash.finding = std::move(words);
  crash.clause = clause;
  crash.checked = 1;
  return crash;
}

RunResult until(const Scenario& scenario, sim::TraceMode mode, std::uint64_t beats, Judgement crash) {
  Performance performance = performance_of(scenario, mode);
  for (std::uint64_t event = 1; event < beats; ++event) performance.advance();
  if (beats > 0) say_what_happened(performance.world(), crash);
  RunResult result = performance.result();
  result.outcome = Outcome::fail;
  result.judgements.push_back(std::move(crash));
  return result;
}

std::string came_to_its_end(const Death& death) {
  return "the process came to its end by " + death.words +
         (death.beats > 0 ? ", in event " + std::to_string(death.beats) : "");
}

// One of which nothing can be made again.
RunResult nothing_but(const Scenario& scenario, Judgement crash) {
  RunResult result;
  result.scenario = scenario.name;
  result.point = scenario.point;
  result.seed = scenario.seed;
  result.outcome = Outcome::fail;
  result.judgements.push_back(std::move(crash));
  return result;
}

RunResult play(const Scenario& scenario, sim::TraceMode mode, Reached* reached) {
  std::atomic<std::uint64_t>& beats = pulse().beats;
  beats.store(0, std::memory_order_relaxed);
  std::uint64_t events = 0;
  const auto beat = [&] { beats.store(++events, std::memory_order_relaxed); };
  std::string problem;
  try {
    Performance performance = performance_of(scenario, mode);
    std::optional<CoverageWatch> watch;
    if (reached != nullptr) watch.emplace(performance.play());
    beat();
    while (performance.advance() && events < kMostEvents) {
      if (watch) watch->look(performance.play());
      beat();
    }
    if (watch) *reached = watch->reached();
    RunResult result = performance.result();
    if (events >= kMostEvents) {
      Judgement crash = crash_of("endless", "the run does not come to an end: more than " +
                                                std::to_string(kMostEvents) + " events");
      crash.at = result.ended;
      result.outcome = Outcome::fail;
      result.judgements.push_back(std::move(crash));
    }
    return result;
  } catch (const std::exception& error) {
    problem = error.what();
  }
  Judgement crash = crash_of("exception", "the model threw an exception (" + problem + ")");
  try {
    return until(scenario, mode, events, crash);
  } catch (const std::exception&) {
    return nothing_but(scenario, std::move(crash));
  }
}

RunRecord record_from(std::uint64_t index, RunResult result) {
  RunRecord record;
  record.index = index;
  record.hash = result.trace_hash;
  record.events = result.events;
  record.simulated = result.ended.time_since_epoch();
  record.finding = finding_of(result);
  record.judgements = std::move(result.judgements);
  record.marks = std::move(result.marks);
  return record;
}

}  // namespace

RunResult run_guarded(const Scenario& scenario, sim::TraceMode mode) { return play(scenario, mode, nullptr); }

RunResult run_until(const Scenario& scenario, sim::TraceMode mode, const Death& death) {
  Judgement crash = crash_of(death.clause, came_to_its_end(death));
  if (death.beats > 0) return until(scenario, mode, death.beats, std::move(crash));
  return nothing_but(scenario, std::move(crash));
}

RunRecord run_of(const Plan& plan, std::uint64_t index) {
  pulse().beats.store(0, std::memory_order_relaxed);
  pulse().item.store(index, std::memory_order_relaxed);
  const Scenario scenario = scenario_of(plan, index);
  Reached reached;
  const auto once = [&](bool again) {
    Reached* const where = again ? nullptr : &reached;
    if (!plan.disturb) return play(scenario, sim::TraceMode::hash_only, where);
    Scenario disturbed = scenario;
    plan.disturb(disturbed, again);
    return play(disturbed, sim::TraceMode::hash_only, where);
  };
  RunRecord record = record_from(index, once(false));
  record.reached = reached;
  record.repeated = index % kRepeatOneIn == 0;
  if (record.repeated) record.differed = once(true).trace_hash != record.hash;
  return record;
}

RunRecord record_of(const Plan& plan, std::uint64_t index, const Death& death) {
  const Scenario scenario = scenario_of(plan, index);
  return record_from(index, run_until(scenario, sim::TraceMode::hash_only, death));
}

// --- the sandbox --------------------------------------------------------------------------------------

namespace {

// A finding as text, or nothing: what comes back from a child.
std::string to_text(const std::optional<Finding>& finding) {
  if (!finding) return "";
  nlohmann::json json{{"key", finding->key},
                      {"oracle", finding->oracle},
                      {"sentence", finding->sentence},
                      {"at", finding->at.time_since_epoch().count()},
                      {"also", finding->also}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<Finding> from_text(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto json = nlohmann::json::parse(text);
  return Finding{json.at("key"), json.at("oracle"), json.at("sentence"),
                 sim::Instant(sim::Duration(json.at("at").get<std::int64_t>())),
                 json.at("also").get<std::vector<std::string>>()};
}

// The first line is empty, or says how the process ended in this very scenario: "412 bad-access a bad ...".
std::string serve(std::string_view request) {
  const std::size_t line = request.find('\n');
  const auto loaded = load_scenario(std::string(request.substr(line + 1)), "sandbox");
  const auto* scenario = std::get_if<Scenario>(&loaded);
  if (scenario == nullptr) return "";
  if (line == 0) return to_text(finding_of(run_guarded(*scenario, sim::TraceMode::hash_only)));
  Death death;
  std::istringstream first{std::string(request.substr(0, line))};
  first >> death.beats >> death.clause >> std::ws;
  std::getline(first, death.words);
  return to_text(finding_of(run_until(*scenario, sim::TraceMode::hash_only, death)));
}

}  // namespace

Sandbox::Sandbox(std::chrono::milliseconds longest_event) : child_(1, serve, longest_event) {}

std::optional<Finding> Sandbox::finding(const Scenario& scenario, std::optional<Death>* death) {
  const std::string text = write_scenario(scenario);
  const Answer answer = child_.ask('\n' + text);
  if (death != nullptr) *death = answer.death;
  if (!answer.death) return from_text(answer.reply);
  const Death& ended = *answer.death;
  const Answer again =
      child_.ask(std::to_string(ended.beats) + ' ' + ended.clause + ' ' + ended.words + '\n' + text);
  if (!again.death) return from_text(again.reply);
  return finding_of(nothing_but(scenario, crash_of(ended.clause, came_to_its_end(ended))));
}

RunResult run_safely(Sandbox& sandbox, const Scenario& scenario, sim::TraceMode mode) {
  std::optional<Death> death;
  sandbox.finding(scenario, &death);
  return death ? run_until(scenario, mode, *death) : run_guarded(scenario, mode);
}

}  // namespace scenarios
