// The RDB file of a server's own: by hand (SAVE, BGSAVE), by save points, at SHUTDOWN; and what it
// means for replication, whose snapshots are written to the same file (R4.41, R9.12).
//
// A server has one child at a time. A replica that comes while one of these runs waits for the next
// (R4.3), as nobody noted from which byte on the file would have to be completed.
#pragma once

#include "model/state.h"

namespace model {

bool saves_by_itself(const State& s);  // `save` is not ""
bool no_persistence(const State& s);   // neither that nor an append-only file

void write_dump(Turn& t, const Blob& rdb);  // dump.rdb, whole
void delete_dump(Turn& t);
bool save_now(Turn& t);  // SAVE, SHUTDOWN, FLUSHALL; false: it could not be written
void serve_save(Turn& t, Session& session, Args argv);
void serve_bgsave(Turn& t, Session& session, Args argv);
void serve_lastsave(Turn& t, Session& session, Args argv);

void start_scheduled_save(Turn& t);            // each server cron: save points, BGSAVE SCHEDULE
std::optional<Instant> next_save(const State& s);  // when that may have something to do
void delete_sync_file(Turn& t);                // R9.12

// A snapshot to disk was begun; ended well or not.
void save_began(Turn& t);
void save_ended(Turn& t, bool ok);

// Writes are refused while the last save failed, and so is PING: a replica cannot connect then
// (reference 3.3).
bool refuses_writes(const State& s);

}  // namespace model
