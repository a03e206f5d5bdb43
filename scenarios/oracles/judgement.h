// What an oracle says at the end of a run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/time.h"

namespace scenarios {

enum class Outcome : std::uint8_t { pass, fail, unknown, not_tested };
std::string_view name(Outcome outcome);  // "pass", "fail", "unknown", "not tested"

struct Judgement {            // of one oracle, or of the scenario's own expectations ("EXPECT")
  std::string oracle;
  Outcome outcome = Outcome::not_tested;
  std::string finding;        // one sentence; for not tested: which precondition never held
  sim::Instant at{};          // when it was first seen
  std::uint64_t checked = 0;  // how often its precondition held
};

}  // namespace scenarios
