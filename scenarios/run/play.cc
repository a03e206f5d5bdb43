#include "scenarios/run/play.h"

namespace scenarios {

void Expectations::failed(sim::Instant at, const Place& place, std::string_view finding) {
  ++judged_;
  if (++failed_ > 1) return;
  first_at_ = at;
  if (!place.pointer.empty()) first_ = place.pointer;
  if (place.line > 0) first_ += " (line " + std::to_string(place.line) + ")";
  if (!first_.empty()) first_ += ": ";
  first_ += finding;
}

Judgement Expectations::judgement() const {
  Judgement judgement;
  judgement.oracle = "EXPECT";
  judgement.checked = judged_;
  judgement.at = first_at_;
  if (failed_ > 0) {
    judgement.outcome = Outcome::fail;
    judgement.finding = first_;
    judgement.clause = "expectation";
    if (failed_ > 1) judgement.finding += " (and " + std::to_string(failed_ - 1) + " more)";
  } else if (judged_ > 0) {
    judgement.outcome = Outcome::pass;
  } else {
    judgement.finding = "the scenario expects nothing";
  }
  return judgement;
}

void Play::tell_step(const Place& place, std::string_view what, std::string_view text) {
  world.trace().add(world.now(),
                    sim::record::Step{place.pointer, std::string(what), std::string(text)});
}

}  // namespace scenarios
