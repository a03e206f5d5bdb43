// Serving replicas: continue or full copy, one snapshot for many, feeding each as fast as it reads, and
// knowing who lags how far (reference 3.3, 4, 5.2, 6.6, 9.4, 9.5).
//
//      PSYNC --granted--> ONLINE: bytes from the wanted offset on
//        |
//        +---denied----> WAIT_BGSAVE_START --fork--> WAIT_BGSAVE_END --+--disk--> SEND_BULK --> ONLINE
//                                                                      +--socket-------------> ONLINE
//
// A replica's output has three parts, sent in this order: replies (Session::out), the payload, and the
// stream from Feed::position on. Only the first is a copy of its own.
#pragma once

#include "model/state.h"

namespace model {

// --- commands of replicas ---------------------------------------------------------------------------
void serve_psync(Turn& t, Session& session, Args argv);
void serve_sync(Turn& t, Session& session, Args argv);
void serve_replconf(Turn& t, Session& session, Args argv);

// --- snapshots --------------------------------------------------------------------------------------
// Starts a snapshot for the replicas that wait for one, if it is time (R4.9).
void start_due_snapshot(Turn& t);
void snapshot_progressed(Turn& t, JobId job, std::uint64_t bytes);
void snapshot_ended(Turn& t, JobId job, JobEnd end);
void reap_snapshot(Turn& t);                // the child is waited for (R9.14)
void kill_snapshot(Turn& t);                // FLUSHALL, a full resync of our own, nobody left
bool start_save(Turn& t);                   // BGSAVE by hand: to disk, for no replica
void save_now(Turn& t);                     // SAVE, SHUTDOWN SAVE
Blob capture(Turn& t);                      // the data and history as an RDB file, now

// --- connections ------------------------------------------------------------------------------------
void flush_replicas(Turn& t);                           // hand over what there is room for
void flush_replies(Turn& t, Session& session, std::size_t& room);
void replica_lost(Turn& t, Session& session, FeedEvent why);  // before the session goes
void drop_replica(Turn& t, Session& session, FeedEvent why);  // ends the connection as well
void drop_all_replicas(Turn& t, std::string_view why);  // to make them ask again (R7.43)

// --- time -------------------------------------------------------------------------------------------
void keep_waiters_alive(Turn& t);           // R4.13
void drop_silent_replicas(Turn& t);         // R2.6
void drop_slow_replicas(Turn& t);           // R7.46
void free_idle_backlog(Turn& t);            // R6.6
void recount_good_replicas(Turn& t);        // R9.21
void release_waiters(Turn& t);              // WAIT: R9.18, R9.19
void trim_backlog(Turn& t);

void create_backlog(Turn& t);               // the next byte is history.offset + 1 (R6.1)
void free_backlog(Turn& t);

// --- as INFO and WAIT count -------------------------------------------------------------------------
std::int64_t acked_by(const State& s, Offset offset);  // online replicas that have acknowledged it
std::int64_t output_memory(const State& s, const Session& replica);  // unsent bytes of a replica

// Takes an edge of the replica's machine.
void feed_hears(Turn& t, Session& session, FeedEvent event);

}  // namespace model
