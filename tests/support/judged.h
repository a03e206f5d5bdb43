// Matchers for what an oracle says.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "scenarios/run/runner.h"

namespace test_support {

MATCHER(passes, "passes, after it was tested") {
  *result_listener << "checked " << arg.checked << " times: " << arg.finding;
  return arg.outcome == scenarios::Outcome::pass && arg.checked > 0;
}
MATCHER_P(fails, finding, "fails with \"" + std::string(finding) + "\"") {
  *result_listener << arg.finding;
  return arg.outcome == scenarios::Outcome::fail && arg.finding == finding;
}
MATCHER_P(not_tested, finding, "is not tested: " + std::string(finding)) {
  *result_listener << "checked " << arg.checked << " times: " << arg.finding;
  return arg.outcome == scenarios::Outcome::not_tested && arg.finding == finding;
}

}  // namespace test_support
