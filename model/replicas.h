// The replicas of a server: who they are, in what state, when they are lost
// (reference 2.2, 9.4, 9.5).
//
//      PSYNC --granted--> ONLINE: bytes from the wanted offset on                      resync.h
//        |
//        +---denied----> WAIT_BGSAVE_START --fork--> WAIT_BGSAVE_END --+               snapshots.h
//                                                                      +--disk--> SEND_BULK -->
//                                                                      ONLINE
//                                                                      +--socket------------->
//                                                                      ONLINE
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/state.h"

namespace model {

// Takes an edge of the replica's machine (model/machines.h).
void feed_hears(Turn& t, Session& session, FeedEvent event);

std::vector<Session*> replicas_in(State& s, FeedState state);  // in order of their requests
// Calls `act` with the session of each, in that order; it may drop the one it is called with.
template <class Act>
void each_replica(State& s, Act&& act) {
  for (std::size_t i = 0; i < s.replicas.size();) {
    const ConnId conn = s.replicas[i];
    act(*s.find(conn));
    if (i < s.replicas.size() && s.replicas[i] == conn) ++i;
  }
}
std::string who(const Session& replica);  // for people: "replica 10.0.0.2:6379"

// --- losing them
// ------------------------------------------------------------------------------------
void replica_lost(Turn& t, Session& session,
                  FeedEvent why);  // its connection is going; no effect on others
void drop_replica(Turn& t, Session& session, FeedEvent why);  // the same, and ends the connection
void drop_all_replicas(Turn& t, std::string_view why);        // to make them ask again (R7.43)
void drop_silent_replicas(Turn& t);                           // R2.6
void drop_slow_replicas(Turn& t);                             // R7.46
bool limits_have_work(const State& s);  // somebody is over one, or was and has to be told

void keep_waiters_alive(Turn& t);  // a newline to those that wait for a snapshot (R4.13)

// --- counting them
// ----------------------------------------------------------------------------------
void recount_good_replicas(Turn& t);                   // R9.21
std::int64_t acked_by(const State& s, Offset offset);  // online replicas that have acknowledged it
void release_waiters(Turn& t);                         // WAIT: R9.18, R9.19

// Whether it has a position in the stream, which keeps the bytes from there on alive (R4.18).
bool reads_stream(const State& s, const Session& replica);

// What a replica's output takes: the blocks of the shared stream from its position on (R6.14).
std::int64_t output_memory(const State& s, const Session& replica);

}  // namespace model
