#include "scenarios/run/play.h"

namespace scenarios {

void Expectations::failed(sim::Instant at, const Place& place, std::string_view finding) {
  ++judged_;
  if (++failed_ > 1) return;
  first_at_ = at;
  first_line_ = place.line;
  first_place_ = place.pointer;
  first_ = finding;
}

std::string Expectations::finding() const {
  if (failed_ == 0) return judged_ > 0 ? "" : "the scenario expects nothing";
  return (first_place_.empty() ? "" : first_place_ + ": ") + first_ +
         (failed_ > 1 ? " (and " + std::to_string(failed_ - 1) + " more)" : "");
}

Judgement Expectations::judgement() const {
  Judgement judgement;
  judgement.oracle = "EXPECT";
  judgement.checked = judged_;
  judgement.at = first_at_;
  if (failed_ > 0) {
    judgement.outcome = Outcome::fail;
    // With its line, unlike in the trace: a file that says the same has the same trace.
    judgement.finding = first_place_;
    if (first_line_ > 0) judgement.finding += " (line " + std::to_string(first_line_) + ")";
    if (!judgement.finding.empty()) judgement.finding += ": ";
    judgement.finding += first_;
    judgement.clause = "expectation";
    if (failed_ > 1) judgement.finding += " (and " + std::to_string(failed_ - 1) + " more)";
  } else if (judged_ > 0) {
    judgement.outcome = Outcome::pass;
  } else {
    judgement.finding = finding();
  }
  return judgement;
}

void Play::tell_step(const Place& place, std::string_view what, std::string_view text) {
  world.trace().tell<sim::record::Step>(world.now(), place.pointer, what, text);
}

}  // namespace scenarios
