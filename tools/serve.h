// replsim serve: a model server on a real TCP port; or, with --script, a scenario's raw peers against a server
// that somebody else runs.
//
// Exit codes: 0 it ended in good order (SHUTDOWN, SIGTERM, Ctrl-C; a script: all was as it expects), 1 it died (a
// script: something was not), 2 bad options or a bad file, 4 the port or the folder cannot be had, 130 a script was
// interrupted.
#pragma once

#include <string>
#include <vector>

#include "tools/live/serve.h"

namespace tools {

struct ServeVerbOptions {
  live::ServeOptions server;
  std::string script;               // a scenario with raw peers
  std::vector<std::string> target;  // host and port of the server that it is played on
  std::string password;             // of that
};
int serve(const ServeVerbOptions& options);

}  // namespace tools
