// Runs of a campaign, made by several workers. Each has a world of its own and shares nothing; what
// they found is put together in the order of indices, so that what is committed is always a
// beginning: all runs below an index, and none above.
//
//      workers:    [0..15] [16..31] [32..47]            claimed in order, made in any
//      committed:  0 ------------>                      told to the observer, in the caller's thread
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "scenarios/search/campaign.h"
#include "scenarios/search/tally.h"

namespace scenarios {

struct Budget {
  std::uint64_t first = 0;               // index of the first run
  std::optional<std::uint64_t> runs;     // from there; none: until the time is over
  std::optional<std::chrono::nanoseconds> time;
  unsigned workers = 1;
  bool until_first_failure = false;
  const std::atomic<bool>* stop = nullptr;  // set from outside, by Ctrl-C: ends soon
};

// Called in the thread that called conduct(), after each commit and at least ten times a second: what
// is committed so far, and whether anything is new in it.
using Observer = std::function<void(const Tally& committed, bool more)>;

// Adds to `tally`, whose runs are those from budget.first on that are already made.
void conduct(const Plan& plan, const Budget& budget, Tally& tally, const Observer& observer);

// Does work(0), work(1), ... work(count - 1), each once, in several threads.
void in_parallel(unsigned workers, std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace scenarios
