// replsim serve: a model server on a real TCP port.
//
// Exit codes: 0 it ended in good order (SHUTDOWN, SIGTERM, Ctrl-C), 1 it died, 2 bad options or a bad file, 4 the
// port or the folder cannot be had.
#pragma once

#include "tools/live/serve.h"

namespace tools {

int serve(const live::ServeOptions& options);

}  // namespace tools
