// Streams before 4.0 (V1 to V9, V19 to V22): a node does not hand on what it hears but writes a
// stream of its own from what it executes, whether it is a master or not.
//
//      4.0   a: SELECT 0, SET k 1  -->  b relays these bytes  -->  c       one id, one offset
//      2.8   a: SELECT 0, SET k 1  -->  b executes, and says SELECT 0, SET k 1 to c, with pings of
//            its own: its run id, its offset                               c knows nothing of a
//      2.6   as 2.8, without offsets, and each replica is told the database by itself
//
// What follows from it: a position is worth something with the same process only, and only as long
// as that counts on. After SLAVEOF it counts from 0 again under the same run id; a replica that
// comes back with an old position can be continued by mistake (it was so).
//
// All functions here are for a server whose Rules::stream is not `relayed`; they say nothing about
// any other.
#pragma once

#include <vector>

#include "model/state.h"

namespace model {

inline bool relays(const State& s) { return s.rules.stream == Rules::Stream::relayed; }
inline bool feeds_each(const State& s) { return s.rules.stream == Rules::Stream::per_replica; }

// The offset that a snapshot of now is at. Without a backlog one will be created for it, and takes
// a number, so that nobody can go on from before (V22).
Offset snapshot_offset(const State& s);
void create_backlog_after_snapshot(Turn& t);  // no effect when there is one, or none are kept

// SLAVEOF: nothing goes on across it, neither our position nor that of our replicas (V19).
void start_over(Turn& t);

// SLAVEOF NO ONE: the run id stays, replicas stay. Without any the master's offset is taken over, so
// that former replicas can be compared by it (V20).
void stay_as_master(Turn& t);

// 2.6: the operations of a unit to each replica, with its own SELECTs; pings, which count nowhere.
void feed_each_replica(Turn& t, const std::vector<Operation>& unit);
void ping_each_replica(Turn& t);

}  // namespace model
