#include "tools/replay_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "reports/summary.h"

namespace tools {
namespace {

using nlohmann::ordered_json;
using scenarios::Outcome;

std::string hex(std::uint64_t number) {
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4U)
    text[i] = "0123456789abcdef"[number & 0xfU];
  return text;
}

std::string in_seconds(sim::Duration time) {
  return std::to_string(time.count() / 1'000'000) + '.' +
         std::to_string(time.count() % 1'000'000 / 1'000 + 1'000).substr(1) + " s";
}

std::string paint(std::string text, Outcome outcome, bool color) {
  if (!color) return text;
  const char* const code = outcome == Outcome::pass   ? "32"
                           : outcome == Outcome::fail ? "1;31"
                                                      : "33";
  return "\x1b[" + std::string(code) + "m" + text + "\x1b[0m";
}

// Words up to `width` columns a line, indented.
void print_paragraph(std::ostream& out, std::string_view text, std::size_t width) {
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > 0 && column + 1 + end > width) {
      out << '\n';
      column = 0;
    }
    out << (column == 0 ? "  " : " ") << text.substr(0, end);
    column += end + (column == 0 ? 2 : 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out << '\n';
}

// Columns as wide as their widest cell.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += "  " + row[i] + std::string(widths[i] - row[i].size(), ' ');
    out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
  }
}

std::string short_id(const std::string& id) {
  const bool none = id.find_first_not_of('0') == std::string::npos;
  return none ? "-" : id.substr(0, 8);
}

std::vector<std::string> row_of(const scenarios::NodeEnd& node) {
  if (!node.up) return {node.name, "down", "-", "-", "-", "-", "-", "-", "-", "-", "-"};
  const auto counter = [&](const char* name) { return std::to_string(node.counters.at(name)); };
  const std::string window =
      node.backlog_first == 0 && node.backlog_size == 0
          ? "-"
          : std::to_string(node.backlog_first) + "+" + std::to_string(node.backlog_size);
  std::string second = short_id(node.replid2);
  if (second != "-") second += " to " + std::to_string(node.second_offset);
  return {node.name,
          node.role,
          node.link.empty() ? "-" : node.link,
          short_id(node.replid),
          second,
          std::to_string(node.offset),
          window,
          std::to_string(node.keys),
          counter("sync_full"),
          counter("sync_partial_ok"),
          counter("sync_partial_err")};
}

void print_nodes(std::ostream& out, const scenarios::RunResult& run) {
  std::vector<std::vector<std::string>> rows{{"node", "role", "link", "id", "second id", "offset",
                                              "backlog", "keys", "full", "partial", "denied"}};
  for (const scenarios::NodeEnd& node : run.nodes) rows.push_back(row_of(node));
  out << "\nNodes at the end (backlog: first byte + bytes held; full, partial, denied: resyncs as "
         "a master)\n";
  print_table(out, rows);
}

void print_judgements(std::ostream& out, const scenarios::RunResult& run, bool color) {
  out << "\nOracles\n";
  for (const scenarios::Judgement& judgement : run.judgements) {
    constexpr std::size_t kName = 10, kOutcome = 12;
    std::string name = judgement.oracle;
    name.resize(std::max(kName, name.size() + 1), ' ');
    std::string outcome(scenarios::name(judgement.outcome));
    const std::string blanks(kOutcome - outcome.size(), ' ');
    out << "  " << name << paint(outcome, judgement.outcome, color) << blanks;
    if (!judgement.finding.empty()) {
      out << judgement.finding;
      if (judgement.outcome == Outcome::fail)
        out << "   (at " << in_seconds(judgement.at.time_since_epoch()) << ')';
    } else {
      out << "checked " << judgement.checked << (judgement.checked == 1 ? " time" : " times");
      if (judgement.nearest) out << "; " << words(*judgement.nearest);
    }
    out << '\n';
  }
}

