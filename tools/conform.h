// replsim conform: does the model do what a real server did?
#pragma once

#include <string>
#include <vector>

namespace tools {

struct ConformOptions {
  std::string golden;              // a folder with inputs/ and cases/
  std::vector<std::string> cases;  // names; none: all
  bool all = false;                // every difference of a case, not the first alone
};
int conform(const ConformOptions& options);

}  // namespace tools
