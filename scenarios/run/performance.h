// A run in progress, from the first step to the end of the calm, an event at a time. A value: copy
// it in the middle, and both copies run on identically.
#pragma once

#include <memory>

#include "scenarios/run/play.h"
#include "scenarios/run/runner.h"
#include "scenarios/run/stepper.h"

namespace scenarios {

class Performance {
 public:
  // `scenario` must stay as it is as long as any copy lives.
  Performance(std::shared_ptr<const Scenario> scenario, sim::Choice choice, sim::TraceMode mode);

  // Takes the next event. False when the run is over.
  bool advance();

  const Play& play() const { return play_; }
  const World& world() const { return play_.world; }
  World& world() { return play_.world; }

  // For who looks on: keeps what becomes of each step, in play().log. Before the first advance().
  void keep_log() { play_.log.keep(); }
  // The step that it is at, by number, and whether the steps are over.
  std::size_t at_step() const { return stepper_.at(); }
  bool steps_are_over() const { return phase_ != Phase::steps; }

  // Verdict and end states. Of a run that is over, once.
  RunResult result();

  bool operator==(const Performance&) const = default;

 private:
  enum class Phase : std::uint8_t { steps, calm, over };

  void begin_calm();
  void end_calm(bool settled);
  void route(const sim::Occurrence& occurrence);
  bool time_stands_still();

  Play play_;
  Stepper stepper_;
  Phase phase_ = Phase::steps;
  sim::Instant calm_began_{}, calm_until_{};
  sim::Instant last_instant_{};
  std::uint64_t events_at_instant_ = 0;
};

}  // namespace scenarios
