// Following a master: dial, shake hands, ask to be continued or copied, load, apply, acknowledge
// (reference 2.1, 3.1, 3.4, 4.5 to 4.7, 5.3, 7.6, 10).
//
// All of it moves by link_hears(): an event is looked up in the table of model/machines.h, the state
// becomes what the edge says, and its action is performed.
#pragma once

#include <string_view>

#include "model/state.h"

namespace model {

// --- people -----------------------------------------------------------------------------------------
void follow(Turn& t, std::string host, int port);  // replicationSetMaster
void promote(Turn& t);                             // replicationUnsetMaster; no effect on a master

// --- the connection ---------------------------------------------------------------------------------
bool is_link(const State& s, ConnId conn);
void link_connected(Turn& t);
void link_refused(Turn& t);
void link_received(Turn& t, std::string_view bytes);
void link_closed(Turn& t);
void flush_link(Turn& t);

// --- loading ----------------------------------------------------------------------------------------
void load_progressed(Turn& t, JobId job);
void load_ended(Turn& t, JobId job, JobEnd end);

// --- the stream -------------------------------------------------------------------------------------
void apply_stream(Turn& t);  // executes what has come, as far as it is whole
void stream_applied(Turn& t);  // after each command of the stream: offset and relay
void send_ack(Turn& t);

// --- time -------------------------------------------------------------------------------------------
void check_link_timeouts(Turn& t);  // R9.2 to R9.4
void dial_if_needed(Turn& t);       // R9.5
void tell_master_we_load(Turn& t);  // a newline, once a second at the most (R4.22)
void check_line_deadline(Turn& t);  // R2.1
std::optional<Instant> link_deadline(const State& s);  // when check_line_deadline has something to do

// What the master knows of our position: received and applied offset as INFO shows them (section 12).
Offset shown_received(const State& s);
Offset shown_applied(const State& s);

void link_hears(Turn& t, LinkEvent event);

}  // namespace model
