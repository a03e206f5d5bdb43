// The stream from the master: applied unit by unit, relayed as it came, acknowledged, suspended
// when the link breaks and resumed where it was applied to (reference 5.3, 5.4, 7.6).
#pragma once

#include "model/state.h"

namespace model {

void apply_stream(Turn& t);  // executes what has come, as far as it is whole
void stream_applied(
    Turn& t);            // after each command: the offset moves and the bytes are relayed (R7.30)
void send_ack(Turn& t);  // R5.21

// The session is kept as far as it was applied; what came and was not is asked for again (R5.8).
void suspend(Turn& t);
void resurrect(Turn& t);       // +CONTINUE: the suspended session lives on (R5.10)
void forget_session(Turn& t);  // it cannot be trusted (R5.9)

// Our position in the master's stream as INFO shows it: received, applied (reference 12).
Offset shown_received(const State& s);
Offset shown_applied(const State& s);

// The stream's bytes are ours as soon as they are read, executed or not: a quirk (H01).
void relay_unapplied(Turn& t, std::string_view bytes);

}  // namespace model
