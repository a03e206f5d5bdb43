// Which bugs a campaign finds, and which oracle sees them: each quirk is switched on, alone, and runs are
// made until the first that fails. What this cannot find, a green campaign says nothing about.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/search/conduct.h"
#include "scenarios/search/shrink.h"

namespace scenarios {

struct Kill {
  std::string quirk;
  bool killed = false;
  std::uint64_t runs = 0;            // made, the finding one included
  std::vector<std::string> oracles;  // that failed in it; the first is the one that saw it first
  std::string key, sentence;
  double seconds = 0;
  std::size_t found_size = 0, steps = 0;  // events as found; and shrunk, 0: was not shrunk
  Scenario shrunk;
};

struct KillBudget {
  std::uint64_t runs = 20'000;  // for each quirk
  std::optional<std::chrono::nanoseconds> time;
  unsigned workers = 1;
  // Keys under which runs fail without any quirk: no kill.
  std::set<std::string> known;
  ShrinkBudget shrink;  // 0 runs: not at all
  const std::atomic<bool>* stop = nullptr;
};

// `plan_for` gives the plan with a quirk on. In the order of `quirks`, each told as soon as it is known.
std::vector<Kill> kill_matrix(const std::vector<std::string>& quirks,
                              const std::function<Plan(const std::string& quirk)>& plan_for,
                              const KillBudget& budget,
                              const std::function<void(const Kill&)>& told = {});

std::string kills_json(const std::vector<Kill>& kills, std::uint64_t seed);
std::string kills_table(const std::vector<Kill>& kills);  // for people, Markdown

// Those that a stored matrix has as found.
std::vector<std::string> killed_in(std::string_view stored);

// What has become worse since a stored matrix (kills_json): a quirk that is no longer found, an oracle that
// no longer is the first to see any. Quirks that the new matrix did not try are left out.
std::vector<std::string> regressions(std::string_view stored, const std::vector<Kill>& kills);

}  // namespace scenarios
