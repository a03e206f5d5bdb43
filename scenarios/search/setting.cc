// Where a scenario takes place: the families of the run, nodes and who follows whom, settings with
// numbers so small that their boundaries are met, links.
#include <algorithm>
#include <array>

#include "model/releases.h"
#include "model/rules.h"
#include "scenarios/search/script.h"

namespace scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Kinds that disturb the judges, or whose runs are all alike: seldom.
constexpr auto kSeldom =
    std::to_array<Family>({Family::flips, Family::clocks, Family::raw_peers, Family::full_disks,
                           Family::flushes, Family::stale_refused, Family::quiet, Family::eviction,
                           Family::own_writes});

bool seldom(Family family) {
  return std::find(kSeldom.begin(), kSeldom.end(), family) != kSeldom.end();
}

void draw_topology(Script& s) {
  const std::size_t most = std::clamp<std::size_t>(s.menu.most_nodes, 2, 5);
  const std::size_t fewest = std::clamp<std::size_t>(s.menu.fewest_nodes, 2, most);
  constexpr std::array<std::size_t, 6> kWeights = {0, 0, 4, 6, 3, 2};
  const std::size_t nodes =
      fewest + s.dice.weighted(std::span(kWeights).subspan(fewest, most - fewest + 1));
  enum class Shape { star, chain, fan, tree };
  const auto shape = s.dice.weighted<Shape>(
      {{4, Shape::star}, {2, Shape::chain}, {nodes > 3 ? 3U : 1U, Shape::fan}, {2, Shape::tree}});
  for (std::size_t i = 0; i < nodes; ++i) {
    Standing one;
    one.name = std::string(1, static_cast<char>('a' + i));
    std::size_t above = 0;
    if (i > 0) {
      switch (shape) {
        case Shape::star:
          break;
        case Shape::chain:
          above = i - 1;
          break;
        case Shape::fan:
          above = i > 1 ? 1 : 0;
          break;
        case Shape::tree:
          above = s.dice.below(i);
          break;
      }
      // Some begin with a history of their own, to meet the others' later.
      if (!s.dice.chance(1, 8)) one.follows = s.cast[above].name;
    }
    s.cast.push_back(std::move(one));
  }
}

void draw_profiles(Script& s) {
  const auto profiles = model::profiles();
  std::vector<std::string> names;
  for (const model::Profile& profile : profiles) {
    // Before 4.0 nodes share no history, and most of what is judged has nothing to say: only on
    // wish.
    if (profile.rules.stream == model::Rules::Stream::relayed) names.emplace_back(profile.name);
  }
  std::string all = names.front();
  if (!s.menu.profile.empty()) {
    all = s.menu.profile;
  } else if (s.dice.chance(1, 8)) {
    names.emplace_back("valkey-8");  // twice: the only one with two channels
    all = s.dice.pick(names);
    names.pop_back();
  }
  // Side by side only where each can load what the others save, whoever becomes whose master.
  const int version = model::find_profile(all)->rules.rdb_version;
  std::erase_if(names, [&](const std::string& name) {
    return model::find_profile(name)->rules.rdb_version != version;
  });
  const bool mixed = s.menu.profile.empty() && s.dice.chance(1, 25);
  for (Node& node : s.scenario.nodes) {
    node.profile = mixed ? s.dice.pick(names) : all;
    const model::Rules& rules = model::find_profile(node.profile)->rules;
    std::erase_if(node.config,
                  [&](const auto& line) { return !model::has_setting(rules, line.first); });
    node.quirks = s.menu.quirks;
  }
}

void add_line(ConfigLines& lines, std::string name, std::string value) {
  lines.emplace_back(std::move(name), std::move(value));
}

