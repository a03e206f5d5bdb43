// What the verbs of campaigns share.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/search/campaign.h"
#include "scenarios/search/tally.h"
#include "scenarios/search/summary.h"

namespace tools {

// The product's generator behind a plan. Nothing after a message if a profile or quirk is unknown.
std::optional<scenarios::Plan> make_plan(std::uint64_t seed, const std::string& profile,
                                         const std::vector<std::string>& quirks,
                                         std::string_view verb);

// "10m", "90s", "1.5h".
std::optional<std::chrono::nanoseconds> read_time(const std::string& text);

// Set by Ctrl-C from now on; a second one ends the program at once.
const std::atomic<bool>& stop_on_interrupt();

// Writes the whole file or leaves what was there.
bool write_file(const std::string& path, std::string_view text);

// One line on a terminal, rewritten at most ten times a second; else a plain line every half minute.
class Progress {
 public:
  Progress(bool quiet, std::string what);
  ~Progress() { clear(); }
  void show(const std::string& line, bool now = false);
  void say(const std::string& line);  // a line that stays
  void clear();

 private:
  bool quiet_, terminal_, shown_ = false;
  std::string what_;
  std::chrono::steady_clock::time_point last_{};
};

// Writes failures/KEY/ below `folder`: README.md, found.json, shrunk.json, trace.jsonl, timeline.txt,
// failure.json and, if Graphviz is there, states.svg. What is there already stays. `shrink_runs` 0: it is not
// shrunk. To be called in a child process.
void write_failure(const std::string& folder, const scenarios::Plan& plan,
                   const scenarios::FailureTally& failure, std::uint64_t shrink_runs);

// What has been written; nothing if it was not.
std::optional<scenarios::FailureFiles> read_failure(const std::string& folder,
                                                    const scenarios::FailureTally& failure);

}  // namespace tools
