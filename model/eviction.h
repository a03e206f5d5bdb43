// Memory: how much keys and values need (Keyspace::bytes), and which keys go when that is more than
// maxmemory (R7.18). A real server counts what its allocator gives out; here only the data count, by a
// formula of the model's own, so that it is the same everywhere. Which key goes is a draw.
#pragma once

#include "model/state.h"

namespace model {

std::int64_t used_memory(const State& s);

// Evicts until the data fit. False if they cannot be made to fit: then what needs memory is refused.
bool make_room(Turn& t);

}  // namespace model
