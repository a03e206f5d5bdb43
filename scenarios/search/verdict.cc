#include "scenarios/search/verdict.h"

#include <algorithm>

#include "scenarios/oracles/oracles.h"
#include "scenarios/run/tables.h"

namespace scenarios {
namespace {

using Kind = CampaignVerdict::Kind;

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

std::string_view name(CampaignVerdict::Kind kind) {
  switch (kind) {
    case Kind::pass: return "pass";
    case Kind::fail: return "FAIL";
    case Kind::not_tested: return "NOT TESTED";
    case Kind::defect: return "DEFECT";
  }
  return "DEFECT";
}

Demands usual_demands() {
  Demands demands;
  for (const std::string_view oracle : oracle_names()) demands.oracles.emplace_back(oracle);
  for (const MarkRow& mark : mark_rows()) demands.marks.emplace_back(mark.name);
  return demands;
}

std::vector<std::string> unreached(const Tally& tally, const Demands& demands) {
  std::vector<std::string> missing;
  for (const std::string& mark : demands.marks) {
    if (!tally.marks.contains(mark)) missing.push_back(mark);
  }
  return missing;
}

CampaignVerdict verdict_of(const Tally& tally, const Demands& demands) {
  CampaignVerdict verdict;
  const auto because = [&](Kind kind, std::string reason) {
    // A defect of our own is the worst, as then nothing else can be believed; then a failure.
    static constexpr auto kWorst = {Kind::defect, Kind::fail, Kind::not_tested, Kind::pass};
    verdict.kind = *std::find_if(kWorst.begin(), kWorst.end(),
                                 [&](Kind k) { return k == kind || k == verdict.kind; });
    verdict.reasons.push_back(std::move(reason));
  };
  if (tally.differed > 0) {
    because(Kind::defect, "a run does not repeat: the two runs of index " +
                              std::to_string(tally.first_differing.value_or(0)) +
                              " came to different hashes (" + std::to_string(tally.differed) + " of " +
                              std::to_string(tally.repeated) + " that were made twice)");
  }
  for (const auto& [key, failure] : tally.failures) {
    because(Kind::fail, failure.finding.sentence + " (" + key + ", " + std::to_string(failure.count) +
                            (failure.count == 1 ? " run" : " runs") + ", first at index " +
                            std::to_string(failure.first) + ")");
  }
  if (tally.other_failures > 0) {
    because(Kind::fail, std::to_string(tally.other_failures) + " more runs failed in other ways");
  }
  if (tally.runs == 0) {
    because(Kind::not_tested, "no run was made, so nothing was tested");
    return verdict;
  }
  std::vector<std::string> silent;
  for (const std::string& oracle : demands.oracles) {
    const auto found = tally.oracles.find(oracle);
    if (found == tally.oracles.end() || !found->second.tested()) silent.push_back(oracle);
  }
  if (!silent.empty()) {
    because(Kind::not_tested, "in no run anything was there to judge for " + listed(silent) +
                                  ", so " + (silent.size() == 1 ? "it was" : "they were") +
                                  " not tested");
  }
  const auto missing = unreached(tally, demands);
  if (!missing.empty() && tally.runs >= demands.long_enough) {
    because(Kind::not_tested, "no run took the rare " +
                                  std::string(missing.size() == 1 ? "path " : "paths ") +
                                  listed(missing));
  }
  return verdict;
}

}  // namespace scenarios
