// Steps, from JSON.
#pragma once

#include "scenarios/language/naming.h"
#include "scenarios/language/scenario.h"

namespace scenarios {

// Reads one step. What it names for later steps (a fault, a value to remember) goes into `names`.
// Nothing if it cannot be told what the step does.
std::optional<Step> read_step(const Value& value, Names& names, Errors& errors);

}  // namespace scenarios
