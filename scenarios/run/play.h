// A scenario being played: the world, and what the scenario does to it beside the nodes themselves.
// A value, like the world.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/data/resp.h"
#include "scenarios/run/formula.h"
#include "scenarios/run/injector.h"
#include "scenarios/run/load.h"
#include "scenarios/run/runner.h"
#include "scenarios/language/scenario.h"
#include "scenarios/world/world.h"

namespace scenarios {

// What the scenario itself expects: replies, waits that come true, conditions. Judged as "EXPECT".
class Expectations {
 public:
  void passed() { ++judged_; }
  // One sentence: what was expected, and what was seen instead.
  void failed(sim::Instant at, const Place& place, std::string_view finding);

  bool any_failed() const { return failed_ > 0; }
  Judgement judgement() const;
  // The same without the file's line, which is no part of what happened: for the trace.
  std::string finding() const;

  bool operator==(const Expectations&) const = default;

 private:
  std::uint64_t judged_ = 0;
  std::uint64_t failed_ = 0;
  sim::Instant first_at_{};
  std::string first_, first_place_;
  std::size_t first_line_ = 0;
};

// What became of a step, for who looks on: kept only when somebody does.
struct Taken {
  std::size_t step = 0;
  sim::Instant at{};                 // when it was done
  bool done = false;
  std::string finding;               // what was expected and not so; empty: nothing
  bool missed = false;               // a wait that was not needed
  std::vector<model::Reply> replies;
  bool operator==(const Taken&) const = default;
};

class StepLog {
 public:
  void keep() { on_ = true; }
  const std::vector<Taken>& taken() const { return taken_; }

  void replied(std::size_t step, const model::Reply& reply) {
    if (on_) at(step).replies.push_back(reply);
  }
  void failed(std::size_t step, const std::string& finding) {
    if (on_ && at(step).finding.empty()) at(step).finding = finding;
  }
  void missed(std::size_t step) {
    if (on_) at(step).missed = true;
  }
  void done(std::size_t step, sim::Instant when) {
    if (!on_) return;
    at(step).done = true;
    at(step).at = when;
  }

  bool operator==(const StepLog&) const = default;

 private:
  Taken& at(std::size_t step) {
    if (taken_.empty() || taken_.back().step != step) taken_.emplace_back().step = step;
    return taken_.back();
  }
  bool on_ = false;
  std::vector<Taken> taken_;
};

struct Play {
  World world;
  Injector injector;
  Generators generators;
  Remembered remembered;
  Taps taps;
  Expectations expectations;
  StepLog log{};

  Sight sight() const { return {world, remembered, taps}; }
  void tell_step(const Place& place, std::string_view what, std::string_view text);
  bool operator==(const Play&) const = default;
};

}  // namespace scenarios
