#include "scenarios/oracles/overruns.h"

#include <algorithm>
#include <variant>

namespace scenarios {
namespace {

// With the limits as they are by default nobody is dropped in a run: nothing need be written down.
bool small(const model::OutputLimit& limit) {
  constexpr std::int64_t kLarge = 16 << 20;
  return (limit.hard != 0 && limit.hard < kLarge) || (limit.soft != 0 && limit.soft < kLarge);
}

// R7.46; a hard limit below the size of the backlog counts as that size (since 7.0, V46). A replica is
// charged for whole blocks of the stream, from the beginning of the one it reads to the end of the
// last.
std::int64_t two_blocks(const model::State& s) {
  return 2 * (std::max<std::int64_t>(s.config.repl_backlog_size / 16, 16384) * 5 / 4 + 64);
}

bool too_much(const model::State& s, std::int64_t owed) {
  const model::OutputLimit& limit = s.config.replica_output_limit;
  const std::int64_t least = s.rules.limit_covers_backlog ? s.config.repl_backlog_size : 0;
  const std::int64_t hard = limit.hard == 0 ? 0 : std::max(limit.hard, least);
  owed += two_blocks(s);
  return (hard != 0 && owed >= hard) || (limit.soft != 0 && owed >= limit.soft);
}

}  // namespace

// Its session is gone with the event, but nothing was sent to it before it was dropped.
bool Overruns::had_to(const Scene& scene, const Master& master, model::ConnId conn) {
  if (!scene.now.has_backlog) return false;
  const auto known = std::find_if(master.replicas.begin(), master.replicas.end(),
                                  [&](const Owed& owed) { return owed.conn == conn; });
  if (known != master.replicas.end() && known->position > 0)
    return too_much(scene.state, scene.now.next - known->position + known->replies);
  // It came with this very event: owed is what it asked for.
  return std::any_of(scene.seen.effects.begin(), scene.seen.effects.end(),
                     [&](const model::Effect& effect) {
                       const auto* resync = std::get_if<model::Resync>(&effect);
                       return resync != nullptr && resync->conn == conn &&
                              resync->why == model::Resync::Why::granted &&
                              too_much(scene.state, scene.now.next - resync->wanted);
                     });
}

void Overruns::saw(const Scene& scene) {
  if (!small(scene.state.config.replica_output_limit)) return;
  Master& master = masters_[scene.seen.node];
  for (const model::Effect& effect : scene.seen.effects) {
    const auto* edge = std::get_if<model::Transitioned>(&effect);
    const bool dropped = edge != nullptr && edge->machine == model::MachineKind::replica_feed &&
                         model::FeedEvent{edge->on} == model::FeedEvent::over_limit;
    if (dropped && had_to(scene, master, edge->instance)) master.last = scene.at();
  }
  master.replicas.clear();
  for (const model::ConnId conn : scene.state.replicas) {
    const auto session = scene.state.sessions.find(conn);
    if (session == scene.state.sessions.end()) continue;
    master.replicas.push_back(
        {conn, session->second.feed.position, static_cast<std::int64_t>(session->second.unsent())});
  }
}

bool Overruns::above(std::size_t node, const CalmEnd& end) const {
  for (std::size_t hops = 0; hops <= end.nodes.size() && end.follows[node]; ++hops) {
    node = *end.follows[node];
    const Master* const master = masters_.find(node);
    if (master != nullptr && master->last && *master->last >= end.began) return true;
  }
  return false;
}

}  // namespace scenarios
