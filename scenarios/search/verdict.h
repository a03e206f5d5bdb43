// Whether a campaign may be called green. A failure is a reason, and so is everything that would make
// "no failure" mean nothing: no runs, an oracle that never judged, a rare path that was never taken, runs
// that do not repeat.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/search/tally.h"

namespace scenarios {

struct CampaignVerdict {
  enum class Kind : std::uint8_t { pass, fail, not_tested, defect } kind = Kind::pass;
  std::vector<std::string> reasons;  // a sentence each; none for a pass
};
std::string_view name(CampaignVerdict::Kind kind);  // "pass", "FAIL", "NOT TESTED", "DEFECT"

struct Demands {
  std::vector<std::string> oracles;  // each must have judged at least one run
  std::vector<std::string> marks;    // each must be reached, in a campaign that is long enough
  std::uint64_t long_enough = 50'000;
};
Demands usual_demands();  // all oracles but EXPECT; all marks

CampaignVerdict verdict_of(const Tally& tally, const Demands& demands);

// Those of `demands.marks` that were never reached.
std::vector<std::string> unreached(const Tally& tally, const Demands& demands);

}  // namespace scenarios
