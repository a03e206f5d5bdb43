// The model's tables for those who show them: the command line knows no model, a picture knows no server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scenarios {

// What an edge of a state machine means to a reader.
enum class EdgeTone : std::uint8_t { normal, failure, command };

struct MachineEdge {
  std::string_view from, to, on;
  EdgeTone tone = EdgeTone::normal;
  std::string_view only = "";  // the profile that alone takes it; empty: any
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

// `breaks` is the oracle that is to notice it first; its witness is scenarios/witnesses/<name>.json.
struct QuirkRow {
  std::string_view name, source, breaks, about;
};
std::vector<QuirkRow> quirk_rows();

// A release, and each rule in which it is not as the first.
struct ProfileRow {
  struct Difference {
    std::string_view rows, rule, about;
    std::string value, usually;
  };
  std::string_view name, about;
  std::vector<Difference> differences;
};
std::vector<ProfileRow> profile_rows();

// Rows of the reference's table of versions that no rule says by itself.
struct VersionNote {
  std::string_view row, note;
  bool modelled = false;
};
std::vector<VersionNote> version_notes();

struct MarkRow {
  std::string_view name, about;
};
std::vector<MarkRow> mark_rows();

}  // namespace scenarios
