// Judges the conditions of a scenario against real servers, by what they tell: INFO, ROLE, their
// log, their keys, and what the proxies have heard. The same words as for simulated nodes
// (scenarios/run/conditions.h); parts that a real server does not show are passed over, and counted
// elsewhere (scenarios/arms/expressible.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/language/scenario.h"
#include "scenarios/run/formula.h"
#include "tools/live/real_cluster.h"

namespace live {

class RealSight {
 public:
  RealSight(RealCluster& cluster, const scenarios::Scenario& scenario);

  bool holds(const scenarios::Condition& condition);
  // Whether what its streams are judged by has come by the proxies: all that their nodes have
  // written, where somebody follows them.
  bool arrived(const scenarios::Condition& condition);
  // What is seen of the parts that do not hold.
  std::string seen_instead(const scenarios::Condition& condition);

  // What formulas in texts stand for.
  scenarios::ValueOf values();
  scenarios::Resolved resolve(std::string_view text) { return scenarios::resolve(values(), text); }

  scenarios::Remembered remembered;
  std::map<std::string, std::int64_t>
      taps;  // node -> the offset behind which its stream is looked at

 private:
  class Judge;
  void watch(const scenarios::Condition& condition);

  RealCluster& cluster_;
  // Connection -> how much its replica had said when it was first seen to be online.
  std::map<std::uint32_t, std::size_t> seen_online_;
};

}  // namespace live
