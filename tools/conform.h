// replsim conform: does the model do what a real server did?
//
//      DIR/inputs/NAME.json  what was done        } see the README of a golden folder
//      DIR/cases/NAME.json   what came of it      }
//
// Exit codes: 0 each named case agrees or differs where that is known; 1 one differs; 2 a case that
// is not there, is no golden case, or holds something that this program does not know.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tools {

struct ConformOptions {
  std::string golden;              // a folder with inputs/ and cases/
  std::vector<std::string> cases;  // names; none: all
  bool all = false;                // every difference of a case, not the first alone
  bool json = false;
};
int conform(const ConformOptions& options);

// Scenarios on simulated nodes and on real servers, compared. Exit codes: 0 the same wherever they can be
// compared, or different where that is known; 1 one differs; 2 bad files; 3 nothing could be compared.
struct ArmsOptions {
  std::vector<std::string> files;
  std::string arms = "sim,real";   // or "real": that one alone, held against the scenario's expectations
  std::int64_t limit_ms = 60'000;  // scenarios that take longer are not played
  unsigned jobs = 1;               // more: what differs then is played once more, alone
  bool all = false;    // every difference, and every condition that was not seen
  bool json = false;
  bool table = false;  // Markdown
};
int conform_arms(const ArmsOptions& options);

}  // namespace tools
