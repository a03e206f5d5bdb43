#include "scenarios/oracles/patience.h"

#include <algorithm>
#include <variant>

namespace scenarios {
namespace {

using model::FeedState;

constexpr std::int64_t kGrace = 3;  // s, and turns of the cron

template <class Readers>
auto find(Readers& readers, model::ConnId conn) {
  return std::find_if(readers.begin(), readers.end(),
                      [&](const auto& reader) { return reader.conn == conn; });
}

}  // namespace

std::optional<Patience::Breach> Patience::saw(const Scene& scene) {
  const model::State& s = scene.state;
  std::vector<Reader>& readers = readers_[scene.seen.node];
  if (!scene.same_life()) readers.clear();
  if (readers.empty() && s.replicas.empty()) return std::nullopt;

  std::optional<Breach> breach;
  if (scene.feed_took_edge()) breach = judge_drops(scene, readers);
  std::erase_if(readers, [&](const Reader& reader) {
    return std::find(s.replicas.begin(), s.replicas.end(), reader.conn) == s.replicas.end();
  });

  const std::int64_t timeout = s.config.repl_timeout;
  for (const model::ConnId conn : s.replicas) {
    const model::Session& session = s.sessions.at(conn);
    const model::Feed& feed = session.feed;
    auto reader = find(readers, conn);
    if (reader == readers.end()) reader = readers.insert(reader, Reader{.conn = conn});
    const bool other_state = reader->state != feed.state;
    if (other_state || reader->sent != feed.file_sent) reader->took = scene.at();
    if (other_state || scene.seen.conn == conn) {
      reader->heard = scene.at();
      reader->heard_turn = s.replication_ticks;
    }
    reader->state = feed.state;
    reader->sent = feed.file_sent;
    const bool must_speak =
        feed.state == FeedState::online && !feed.came_with_sync && s.rules.has_acks;
    if (breach || !must_speak || s.replication_ticks - reader->heard_turn <= timeout + kGrace ||
        scene.at() - reader->heard <= std::chrono::seconds(timeout + kGrace)) {
      continue;
    }
    breach = Breach{"silent-replica-kept",
                    std::string(scene.node.name) + " has heard nothing of a replica since " +
                        seconds(reader->heard) + " and keeps it, repl-timeout is " +
                        std::to_string(timeout) + " s"};
  }
  return breach;
}

std::optional<Patience::Breach> Patience::judge_drops(const Scene& scene,
                                                      const std::vector<Reader>& readers) const {
  for (const model::Effect& effect : scene.seen.effects) {
    const auto* const edge = std::get_if<model::Transitioned>(&effect);
    if (edge == nullptr || edge->machine != model::MachineKind::replica_feed ||
        model::FeedEvent{edge->on} != model::FeedEvent::timed_out) {
      continue;
    }
    const auto reader = find(readers, edge->instance);
    if (reader == readers.end() || FeedState{edge->from} != FeedState::wait_bgsave_end) continue;
    const std::int64_t timeout = scene.state.config.repl_timeout;
    if (scene.at() - reader->took >= std::chrono::seconds(timeout)) continue;
    return Breach{
        "dropped-too-soon",
        std::string(scene.node.name) + " gives up a replica in its transfer that took bytes at " +
            seconds(reader->took) + ", repl-timeout is " + std::to_string(timeout) + " s"};
  }
  return std::nullopt;
}

}  // namespace scenarios
