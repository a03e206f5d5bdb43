// The normal form of the golden files: what differs from run to run gets a name. Replication ids
// become R1, R2, .. and times of the run <T1>, .., in order of their first appearance.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "scenarios/golden/case.h"

namespace scenarios::golden {

// `steps` holds {"result": ...} for each step of the plan. [began, ended] in milliseconds since
// 1970.
nlohmann::ordered_json normal_form(const Case& plan, const nlohmann::ordered_json& steps,
                                   const nlohmann::ordered_json& wire,
                                   const std::set<std::string>& ids, std::int64_t began,
                                   std::int64_t ended);

}  // namespace scenarios::golden
