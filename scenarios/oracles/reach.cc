#include "scenarios/oracles/reach.h"

#include <algorithm>
#include <chrono>
#include <variant>

#include "model/own_streams.h"
#include "model/saving.h"

namespace scenarios {
namespace {

// The node whose pings arrive at `node`: its top master, or the next one above that writes a stream
// of its own (before 4.0).
std::size_t pinger_of(std::size_t node, const CalmEnd& end) {
  do {
    node = *end.follows[node];
  } while (end.follows[node] && model::relays(*end.nodes[node].state));
  return node;
}

}  // namespace

void Reach::saw(const Scene& scene) {
  for (const model::Effect& effect : scene.seen.effects) {
    const auto* const resync = std::get_if<model::Resync>(&effect);
    if (resync != nullptr && resync->why == model::Resync::Why::sync_command && scene.seen.peer)
      syncs_[*scene.seen.peer] = scene.at();
    const auto* const edge = std::get_if<model::Transitioned>(&effect);
    if (edge != nullptr && edge->machine == model::MachineKind::replica_link &&
        model::LinkState{edge->from} == model::LinkState::connected &&
        model::LinkEvent{edge->on} == model::LinkEvent::timed_out) {
      lost_[scene.seen.node] = scene.at();
    }
  }
}

std::optional<std::string> Reach::hindrance(std::size_t node, const CalmEnd& end) const {
  const auto top = top_of(node, end);
  if (!top) return std::nullopt;
  for (; node != *top; node = *end.follows[node]) {
    if (auto why = one_hop(node, end)) return why;
  }
  return std::nullopt;
}

bool Reach::pings_too_rarely(std::size_t node, const CalmEnd& end) {
  const model::State& pinger = *end.nodes[pinger_of(node, end)].state;
  return pinger.config.repl_ping_replica_period + 1 >= end.nodes[node].state->config.repl_timeout;
}

std::optional<std::string> Reach::one_hop(std::size_t index, const CalmEnd& end) const {
  const NodeView& node = end.nodes[index];
  const NodeView& master = end.nodes[*end.follows[index]];
  const model::State& s = *node.state;
  const std::string pair = std::string(node.name) + " cannot be held to following " +
                           std::string(master.name) + ": ";
  if (s.rules.rdb_version < master.state->rules.rdb_version) {
    return pair + "its release does not read RDB files of version " +
           std::to_string(master.state->rules.rdb_version);
  }
  if (model::refuses_writes(*master.state)) {
    return pair + "its last save failed, and until one succeeds it refuses PING";
  }
  const std::optional<sim::Instant>* const synced = syncs_.find(index);
  if (synced != nullptr && *synced && **synced >= end.began && !s.rules.acks_marked_transfer &&
      master.state->config.repl_diskless_sync) {
    return pair + "it came with SYNC, and is sent no stream before it acknowledges, which its "
                  "release does not do then";
  }
  // Times are counted in whole seconds by a cron that comes once a second: one more may be lost.
  const std::int64_t timeout = std::min(s.config.repl_timeout, master.state->config.repl_timeout);
  const sim::Duration silence =
      index < end.silences.size() ? end.silences[index] : sim::Duration{0};
  if (silence > sim::Duration{0} &&
      silence + std::chrono::seconds(2) >= std::chrono::seconds(timeout)) {
    return pair + "they may hear nothing of each other for " + seconds(silence) +
           ", and repl-timeout is " + std::to_string(timeout) + " s";
  }
  const std::optional<sim::Instant>* const lost = lost_.find(index);
  const NodeView& pinger = end.nodes[pinger_of(index, end)];
  const std::int64_t period = pinger.state->config.repl_ping_replica_period;
  // Who came back longer ago than this has had the time to be in step.
  const sim::Duration recent =
      std::chrono::seconds(5 + std::min<std::int64_t>(s.config.repl_timeout, 10)) + 2 * silence;
  if (lost != nullptr && *lost && **lost >= end.began && end.at - **lost <= recent &&
      pings_too_rarely(index, end)) {
    return pair + "repl-ping-replica-period of " + std::string(pinger.name) + " is " +
           std::to_string(period) + " s, and repl-timeout is " +
           std::to_string(s.config.repl_timeout) + " s";
  }
  return std::nullopt;
}

}  // namespace scenarios
