// Carries a golden case out on a world: its steps with their conditions and deadlines, in virtual
// time, and what was seen on the way, in the form of the golden files.
//
//      Case --play()--> World, Proxies --> {"steps": [...], "wire": {...}}
//
// The recorder looked at its servers every 4 ms, through a client; here a look costs nothing and is
// taken at the same rate, so that what comes and goes between two looks is missed here as well.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "scenarios/golden/case.h"

namespace scenarios::golden {

// A step that could not be carried out, or whose condition did not come true in time.
struct Stuck {
  std::string step;  // as it stands in the case
  std::string problem;
  std::vector<std::string> heard;  // what came on the proxied links in this step
};

// What the case would have recorded, already in normal form (see normal.h). Beside its result, each
// step has "heard": the newest bytes on the proxied links, for whoever looks for the cause of a
// difference.
std::variant<nlohmann::ordered_json, Stuck> play(const Case& plan);

}  // namespace scenarios::golden
