// `replsim conform FILE...`: the same scenarios on simulated nodes and on real servers.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <thread>
#include <variant>

#include "scenarios/arms/compare.h"
#include "scenarios/arms/expressible.h"
#include "scenarios/arms/sim_arm.h"
#include "scenarios/language/loader.h"
#include "tools/conform.h"
#include "tools/input.h"
#include "tools/live/real_arm.h"
#include "tools/verbs.h"

namespace tools {
namespace {

namespace arms = scenarios::arms;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

std::atomic<bool> stop{false};

enum class Verdict : std::uint8_t { same, known, differs, not_expressible };
constexpr std::size_t kVerdicts = 4;

struct Outcome {
  std::string file, name, point;
  Verdict verdict = Verdict::same;
  std::vector<arms::Untaken> untaken, unseen;
  std::vector<arms::Difference> differences;
  std::vector<std::pair<std::string, const arms::KnownDifference*>> known;  // and its place
  std::vector<std::string> findings;  // of one arm alone: its own expectations that did not hold
  std::vector<std::string> logged;    // by the servers, where something is wrong
  // Beside other scenarios it differed there; all the rest is what it did when played alone.
  std::string differed_at;
  std::vector<arms::Difference> differed;
  std::string blur;
  std::int64_t real_ms = 0;
};

struct Plan {
  std::string file;
  scenarios::Scenario scenario;
};

std::string in_seconds(std::int64_t ms) {
  std::ostringstream out;
  out << ms / 1000 << '.' << ms % 1000 / 100 << " s";
  return out.str();
}

std::string_view word(Verdict verdict, bool alone) {
  switch (verdict) {
    case Verdict::same:
      return alone ? "as expected" : "same";
    case Verdict::known:
      return "known difference";
    case Verdict::differs:
      return alone ? "not as expected" : "differs";
    case Verdict::not_expressible:
      break;
  }
  return "not expressible";
}

// Why what is known stands, each reason once.
std::string reasons_of(const Outcome& outcome) {
  std::string out;
  for (const auto& [at, known] : outcome.known) {
    const std::string reason = std::string(known->reason) + " (" + std::string(known->since) + ")";
    if (out.find(reason) == std::string::npos) out += (out.empty() ? "" : "; ") + reason;
  }
  return out;
}

// --- one scenario
// -----------------------------------------------------------------------------------

void judge_alone(Outcome& outcome, const scenarios::Scenario& scenario, const arms::Told& told) {
  for (const arms::StepTold& step : told.steps) {
    if (step.taken.finding.empty()) continue;
    const scenarios::Place& place = scenario.steps[step.taken.step].place;
    outcome.findings.push_back("step " + std::to_string(step.taken.step + 1) + " (line " +
                               std::to_string(place.line) + "): " + step.taken.finding);
  }
  if (told.calm && !told.settled)
    outcome.findings.emplace_back("not all became online and equal in the calm");
  if (!outcome.findings.empty()) outcome.verdict = Verdict::differs;
}

Outcome conform(const Plan& plan, const ArmsOptions& options) {
  Outcome outcome;
  outcome.file = plan.file;
  outcome.name = plan.scenario.name;
  outcome.point = plan.scenario.point;
  const bool alone = options.arms == "real";
  const scenarios::Scenario scenario = arms::without_quirks(plan.scenario);
  arms::Expressible can = arms::expressible(scenario);
  outcome.untaken = std::move(can.untaken);
  outcome.unseen = std::move(can.unseen);
  const arms::Told simulated = arms::simulate(scenario);
  const auto takes = std::chrono::duration_cast<std::chrono::milliseconds>(
      simulated.steps.empty() ? sim::Duration{0}
                              : simulated.steps.back().taken.at.time_since_epoch());
  if (takes.count() > options.limit_ms) {
    outcome.untaken.push_back({{},
                               "its time",
                               "it takes " + in_seconds(takes.count()) + ", the limit is " +
                                   in_seconds(options.limit_ms)});
  }
  if (!outcome.untaken.empty()) {
    outcome.verdict = Verdict::not_expressible;
    return outcome;
  }
  const auto began = Clock::now();
  const arms::Told real = live::play_on_real_servers(scenario, alone ? nullptr : &simulated, &stop);
  outcome.real_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count();
  if (real.broke) {
    outcome.verdict = Verdict::differs;
    outcome.findings.push_back("the real arm broke down: " + real.problem);
    return outcome;
  }
  if (!real.problem.empty()) {
    outcome.verdict = Verdict::not_expressible;
    outcome.untaken.push_back({{}, "the run", real.problem});
    return outcome;
  }
  if (alone) {
    judge_alone(outcome, scenario, real);
  } else {
    outcome.blur = arms::blur_of(scenario, simulated).reason;
    for (arms::Difference& difference : arms::compare(scenario, simulated, real)) {
      if (const arms::KnownDifference* known = arms::known(outcome.name, difference.at))
        outcome.known.emplace_back(std::move(difference.at), known);
      else
        outcome.differences.push_back(std::move(difference));
    }
    if (!simulated.problem.empty())
      outcome.findings.push_back("the simulated arm fails by itself: " + simulated.problem);
    if (!outcome.differences.empty() || !outcome.findings.empty())
      outcome.verdict = Verdict::differs;
    else if (!outcome.known.empty())
      outcome.verdict = Verdict::known;
  }
  if (outcome.verdict == Verdict::differs) outcome.logged = real.logged;
  return outcome;
}

// --- for people
// -------------------------------------------------------------------------------------

// Bytes that no terminal should get as they are.
std::string printable(const std::string& utf8) {
  std::string out;
  for (const char c : utf8) out += c >= ' ' || c < 0 ? c : '?';
  return out;
}

void line(std::ostream& out, const char* what, const std::string& text) {
  out << "  " << what << printable(text) << '\n';
}

void print(std::ostream& out, const arms::Difference& difference) {
  const auto side = [](const std::string& value) {
    return value.empty() ? std::string("(nothing)") : value;
  };
  line(out, "where       ", difference.where);
  for (const std::string& same : difference.agreed) line(out, "agreed      ", same);
  line(out, "simulated   ", side(difference.simulated));
  if (!difference.simulated_finding.empty())
    line(out, "            ", difference.simulated_finding);
  line(out, "real        ", side(difference.real));
  if (!difference.real_finding.empty()) line(out, "            ", difference.real_finding);
  if (!difference.simulated_heard.empty()) out << "  said until then, simulated:\n";
  for (const std::string& heard : difference.simulated_heard) line(out, "  ", heard);
  if (!difference.real_heard.empty()) out << "  said until then, real:\n";
  for (const std::string& heard : difference.real_heard) line(out, "  ", heard);
}

void print(std::ostream& out, const Outcome& outcome, const ArmsOptions& options) {
  out << outcome.name << "  " << word(outcome.verdict, options.arms == "real");
  if (outcome.verdict == Verdict::known) out << ": " << reasons_of(outcome);
  const std::size_t count = outcome.differences.size();
  if (count > 0) out << " in " << count << (count == 1 ? " place" : " places");
  out << '\n';
  for (const arms::Untaken& one : outcome.untaken) {
    line(out, "cannot      ",
         one.what + (one.place.line > 0 ? " (line " + std::to_string(one.place.line) + ")" : "") +
             ": " + one.reason);
  }
  if (options.arms == "real" || options.all) {
    for (const arms::Untaken& one : outcome.unseen)
      line(out, "not seen    ",
           one.what + " (line " + std::to_string(one.place.line) + "): " + one.reason);
  } else if (!outcome.unseen.empty() && outcome.untaken.empty()) {
    line(out, "not seen    ",
         std::to_string(outcome.unseen.size()) +
             " parts of conditions that a real server does not show (--all tells them)");
  }
  if (!outcome.blur.empty() && (options.all || outcome.verdict == Verdict::differs))
    line(out, "not compared  ", outcome.blur);
  if (!outcome.differed_at.empty())
    line(out, "again       ", "beside other scenarios it differed: " + outcome.differed_at);
  for (const std::string& finding : outcome.findings) line(out, "", finding);
  for (std::size_t i = 0; i < (options.all ? count : std::min<std::size_t>(count, 1)); ++i)
    print(out, outcome.differences[i]);
  if (outcome.verdict != Verdict::differs) return;
  out << "  logged last by the real servers:\n";
  for (const std::string& log : outcome.logged) {
    std::istringstream lines(log);
    for (std::string text; std::getline(lines, text);) line(out, "  ", text);
  }
}

// --- for machines, and for the README
// ---------------------------------------------------------------

Json told(const std::vector<arms::Untaken>& list) {
  Json out = Json::array();
  for (const arms::Untaken& one : list)
    out.push_back({{"line", one.place.line},
                   {"pointer", one.place.pointer},
                   {"what", one.what},
                   {"reason", one.reason}});
  return out;
}

Json told(const std::vector<arms::Difference>& differences, const ArmsOptions& options) {
  Json out = Json::array();
  for (const arms::Difference& one : differences) {
    Json difference{
        {"where", one.where}, {"at", one.at}, {"simulated", one.simulated}, {"real", one.real}};
    if (!one.agreed.empty()) difference["agreed"] = one.agreed;
    if (!one.simulated_finding.empty()) difference["simulated_finding"] = one.simulated_finding;
    if (!one.real_finding.empty()) difference["real_finding"] = one.real_finding;
    difference["simulated_heard"] = one.simulated_heard;
    difference["real_heard"] = one.real_heard;
    out.push_back(std::move(difference));
    if (!options.all) break;
  }
  return out;
}

Json told(const Outcome& outcome, const ArmsOptions& options) {
  Json out{{"scenario", outcome.name},
           {"file", outcome.file},
           {"verdict", word(outcome.verdict, options.arms == "real")}};
  for (const auto& [at, known] : outcome.known)
    out["known"].push_back({{"at", at}, {"since", known->since}, {"reason", known->reason}});
  if (!outcome.untaken.empty()) out["cannot"] = told(outcome.untaken);
  if (!outcome.unseen.empty()) out["not_seen"] = told(outcome.unseen);
  if (!outcome.blur.empty()) out["not_compared"] = outcome.blur;
  if (!outcome.findings.empty()) out["findings"] = outcome.findings;
  out["real_ms"] = outcome.real_ms;
  if (!outcome.differed_at.empty()) {
    out["beside_others"] = {{"at", outcome.differed_at}};
    if (!outcome.differed.empty())
      out["beside_others"]["differences"] = told(outcome.differed, options);
  }
  if (outcome.differences.empty()) return out;
  out["places"] = outcome.differences.size();
  out["differences"] = told(outcome.differences, options);
  return out;
}

std::string in_cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::ptrdiff_t played_again(const std::vector<Outcome>& outcomes) {
  return std::count_if(outcomes.begin(), outcomes.end(),
                       [](const Outcome& outcome) { return !outcome.differed_at.empty(); });
}

void print_table(const std::vector<Outcome>& outcomes, const std::map<Verdict, std::size_t>& counts,
                 const ArmsOptions& options) {
  std::cout << "# Scenarios on real servers\n\n"
            << "Made by `replsim conform --table FILE...`; do not edit. What is compared: what "
               "became of each step, replies, INFO, ROLE and data\n"
            << "whenever nodes were synced and at the end, decisions with ids and offsets, "
               "snapshots, propagated commands with their offsets.\n\n";
  for (const auto& [verdict, count] : counts)
    std::cout << "- " << word(verdict, false) << ": " << count << "\n";
  if (const auto again = played_again(outcomes); again > 0)
    std::cout << "\nPlayed again alone, because they differed beside others: " << again << ".\n";
  std::cout << "\n| scenario | " << live::real_server() << " | |\n|---|---|---|\n";
  for (const Outcome& outcome : outcomes) {
    std::string why;
    if (!outcome.untaken.empty())
      why = outcome.untaken.front().what + ": " + outcome.untaken.front().reason;
    if (!outcome.known.empty()) why = reasons_of(outcome);
    if (!outcome.differences.empty()) why = outcome.differences.front().where;
    if (why.empty() && !outcome.findings.empty()) why = outcome.findings.front();
    if (outcome.untaken.empty() && !outcome.unseen.empty())
      why += std::string(why.empty() ? "" : "; ") + std::to_string(outcome.unseen.size()) +
             (outcome.unseen.size() == 1 ? " condition" : " conditions") + " not seen";
    if (!outcome.differed_at.empty())
      why += (why.empty() ? "" : "; ") + ("beside others it differed: " + outcome.differed_at);
    std::cout << "| " << outcome.name << " | " << word(outcome.verdict, options.arms == "real")
              << " | " << in_cell(why) << " |\n";
  }
}

// What differed while others were played beside it is played once more, alone: what stays is no
// matter of a busy machine.
void play_again(Outcome& outcome, const Plan& plan, const ArmsOptions& options) {
  const std::string at =
      outcome.differences.empty() ? outcome.findings.front() : outcome.differences.front().where;
  std::vector<arms::Difference> differed = std::move(outcome.differences);
  outcome = conform(plan, options);
  outcome.differed_at = at;
  outcome.differed = std::move(differed);
}

// --- all of them
// ------------------------------------------------------------------------------------

std::optional<std::vector<Plan>> load(const std::vector<std::string>& files) {
  std::vector<Plan> plans;
  bool bad = false;
  for (const std::string& file : files) {
    auto loaded = load_file(file);
    if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
      for (const scenarios::LoadError& error : *errors)
        std::cerr << scenarios::to_text(error, shown_name(file)) << '\n';
      bad = true;
    } else {
      plans.push_back({file, std::move(std::get<scenarios::Scenario>(loaded))});
    }
  }
  return bad ? std::nullopt : std::optional(std::move(plans));
}

void note_interrupt(int) {
  stop = true;
}

}  // namespace

