// INFO and ROLE, in the words and the order of the real server (reference 12).
#pragma once

#include <string>
#include <string_view>

#include "model/state.h"

namespace model {

std::string info(const State& s, Instant now, std::string_view section);  // "" or "all": everything
void write_role(const State& s, ReplyWriter& reply);
std::string_view role_state(LinkState state);  // "connect", "handshake", "sync", "connected", ...

}  // namespace model
