// Runs of a campaign, made by several workers: processes of their own (children.h), so that one that
// crashes is a finding and no more. What they found is put together in the order of indices, so that what
// is committed is always a beginning: all runs below an index, and none above.
//
//      workers:    [0..31] [32..63] [64..95]            claimed in order, made in any
//      committed:  0 ------------>                      told to the observer
//
// A block of runs in which a process ended is made again: first the run that it was at, alone, to see that
// it does so by itself; then all of them, that one only up to the event in which it ended.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "scenarios/search/campaign.h"
#include "scenarios/search/tally.h"

namespace scenarios {

struct Budget {
  std::uint64_t first = 0;               // index of the first run
  std::optional<std::uint64_t> runs;     // from there; none: until the time is over
  std::optional<std::chrono::nanoseconds> time;
  unsigned workers = 1;
  bool until_first_failure = false;
  std::set<std::string> known;  // keys of failures that do not count for that
  const std::atomic<bool>* stop = nullptr;  // set from outside, by Ctrl-C: ends soon
};

// Called after each commit and at least ten times a second: what is committed so far, and whether anything
// is new in it.
using Observer = std::function<void(const Tally& committed, bool more)>;

// Adds to `tally`, whose runs are those from budget.first on that are already made.
void conduct(const Plan& plan, const Budget& budget, Tally& tally, const Observer& observer);

}  // namespace scenarios
