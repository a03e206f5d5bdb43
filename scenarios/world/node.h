// One node of the world: the process that may run on it, and what outlives that process. Data; the
// world moves it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/data/blob.h"
#include "model/effects.h"
#include "model/rules.h"
#include "model/server.h"
#include "scenarios/language/scenario.h"
#include "sim/ids.h"
#include "sim/link.h"
#include "sim/time.h"

namespace scenarios {

// What a node believes the time of day to be: true time, which is the virtual time since a fixed
// date, plus an error that a fault can make jump or grow.
class WallClock {
 public:
  // 2026-01-01 00:00:00 UTC, the true time when every run begins.
  static constexpr std::int64_t kEpochMs = 1'767'225'600'000;

  WallClock() = default;
  WallClock(sim::Duration offset, std::int32_t drift_ppm)
      : offset_(offset), drift_ppm_(drift_ppm) {}

  model::WallTime at(sim::Instant now) const {
    using std::chrono::floor;
    using std::chrono::milliseconds;
    const auto shown = now.time_since_epoch() + error(now);
    return model::WallTime(milliseconds(kEpochMs) + floor<milliseconds>(shown));
  }
  // How far it is ahead of true time.
  sim::Duration error(sim::Instant now) const {
    return offset_ + sim::Duration((now - since_).count() / 1'000'000 * drift_ppm_ +
                                   (now - since_).count() % 1'000'000 * drift_ppm_ / 1'000'000);
  }
  std::int32_t drift_ppm() const { return drift_ppm_; }

  void jump(sim::Duration by) { offset_ += by; }
  void set_drift(sim::Instant now, std::int32_t ppm) {
    offset_ = error(now);
    since_ = now;
    drift_ppm_ = ppm;
  }
  bool operator==(const WallClock&) const = default;

 private:
  sim::Duration offset_{0};  // the error at `since_`
  sim::Instant since_ = sim::kStart;
  std::int32_t drift_ppm_ = 0;
};

struct NodeProcess {
  std::string name;
  sim::HostId host{};

  // --- what it starts from -----------------------------------------------------------------------
  model::Rules rules;
  ConfigLines config;     // later lines replace earlier ones
  std::string replicaof;  // as configured, which role commands do not change
  int replicaof_port = 0;  // 0: the one that it listens on
  std::map<std::string, model::Blob> disk;

  // --- the process -------------------------------------------------------------------------------
  std::optional<model::Server> server;  // none: it does not run
  std::uint32_t life = 0;               // counts its starts
  std::optional<int> exit_code;         // of its last life, if it ended by itself
  // Connections that it dialled: its own name for each, and the network's.
  struct Dialled {
    model::ConnId conn{};
    sim::EndId end{};
    bool operator==(const Dialled&) const = default;
  };
  std::vector<Dialled> dialled;
  std::optional<sim::Instant> wake;  // the earliest wake that is on the agenda

  // --- how its machine behaves -------------------------------------------------------------------
  model::Machine machine;
  WallClock clock;
  bool paused = false;
  sim::Instant busy_until = sim::kStart;  // its event loop does nothing else before
  model::Effects postponed;               // what stood behind a Block, until that is over
  sim::Duration slow_by{0};               // every turn of the event loop takes so much longer

  // --- counted for faults: what they really changed ----------------------------------------------
  std::uint64_t slow_turns = 0;
  std::uint64_t disk_errors = 0;

  // --- for observers -----------------------------------------------------------------------------
  // Whom it is told to follow, as it says, and which node that is.
  std::string told_host;
  int told_port = 0;
  std::optional<std::size_t> follows;
  bool from_raw = false;         // follows, or once followed, a raw peer, perhaps by way of others
  // Its data were changed behind the protocol, or are a copy of such.
  bool touched_up = false;
  bool snapshot_touched_up = false;         // the same of the newest snapshot that it took,
  bool file_touched_up = false;             // of its file,
  // and of the newest copy from each node; and which count of that node's own stream it is of
  // (before 4.0).
  struct Copy {
    bool touched_up = false;
    std::uint32_t counts = 0;
    bool operator==(const Copy&) const = default;
  };
  std::map<std::size_t, Copy> copies{};
  bool corrupted_input = false;  // a fault changed bytes sent to it that no checksum protects
  std::optional<sim::EndId> corrupted_on;  // by the end that sent them; none: by way of others
  // Where its last full resync came from, and which count of that node's own stream (before 4.0).
  std::optional<std::pair<std::size_t, std::uint32_t>> copied_from;

  bool operator==(const NodeProcess&) const = default;
};

}  // namespace scenarios
