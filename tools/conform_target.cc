#include "tools/conform_target.h"

#include <csignal>
#include <fstream>
#include <iostream>

#include "tools/live/conform.h"
#include "tools/verbs.h"

namespace tools {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) { interrupted = 1; }

}  // namespace

int conform_target(const ConformTargetOptions& options) {
  const auto port = live::port_number(options.target.back());
  if (options.target.size() != 2 || !port || *port == 0) {
    std::cerr << "replsim conform: --target takes a host and a port\n";
    return kBadInput;
  }
  live::ConformOptions suite;
  suite.target = {options.target.front(), *port};
  suite.password = options.password;
  suite.allow_writes = options.allow_writes;
  suite.clauses = options.clauses;
  std::ofstream junit;
  if (!options.junit.empty()) {
    junit.open(options.junit);
    if (!junit) {
      std::cerr << "replsim conform: cannot write " << options.junit << '\n';
      return kBadInput;
    }
  }
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGPIPE, SIG_IGN);
  live::Loop loop;
  const live::Conformance result = live::conform(loop, suite, [] { return interrupted != 0; });
  if (result.refused) {
    std::cerr << "replsim conform: " << live::text(suite.target) << ": " << *result.refused << '\n';
    return kBadInput;
  }
  live::print_card(std::cout, suite, result);
  if (junit.is_open()) live::write_junit(junit, suite, result);
  if (result.interrupted) return kInterrupted;
  using Verdict = live::ClauseOutcome::Verdict;
  if (result.count(Verdict::fail, true) > 0) return kFail;
  return result.count(Verdict::pass) > 0 ? kPass : kNotTested;
}

}  // namespace tools
