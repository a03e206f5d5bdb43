#include "tools/serve.h"

#include <csignal>
#include <iostream>

#include "tools/live/address.h"
#include "tools/live/script.h"
#include "tools/verbs.h"

namespace tools {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) { interrupted = 1; }

int play(const ServeVerbOptions& options) {
  const auto port =
      options.target.size() == 2 ? live::port_number(options.target.back()) : std::nullopt;
  if (!port || *port == 0) {
    std::cerr << "replsim serve: --script needs --target HOST PORT, the server that it is played on\n";
    return kBadInput;
  }
  live::ScriptOptions script;
  script.file = options.script;
  script.target = {options.target.front(), *port};
  script.port = options.server.port;
  script.bind = options.server.bind.value_or(script.bind);
  script.password = options.password;
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGPIPE, SIG_IGN);
  switch (live::play_script(script, std::cout, std::cerr, [] { return interrupted != 0; })) {
    case live::Played::good:
      return kPass;
    case live::Played::differs:
      return kFail;
    case live::Played::bad_input:
      return kBadInput;
    case live::Played::cannot_start:
      return kDefect;
    case live::Played::interrupted:
      return kInterrupted;
  }
  return kDefect;
}

}  // namespace

int serve(const ServeVerbOptions& options) {
  if (!options.script.empty()) return play(options);
  switch (live::serve(options.server, std::cout, std::cerr)) {
    case live::Served::ended:
      return kPass;
    case live::Served::died:
      return kFail;
    case live::Served::bad_input:
      return kBadInput;
    case live::Served::cannot_start:
      return kDefect;
  }
  return kDefect;
}

}  // namespace tools
