#include "tools/lists.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "scenarios/run/runner.h"
#include "scenarios/run/tables.h"
#include "tools/input.h"
#include "tools/verbs.h"

namespace tools {
namespace {

using Reached = std::map<std::string, std::vector<std::string>, std::less<>>;  // mark -> scenarios

std::string padded(std::string_view text, std::size_t width) {
  return std::string(text) + std::string(width > text.size() ? width - text.size() : 1, ' ');
}

template <class Rows> std::size_t widest(const Rows& rows) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.name.size());
  return width + 2;
}

// Runs each file; false after a message when one cannot be read.
bool run_all(const std::vector<std::string>& files, Reached& reached) {
  for (const std::string& file : files) {
    const auto loaded = load_file(file);
    if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
      for (const auto& error : *errors) std::cerr << to_text(error, shown_name(file)) << '\n';
      return false;
    }
    const auto& scenario = std::get<scenarios::Scenario>(loaded);
    const auto result = scenarios::run(scenario, sim::TraceMode::hash_only);
    for (const std::string& mark : result.marks) reached[mark].push_back(scenario.name);
  }
  return true;
}

void print_marks(const std::vector<scenarios::MarkRow>& rows, const Reached& reached, bool ran) {
  const std::size_t width = widest(rows);
  std::size_t missing = 0;
  for (const auto& row : rows) {
    const auto found = reached.find(row.name);
    std::cout << padded(row.name, width) << row.about;
    if (ran && found == reached.end()) {
      ++missing;
      std::cout << "  -- not reached";
    } else if (ran) {
      std::cout << "  -- " << found->second.front();
      if (found->second.size() > 1) std::cout << " and " << found->second.size() - 1 << " more";
    }
    std::cout << '\n';
  }
  if (ran) std::cout << rows.size() - missing << " of " << rows.size() << " marks are reached\n";
}

std::string witness_of(std::string_view quirk) {
  return "scenarios/witnesses/" + std::string(quirk) + ".json";
}

}  // namespace

int quirks(const ListOptions& options) {
  const std::vector<scenarios::QuirkRow> rows = scenarios::quirk_rows();
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& row : rows) {
      list.push_back({{"name", row.name},
                      {"source", row.source},
                      {"about", row.about},
                      {"oracle", row.breaks},
                      {"witness", witness_of(row.name)}});
    }
    std::cout << nlohmann::ordered_json{{"quirks", list}}.dump(2) << '\n';
    return kPass;
  }
  const std::size_t width = widest(rows);
  for (const auto& row : rows) {
    std::cout << padded(row.name, width) << padded(row.breaks, 10) << row.about << " ("
              << row.source << ")\n";
  }
  std::cout << rows.size() << " bugs, each with the oracle that notices it; the witness of each is "
            << witness_of("<name>") << '\n';
  return kPass;
}

namespace {

nlohmann::ordered_json profiles_as_json() {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& row : scenarios::profile_rows()) {
    nlohmann::ordered_json rules = nlohmann::ordered_json::array();
    for (const auto& d : row.differences) {
      rules.push_back({{"rows", d.rows}, {"rule", d.rule}, {"about", d.about},
                       {"value", d.value}, {"usually", d.usually}});
    }
    list.push_back({{"name", row.name}, {"about", row.about}, {"rules", rules}});
  }
  nlohmann::ordered_json notes = nlohmann::ordered_json::array();
  for (const auto& note : scenarios::version_notes()) {
    notes.push_back({{"row", note.row}, {"modelled", note.modelled}, {"note", note.note}});
  }
  return {{"profiles", list}, {"notes", notes}};
}

}  // namespace

int profiles(const ListOptions& options) {
  if (options.json) {
    std::cout << profiles_as_json().dump(2) << '\n';
    return kPass;
  }
  for (const auto& row : scenarios::profile_rows()) {
    std::cout << row.name << "  " << row.about << '\n';
    for (const auto& d : row.differences) {
      std::cout << "    " << padded(d.rule, 28) << d.value << "  -- " << d.about << " (" << d.rows << ")\n";
    }
  }
  std::cout << "\nRows of the table of versions that no rule says:\n";
  for (const auto& note : scenarios::version_notes()) {
    std::cout << "    " << padded(note.row, 6) << note.note << (note.modelled ? "" : " (not modelled)") << '\n';
  }
  return kPass;
}

int marks(const ListOptions& options) {
  Reached reached;
  if (!run_all(options.files, reached)) return kBadInput;
  const std::vector<scenarios::MarkRow> rows = scenarios::mark_rows();
  const bool ran = !options.files.empty();
  const bool all = std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return reached.contains(row.name); });
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& row : rows) {
      nlohmann::ordered_json entry{{"name", row.name}, {"about", row.about}};
      if (ran) {
        const auto found = reached.find(row.name);
        entry["reached_by"] = found == reached.end() ? std::vector<std::string>{} : found->second;
      }
      list.push_back(std::move(entry));
    }
    std::cout << nlohmann::ordered_json{{"marks", list}}.dump(2) << '\n';
  } else {
    print_marks(rows, reached, ran);
  }
  return !ran || all ? kPass : kNotTested;
}

}  // namespace tools
