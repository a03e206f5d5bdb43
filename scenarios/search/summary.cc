#include "scenarios/search/summary.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "scenarios/language/write.h"

namespace scenarios {
namespace {

using Json = nlohmann::ordered_json;

std::string fixed(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

double rate(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::vector<const FailureTally*> by_index(const Tally& tally) {
  std::vector<const FailureTally*> all;
  for (const auto& [key, failure] : tally.failures) all.push_back(&failure);
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) {
    return std::pair(a->first, a->finding.key) < std::pair(b->first, b->finding.key);
  });
  return all;
}

const FailureFiles* files_of(const CampaignReport& report, const std::string& key) {
  const auto found = std::find_if(report.files.begin(), report.files.end(),
                                  [&](const FailureFiles& f) { return f.key == key; });
  return found == report.files.end() ? nullptr : &*found;
}

void add_failure(std::string& out, const CampaignReport& report, const FailureTally& failure) {
  const Finding& finding = failure.finding;
  out += "### " + finding.key + "\n\n" + finding.sentence + "\n\n";
  out += "- " + std::to_string(failure.count) + (failure.count == 1 ? " run" : " runs") +
         ", first at index " + std::to_string(failure.first) + ", " +
         duration_text(finding.at.time_since_epoch()) + " after the start\n";
  if (!finding.also.empty()) {
    out += "- failed in the same run:";
    for (const std::string& oracle : finding.also) out += " " + oracle;
    out += "\n";
  }
  if (const FailureFiles* files = files_of(report, finding.key)) {
    out += "- [" + files->folder + "](" + files->folder + "/README.md): " +
           std::to_string(files->found_size) + " events as found";
    if (files->shrunk) out += ", " + std::to_string(files->shrunk_size) + " when shrunk";
    out += "\n";
    for (const std::string& freedom : files->freedoms) out += "- " + freedom + "\n";
    out += "- `" + files->command + "`\n";
  }
  out += "\n";
}

// Text and attribute values of XML: no control characters but tab and newline.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        if (static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

Json plan_of(const Plan& plan, std::uint64_t first) {
  return {{"version", 1},
          {"seed", plan.seed},
          {"first", first},
          {"profile", plan.profile},
          {"quirks", plan.quirks}};
}

}  // namespace

std::string plan_json(const Plan& plan, std::uint64_t first) { return plan_of(plan, first).dump(); }

std::string folder_name(std::string_view key) {
  std::string name;
  for (const char c : key) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    name += plain ? c : '-';
  }
  constexpr std::size_t kLongest = 100;
  return name.substr(0, kLongest);
}

std::string campaign_markdown(const CampaignReport& report) {
  const Tally& tally = report.tally;
  const CampaignVerdict verdict = verdict_of(tally, report.demands);
  std::string out = "# Campaign: " + std::string(name(verdict.kind)) + "\n\n";
  out += std::to_string(tally.runs) + " runs, " + std::to_string(tally.failed_runs()) + " failed, in " +
         std::to_string(tally.failures.size()) +
         (tally.failures.size() == 1 ? " way" : " ways") + "; " +
         std::to_string(tally.repeated) + " were made twice";
  out += tally.differed == 0 ? " and came out the same.\n\n" : ".\n\n";
  for (const std::string& reason : verdict.reasons) out += "- " + reason + "\n";
  if (!verdict.reasons.empty()) out += "\n";
  out += "| | |\n|---|---|\n";
  out += "| summary hash | `" + tally.summary_hash() + "` |\n";
  out += "| repeat it | `" + report.repeat + "` |\n";
  out += "| speed | " + fixed(rate(tally.runs, report.seconds), 0) + " runs/s, " +
         fixed(rate(tally.events, report.seconds), 0) + " events/s, " +
         std::to_string(report.workers) + (report.workers == 1 ? " worker" : " workers") + ", " +
         fixed(report.seconds, 1) + " s |\n";
  out += "| simulated | " + fixed(static_cast<double>(tally.simulated.count()) / 3.6e9, 1) + " hours |\n\n";

  if (!tally.failures.empty()) {
    out += "## Failures\n\n";
    for (const FailureTally* failure : by_index(tally)) add_failure(out, report, *failure);
  }
  out += "## Oracles\n\n| oracle | judged | passed | failed | unknown | not tested | checks |\n"
         "|---|--:|--:|--:|--:|--:|--:|\n";
  for (const auto& [oracle, t] : tally.oracles) {
    out += "| " + oracle;
    for (const std::uint64_t number :
         {t.of(Outcome::pass) + t.of(Outcome::fail), t.of(Outcome::pass), t.of(Outcome::fail),
          t.of(Outcome::unknown), t.of(Outcome::not_tested), t.checked})
      out += " | " + std::to_string(number);
    out += " |\n";
  }
  if (!tally.nearest.empty()) {
    out += "\nNearest misses:\n\n";
    for (const auto& [what, distance] : tally.nearest)
      out += "- " + what + " " + std::to_string(distance) + "\n";
  }
  out += "\n## Where faults met\n\n" + std::to_string(tally.coverage.cells_reached()) + " of " +
         std::to_string(Coverage::kPairCells) +
         " cells of two kinds of faults and a phase of the link that they met were reached.\n\n" +
         tally.coverage.markdown();
  const auto missing = unreached(tally, report.demands);
  out += "\n## Rare paths\n\n" + std::to_string(report.demands.marks.size() - missing.size()) + " of " +
         std::to_string(report.demands.marks.size()) + " were taken.";
  if (!missing.empty()) {
    out += " Never:";
    for (const std::string& mark : missing) out += " `" + mark + "`";
    if (tally.runs < report.demands.long_enough) {
      out += "\n\n(Held against a campaign of " + std::to_string(report.demands.long_enough) +
             " runs or more.)";
    }
  }
  return out + "\n";
}

