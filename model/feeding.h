// Handing over what replicas are owed, as fast as each one reads, and keeping the backlog that it
// is read from.
//
// A replica's output has three parts, sent in this order: replies (Session::out), the payload, and
// the stream from Feed::position on. Only the first is a copy of its own.
#pragma once

#include "model/state.h"

namespace model {

void flush_replicas(Turn& t);
void flush_replies(Turn& t, Session& session, std::size_t& room);  // Session::out, of any session

// The child's bytes go to all its replicas in step; true when each has taken the current chunk
// (R4.15).
bool all_took_the_chunk(State& s);

// --- the backlog
// ------------------------------------------------------------------------------------
void create_backlog(Turn& t);  // the next byte is history.offset + 1 (R6.1)
void free_backlog(Turn& t);
void empty_backlog(Turn& t);  // a change of its size, up to 6.2 (R6.8)
void trim_backlog(Turn& t);       // as far as nobody still reads there (R6.12)
void free_idle_backlog(Turn& t);  // no replica for too long (R6.6)

}  // namespace model
