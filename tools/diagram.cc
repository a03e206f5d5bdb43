#include "tools/diagram.h"

#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "reports/graphviz.h"
#include "reports/state_diagram.h"
#include "scenarios/run/tables.h"
#include "sim/trace.h"
#include "tools/verbs.h"

namespace tools {
namespace {

reports::Tone tone_of(scenarios::EdgeTone tone) {
  switch (tone) {
    case scenarios::EdgeTone::failure: return reports::Tone::failure;
    case scenarios::EdgeTone::command: return reports::Tone::command;
    case scenarios::EdgeTone::normal: break;
  }
  return reports::Tone::normal;
}

reports::Role role_of(std::string_view state) {
  if (state == "NONE" || state == "CLIENT") return reports::Role::idle;
  if (state == "CONNECT" || state == "WAIT_BGSAVE_START") return reports::Role::retry;
  if (state == "TRANSFER" || state == "SEND_BULK" || state == "WAIT_BGSAVE_END") return reports::Role::transfer;
  if (state == "CONNECTED" || state == "ONLINE") return reports::Role::connected;
  if (state == "GONE") return reports::Role::gone;
  return reports::Role::normal;
}

// Off the column: what few ever pass.
bool on_spine(std::string_view state) { return state != "RDB_TRANSMITTED"; }

reports::StateMachine drawable(const scenarios::MachineTable& table) {
  reports::StateMachine machine;
  machine.name = table.name;
  machine.title = table.title;
  machine.initial = table.initial;
  for (const std::string_view state : table.states) {
    machine.states.push_back({std::string(state), role_of(state), on_spine(state)});
  }
  for (const scenarios::MachineEdge& edge : table.edges) {
    machine.edges.push_back(
        {std::string(edge.from), std::string(edge.to), std::string(edge.on), tone_of(edge.tone), std::string(edge.only)});
  }
  return machine;
}

// What a trace file has seen of the machine; nothing after an error, which is told.
std::optional<reports::Counts> read_counts(const std::string& path, std::string_view machine) {
  std::ifstream file(path);
  if (!file) {
    std::cerr << path << ": cannot be read\n";
    return std::nullopt;
  }
  const auto trace = sim::read_trace(file);
  if (const auto* error = std::get_if<sim::TraceError>(&trace)) {
    std::cerr << path << ":" << error->line << ": " << error->problem << "\n";
    return std::nullopt;
  }
  const auto& records = std::get<std::vector<sim::Record>>(trace);
  reports::Counts counts = reports::counts_of(records, machine);
  for (const sim::Record& record : records) {
    if (const auto* scenario = std::get_if<sim::record::Scenario>(&record.what)) {
      counts.source = scenario->name + ", seed " + std::to_string(scenario->seed);
    }
  }
  return counts;
}

bool write_text(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::cout << text;
    return true;
  }
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) std::cerr << path << ": cannot be written\n";
  return !!file;
}

}  // namespace

std::string replica_link_dot(std::span<const sim::Record> records) {
  const scenarios::MachineTable table = scenarios::replica_link_table();
  return reports::to_dot(drawable(table), reports::counts_of(records, table.name));
}

int diagram(const DiagramOptions& options) {
  const scenarios::MachineTable table =
      options.master ? scenarios::replica_feed_table() : scenarios::replica_link_table();
  std::optional<reports::Counts> counts;
  if (!options.trace.empty()) {
    counts = read_counts(options.trace, table.name);
    if (!counts) return kBadInput;
  }
  const std::string dot = reports::to_dot(drawable(table), counts);
  if (options.format == "dot") return write_text(options.output, dot) ? kPass : kBadInput;

  const auto format = options.format == "png" ? reports::ImageFormat::png : reports::ImageFormat::svg;
  const auto error = reports::render(dot, format, options.output);
  if (!error) return kPass;
  const std::string kept = (options.output == "-" ? std::string(table.name) : options.output) + ".dot";
  std::cerr << error->problem << "\n";
  if (write_text(kept, dot)) std::cerr << "The drawing itself is in " << kept << ".\n";
  return kBadInput;
}

}  // namespace tools
