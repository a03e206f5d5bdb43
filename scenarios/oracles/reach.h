// Whether a replica can get to its master at all, with the links, timeouts and releases as they are.
// What a configuration rules out is not the server's fault: who asks for progress says "unknown".
//
//      timeouts   both sides of a link hear nothing of each other while a dial and its PING take two
//                 round trips, or while a payload is on its way and then the first word that answers
//                 it (R9.3, R9.9): a repl-timeout below that ends the link each time
//      pings      the stream of an idle master is its pings, and a replica without them gives up
//                 (R9.4), if repl-ping-replica-period is no shorter than its repl-timeout; only a
//                 link that timed out shortly before the end is excused by that
//      MISCONF    a master whose last save failed refuses PING as it refuses writes, until one succeeds
//                 (R9.17): nobody comes in who was not there before
//      releases   a release does not read the RDB files of a newer one; one before 6.2 does not
//                 acknowledge after SYNC, and a diskless master holds the stream back until it does
#pragma once

#include <optional>
#include <string>

#include "scenarios/oracles/oracle_list.h"

namespace scenarios {

class Reach {
 public:
  // After each event.
  void saw(const Scene& scene);
  // In words why `node`, or one that it gets its data by way of, may never be in step with the top
  // of its tree; nothing when it has to get there.
  std::optional<std::string> hindrance(std::size_t node, const CalmEnd& end) const;
  // Pings come so rarely that the replica gives up an idle master again and again.
  static bool pings_too_rarely(std::size_t node, const CalmEnd& end);

 private:
  std::optional<std::string> one_hop(std::size_t node, const CalmEnd& end) const;

  PerNode<std::optional<sim::Instant>> lost_;   // when its established link timed out, the last time
  PerNode<std::optional<sim::Instant>> syncs_;  // when it asked its master with SYNC, the last time
};

}  // namespace scenarios
