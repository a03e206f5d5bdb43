// What went over the proxied connections of a golden case, in the form of the golden files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "scenarios/golden/case.h"
#include "scenarios/golden/look.h"
#include "scenarios/golden/proxy.h"
#include "scenarios/world/world.h"

namespace scenarios::golden {

// All links. Adds every replication id that was seen to `ids`. Stream messages carry two members
// that are not for the reader: "_t", the wall clock at their delivery in microseconds, and "_k",
// their key.
nlohmann::ordered_json tell_wire(const World& world, const Labels& labels, const Proxies& proxies,
                                 const Case& plan, std::set<std::string>& ids);

// Microseconds since 1970, true time.
std::int64_t wall_us(sim::Instant at);

}  // namespace scenarios::golden
