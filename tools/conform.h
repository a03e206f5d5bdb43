// replsim conform: does the model do what a real server did?
//
//      DIR/inputs/NAME.json  what was done        } see the README of a golden folder
//      DIR/cases/NAME.json   what came of it      }
//
// Exit codes: 0 each named case agrees or differs where that is known; 1 one differs; 2 a case that
// is not there, is no golden case, or holds something that this program does not know.
#pragma once

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

}  // namespace tools
