// The folder of one failure: everything that somebody needs who has to fix it.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "reports/graphviz.h"
#include "scenarios/language/write.h"
#include "scenarios/search/shrink.h"
#include "tools/diagram.h"
#include "tools/fuzz_parts.h"
#include "tools/replay_text.h"

namespace tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using scenarios::FailureFiles;

std::string quoted(const std::string& path) {
  return path.find(' ') == std::string::npos ? path : "'" + path + "'";
}

fs::path place_of(const std::string& folder, const scenarios::FailureTally& failure) {
  return fs::path(folder) / "failures" / scenarios::folder_name(failure.finding.key);
}

void name_it(FailureFiles& files, const fs::path& place, const scenarios::FailureTally& failure) {
  files.key = failure.finding.key;
  files.folder = "failures/" + place.filename().string();
  files.command = "replsim replay " + quoted((place / (files.shrunk ? "shrunk.json" : "found.json")).string());
}

std::string readme(const scenarios::FailureTally& failure, const FailureFiles& files,
                   const std::optional<scenarios::Finding>& smallest, const std::string& shown, const std::string& regenerate, bool picture) {
  const scenarios::Finding& finding = failure.finding;
  // Of the scenario that is shown; of the one that was found only where they differ.
  const scenarios::Finding& seen = smallest && smallest->key == finding.key ? *smallest : finding;
  const auto at = [](const scenarios::Finding& f) {
    return scenarios::duration_text(std::chrono::duration_cast<std::chrono::milliseconds>(f.at.time_since_epoch()));
  };
  std::string out = "# " + finding.key + "\n\n" + seen.sentence + "\n\n";
  out += "Seen " + at(seen) + " after the start of this scenario, which is in `" +
         (files.shrunk ? "shrunk.json" : "found.json") + "`:\n\n";
  out += "```json\n" + shown + "```\n\n";
  out += "    " + files.command + "\n\n";
  if (!seen.also.empty()) {
    out += "In the same run failed:";
    for (const std::string& oracle : seen.also) out += " " + oracle;
    out += "\n\n";
  }
  for (const std::string& freedom : files.freedoms) out += "- " + freedom + "\n";
  if (!files.freedoms.empty()) out += "\n";
  if (files.shrunk) {
    out += "As it was found, in run " + std::to_string(failure.first) + " and " + std::to_string(failure.count - 1) +
           " more, " + at(finding) + " after the start: " + finding.sentence + "\n\n";
  }
  if (picture) out += "![What the replicas' links did](states.svg)\n\n";
  out += "| file | |\n|---|---|\n";
  if (files.shrunk) {
    out += "| `shrunk.json` | the smallest scenario that fails so: " + std::to_string(files.shrunk_size) +
           " events" + (files.complete ? "" : " (the budget of runs ended before it was smallest)") + " |\n";
  }
  out += "| `found.json` | as it was found: " + std::to_string(files.found_size) + " events; also `" +
         regenerate + "` |\n";
  out += "| `timeline.txt` | what happened, and every oracle's verdict |\n";
  out += "| `trace.jsonl` | every record of the run, for `replsim diagram --trace` |\n";
  return out;
}

}  // namespace

std::optional<FailureFiles> read_failure(const std::string& folder, const scenarios::FailureTally& failure) {
  const fs::path place = place_of(folder, failure);
  std::ifstream in(place / "failure.json");
  const Json json = Json::parse(in, nullptr, false);
  if (!in.is_open() || json.is_discarded() || !json.is_object()) return std::nullopt;
  if (json.value("first", std::uint64_t{0}) != failure.first) return std::nullopt;
  FailureFiles files;
  files.found_size = json.value("found_events", std::size_t{0});
  files.shrunk = json.value("shrunk", false);
  files.shrunk_size = json.value("shrunk_events", std::size_t{0});
  files.complete = json.value("complete", false);
  files.freedoms = json.value("freedoms", std::vector<std::string>{});
  name_it(files, place, failure);
  return files;
}

void write_failure(const std::string& folder, const scenarios::Plan& plan,
                   const scenarios::FailureTally& failure, std::uint64_t shrink_runs) {
  const fs::path place = place_of(folder, failure);
  if (auto files = read_failure(folder, failure); files && (files->shrunk || shrink_runs == 0)) return;

  FailureFiles files;
  scenarios::Scenario scenario = scenarios::scenario_of(plan, failure.first);
  const std::string found = write_scenario(scenario);
  files.found_size = scenarios::size_in_events(scenario);
  const auto still_fails = scenarios::fails_with(failure.finding.key);
  if (shrink_runs > 0 && still_fails(scenario)) {
    scenarios::Shrunk shrunk = scenarios::shrink(scenario, still_fails, {shrink_runs});
    scenario = std::move(shrunk.scenario);
    scenario.name = "shrunk";
    scenario.point = "Shrunk from a campaign: " + failure.finding.key + ".";
    files.shrunk = true;
    files.shrunk_size = scenarios::size_in_events(scenario);
    files.complete = shrunk.complete;
    constexpr std::uint64_t kToProbe = 400;
    for (const auto& freedom : scenarios::freedoms_of(scenario, still_fails, {kToProbe}))
      files.freedoms.push_back(freedom.sentence);
  }
  name_it(files, place, failure);
  const std::string shown = write_scenario(scenario);

  // Everything in a folder beside it, which then takes its place: it is there whole or not at all.
  const fs::path fresh = place.parent_path() / (".new-" + place.filename().string());
  std::error_code ignored;
  fs::remove_all(fresh, ignored);
  fs::create_directories(fresh);
  Replayed replayed;
  scenarios::Sandbox sandbox;
  replayed.run = scenarios::run_safely(sandbox, scenario, sim::TraceMode::keep);
  std::ostringstream timeline, trace;
  print_replay(timeline, replayed, false, 0);
  sim::write_trace(trace, replayed.run.trace);
  const bool picture = !reports::render(replica_link_dot(replayed.run.trace.records()),
                                        reports::ImageFormat::svg, (fresh / "states.svg").string());
  std::string regenerate = "replsim fuzz --seed " + std::to_string(plan.seed) + " --first " +
                           std::to_string(failure.first) + " --runs 1";
  if (!plan.profile.empty()) regenerate += " --profile " + plan.profile;
  for (const std::string& quirk : plan.quirks) regenerate += " --quirk " + quirk;
  write_file((fresh / "found.json").string(), found);
  if (files.shrunk) write_file((fresh / "shrunk.json").string(), shown);
  write_file((fresh / "timeline.txt").string(), timeline.str());
  write_file((fresh / "trace.jsonl").string(), trace.str());
  write_file((fresh / "README.md").string(), readme(failure, files, finding_of(replayed.run), shown, regenerate, picture));
  const Json json{{"key", failure.finding.key},
                  {"sentence", failure.finding.sentence},
                  {"first", failure.first},
                  {"found_events", files.found_size},
                  {"shrunk", files.shrunk},
                  {"shrunk_events", files.shrunk_size},
                  {"complete", files.complete},
                  {"freedoms", files.freedoms},
                  {"trace_hash", replayed.run.trace_hash}};
  write_file((fresh / "failure.json").string(),
             json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  fs::remove_all(place, ignored);
  fs::rename(fresh, place, ignored);
  if (ignored) std::cerr << "replsim: cannot write " << place.string() << '\n';
}

}  // namespace tools
