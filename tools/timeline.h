// replsim timeline: what a trace has seen, a line each, for a person. Of a simulated run (replay --trace) or of
// real traffic (serve --record).
//
// Exit codes: 0, or 2 when the file is no trace.
#pragma once

#include <string>

namespace tools {

struct TimelineVerbOptions {
  std::string trace;
};
int timeline(const TimelineVerbOptions& options);

}  // namespace tools
