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

// What a command may do; of a script or function, what it says of itself.
std::uint32_t flags_of(const State& s, const Command& command, Args argv);

// Whether min-replicas-to-write holds writes back now (R9.21).
bool lacks_replicas(const State& s);

// One request. Replies are appended to session.out.
void process_command(Turn& t, Session& session, const std::vector<std::string>& argv);

// Past the gates: runs the command and adds what it did to the open unit. Used by EXEC.
void call(Turn& t, Session& session, const Command& command, Args argv);

// The same for a client that waited for `key`, which is ready now: a unit of its own. False if the
// command cannot be served by it: then the client waits on.
bool call_for_waiter(Turn& t, Session& session, const std::vector<std::string>& argv,
                     const std::string& key);

// A reply that a replica connection may not cause (all but the answer to its own PSYNC).
bool is_reply_to_replica(std::string_view name);

// Runs what a pause has held back, once it is over.
void release_parked(Turn& t);
bool paused_for(const State& s, Instant now, bool writes);

// What scripts and functions say of themselves (commands_script.cc).
std::uint32_t script_command_flags(const State& s, const Command& command, Args argv);

void expire_own_keys(Turn& t);

// Keys that are due go, each DEL a unit of its own (R8.4). Masters only.
void expire_cycle(Turn& t);

}  // namespace model