std::string campaign_json(const CampaignReport& report) {
  const Tally& tally = report.tally;
  const CampaignVerdict verdict = verdict_of(tally, report.demands);
  static constexpr std::array<std::string_view, 4> kWords = {"pass", "fail", "not_tested", "defect"};
  Json json{{"verdict", kWords.at(static_cast<std::size_t>(verdict.kind))},
            {"reasons", verdict.reasons},
            {"plan", plan_of(report.plan, report.first)},
            {"runs", tally.runs},
            {"failed_runs", tally.failed_runs()},
            {"summary_hash", tally.summary_hash()},
            {"repeated", tally.repeated},
            {"differed", tally.differed},
            {"events", tally.events},
            {"simulated_us", tally.simulated.count()}};
  Json& failures = json["failures"] = Json::array();
  for (const FailureTally* failure : by_index(tally)) {
    const Finding& f = failure->finding;
    Json entry{{"key", f.key},
               {"oracle", f.oracle},
               {"count", failure->count},
               {"first", failure->first},
               {"sentence", f.sentence},
               {"at_us", f.at.time_since_epoch().count()},
               {"also", f.also}};
    if (const FailureFiles* files = files_of(report, f.key)) {
      entry["folder"] = files->folder;
      entry["found_events"] = files->found_size;
      entry["shrunk"] = files->shrunk;
      entry["shrunk_events"] = files->shrunk_size;
      entry["complete"] = files->complete;
      entry["freedoms"] = files->freedoms;
      entry["command"] = files->command;
    }
    failures.push_back(std::move(entry));
  }
  Json& oracles = json["oracles"] = Json::object();
  for (const auto& [oracle, t] : tally.oracles) {
    oracles[oracle] = {{"pass", t.of(Outcome::pass)},
                       {"fail", t.of(Outcome::fail)},
                       {"unknown", t.of(Outcome::unknown)},
                       {"not_tested", t.of(Outcome::not_tested)},
                       {"checks", t.checked}};
  }
  json["nearest"] = tally.nearest;
  json["marks"] = tally.marks;
  json["marks_unreached"] = unreached(tally, report.demands);
  json["cells"] = {{"reached", tally.coverage.cells_reached()},
                   {"of", Coverage::kPairCells},
                   {"single", tally.coverage.singles()},
                   {"pairs", tally.coverage.pairs()}};
  json["seconds"] = report.seconds;
  json["workers"] = report.workers;
  json["runs_per_second"] = rate(tally.runs, report.seconds);
  json["events_per_second"] = rate(tally.events, report.seconds);
  json["repeat"] = report.repeat;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string campaign_junit(const CampaignReport& report) {
  const Tally& tally = report.tally;
  const CampaignVerdict verdict = verdict_of(tally, report.demands);
  std::string cases;
  std::size_t count = 0, failed = 0, skipped = 0;
  std::vector<std::string> oracles = report.demands.oracles;
  for (const auto& [key, failure] : tally.failures) {
    if (std::find(oracles.begin(), oracles.end(), failure.finding.oracle) == oracles.end())
      oracles.push_back(failure.finding.oracle);
  }
  for (const std::string& oracle : oracles) {
    const auto found = tally.oracles.find(oracle);
    const bool tested = found != tally.oracles.end() && found->second.tested();
    cases += "    <testcase classname=\"oracle\" name=\"" + xml(oracle) + "\" time=\"0\">";
    std::string text;
    for (const FailureTally* failure : by_index(tally)) {
      if (failure->finding.oracle != oracle) continue;
      const FailureFiles* files = files_of(report, failure->finding.key);
      text += failure->finding.key + ", " + std::to_string(failure->count) + " times: " +
              failure->finding.sentence + "\n" + (files != nullptr ? files->command + "\n" : "");
    }
    ++count;
    if (!text.empty()) {
      ++failed;
      cases += "<failure type=\"" + xml(oracle) + "\" message=\"" +
               xml(text.substr(0, text.find('\n'))) + "\">" + xml(text) + "</failure>";
    } else if (!tested) {
      ++skipped;
      cases += "<skipped message=\"in no run anything was there to judge\"/>";
    }
    cases += "</testcase>\n";
  }
  // What is wrong with the campaign itself.
  const bool defect = verdict.kind == CampaignVerdict::Kind::defect;
  const bool empty = verdict.kind == CampaignVerdict::Kind::not_tested;
  ++count;
  cases += "    <testcase classname=\"campaign\" name=\"means something\" time=\"" +
           fixed(report.seconds, 3) + "\">";
  if (defect || empty) {
    const std::string& reason = verdict.reasons.front();
    cases += "<error type=\"campaign\" message=\"" + xml(reason) + "\">" + xml(report.repeat) + "</error>";
  }
  cases += "</testcase>\n";
  const std::string counts = " tests=\"" + std::to_string(count) + "\" failures=\"" +
                             std::to_string(failed) + "\" errors=\"" + (defect || empty ? "1" : "0") +
                             "\" skipped=\"" + std::to_string(skipped) + "\" time=\"" +
                             fixed(report.seconds, 3) + "\"";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"replsim fuzz\"" +
         counts + ">\n" + cases + "  </testsuite>\n</testsuites>\n";
}

}  // namespace scenarios
