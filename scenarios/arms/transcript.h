// What an arm told, as JSON in one form, in which two arms that did the same are equal:
//
//   {"steps": [{"outcome", "replies", "look"}], "end": {...},
//    "links": {...}}                                                   see links.h
//
// Replication ids are R1, R2, .. in order of their first appearance, hosts have their names, times
// of day are <T>. What depends on the speed of a machine is left out: how often something was
// tried, how far a broken transfer had come, pings, and, where a stream has pings or a load of
// random commands, offsets.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "scenarios/arms/blur.h"
#include "scenarios/arms/told.h"

namespace scenarios::arms {

nlohmann::ordered_json transcript(const Scenario& scenario, const Told& told, const Blur& blur);

// One look, ids left out, which have names only in the whole: for who waits until two agree.
bool looks_agree(const Look& one, const Look& other, const std::vector<std::string>& hosts,
                 const Blur& blur, const std::vector<std::string>& waited_for);

// The newest messages between hosts among the first `until` records: "1.250  b → a  PSYNC ...".
std::vector<std::string> heard(const Told& told, std::size_t until, std::size_t most);

}  // namespace scenarios::arms