void print_faults(std::ostream& out, const scenarios::RunResult& run, bool color) {
  if (run.faults.empty()) return;
  out << "\nFaults\n";
  for (const scenarios::FaultEnd& fault : run.faults) {
    out << "  " << fault.text << ": ";
    if (fault.effects == 0) {
      out << paint("changed nothing, so it has not happened", Outcome::unknown, color);
    } else {
      out << fault.effects << (fault.effects == 1 ? " effect" : " effects");
    }
    out << '\n';
  }
}

}  // namespace

void print_replay(std::ostream& out, const Replayed& replayed, bool color, std::size_t width) {
  const scenarios::RunResult& run = replayed.run;
  out << run.scenario << '\n';
  print_paragraph(out, run.point, width == 0 ? 100 : width);
  out << '\n';
  reports::TimelineOptions timeline;
  timeline.color = color;
  timeline.width = width;
  reports::print_timeline(out, run.trace.records(), timeline);
  print_nodes(out, run);
  print_judgements(out, run, color);
  print_faults(out, run, color);
  out << '\n'
      << paint(std::string(scenarios::name(run.outcome)), run.outcome, color) << "   trace "
      << hex(run.trace_hash) << "   seed " << run.seed << "   "
      << in_seconds(run.ended.time_since_epoch()) << " of virtual time, " << run.events
      << " events, in " << replayed.took.count() / 1000 << '.' << replayed.took.count() % 1000 / 100
      << " ms\n";
}

void print_verdict(std::ostream& out, const Replayed& replayed, bool color) {
  const scenarios::RunResult& run = replayed.run;
  out << run.scenario << ": "
      << paint(std::string(scenarios::name(run.outcome)), run.outcome, color);
  const auto failed =
      std::find_if(run.judgements.begin(), run.judgements.end(),
                   [](const auto& judgement) { return judgement.outcome == Outcome::fail; });
  if (run.outcome == Outcome::fail && failed != run.judgements.end()) {
    out << ": " << failed->oracle << ": " << failed->finding;
  }
  out << '\n';
}

ordered_json as_json(const Replayed& replayed) {
  const scenarios::RunResult& run = replayed.run;
  ordered_json judgements = ordered_json::array(), nodes = ordered_json::array(),
               faults = ordered_json::array();
  for (const scenarios::Judgement& j : run.judgements) {
    judgements.push_back({{"oracle", j.oracle},
                          {"outcome", scenarios::name(j.outcome)},
                          {"finding", j.finding},
                          {"at_us", j.at.time_since_epoch().count()},
                          {"checked", j.checked}});
    ordered_json& shown = judgements.back();
    if (j.nearest) {
      shown["nearest"] = {{"what", j.nearest->what},
                          {"distance", j.nearest->distance},
                          {"unit", j.nearest->unit}};
    }
    if (j.outcome != Outcome::fail) continue;
    shown["clause"] = j.clause;
    shown["role"] = j.role;
    shown["phase"] = j.phase;
    shown["key"] = scenarios::failure_key(j);
  }
  for (const scenarios::NodeEnd& n : run.nodes) {
    nodes.push_back({{"name", n.name},
                     {"up", n.up},
                     {"role", n.role},
                     {"link", n.link},
                     {"replid", n.replid},
                     {"replid2", n.replid2},
                     {"offset", n.offset},
                     {"second_offset", n.second_offset},
                     {"backlog_first", n.backlog_first},
                     {"backlog_size", n.backlog_size},
                     {"keys", n.keys},
                     {"digest", hex(n.digest)},
                     {"counters", n.counters}});
  }
  for (const scenarios::FaultEnd& f : run.faults)
    faults.push_back({{"text", f.text}, {"effects", f.effects}});
  return {{"name", run.scenario},
          {"point", run.point},
          {"seed", run.seed},
          {"outcome", scenarios::name(run.outcome)},
          {"trace_hash", hex(run.trace_hash)},
          {"virtual_us", run.ended.time_since_epoch().count()},
          {"real_us", replayed.took.count()},
          {"events", run.events},
          {"oracles", judgements},
          {"nodes", nodes},
          {"faults", faults},
          {"marks", run.marks}};
}

}  // namespace tools
