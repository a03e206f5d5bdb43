// Who is to hear of what happens to keys: clients that wait for one (BLPOP), and those that watch one
// (WATCH). A wait is a value in the client's Session; nothing runs until the key is ready.
//
//      call  ->  events of the keyspace  ->  watchers: EXEC will answer nil
//                                        ->  keys that somebody waits for: State::ready
//      after the outermost call: each ready key serves its clients, in the order in which they came,
//      each a unit of its own (R7.14); what that makes ready is served in turn.
#pragma once

#include <string_view>

#include "model/state.h"

namespace model {

// Brackets a change: makes the keyspace note events if anybody wants them, and passes them on.
// `dirty`: whether the command counted as a change (R8.11); what it only erased is one anyway.
// `by_client`: it was a client's, not our master's.
void listen_to_keys(Turn& t);
void tell_key_events(Turn& t, bool dirty, bool by_client = false);

// The whole data set has been replaced by another (full resync).
void tell_data_replaced(Turn& t, const Keyspace& before);

void begin_waiting(Turn& t, Session& session, KeyWait block, Args argv);

// Serves clients until no ready key is left. After the outermost call only.
void serve_ready_keys(Turn& t);

// Clients whose time is over get nil.
void release_late(Turn& t);

// The client waits no longer, whatever it waited for; its other requests go on before the loop sleeps.
void unblock(Turn& t, Session& session);

// What a client that waited too long is told; unblocks it. False if it does not wait.
bool unblock_as_late(Turn& t, Session& session);

// A role change: all are told so and closed (R10.2).
void unblock_all_by_force(Turn& t);

// Goes on with the requests of clients that were unblocked in this turn.
void resume_unblocked(Turn& t);

std::optional<Instant> first_deadline(const State& s);

}  // namespace model
