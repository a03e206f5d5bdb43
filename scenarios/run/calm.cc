#include "scenarios/run/calm.h"

#include <algorithm>

#include "model/state.h"
#include "scenarios/oracles/following.h"

namespace scenarios {
namespace {

sim::Duration seconds(std::int64_t n) {
  return sim::Duration(n * 1'000'000);
}

sim::Duration time_for(std::uint64_t bytes, std::uint64_t bytes_per_second) {
  return sim::Duration(
      static_cast<std::int64_t>(bytes / std::max<std::uint64_t>(1, bytes_per_second) + 1) *
      1'000'000);
}

struct ValueSize {
  static constexpr std::uint64_t kElement = 16;  // what an element takes beside its text

  std::uint64_t operator()(const model::String& s) const { return s.size(); }
  std::uint64_t operator()(const model::Hash& h) const {
    std::uint64_t sum = 0;
    for (const auto& [field, text] : h) sum += field.size() + text.size() + kElement;
    return sum;
  }
  std::uint64_t operator()(const model::SortedSet& z) const {
    std::uint64_t sum = 0;
    for (const auto& scored : z) sum += scored.first.size() + 2 * kElement;
    return sum;
  }
  std::uint64_t operator()(const model::Stream& stream) const {
    std::uint64_t sum = 0;
    for (const model::StreamNode& node : stream.nodes()) sum += node.bytes() + kElement;
    for (const auto& [name, group] : stream.groups)
      sum += name.size() + 4 * kElement * (group.pending.size() + group.consumers.size());
    return sum;
  }
  template <class Texts>
  std::uint64_t operator()(const Texts& texts) const {
    std::uint64_t sum = 0;
    for (const std::string& text : texts) sum += text.size() + kElement;
    return sum;
  }
};

std::uint64_t data_bytes(const model::State& s) {
  std::uint64_t sum = 0;
  for (unsigned db = 0; db < s.data.databases(); ++db) {
    for (const auto& [key, entry] : s.data.database(db))
      sum += key.size() + std::visit(ValueSize{}, entry.value) + 32;
  }
  return sum;
}

// What a full resync from here has to move: the data, and the stream that piles up behind them.
std::uint64_t bytes_of(const model::State& s) {
  return data_bytes(s) + (s.backlog ? static_cast<std::uint64_t>(s.backlog->histlen()) : 0);
}

// The longest time that a word from one node to another and the answer may be on their way.
sim::Duration round_trip(const World& world, std::size_t a, std::size_t b) {
  const sim::LinkProfile there = world.usual_link(world.host_of(a), world.host_of(b));
  const sim::LinkProfile back = world.usual_link(world.host_of(b), world.host_of(a));
  return there.latency + there.jitter + back.latency + back.jitter;
}

// Bytes a second: not more than the link takes, and a receive buffer in each round trip. 0: no limit
// that matters.
std::uint64_t rate_of(const sim::LinkProfile& link, sim::Duration round_trip) {
  constexpr std::uint64_t kSecond = 1'000'000;
  std::uint64_t rate = link.bytes_per_second;
  if (round_trip > sim::Duration{0}) {
    const std::uint64_t window =
        link.receive_buffer * kSecond / static_cast<std::uint64_t>(round_trip.count()) + 1;
    rate = rate == 0 ? window : std::min(rate, window);
  }
  return rate;
}

enum class Lag { none, pings };

bool is_settled(const World& world, std::size_t node, std::size_t master, Lag lag) {
  const model::State& replica = *world.state(node);
  const model::State& above = *world.state(master);
  const model::Session* const session = world.replica_of(master, world.host_of(node));
  if (replica.link.state != model::LinkState::connected || session == nullptr ||
      session->feed.state != model::FeedState::online) {
    return false;
  }
  if (shares_its_history(replica, above) && replica.history.id != above.history.id) return false;
  if (lag == Lag::none && !has_received_all(replica, above, *session)) return false;
  const auto changed = [&](std::size_t i) {
    return world.node(i).touched_up || world.node(i).corrupted_input;
  };
  return changed(node) || changed(master) ||
         !data_difference(replica, above, common_to(world.views()));
}

bool all_settled(const World& world, Lag lag) {
  if (!world.is_idle()) return false;
  for (std::size_t i = 0; i < world.nodes(); ++i) {
    if (!has_reachable_master(world, i)) continue;
    if (!is_settled(world, i, *world.follows(i), lag)) return false;
  }
  return true;
}

}  // namespace

bool has_reachable_master(const World& world, std::size_t node) {
  std::size_t at = node;
  for (std::size_t steps = 0; steps <= world.nodes(); ++steps) {
    const model::State* const s = world.state(at);
    if (s == nullptr) return false;
    if (s->is_master()) return at != node;
    const auto next = world.follows(at);
    if (!next) return false;
    at = *next;
  }
  return false;  // a loop
}

bool settled(const World& world) {
  return all_settled(world, Lag::none);
}

bool settled_but_for_pings(const World& world) {
  return all_settled(world, Lag::pings);
}

sim::Duration longest_silence(const World& world, std::size_t node, std::size_t master) {
  const sim::LinkProfile link = world.usual_link(world.host_of(master), world.host_of(node));
  const sim::Duration way = round_trip(world, master, node);
  const model::State* const s = world.state(master);
  const std::uint64_t payload = s == nullptr ? 0 : data_bytes(*s);
  const std::uint64_t on_its_way =
      std::min<std::uint64_t>(payload, link.send_buffer + link.receive_buffer);
  const std::uint64_t rate = rate_of(link, way);
  const sim::Duration drain(
      rate == 0 ? 0 : static_cast<std::int64_t>(on_its_way * 1'000'000 / rate));
  return way + std::max(way, drain);
}

sim::Duration calm_bound(const World& world) {
  sim::Duration timeouts{0}, delays{0}, latency{0}, busy{0};
  std::uint64_t bytes = 0, slowest = kJobBytesPerSecond;
  std::int64_t key_delay = 0;
  std::uint64_t keys = 0;
  for (std::size_t i = 0; i < world.nodes(); ++i) {
    busy = std::max(busy, world.node(i).busy_until - world.now());
    const model::State* const s = world.state(i);
    if (s == nullptr) continue;
    timeouts = std::max(timeouts, seconds(s->config.repl_timeout));
    delays = std::max(delays, seconds(s->config.repl_diskless_sync_delay));
    key_delay = std::max(key_delay, s->config.rdb_key_save_delay + s->config.key_load_delay);
    bytes = std::max(bytes, bytes_of(*s));
    keys = std::max<std::uint64_t>(keys, s->data.size());
    if (s->pause.until) {
      busy = std::max(
          busy, sim::Duration(s->pause.until->time_since_epoch()) - world.now().time_since_epoch());
    }
    for (std::size_t j = 0; j < world.nodes(); ++j) {
      if (i == j) continue;
      const sim::LinkProfile link = world.usual_link(world.host_of(i), world.host_of(j));
      latency = std::max(latency, link.latency + link.jitter);
      const std::uint64_t rate =
          rate_of(link, round_trip(world, i, j));
      if (rate > 0) slowest = std::min(slowest, rate);
    }
  }
  const sim::Duration a_resync = delays + 40 * latency + 2 * time_for(bytes, kJobBytesPerSecond) +
                                 2 * time_for(bytes, slowest) +
                                 sim::Duration(key_delay * static_cast<std::int64_t>(keys)) +
                                 seconds(5);
  const auto nodes = static_cast<std::int64_t>(world.nodes());
  return 3 * timeouts + busy + (world.jobs().last_end(world.now()) - world.now()) +
         (nodes + 1) * a_resync + seconds(10);
}

}  // namespace scenarios
