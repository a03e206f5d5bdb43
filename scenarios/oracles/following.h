// How a replica stands to the node that it follows, whatever the releases of the two.
//
// From 4.0 on both say it themselves: one id, one offset, the same at either end. Before that a node
// counts a stream of its own (model/own_streams.h), and after SYNC there is no offset at all: then
// bytes sent and bytes received are compared.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "model/state.h"
#include "scenarios/oracles/oracles.h"

namespace scenarios {

// Both are in one history and count alike.
bool shares_its_history(const model::State& replica, const model::State& above);

// The replica has received all that `above` has for it, and has said so if it says so at all. `feed` is
// how `above` sees it. Precondition: its link is connected.
bool has_received_all(const model::State& replica, const model::State& above, const model::Session& feed);

// What all nodes of a world need to have in common, wherever in the tree they stand.
struct Common {
  bool deadlines = true;  // nobody tells deadlines as times from now (V32, V33)
  bool libraries = true;  // everybody knows functions, in the stream and in RDB files (V50)
};
Common common_to(std::span<const NodeView> nodes);

// A first difference of what they hold in words: functions, keys, deadlines.
std::optional<std::string> data_difference(const model::State& a, const model::State& b, Common common);

}  // namespace scenarios
