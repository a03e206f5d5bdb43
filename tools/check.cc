// replsim check: is this a scenario? Every error at once, with its place.
#include <iostream>
#include <nlohmann/json.hpp>

#include "tools/input.h"
#include "tools/verbs.h"

namespace tools {
namespace {

using nlohmann::ordered_json;

ordered_json as_json(const scenarios::LoadError& error) {
  ordered_json out{{"line", error.place.line},       {"column", error.place.column},
                   {"pointer", error.place.pointer}, {"expected", error.expected},
                   {"found", error.found},           {"problem", error.problem}};
  if (!error.nearest.empty()) out["nearest"] = error.nearest;
  return out;
}

std::string counted(std::size_t count, std::string_view thing) {
  return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

}  // namespace

int check(const CheckOptions& options) {
  bool all_good = true;
  ordered_json files = ordered_json::array();
  for (const std::string& file : options.files) {
    const auto loaded = load_file(file);
    const auto* const errors = std::get_if<scenarios::LoadErrors>(&loaded);
    ordered_json entry{{"file", shown_name(file)}, {"good", errors == nullptr}};
    entry["errors"] = ordered_json::array();
    if (errors != nullptr) {
      all_good = false;
      for (const scenarios::LoadError& error : *errors) {
        if (options.json) entry["errors"].push_back(as_json(error));
        else std::cerr << to_text(error, shown_name(file)) << '\n';
      }
    } else if (!options.json) {
      const auto& scenario = std::get<scenarios::Scenario>(loaded);
      std::cout << shown_name(file) << ": good, " << counted(scenario.nodes.size(), "node") << " and "
                << counted(scenario.steps.size(), "step") << '\n';
    }
    files.push_back(std::move(entry));
  }
  if (options.json) {
    // Names of files and pieces of them may be any bytes.
    const ordered_json report{{"files", files}};
    std::cout << report.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  }
  return all_good ? kPass : kBadInput;
}

}  // namespace tools
