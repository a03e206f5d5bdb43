// Fault steps, from JSON.
#pragma once

#include <string_view>

#include "scenarios/language/naming.h"
#include "scenarios/language/scenario.h"

namespace scenarios {

// The verbs of faults: "cut", "partition", ...
const Words& fault_verbs();

// Reads the fault of a step whose verb is `verb`, and the fields that all faults have.
Fault read_fault(std::string_view verb, Fields& step, Names& names, Errors& errors);

}  // namespace scenarios
