#include "scenarios/search/kill_matrix.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace scenarios {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

Kill kill_of(const std::string& quirk, const Plan& plan, const KillBudget& budget) {
  Kill kill;
  kill.quirk = quirk;
  Budget runs;
  runs.runs = budget.runs;
  runs.time = budget.time;
  runs.workers = budget.workers;
  runs.until_first_failure = true;
  runs.known = budget.known;
  runs.stop = budget.stop;
  Tally tally;
  const auto began = Clock::now();
  conduct(plan, runs, tally, {});
  kill.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  kill.runs = tally.runs;
  const FailureTally* first = nullptr;
  for (const auto& [key, failure] : tally.failures) {
    if (budget.known.contains(key)) continue;
    if (first == nullptr || failure.first < first->first) first = &failure;
  }
  if (first == nullptr) return kill;
  kill.killed = true;
  kill.runs = first->first + 1;
  kill.key = first->finding.key;
  kill.sentence = first->finding.sentence;
  kill.oracles = first->finding.also;
  kill.oracles.insert(kill.oracles.begin(), first->finding.oracle);
  const Scenario found = scenario_of(plan, first->first);
  kill.found_size = size_in_events(found);
  if (budget.shrink.runs == 0) return kill;
  Shrunk shrunk = shrink(found, fails_with(kill.key), budget.shrink);
  kill.steps = size_in_events(shrunk.scenario);
  kill.shrunk = std::move(shrunk.scenario);
  return kill;
}

template <class T> T median(std::vector<T> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

std::vector<Kill> kill_matrix(const std::vector<std::string>& quirks,
                              const std::function<Plan(const std::string& quirk)>& plan_for,
                              const KillBudget& budget, const std::function<void(const Kill&)>& told) {
  std::vector<Kill> kills;
  for (const std::string& quirk : quirks) {
    if (budget.stop != nullptr && *budget.stop) break;
    kills.push_back(kill_of(quirk, plan_for(quirk), budget));
    if (told) told(kills.back());
  }
  return kills;
}

std::string kills_json(const std::vector<Kill>& kills, std::uint64_t seed) {
  Json list = Json::array();
  std::set<std::string> oracles;
  std::vector<std::uint64_t> runs;
  std::vector<std::size_t> steps;
  for (const Kill& kill : kills) {
    list.push_back({{"name", kill.quirk},
                    {"killed", kill.killed},
                    {"runs", kill.runs},
                    {"oracles", kill.oracles},
                    {"seconds", kill.seconds},
                    {"found_steps", kill.found_size},
                    {"steps", kill.steps},
                    {"key", kill.key},
                    {"sentence", kill.sentence}});
    if (!kill.killed) continue;
    runs.push_back(kill.runs);
    if (kill.steps > 0) steps.push_back(kill.steps);
  }
  return Json{{"seed", seed},
              {"killed", runs.size()},
              {"of", kills.size()},
              {"median_runs", median(runs)},
              {"median_steps", median(steps)},
              {"quirks", list}}
             .dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

std::string kills_table(const std::vector<Kill>& kills) {
  std::map<std::string, std::size_t> columns;
  for (const Kill& kill : kills) {
    for (const std::string& oracle : kill.oracles) ++columns[oracle];
  }
  std::string out = "| quirk | runs | seconds | events |", line = "|---|--:|--:|--:|";
  for (const auto& [oracle, count] : columns) {
    out += " " + oracle + " |";
    line += ":-:|";
  }
  out += "\n" + line + "\n";
  for (const Kill& kill : kills) {
    std::string seconds = std::to_string(kill.seconds);
    seconds.resize(std::min(seconds.size(), seconds.find('.') + 3));
    out += "| " + kill.quirk + " | " + (kill.killed ? "" : "not found in ") + std::to_string(kill.runs) +
           " | " + seconds + " | " + (kill.steps > 0 ? std::to_string(kill.steps) : "") + " |";
    for (const auto& [oracle, count] : columns) {
      const auto at = std::find(kill.oracles.begin(), kill.oracles.end(), oracle);
      out += at == kill.oracles.end() ? "  |" : at == kill.oracles.begin() ? " **x** |" : " x |";
    }
    out += "\n";
  }
  return out + "\n**x**: saw it first; x: failed in the same run.\n";
}

std::vector<std::string> killed_in(std::string_view stored) {
  std::vector<std::string> names;
  const Json before = Json::parse(stored, nullptr, false);
  if (before.is_discarded() || !before.contains("quirks")) return names;
  for (const Json& quirk : before["quirks"]) {
    if (quirk.value("killed", false)) names.push_back(quirk.value("name", std::string()));
  }
  return names;
}

std::vector<std::string> regressions(std::string_view stored, const std::vector<Kill>& kills) {
  std::vector<std::string> worse;
  const Json before = Json::parse(stored, nullptr, false);
  if (before.is_discarded() || !before.contains("quirks"))
    return {"the stored kill matrix cannot be read"};
  std::map<std::string, std::vector<std::string>> by_oracle;  // whose first sight it was -> quirks
  std::set<std::string> now;
  for (const Kill& kill : kills) {
    if (kill.killed) now.insert(kill.oracles.front());
  }
  for (const Json& quirk : before["quirks"]) {
    const std::string name = quirk.at("name");
    const auto tried = std::find_if(kills.begin(), kills.end(),
                                    [&](const Kill& kill) { return kill.quirk == name; });
    if (!quirk.at("killed").get<bool>() || tried == kills.end()) continue;
    if (!tried->killed) {
      worse.push_back("the quirk " + name + " is no longer found (it was, after " +
                      std::to_string(quirk.at("runs").get<std::uint64_t>()) + " runs, by " +
                      quirk.at("oracles").front().get<std::string>() + ")");
    }
    by_oracle[quirk.at("oracles").front()].push_back(name);
  }
  for (const auto& [oracle, quirks] : by_oracle) {
    if (!now.contains(oracle)) {
      worse.push_back("the oracle " + oracle + " is no longer the first to see any quirk (it was for " +
                      quirks.front() + ")");
    }
  }
  return worse;
}

}  // namespace scenarios
