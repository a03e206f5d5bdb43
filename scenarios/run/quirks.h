// Quirks by their names, for those who switch one on from outside a scenario.
#pragma once

#include <string_view>
#include <vector>

#include "scenarios/language/scenario.h"

namespace scenarios {

std::vector<std::string_view> quirk_names();  // sorted

// On every node. False when there is none of that name.
bool switch_on(Scenario& scenario, std::string_view quirk);

}  // namespace scenarios
