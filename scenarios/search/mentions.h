// Who a scenario's steps speak of: to take away a node, and with it what is about it alone.
#pragma once

#include <optional>
#include <string>

#include "scenarios/language/scenario.h"

namespace scenarios {

// The scenario without this node or peer, or nothing where what is left makes no sense: whoever followed
// it is a master, steps about it are gone, groups and pairs lose it.
std::optional<Scenario> without(const Scenario& scenario, const std::string& name);

// Heals of faults that are not there any more, and collects of replies that nobody owes, are removed.
void drop_dangling(Scenario& scenario);

}  // namespace scenarios
