#include "scenarios/run/tables.h"

#include <utility>

#include "model/machines.h"
#include "model/marks.h"
#include "model/rules.h"
#include "model/rules_table.h"

namespace scenarios {
namespace {

using model::FeedEvent;
using model::FeedState;
using model::LinkEvent;
using model::LinkState;

EdgeTone tone_of(const model::LinkEdge& edge) {
  if (edge.on == LinkEvent::replicaof || edge.on == LinkEvent::no_one) return EdgeTone::command;
  const bool back = edge.to == LinkState::connect && edge.from != LinkState::none;
  return back ? EdgeTone::failure : EdgeTone::normal;
}

EdgeTone tone_of(const model::FeedEdge& edge) {
  if (edge.to != FeedState::gone) return EdgeTone::normal;
  return edge.from == FeedState::rdb_transmitted ? EdgeTone::normal : EdgeTone::failure;
}

std::string_view only(const model::LinkEdge& edge) { return edge.only; }
std::string_view only(const model::FeedEdge& edge) {
  const bool aside = edge.from == FeedState::bg_rdb_load || edge.to == FeedState::bg_rdb_load;
  return aside ? "valkey-8" : "";
}

template <class State, class Edges> MachineTable table(model::MachineKind kind, State last, Edges edges) {
  MachineTable result;
  result.name = model::machine_name(kind);
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(last); ++i) {
    result.states.push_back(model::name(State{i}));
  }
  result.initial = result.states.front();
  for (const auto& edge : edges) {
    result.edges.push_back({name(edge.from), name(edge.to), name(edge.on), tone_of(edge), only(edge)});
  }
  return result;
}

}  // namespace

MachineTable replica_link_table() {
  MachineTable result =
      table(model::MachineKind::replica_link, LinkState::connected, model::link_edges());
  result.title = "A replica's link to its master";
  return result;
}

MachineTable replica_feed_table() {
  MachineTable result = table(model::MachineKind::replica_feed, FeedState::gone, model::feed_edges());
  result.title = "What a master keeps for each replica";
  return result;
}

std::vector<QuirkRow> quirk_rows() {
  std::vector<QuirkRow> rows;
  for (const model::Quirk& quirk : model::quirks()) {
    rows.push_back({quirk.name, quirk.source, quirk.breaks, quirk.about});
  }
  return rows;
}

std::vector<ProfileRow> profile_rows() {
  std::vector<ProfileRow> rows;
  const model::Rules& usual = model::profiles().front().rules;
  for (const model::Profile& profile : model::profiles()) {
    ProfileRow row{profile.name, profile.about, {}};
    for (const model::RuleRow& rule : model::rule_rows()) {
      std::string value = rule.value(profile.rules), usually = rule.value(usual);
      if (value == usually) continue;
      row.differences.push_back({rule.rows, rule.name, rule.about, std::move(value), std::move(usually)});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<VersionNote> version_notes() {
  std::vector<VersionNote> notes;
  for (const model::RowNote& note : model::row_notes()) notes.push_back({note.row, note.note, note.modelled});
  return notes;
}

std::vector<MarkRow> mark_rows() {
  std::vector<MarkRow> rows;
  for (const model::MarkName& mark : model::marks()) rows.push_back({mark.name, mark.text});
  return rows;
}

}  // namespace scenarios
