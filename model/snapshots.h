// Snapshots: for replicas that need a full resync, one for as many as wait, and by hand (reference
// 4).
//
// A snapshot is taken in one instant: the data, the offset that goes with them, and from which byte
// on each waiting replica is owed the stream (R2.21). A job then writes it, to disk or to the
// sockets.
#pragma once

#include "model/state.h"

namespace model {

bool filtered(const Announced& announced);  // wants a part of the data only
bool relays_to_sockets(const State& s);     // a child that writes to sockets is running

// A newcomer may share a snapshot to disk that runs already, if it can read what it will be sent
// (R4.3, R4.4). False: it cannot.
bool attach(Turn& t, Session& newcomer);

// Starts one for the replicas in WAIT_BGSAVE_START that want what `wanted` says, all of it or a part
// (R4.6); all who wait are refused when the machine cannot fork (R4.7).
void start_snapshot_for_replicas(Turn& t, const Announced& wanted);
void start_due_snapshot(Turn& t);  // the same, if it is time (R4.9)

void snapshot_progressed(Turn& t, JobId job, std::uint64_t bytes);
void snapshot_ended(Turn& t, JobId job, JobEnd end);
void reap_snapshot(Turn& t);  // the child's end is noticed (R9.14)
void kill_snapshot(Turn& t);  // FLUSHALL, a full resync of our own, nobody left

bool start_save(Turn& t);  // to disk, for no replica (saving.h); false: no fork

// The data and their history as an RDB file, now; without what `wanted` leaves out (R3.41).
Blob capture(Turn& t, const Announced& wanted);
bool file_names_history(const State& s);  // with an id and an offset in it

}  // namespace model
