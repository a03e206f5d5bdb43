// replsim conform --target HOST PORT: the clause suite against a server.
//
// Exit codes: 0 no mandatory clause fails, 1 one does, 2 bad options, a server that is not there or has data, 3
// nothing could be tested, 130 after Ctrl-C (the server is put back first).
#pragma once

#include <string>
#include <vector>

namespace tools {

struct ConformTargetOptions {
  std::vector<std::string> target;  // host and port
  std::string password;
  bool allow_writes = false;
  std::vector<std::string> clauses;
  std::string junit;  // a file
};
int conform_target(const ConformTargetOptions& options);

}  // namespace tools
