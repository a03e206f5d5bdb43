#include "scenarios/arms/compare.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/data/number.h"
#include "scenarios/arms/links.h"
#include "scenarios/golden/compare.h"

namespace scenarios::arms {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kHeard = 8;

// "steps[12].look..." -> 12
std::optional<std::size_t> step_in(const std::string& at) {
  constexpr std::string_view kSteps = "steps[";
  if (!at.starts_with(kSteps)) return std::nullopt;
  const auto number = model::to_integer(at.substr(kSteps.size(), at.find(']') - kSteps.size()));
  return number ? std::optional(static_cast<std::size_t>(*number)) : std::nullopt;
}

const StepTold* told_of(const Told& told, std::size_t step) {
  for (const StepTold& one : told.steps) {
    if (one.taken.step == step) return &one;
  }
  return nullptr;
}

std::string in_words(const Scenario& scenario, const std::string& at) {
  const auto step = step_in(at);
  const auto after = [&](std::string_view word) {
    const std::size_t found = at.find(word);
    return found == std::string::npos ? std::string() : at.substr(found + word.size());
  };
  if (step) {
    const Place& place = scenario.steps[*step].place;
    std::string out =
        "step " + std::to_string(*step + 1) + " (line " + std::to_string(place.line) + ")";
    if (const std::string look = after(".look."); !look.empty()) {
      const std::size_t dot = std::min(look.find('.'), look.size());
      return look.substr(std::min(dot + 1, look.size())) + " of " + look.substr(0, dot) +
             ", after " + out;
    }
    if (const std::string reply = after(".replies"); !reply.empty())
      return "reply " + reply + " in " + out;
    return "what became of " + out;
  }
  if (const std::string end = after("end."); at.starts_with("end.") && !end.empty()) {
    const std::size_t dot = std::min(end.find('.'), end.size());
    return end.substr(std::min(dot + 1, end.size())) + " of " + end.substr(0, dot) +
           ", at the end of the calm";
  }
  if (at.starts_with("links.")) {
    const std::string link = at.substr(6);
    const std::size_t dot = std::min(link.find('.'), link.size());
    const std::string name = link.substr(0, dot),
                      rest = link.substr(std::min(dot + 1, link.size()));
    const std::size_t to = name.find('>');
    const std::string ends =
        to == std::string::npos ? name : name.substr(0, to) + " following " + name.substr(to + 1);
    if (rest.starts_with("decisions")) return "decision " + rest.substr(9) + " of " + ends;
    if (rest.starts_with("payloads")) return "snapshot " + rest.substr(8) + " of " + ends;
    if (rest.starts_with("streams")) return "propagated commands " + rest.substr(7) + " of " + ends;
    return "link of " + ends;
  }
  return at;
}

}  // namespace

std::vector<Difference> compare(const Scenario& scenario, const Told& simulated, const Told& real) {
  Blur blur = blur_of(scenario, simulated);
  blur.offsets |=
      has_pings(real);  // a server's first cron pings, and who is attached by then is chance
  Json ours = transcript(scenario, simulated, blur), theirs = transcript(scenario, real, blur);
  keep_common(ours["links"], theirs["links"]);
  std::vector<Difference> out;
  for (golden::Difference& found : golden::differences_in(theirs, ours)) {
    Difference difference;
    difference.at = found.where;
    difference.where = in_words(scenario, found.where);
    difference.real = std::move(found.recorded);
    difference.simulated = std::move(found.model);
    difference.agreed = std::move(found.before);
    std::size_t until_simulated = simulated.trace.records().size(),
                until_real = real.trace.records().size();
    if (const auto step = step_in(found.where)) {
      if (const StepTold* one = told_of(simulated, *step)) {
        difference.simulated_finding = one->taken.finding;
        until_simulated = one->heard;
      }
      if (const StepTold* one = told_of(real, *step)) {
        difference.real_finding = one->taken.finding;
        until_real = one->heard;
      }
    }
    difference.simulated_heard = heard(simulated, until_simulated, kHeard);
    difference.real_heard = heard(real, until_real, kHeard);
    out.push_back(std::move(difference));
  }
  return out;
}

}  // namespace scenarios::arms
