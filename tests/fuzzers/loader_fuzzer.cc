// Any bytes are a scenario or a list of errors, and a scenario can be written and is read back equal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scenarios/language/loader.h"
#include "scenarios/language/write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto loaded = scenarios::load_scenario(text, "fuzzed");
  if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
    if (errors->empty()) std::abort();
    for (const auto& error : *errors) {
      if (to_text(error, "file").empty()) std::abort();
    }
    return 0;
  }
  const auto& scenario = std::get<scenarios::Scenario>(loaded);
  const auto again = scenarios::load_scenario(write_scenario(scenario), "fuzzed");
  const auto* back = std::get_if<scenarios::Scenario>(&again);
  if (back == nullptr || !(*back == scenario)) std::abort();
  return 0;
}
