// A scenario being played: the world, and what the scenario does to it beside the nodes themselves.
// A value, like the world.
#pragma once

#include <string>

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

struct Play {
  World world;
  Injector injector;
  Generators generators;
  Remembered remembered;
  Taps taps;
  Expectations expectations;

  Sight sight() const { return {world, remembered, taps}; }
  void tell_step(const Place& place, std::string_view what, std::string_view text);
  bool operator==(const Play&) const = default;
};

}  // namespace scenarios
