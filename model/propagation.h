// From changes to stream bytes. Only a master writes the stream; a replica relays what it has
// applied.
//
// All operations of one outermost call are one execution unit: none, one bare, or several between
// MULTI and EXEC (R7.10). SELECT is put where the stream's database changes (R7.7, R7.13).
#pragma once

#include <string_view>
#include <vector>

#include "model/state.h"

namespace model {

// Brackets one call. The unit goes out when the outermost bracket closes.
void open_unit(Turn& t);
void close_unit(Turn& t);

// Adds an operation to the open unit, if this server is one whose operations enter a stream at all.
void propagate(Turn& t, Operation operation);
bool authors(const State& s);

// Whether stream bytes are produced here at all: on a master that has a backlog (R7.1, R6.3); before
// 4.0 on any node (V7).
bool writes_stream(const State& s);

// Entries that no client caused; they never cause a SELECT (R7.8).
void feed_ping(Turn& t);
void feed_getack(Turn& t);

// A replica's half: bytes that it has applied go into its own stream as they came (R7.30).
void relay(Turn& t, std::string_view bytes);

// A ping that nothing followed is taken back, so that a demoted master is not ahead. A quirk (H29):
// the offset and the backlog's length shrink, what is written next goes behind the ping all the
// same.
void take_back_pings(Turn& t);

// The unit that a demotion interrupts: written as far as it went, without its end. A quirk (H17).
void leave_unit_open(Turn& t);

}  // namespace model
