#include "scenarios/oracles/patience.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "model/replicas.h"

namespace scenarios {
namespace {

using model::FeedState;

constexpr std::int64_t kGrace = 3;  // s, and turns of the cron
constexpr std::chrono::milliseconds kLook{100};  // how often the server's cron looks

template <class Readers>
auto find(Readers& readers, model::ConnId conn) {
  return std::find_if(readers.begin(), readers.end(),
                      [&](const auto& reader) { return reader.conn == conn; });
}

model::FeedEvent event_of(const model::Transitioned& edge) {
  return model::FeedEvent{edge.on};
}

}  // namespace

Patience::Limits Patience::limits_of(const model::State& s) {
  const model::OutputLimit& limit = s.config.replica_output_limit;
  const bool covers = limit.hard != 0 && s.rules.limit_covers_backlog;
  return {covers ? std::max(limit.hard, s.config.repl_backlog_size) : limit.hard, limit.soft,
          limit.soft_seconds};
}

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
  std::int64_t& known = timeouts_[scene.seen.node];
  const bool other_timeout = std::exchange(known, timeout) != timeout;  // the next cron looks at it
  const Limits limits = limits_of(s);
  const bool new_limits = std::exchange(limits_[scene.seen.node], limits) != limits;
  for (const model::ConnId conn : s.replicas) {
    const model::Session& session = s.sessions.at(conn);
    const model::Feed& feed = session.feed;
    auto reader = find(readers, conn);
    const bool newcomer = reader == readers.end();
    if (newcomer) reader = readers.insert(reader, Reader{.conn = conn});
    auto too_much = note_output(scene, session, *reader, newcomer, new_limits);
    if (too_much && !breach) breach = std::move(too_much);
    const bool other_state = reader->state != feed.state;
    if (other_state || reader->sent != feed.file_sent) reader->took = scene.at();
    if (other_state || other_timeout || scene.seen.conn == conn) {
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

std::optional<Patience::Breach> Patience::note_output(const Scene& scene,
                                                      const model::Session& session,
                                                      Reader& reader, bool newcomer,
                                                      bool new_limits) const {
  const model::State& s = scene.state;
  const Limits limits = limits_of(s);
  if (limits.hard == 0 && limits.soft == 0) return std::nullopt;
  const std::int64_t used = model::output_memory(s, session);
  reader.used = used;
  const std::int64_t turn = s.replication_ticks;
  if (newcomer) {
    reader.surely_below_soft = scene.at();
  } else if (new_limits) {  // how long it was over what is the limit now, nobody noted
    reader.surely_below_soft.reset();
    reader.low.reset();
  }
  if (used < limits.soft) {
    if (!reader.low) reader.low = {scene.at(), turn};
  } else if (const auto low = std::exchange(reader.low, std::nullopt);
             low && turn != low->turn && scene.at() - low->at >= 3 * kLook) {
    reader.surely_below_soft = scene.at() - 2 * kLook;
  }
  if (newcomer || new_limits || limits.soft == 0 || used < limits.soft) reader.below_soft = {scene.at(), turn};
  if (newcomer || new_limits || limits.hard == 0 || used < limits.hard) reader.below_hard = {scene.at(), turn};
  const auto over_for = [&](const Since& since, std::int64_t allowed) {
    return scene.at() - since.at > std::chrono::seconds(allowed + kGrace) &&
           turn - since.turn > allowed + kGrace;
  };
  const bool over_hard = over_for(reader.below_hard, 0);
  if (!over_hard && !over_for(reader.below_soft, limits.soft_seconds))
    return std::nullopt;
  return Breach{"over-limit-kept",
                std::string(scene.node.name) + " keeps a replica with " + grouped(reader.used) +
                    " bytes of output, over its " + (over_hard ? "hard" : "soft") +
                    " limit since " + seconds((over_hard ? reader.below_hard : reader.below_soft).at)};
}

std::optional<Patience::Breach> Patience::judge_limit(const Scene& scene,
                                                      const Reader& reader) const {
  const Limits limits = limits_of(scene.state);
  if (limits_.find(scene.seen.node) == nullptr || *limits_.find(scene.seen.node) != limits)
    return std::nullopt;
  // What this event itself may have added; memory is counted in blocks.
  constexpr std::int64_t kBlock = 16384 + 1024;
  const std::int64_t added = std::max<std::int64_t>(0, scene.now.next - scene.before.next);
  if (limits.hard != 0 && reader.used + added + 2 * kBlock >= limits.hard) return std::nullopt;
  if (!reader.surely_below_soft) return std::nullopt;
  const auto over = scene.at() - *reader.surely_below_soft;
  if (limits.soft != 0 && over >= std::chrono::seconds(limits.soft_seconds)) return std::nullopt;
  return Breach{"limit-too-soon",
                std::string(scene.node.name) + " gives up a replica for its output of about " +
                    grouped(reader.used) + " bytes, which was below the soft limit at " +
                    seconds(*reader.surely_below_soft) + " and may be over it for " +
                    std::to_string(limits.soft_seconds) + " s"};
}

std::optional<Patience::Breach> Patience::judge_drops(const Scene& scene,
                                                      const std::vector<Reader>& readers) const {
  for (const model::Effect& effect : scene.seen.effects) {
    const auto* const edge = std::get_if<model::Transitioned>(&effect);
    if (edge == nullptr || edge->machine != model::MachineKind::replica_feed) continue;
    const auto reader = find(readers, edge->instance);
    if (reader == readers.end()) continue;
    if (event_of(*edge) == model::FeedEvent::over_limit) {
      if (auto breach = judge_limit(scene, *reader)) return breach;
    }
    if (event_of(*edge) != model::FeedEvent::timed_out ||
        FeedState{edge->from} != FeedState::wait_bgsave_end) {
      continue;
    }
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
