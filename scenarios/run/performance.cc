#include "scenarios/run/performance.h"

#include "scenarios/run/calm.h"
#include "scenarios/run/conditions.h"

namespace scenarios {
namespace {

// More events than this in one microsecond are no run any more, but a loop.
constexpr std::uint64_t kMostAtOnce = 2'000'000;

}  // namespace

Performance::Performance(std::shared_ptr<const Scenario> scenario, sim::Choice choice,
                         sim::TraceMode mode)
    : play_{World(std::move(scenario), std::move(choice), mode), {}, {}, {}, {}, {}} {
  watch_messages(play_.world, play_.world.scenario());
  if (const auto problem = play_.world.begin())
    play_.expectations.failed(play_.world.now(), {}, *problem);
}

bool Performance::advance() {
  if (phase_ == Phase::over) return false;
  if (phase_ == Phase::steps) {
    if (stepper_.proceed(play_)) play_.injector.watch(play_.world, play_.sight());
    if (stepper_.finished()) begin_calm();
  } else if (play_.world.now() >= calm_began_ + kCalmAtLeast && settled(play_.world)) {
    end_calm(true);
  }
  if (phase_ == Phase::over) return false;

  const sim::Instant until = phase_ == Phase::steps ? stepper_.deadline() : calm_until_;
  const auto occurrence = play_.world.advance(until);
  if (occurrence) {
    route(*occurrence);
    play_.injector.watch(play_.world, play_.sight());
    if (time_stands_still()) phase_ = Phase::over;
  } else if (phase_ == Phase::steps) {
    stepper_.ran_out(play_);
  } else {
    end_calm(settled_but_for_pings(play_.world));
  }
  return phase_ != Phase::over;
}

void Performance::route(const sim::Occurrence& occurrence) {
  using Kind = sim::Occurrence::Kind;
  switch (occurrence.kind) {
    case Kind::stopped:
      return play_.injector.stopped(play_.world, occurrence);
    case Kind::fault:
      return play_.injector.due(play_.world, occurrence);
    case Kind::step:
      return play_.generators.due(play_.world, occurrence.number);
    default:
      return;
  }
}

bool Performance::time_stands_still() {
  events_at_instant_ = play_.world.now() == last_instant_ ? events_at_instant_ + 1 : 0;
  last_instant_ = play_.world.now();
  if (events_at_instant_ < kMostAtOnce) return false;
  play_.expectations.failed(play_.world.now(), {},
                            "time stands still: events follow each other without end");
  return true;
}

void Performance::begin_calm() {
  World& world = play_.world;
  if (!world.scenario().calm) {
    phase_ = Phase::over;
    return;
  }
  phase_ = Phase::calm;
  calm_began_ = world.now();
  play_.tell_step({}, "phase", "calm: faults are over, links heal, generators stop");
  play_.generators.stop_all();
  play_.injector.end_all(world);
  const sim::Duration given = world.scenario().calm_within;
  calm_until_ = calm_began_ + (given > sim::Duration{0} ? given : calm_bound(world));
}

void Performance::end_calm(bool settled) {
  World& world = play_.world;
  phase_ = Phase::over;
  play_.tell_step({}, "phase", settled ? "calm ended: all is settled" : "calm ended: not settled");
  const std::vector<NodeView> views = world.views();
  std::vector<std::optional<std::size_t>> follows;
  std::vector<sim::Duration> silences;
  for (std::size_t i = 0; i < world.nodes(); ++i) {
    follows.push_back(world.follows(i));
    silences.push_back(follows[i] ? longest_silence(world, i, *follows[i]) : sim::Duration{0});
  }
  CalmEnd end;
  end.at = world.now();
  end.began = calm_began_;
  end.settled = settled;
  end.bound = calm_until_;
  end.nodes = views;
  end.follows = follows;
  end.silences = silences;
  world.bench().calm_ended(end);
}

}  // namespace scenarios
