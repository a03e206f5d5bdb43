// What many runs came to, added up. Sums, minima and unions only: the same whatever the order in which
// runs are added and tallies merged. Its size depends on how many different things were seen, not on
// how many runs there were.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/search/campaign.h"

namespace scenarios {

struct OracleTally {
  std::array<std::uint64_t, 4> outcomes{};  // runs, by Outcome
  std::uint64_t checked = 0;                // how often its precondition held, in all runs
  std::uint64_t of(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  bool tested() const { return of(Outcome::pass) + of(Outcome::fail) > 0; }
  bool operator==(const OracleTally&) const = default;
};

struct FailureTally {
  std::uint64_t count = 0;
  std::uint64_t first = 0;  // index of the first run that failed so
  Finding finding;          // of that run
  bool operator==(const FailureTally&) const = default;
};

class Tally {
 public:
  void add(const RunRecord& record);
  void merge(const Tally& other);

  std::uint64_t runs = 0, events = 0, repeated = 0;
  sim::Duration simulated{0};
  std::uint64_t differed = 0;                     // repeats that came out otherwise
  std::optional<std::uint64_t> first_differing;  // the index of one
  std::map<std::string, OracleTally, std::less<>> oracles;
  std::map<std::string, std::uint64_t, std::less<>> marks;  // reached, in so many runs
  Coverage coverage;
  std::map<std::string, FailureTally, std::less<>> failures;
  std::map<std::string, std::int64_t, std::less<>> nearest;  // what nearly failed, how near it came
  // Beyond so many different failures, the rest is only counted.
  static constexpr std::size_t kMostFailures = 1000;
  std::uint64_t other_failures = 0;
  // Hashes of some runs by index, evenly spread, for `replsim verify`.
  std::map<std::uint64_t, std::uint64_t> samples;

  std::uint64_t failed_runs() const;
  // A number that is the same exactly when all runs were: 16 hex digits.
  std::string summary_hash() const;

  std::string json() const;  // in one line
  static std::optional<Tally> from_json(std::string_view text);

  bool operator==(const Tally&) const = default;

 private:
  void thin_samples();
  void cap_failures();
  std::uint64_t sum_ = 0;  // of a hash of each run
};

}  // namespace scenarios
