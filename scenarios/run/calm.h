// The calm at the end of a run: faults are over, links healed, generators silent. Within a bound
// every replica that can reach its master must be online, acknowledged and equal.
//
// Who can: a node whose masters, up to one that follows nobody, all run and are all nodes. Loops,
// followers of raw peers and of nodes that are down have nobody to become equal to.
#pragma once

#include <cstddef>
#include <vector>

#include "scenarios/world/world.h"
#include "sim/time.h"

namespace scenarios {

// The calm lasts at least this long: two rounds of acknowledgements.
inline constexpr sim::Duration kCalmAtLeast{2'500'000};

// How long everything that may still have to be done can take: both sides' timeouts, then for each
// node in a row a snapshot, its transfer and its load, with the delays that are configured.
sim::Duration calm_bound(const World& world);

// Whether nothing is left to be done.
bool settled(const World& world);

// As settled(), but for what is always on its way where pings come faster than acknowledgements
// return: the last bytes of the stream, as long as they change no data.
bool settled_but_for_pings(const World& world);

// How long a node and its master may have nothing to hear of each other although nothing is wrong: for
// the two round trips of a dial and its PING, or while a payload is on its way and then its answer.
sim::Duration longest_silence(const World& world, std::size_t node, std::size_t master);

// Whether there is somebody whom a node follows and can reach.
bool has_reachable_master(const World& world, std::size_t node);

}  // namespace scenarios
