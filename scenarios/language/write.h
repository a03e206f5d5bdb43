// Scenario to JSON text: the way back from loader.h.
//
//      load(write(s), s.name) == s          for every scenario that is settled
//
// The text is canonical (what is as by default is not written; equal scenarios give equal texts) and
// pretty: a step a line where it fits, durations and sizes as people write them.
#pragma once

#include <string>

#include "scenarios/language/scenario.h"

namespace scenarios {

struct WriteOptions {
  std::string schema;  // the path for "$schema"; empty: none is named
};

// Ends with a newline. std::logic_error if the language has no words for it: a Scenario that the loader
// could not have made, such as one of two tests of the same field in one condition.
std::string write_scenario(const Scenario& scenario, const WriteOptions& options = {});

// A scenario made by a program as the loader would have made it: each step knows its pointer, faults are
// described, settings are there once, and the parts of conditions stand in the loader's order.
void settle(Scenario& scenario);

// A fault as the timeline prints it: "cut a b (fin)", "restart a (lose, repl-timeout=5)".
std::string described(const Fault::What& fault);

// "250ms", "1.5s", "2m"; exactly what read_duration understands.
std::string duration_text(sim::Duration time);
// "16kb" where that is exact, "10000" else.
std::string size_text(std::uint64_t bytes);

}  // namespace scenarios
