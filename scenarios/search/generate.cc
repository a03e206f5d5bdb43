#include "scenarios/search/generate.h"

#include <utility>

#include "scenarios/language/write.h"
#include "scenarios/search/script.h"

namespace scenarios {

Scenario generate(sim::Choice& choice, const Menu& menu) {
  Script script(choice, menu);
  draw_families(script);
  draw_setting(script);
  play_episodes(script);
  repair(script);
  Scenario& scenario = script.scenario;
  scenario.name = "generated";
  scenario.point = "Drawn by the generator.";
  settle(scenario);
  return std::move(scenario);
}

}  // namespace scenarios
