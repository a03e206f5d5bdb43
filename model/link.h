// Following a master: dial, shake hands, ask to be continued or copied (reference 2.1, 3.1, 3.4,
// 10).
//
// All of it moves by link_hears(): an event is looked up in the table of model/machines.h, the
// state becomes what the edge says, and the edge's action is performed. What follows the handshake
// is in transfer.h (a full resync coming in) and applying.h (the stream).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/state.h"

namespace model {

// --- people
// -----------------------------------------------------------------------------------------
void follow(Turn& t, std::string host, int port);  // replicationSetMaster (R10.2)
void promote(Turn& t);  // replicationUnsetMaster (R10.4); no effect on a master
// Says that one of the two comes now, by order of somebody who may give it.
void say_order(Turn& t, std::string host = {}, int port = 0);

// --- the connection
// ---------------------------------------------------------------------------------
// An order to follow somebody comes in a second time, late: a quirk (H74).
void obey_late_order(Turn& t);

bool is_link(const State& s, ConnId conn);
// A connection that was our link once. Its bytes concern nobody; with a quirk, the stream (S23).
bool is_old_link(const State& s, ConnId conn);
void link_connected(Turn& t);
void link_refused(Turn& t);
void link_received(Turn& t, std::string_view bytes);
void link_closed(Turn& t);
void flush_link(Turn& t);

// Queues a request for the master.
void say(Turn& t, std::initializer_list<std::string_view> words);
void say(Turn& t, const std::vector<std::string>& words);

// Splits the next line off `bytes`, together with what came of it before; nothing while it is not
// whole.
std::optional<std::string> next_line(Turn& t, std::string_view& bytes);

// --- time
// -------------------------------------------------------------------------------------------
void check_link_timeouts(Turn& t);                     // R9.2 to R9.4
void dial_if_needed(Turn& t);                          // R9.5
void check_line_deadline(Turn& t);                     // R2.1
std::optional<Instant> link_deadline(const State& s);  // when that has something to do

void link_hears(Turn& t, LinkEvent event);

}  // namespace model
