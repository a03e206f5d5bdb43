#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "scenarios/language/write.h"
#include "scenarios/run/quirks.h"
#include "scenarios/search/shrink.h"
#include "tools/fuzz.h"
#include "tools/fuzz_parts.h"
#include "tools/input.h"
#include "tools/verbs.h"

namespace tools {

int shrink(const ShrinkOptions& options) {
  auto loaded = load_file(options.file);
  if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
    for (const auto& error : *errors) std::cerr << to_text(error, shown_name(options.file)) << '\n';
    return kBadInput;
  }
  auto& scenario = std::get<scenarios::Scenario>(loaded);
  for (const std::string& quirk : options.quirks) {
    if (switch_on(scenario, quirk)) continue;
    std::cerr << "replsim shrink: there is no quirk \"" << quirk << "\"\n";
    return kBadInput;
  }
  scenario.must_fail.clear();  // what a witness must do is what is to be kept
  const auto finding = scenarios::Sandbox().finding(scenario);
  if (!finding) {
    std::cerr << "replsim shrink: " << shown_name(options.file)
              << " does not fail, so there is nothing to shrink\n";
    return kNotTested;
  }
  Progress progress(options.json, "replsim shrink");
  progress.say(finding->key + ": " + finding->sentence);
  const auto fails = scenarios::fails_with(finding->key);
  std::uint64_t tried = 0;
  const auto still_fails = [&](const scenarios::Scenario& candidate) {
    progress.show(std::to_string(++tried) + " scenarios tried");
    return fails(candidate);
  };
  const std::size_t before = scenarios::size_in_events(scenario);
  const scenarios::Shrunk shrunk = scenarios::shrink(scenario, still_fails, {options.runs});
  constexpr std::uint64_t kToProbe = 1000;
  const auto freedoms = scenarios::freedoms_of(shrunk.scenario, still_fails, {kToProbe});
  progress.clear();
  const std::size_t after = scenarios::size_in_events(shrunk.scenario);
  const std::string text = write_scenario(shrunk.scenario);

  const bool to_file = !options.out.empty() && options.out != "-";
  if (to_file && !write_file(options.out, text)) return kBadInput;
  if (options.json) {
    using Json = nlohmann::ordered_json;
    Json may_vary = Json::array();
    for (const auto& f : freedoms) {
      may_vary.push_back({{"pointer", f.pointer},
                          {"sentence", f.sentence},
                          {"value", f.value},
                          {"low", f.low},
                          {"high", f.high},
                          {"open_above", f.open_above}});
    }
    const Json json{{"key", finding->key},      {"sentence", finding->sentence},
                    {"events_before", before},  {"events", after},
                    {"runs", shrunk.runs},      {"complete", shrunk.complete},
                    {"may_vary", may_vary},     {"scenario", Json::parse(text)}};
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    return kPass;
  }
  if (!to_file) std::cout << text;
  std::cerr << "replsim shrink: " << before << " events before, " << after << " now, in " << shrunk.runs
            << " runs" << (shrunk.complete ? "" : " (the budget ended first: --runs)") << '\n';
  for (const auto& freedom : freedoms) std::cerr << "  " << freedom.sentence << '\n';
  return kPass;
}

}  // namespace tools