// What all nodes have in common.
ConfigLines common_settings(Script& s) {
  Dice& dice = s.dice;
  ConfigLines lines;
  const auto say = [&](std::string name, auto value) {
    if constexpr (std::is_integral_v<decltype(value)>) {
      add_line(lines, std::move(name), std::to_string(value));
    } else {
      add_line(lines, std::move(name), std::move(value));
    }
  };
  if (s.on(Family::quiet) || s.untouched) {
    say("repl-ping-replica-period", 3600);
  } else {
    const int timeout =
        s.on(Family::short_timeouts) ? dice.pick({5, 3, 4, 6}) : dice.pick({10, 8, 15});
    s.timeout = seconds(timeout);
    say("repl-timeout", timeout);
    say("repl-ping-replica-period", dice.pick({2, 1, 3}));
  }
  say("repl-diskless-sync-delay", s.on(Family::sync_delay) ? dice.pick({1, 2, 5}) : 0);
  if (s.on(Family::disk_sync)) say("repl-diskless-sync", std::string("no"));
  if (s.on(Family::sync_delay) && dice.chance(1, 4))
    say("repl-diskless-sync-max-replicas", dice.pick({1, 2}));
  if (s.on(Family::small_backlog)) say("repl-backlog-size", std::string("16kb"));
  if (s.on(Family::idle_ttl)) {
    const int ttl = dice.pick({3, 1, 2, 5});
    s.ttl = seconds(ttl);
    say("repl-backlog-ttl", ttl);
  }
  // Not below two blocks of the stream: then no replica could ever stay.
  if (s.on(Family::small_limits)) {
    const int hard = dice.pick({60000, 45000, 100000});
    const int soft = dice.pick({0, 45000});
    say("client-output-buffer-limit", "replica " + std::to_string(hard) + " " +
                                          std::to_string(soft) + " " +
                                          std::to_string(dice.pick({1, 2, 5})));
  }
  if (s.on(Family::diskless_load))
    say("repl-diskless-load", std::string(dice.pick({"swapdb", "on-empty-db"})));
  if (s.on(Family::slow_jobs)) {
    if (dice.chance(1, 2)) say("rdb-key-save-delay", dice.pick({100000, 20000, 500000}));
    if (dice.chance(1, 2)) say("key-load-delay", dice.pick({100000, 20000, 500000}));
  }
  if (dice.chance(1, 12)) say("rdb-del-sync-files", std::string("yes"));
  if (dice.chance(1, 2)) say("dual-channel-replication-enabled", std::string("yes"));
  if (s.on(Family::raw_peers) && dice.chance(1, 4))
    say("propagation-error-behavior", std::string(dice.pick({"panic-on-replicas", "panic"})));
  if (s.on(Family::good_replicas)) {
    say("min-replicas-to-write", 1);
    say("min-replicas-max-lag", dice.pick({2, 1, 5}));
  }
  if (s.on(Family::stale_refused)) say("replica-serve-stale-data", std::string("no"));
  // With save points, a snapshot that fails makes a master refuse PING until another succeeds:
  // nobody need ever come back.
  const bool may_fail = s.on(Family::failing_jobs) || s.on(Family::full_disks);
  if (s.on(Family::saves) && !may_fail) {
    if (dice.chance(1, 3)) say("save", std::string("1 1"));
  } else if (may_fail || dice.chance(1, 2)) {
    say("save", std::string(""));
  }
  if (s.on(Family::big_values)) say("rdbcompression", std::string("no"));
  return lines;
}

// What one node has for itself.
void own_settings(Script& s, Node& node) {
  Dice& dice = s.dice;
  if (s.password) {
    add_line(node.config, "requirepass", "secret");
    add_line(node.config, "masterauth", "secret");
  }
  if (!dice.chance(1, 6)) return;
  switch (dice.below(5)) {
    case 0:
      add_line(node.config, "repl-diskless-sync", dice.pick({"no", "yes"}));
      break;
    case 1:
      add_line(node.config, "repl-diskless-load", dice.pick({"swapdb", "on-empty-db", "disabled"}));
      break;
    case 2:
      add_line(node.config, "repl-backlog-size", dice.pick({"16kb", "1mb"}));
      break;
    case 3:
      add_line(node.config, "repl-ping-replica-period", dice.pick({"1", "2"}));
      break;
    default:
      // Its clients may then change its data behind the protocol, and it can be held to nothing.
      // (Writes that a pause holds back cannot be told from the master's stream.)
      if (dice.chance(1, 4) && !s.on(Family::pauses_of_clients))
        add_line(node.config, "replica-read-only", "no");
  }
}

// Commands that succeed whatever was there before: they make a node's first data.
void draw_data(Script& s, Node& node, bool has_history) {
  // A master that wants good replicas, or a password, would refuse them.
  if (s.password || s.on(Family::good_replicas)) return;
  const std::size_t most = has_history ? 4 : 2;
  if (!has_history && !s.dice.chance(1, 5)) return;
  const std::size_t count = s.dice.below(most + 1);
  const auto one = [&](std::size_t nth) -> std::string {
    switch (s.dice.below(s.on(Family::collections) ? 5 : 2)) {
      case 0:
        return "SET n" + std::to_string(nth % 2) + " " + std::to_string(s.dice.between(1, 9));
      case 1:
        return "SET s" + std::to_string(nth % 2) + " " + node.name;
      case 2:
        return "RPUSH l0 1 2 3";
      case 3:
        return "SADD t0 1 2 3 4 5";
      default:
        return "HSET h0 f 1";
    }
  };
  for (std::size_t i = 0; i < count; ++i) node.data.push_back(one(i));
  if (s.on(Family::expiry) && s.dice.chance(1, 4))
    node.data.push_back("SET x0 1 PX " + std::to_string(s.dice.pick({100, 500, 2000, 5000})));
  if (s.big > 0 && s.dice.chance(1, 3))
    node.data.push_back("SETRANGE s1 " + std::to_string(s.big) + " x");
}

