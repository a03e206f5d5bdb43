// The model's tables for those who show them: the command line knows no model, a picture knows no server.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace scenarios {

// What an edge of a state machine means to a reader.
enum class EdgeTone : std::uint8_t { normal, failure, command };

struct MachineEdge {
  std::string_view from, to, on;
  EdgeTone tone = EdgeTone::normal;
};

struct MachineTable {
  std::string_view name;     // as traces have it
  std::string_view title;
  std::string_view initial;
  std::vector<std::string_view> states;  // as a link lives, top to bottom
  std::vector<MachineEdge> edges;
};

MachineTable replica_link_table();  // the replica's link to its master
MachineTable replica_feed_table();  // what the master keeps for each replica

struct QuirkRow {
  std::string_view name, source, about;
};
std::vector<QuirkRow> quirk_rows();

struct MarkRow {
  std::string_view name, about;
};
std::vector<MarkRow> mark_rows();

}  // namespace scenarios
