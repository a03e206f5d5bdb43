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

}  // namespace scenarios
