// A state machine as a picture: its table as a Graphviz drawing, painted with what a trace has seen.
//
//        people's commands          the way down          what went wrong
//
//                                   (CONNECT)
//                                       |  dial ×12
//     REPLICAOF ×1  ↺ CONNECT  <--  (CONNECTING)  -->  ↺ CONNECT  link lost ×3
//     NO ONE never  ↺ NONE              |                         repl-timeout never
//
// The states of the spine stand in one column, in the order of the table, so that the eye follows the
// normal path straight down. An edge that would lead back up (or to the end that everything leads to)
// is an exit: it stops at a small sign that names its target, as real edges back up would cross the
// whole drawing. Triggers that lead the same way share one arrow and have a line and a count each.
//
// Knows no protocol: the caller fills a StateMachine from the table that its nodes run on.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace.h"

namespace reports {

// What a state means to a reader; it decides the colour. An edge to a `gone` state is always an exit.
enum class Role : std::uint8_t { normal, idle, retry, transfer, connected, gone };

// What an edge means: things go their way, something went wrong, or a person said so.
enum class Tone : std::uint8_t { normal, failure, command };

struct State {
  std::string name;
  Role role = Role::normal;
  bool spine = true;  // part of the column
};

struct Edge {
  std::string from;
  std::string to;
  std::string on;  // the trigger; one Edge a trigger
  Tone tone = Tone::normal;
  std::string only = "";  // who alone takes it, shown behind the trigger; empty: everybody
  auto key() const { return std::tie(from, to, on); }
};

struct StateMachine {
  std::string name;           // as trace records have it, "replica-link"
  std::string title;          // for people
  std::string initial;        // the state that a new instance is in
  std::vector<State> states;  // from top to bottom
  std::vector<Edge> edges;
};

// What has been seen of one machine. An instance that appears in a state without an edge that leads
// there (it is new, or its process started again) counts as having entered it; staying does not.
struct Counts {
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> edges;  // from, to, on
  std::map<std::string, std::uint64_t> entered;
  std::string source;  // where the counts are from, shown in the legend: "link-drop.json, seed 42"

  bool operator==(const Counts&) const = default;
};

Counts counts_of(std::span<const sim::Record> records, std::string_view machine);

// Adds what a second run has seen. Keeps the source of the first.
void add(Counts& counts, const Counts& more);

// The drawing in the DOT language, the same text for the same arguments. With counts, edges are painted
// by how often they were taken, and those never taken are dashed; edges that were taken though the
// machine does not have them are drawn as failures that say so.
std::string to_dot(const StateMachine& machine, const std::optional<Counts>& counts = std::nullopt);

}  // namespace reports