void draw_nodes(Script& s) {
  const ConfigLines common = common_settings(s);
  s.password = s.dice.chance(1, 40);
  for (Standing& one : s.cast) {
    Node& node = s.scenario.nodes.emplace_back();
    node.name = one.name;
    node.place.pointer = "/nodes/" + one.name;
    node.replicaof = one.follows;
    node.config = common;
    own_settings(s, node);
    draw_data(s, node, one.follows.empty());
    if (s.cast.size() > 2 && &one != &s.cast.front() && s.dice.chance(1, 15)) {
      node.start = false;
      one.up = false;
    }
    if (s.on(Family::clocks) && s.dice.chance(1, 2)) {
      node.clock_offset = milliseconds(s.dice.pick({0, 500, -500, 5000, -5000}));
      node.clock_drift_ppm = static_cast<std::int32_t>(s.dice.pick({0, 1000, -1000}));
    }
  }
  draw_profiles(s);
}

// A link on which nothing comes back within the timeouts can never be healed: not worth a run.
sim::Duration slowest(const Script& s) {
  return std::min<sim::Duration>(s.timeout / 10, milliseconds(1000));
}

void draw_links(Script& s) {
  Dice& dice = s.dice;
  sim::LinkProfile& usual = s.scenario.default_link;
  if (s.on(Family::slow_links)) {
    const sim::Duration drawn = milliseconds(dice.pick({5, 1, 20, 50, 200, 700}));
    usual.latency = std::min(drawn, slowest(s));
  }
  s.delay = usual.latency;
  if (s.on(Family::jitter))
    usual.jitter = std::min(usual.latency * dice.pick({1, 2, 4}), slowest(s));
  if (s.on(Family::small_pieces)) {
    // Bytes by the ten thousand are not to come one by one: that is slow and shows nothing more.
    usual.pieces = s.big > 0 ? dice.pick({sim::Pieces{100, 1000}, sim::Pieces{500, 4000}})
                             : dice.pick({sim::Pieces{1, 40}, sim::Pieces{1, 8},
                                          sim::Pieces{10, 100}, sim::Pieces{1, 3}});
  }
  if (s.on(Family::bandwidth)) usual.bytes_per_second = dice.pick({100U, 20U, 400U}) * 1024U;
  if (s.on(Family::small_buffers)) {
    const bool narrow = s.big > 0 && usual.latency + usual.jitter > milliseconds(10);
    usual.send_buffer = narrow ? 16384U : dice.pick({4096U, 1024U, 16384U});
    usual.receive_buffer = narrow ? 16384U : dice.pick({4096U, 1024U, 16384U});
  }
  if (!dice.chance(1, 5)) return;
  const auto [master, replica] = s.a_link();
  Link& link = s.scenario.links.emplace_back();
  link.place.pointer = "/links/0";
  link.from = master;
  link.to = replica;
  link.both_ways = !dice.chance(1, 3);
  link.profile = usual;
  link.profile.latency =
      std::min<sim::Duration>(milliseconds(dice.pick({20, 100, 300, 1000})), slowest(s));
}

}  // namespace

void draw_families(Script& s) {
  const std::size_t hits = s.dice.pick({3U, 4U, 2U, 6U, 8U});
  for (std::size_t i = 0; i < kFamilies; ++i) {
    s.families[i] = seldom(static_cast<Family>(i)) ? s.dice.chance(1, 16) : s.dice.chance(hits, 12);
  }
  s.hasty = s.dice.chance(1, 3);
  s.untouched = s.dice.chance(1, 12);
  if (s.on(Family::databases)) s.databases = s.dice.pick({2U, 3U});
  if (s.on(Family::big_values)) s.big = s.dice.pick({3000U, 600U, 9000U, 17000U, 40000U});
}

void draw_setting(Script& s) {
  draw_topology(s);
  draw_nodes(s);
  draw_links(s);
}

}  // namespace scenarios
