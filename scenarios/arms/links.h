// What went over the links between nodes, as JSON: what was asked, decided and sent, on all
// connections from one node to another taken together.
//
//   {"b>a": {"decisions": [{"asked", "answered"}], "payloads": [...],
//            "streams": [{"id", "covered": [[from, until]], "commands": [{"at", "is"}]}]}}
//
// A stream is all that one history brought over the link, by offset, whatever connection it came
// on; without comparable offsets its commands are "in_order", without those that come by
// themselves.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "scenarios/arms/blur.h"
#include "scenarios/arms/told.h"

namespace scenarios::arms {

nlohmann::ordered_json tell_links(const Told& told, const Blur& blur);

// Of two of these: leaves in both what both can speak of. Streams: the offsets that both covered;
// payloads: those that were whole in both.
void keep_common(nlohmann::ordered_json& links, nlohmann::ordered_json& others);

}  // namespace scenarios::arms
