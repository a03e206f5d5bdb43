#include "scenarios/oracles/scene.h"

#include <variant>

#include "scenarios/oracles/ledger.h"

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
    g.held = s.link.master->session.parked.has_value();
  }
  g.digest = s.data.digest();
  g.expired = s.stats.expired_keys;
  if (s.snapshot) {
    g.snapshot = s.snapshot->job;
    g.snapshot_ended = s.snapshot->ended.has_value();
    g.snapshot_size = s.snapshot->payload.size();
  }
  g.writes_paused = s.pause.until;
  g.replication_ticks = s.replication_ticks;
  g.failing_over = s.failover.state == model::FailoverState::waiting_for_sync;
  g.pings_held = g.failing_over && s.failover.deadline.has_value();
  return g;
}

Scene::Scene(const Seen& an_event, const NodeView& a_node, const Glance& was, const Glance& is,
             const Ledger& truth)
    : seen(an_event), node(a_node), state(*a_node.state), before(was), now(is), ledger(truth) {
  for (const model::Effect& effect : seen.effects) {
    const auto* edge = std::get_if<model::Transitioned>(&effect);
    if (edge == nullptr) continue;
    if (edge->machine == model::MachineKind::replica_link) {
      link_events_ |= 1U << edge->on;
    } else if (edge->machine == model::MachineKind::replica_feed) {
      feed_edge_ = true;
    }
  }
}

std::vector<model::ConnId> Scene::feeds_that_took(model::FeedEvent event) const {
  std::vector<model::ConnId> feeds;
  if (!feed_edge_) return feeds;
  for (const model::Effect& effect : seen.effects) {
    const auto* edge = std::get_if<model::Transitioned>(&effect);
    if (edge == nullptr || edge->machine != model::MachineKind::replica_feed ||
        model::FeedEvent{edge->on} != event)
      continue;
    if (state.sessions.contains(edge->instance)) feeds.push_back(edge->instance);
  }
  return feeds;
}

bool Scene::inside_unit() const {
  return seen.midway && !state.unit.empty();
}

std::optional<std::uint64_t> Scene::expected() const {
  if (!asked_) expected_ = ledger.digest(now.id, now.offset);
  asked_ = true;
  return expected_;
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
