#include "scenarios/oracles/judgement.h"

namespace scenarios {

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "pass";
    case Outcome::fail:
      return "fail";
    case Outcome::unknown:
      return "unknown";
    case Outcome::not_tested:
      return "not tested";
  }
  return "unknown";
}

}  // namespace scenarios