int conform_arms(const ArmsOptions& options) {
  const auto plans = load(options.files);
  if (!plans) return kBadInput;
  if (live::real_server().empty()) {
    std::cerr << "replsim conform: there is no redis-server on the PATH: install it (apt-get "
                 "install redis-server)\n";
    return kNotTested;
  }
  std::signal(SIGINT, note_interrupt);  // servers and their files go with us
  std::signal(SIGTERM, note_interrupt);
  std::vector<std::optional<Outcome>> outcomes(plans->size());
  std::atomic<std::size_t> next{0};
  std::mutex printing;
  std::size_t printed = 0;
  const bool crowded = options.jobs > 1 && plans->size() > 1;
  const auto print_ready = [&](bool final) {
    if (options.json || options.table) return;
    for (; printed < outcomes.size() && outcomes[printed]; ++printed) {
      if (!final && crowded && outcomes[printed]->verdict == Verdict::differs) return;
      print(std::cout, *outcomes[printed], options);
      std::cout.flush();
    }
  };
  const auto work = [&] {
    for (std::size_t i = next++; i < plans->size() && !stop; i = next++) {
      Outcome outcome = conform((*plans)[i], options);
      const std::lock_guard lock(printing);
      outcomes[i] = std::move(outcome);
      print_ready(false);
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < std::min<std::size_t>(std::max(1U, options.jobs), plans->size()); ++i)
    workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  for (std::size_t i = 0; crowded && i < plans->size() && !stop; ++i) {
    if (outcomes[i]->verdict == Verdict::differs) play_again(*outcomes[i], (*plans)[i], options);
  }
  print_ready(true);
  if (stop) return kInterrupted;

  std::map<Verdict, std::size_t> counts;
  for (std::size_t i = 0; i < kVerdicts; ++i) counts[static_cast<Verdict>(i)] = 0;
  std::size_t unseen = 0;
  std::vector<Outcome> all;
  for (auto& outcome : outcomes) {
    ++counts[outcome->verdict];
    if (outcome->verdict != Verdict::not_expressible) unseen += outcome->unseen.size();
    all.push_back(std::move(*outcome));
  }
  const bool alone = options.arms == "real";
  if (options.table) {
    print_table(all, counts, options);
  } else if (options.json) {
    Json out{{"arms", options.arms}, {"real", live::real_server()}};
    for (const auto& [verdict, count] : counts) out[std::string(word(verdict, alone))] = count;
    out["not_seen"] = unseen;
    out["played_again"] = played_again(all);
    out["scenarios"] = Json::array();
    for (const Outcome& outcome : all) out["scenarios"].push_back(told(outcome, options));
    std::cout << out.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    std::cout << all.size() << (all.size() == 1 ? " scenario" : " scenarios") << " on "
              << live::real_server() << ":";
    const char* between = " ";
    for (const auto& [verdict, count] : counts) {
      std::cout << between << count << ' ' << word(verdict, alone);
      between = ", ";
    }
    if (unseen > 0) std::cout << "; " << unseen << " parts of conditions not seen";
    if (const auto again = played_again(all); again > 0)
      std::cout << "; " << again << " played again alone";
    std::cout << '\n';
  }
  if (counts[Verdict::differs] > 0) return kFail;
  return counts[Verdict::same] + counts[Verdict::known] > 0 ? kPass : kNotTested;
}

}  // namespace tools
