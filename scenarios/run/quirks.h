// Quirks and profiles by their names, for those who choose one from outside a scenario.
#pragma once

#include <string_view>
#include <vector>

#include "scenarios/language/scenario.h"

namespace scenarios {

std::vector<std::string_view> quirk_names();  // sorted

// On every node. False when there is none of that name.
bool switch_on(Scenario& scenario, std::string_view quirk);

std::vector<std::string_view> profile_names();  // the default first

// Every node that is of the default release is of this one. False when there is none of that name.
bool run_as(Scenario& scenario, std::string_view profile);

}  // namespace scenarios
