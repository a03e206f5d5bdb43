// FAILOVER: a master hands its role over to one of its replicas without losing a write
// (reference 10.6).
//
//      no-failover --FAILOVER--> waiting-for-sync --caught up--> failover-in-progress --+CONTINUE--+
//           ^                      writes paused                  PSYNC <id> <offset+1> FAILOVER   |
//           +---------------------------------------------------------------------------------------+
//
// The pause is what makes it safe: the stream stands still, so a replica that has acknowledged our
// offset has everything, and may be asked to go on from there under a new id. The states and what
// moves them are a table, in model/machines.h.
#pragma once

#include "model/state.h"

namespace model {

void serve_failover(Turn& t, Session& session, Args argv);
void failover_hears(Turn& t, FailoverEvent event);

// Looks whether the time is up or somebody has caught up (R10.32): each cron, each turn.
void advance_failover(Turn& t);

bool failing_over(const State& s);  // in any state but none
// While one runs: the replica is the one that was named, if any was.
bool may_take_over(const State& s, const Session& replica);
bool asks_to_take_over(const State& s);  // our PSYNC carries FAILOVER (R3.10)

}  // namespace model
