// The scripts of raw peers, wherever these live: which replies a request has, and what their parts
// are as bytes. The words are described in peers.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scenarios {

// The script's line for a request: by its first two words, else by its first. Null: it has none.
const std::vector<std::string>* replies_to(
    const std::vector<std::pair<std::string, std::vector<std::string>>>& script,
    const std::vector<std::string>& argv);

// The bytes of one part of a scripted reply.
std::string part_bytes(std::string_view part);

}  // namespace scenarios
