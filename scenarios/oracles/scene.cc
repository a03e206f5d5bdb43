#include "scenarios/oracles/scene.h"

#include <algorithm>
#include <variant>

namespace scenarios {

Glance glance(const NodeView& node) {
  const model::State& s = *node.state;
  Glance g;
  g.seen = true;
  g.life = node.life;
  g.master = s.is_master();
  g.loading = s.link.transfer && s.link.transfer->complete;
  g.link = s.link.state;
  g.id = s.history.id;
  g.second_id = s.history.second_id;
  g.second_offset = s.history.second_offset;
  g.offset = s.history.offset;
  if (s.backlog) {
    g.has_backlog = true;
    g.first = s.backlog->first();
    g.next = s.backlog->next();
    g.backlog_size = s.backlog->size();
  }
  if (s.link.master) {
    g.has_master = true;
    g.received = s.link.master->received;
    g.applied = s.link.master->applied;
  }
  g.digest = s.data.digest();
  return g;
}

bool Scene::link_took(model::LinkEvent event) const {
  return std::any_of(seen.effects.begin(), seen.effects.end(), [&](const model::Effect& effect) {
    const auto* edge = std::get_if<model::Transitioned>(&effect);
    return edge != nullptr && edge->machine == model::MachineKind::replica_link &&
           model::LinkEvent{edge->on} == event;
  });
}

bool trusted(const NodeView& node) {
  return !node.from_raw && !node.touched_up && !node.corrupted_input;
}

std::string_view role_of(const NodeView& node) {
  if (node.state == nullptr) return "down";
  if (node.state->is_master()) return "master";
  return node.state->replicas.empty() ? "replica" : "relay";
}

std::string_view phase_of(const NodeView& node) {
  using model::LinkState;
  if (node.state == nullptr) return "";
  switch (node.state->link.state) {
    case LinkState::none:
      return "serving";
    case LinkState::connect:
    case LinkState::connecting:
      return "connecting";
    case LinkState::dual_connecting:
    case LinkState::dual_receive_reply:
    case LinkState::dual_receive_endoff:
    case LinkState::dual_transfer:
    case LinkState::transfer: {
      const auto& transfer = node.state->link.transfer;
      return transfer && transfer->complete ? "loading" : "transfer";
    }
    case LinkState::connected:
      return "streaming";
    default:
      return "handshake";
  }
}

std::optional<std::size_t> top_of(std::size_t node, const CalmEnd& end) {
  for (std::size_t hops = 0; hops <= end.nodes.size(); ++hops) {
    const model::State* state = end.nodes[node].state;
    if (state == nullptr) return std::nullopt;
    if (!end.follows[node]) return state->is_master() ? std::optional(node) : std::nullopt;
    node = *end.follows[node];
  }
  return std::nullopt;
}

}  // namespace scenarios
