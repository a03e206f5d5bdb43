// The way of a command: through the gates, in Redis's order (processCommand), to its handler, and
// what it changed into the stream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/state.h"

namespace model {

// Parses and executes all whole requests of a client's or replica's connection.
void serve_session(Turn& t, Session& session);

// One request. Replies are appended to session.out.
void process_command(Turn& t, Session& session, const std::vector<std::string>& argv);

// Past the gates: runs the command and adds what it did to the open unit. Used by EXEC.
void call(Turn& t, Session& session, const Command& command, Args argv);

// A reply that a replica connection may not cause (all but the answer to its own PSYNC).
bool is_reply_to_replica(std::string_view name);

// Runs what a pause has held back, once it is over.
void release_parked(Turn& t);
bool paused_for(const State& s, Instant now, bool writes);

// Keys that are due go, each DEL a unit of its own (R8.4). Masters only.
void expire_cycle(Turn& t);

}  // namespace model
