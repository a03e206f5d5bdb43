// Scenarios written in a test, and played as far as it likes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "scenarios/language/loader.h"
#include "scenarios/run/performance.h"
#include "scenarios/run/runner.h"

namespace test_support {

// Single quotes may stand for double ones. A test that cannot say what it means stops.
inline scenarios::Scenario scenario_of(std::string json) {
  for (char& c : json) c = c == '\'' ? '"' : c;
  auto loaded = scenarios::load_scenario(json, "test");
  if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
    throw std::invalid_argument(to_text(errors->front(), "test"));
  }
  return std::get<scenarios::Scenario>(loaded);
}

inline scenarios::Performance performance_of(const scenarios::Scenario& scenario,
                                             sim::TraceMode mode = sim::TraceMode::hash_only) {
  return {std::make_shared<const scenarios::Scenario>(scenario), sim::Choice::seeded(scenario.seed),
          mode};
}

// Takes events until `enough` holds of the world. False when the run was over before.
template <class Enough>
bool play_until(scenarios::Performance& performance, Enough&& enough) {
  while (!enough(performance.world())) {
    if (!performance.advance()) return false;
  }
  return true;
}

inline scenarios::Judgement judgement_of(const scenarios::RunResult& run, std::string_view oracle) {
  for (const scenarios::Judgement& judgement : run.judgements) {
    if (judgement.oracle == oracle) return judgement;
  }
  ADD_FAILURE() << "no oracle is called " << oracle;
  return {};
}

}  // namespace test_support
