// The steps of a scenario, one after the other. A step is begun when it is due and looked at after
// every event until it is done; the next one begins in the same moment.
//
// A wait that does not come true, or a command that gets no reply, ends the steps: what follows
// would be about another situation. A broken expectation does not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/run/play.h"
#include "sim/time.h"

namespace scenarios {

class Stepper {
 public:
  // Does all that can be done now. True if it did anything.
  bool proceed(Play& play);
  // Nothing happened up to deadline().
  void ran_out(Play& play);

  // The step that it is at, by number.
  std::size_t at() const { return next_; }
  bool finished() const { return finished_; }
  sim::Instant deadline() const { return deadline_; }

  bool operator==(const Stepper&) const = default;

 private:
  // One command of a step that has several: whom it goes to, in words.
  struct Command {
    ClientId client{};
    std::string line;
  };
  class Begin;
  class Look;
  friend class Begin;
  friend class Look;

  const Step& step(const Play& play) const { return play.world.scenario().steps[next_]; }
  void begin(Play& play);
  void look(Play& play);
  void done(Play& play);
  // The expectation is broken; `over`: no step can follow.
  void fail(Play& play, const std::string& finding, bool over);

  // Commands of `run` and `replicaof`.
  std::size_t commands(const Play& play) const;
  ClientId client(Play& play, std::size_t number) const;
  Command command(Play& play, std::size_t number) const;
  std::string line(const Play& play, std::size_t number) const;
  void ask(Play& play, std::size_t number, bool flush);
  bool take_replies(Play& play);
  void judge_reply(Play& play, std::size_t number, const std::string& line,
                   const model::Reply& reply);
  bool lost(Play& play, const Command& command);

  std::size_t next_ = 0;
  bool begun_ = false;
  bool finished_ = false;
  sim::Instant ended_ = sim::kStart;  // the step before it
  sim::Instant began_ = sim::kStart;
  sim::Instant deadline_ = sim::kStart;
  std::size_t asked_ = 0, answered_ = 0;  // commands of this step
};

}  // namespace scenarios
