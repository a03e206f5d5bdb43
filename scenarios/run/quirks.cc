#include "scenarios/run/quirks.h"

#include "model/rules.h"

namespace scenarios {

std::vector<std::string_view> quirk_names() {
  std::vector<std::string_view> names;
  for (const model::Quirk& quirk : model::quirks()) names.push_back(quirk.name);
  return names;
}

bool switch_on(Scenario& scenario, std::string_view quirk) {
  if (model::find_quirk(quirk) == nullptr) return false;
  for (Node& node : scenario.nodes) node.quirks.emplace_back(quirk);
  return true;
}

std::vector<std::string_view> profile_names() {
  std::vector<std::string_view> names;
  for (const model::Profile& profile : model::profiles()) names.push_back(profile.name);
  return names;
}

bool run_as(Scenario& scenario, std::string_view profile) {
  if (model::find_profile(profile) == nullptr) return false;
  for (Node& node : scenario.nodes) {
    if (node.profile == model::profiles().front().name) node.profile = profile;
  }
  return true;
}

}  // namespace scenarios
