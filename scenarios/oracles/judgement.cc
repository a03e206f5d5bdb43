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

std::string words(const Nearest& nearest) {
  std::string unit(nearest.unit);
  if (nearest.distance == 1 && unit == "bytes") unit = "byte";
  return std::string(nearest.what) + ' ' + std::to_string(nearest.distance) + ' ' + unit;
}

std::string failure_key(const Judgement& judgement) {
  std::string key = judgement.oracle;
  for (const std::string* part : {&judgement.clause, &judgement.role, &judgement.phase}) {
    if (!part->empty()) key += '/' + *part;
  }
  return key;
}

}  // namespace scenarios
