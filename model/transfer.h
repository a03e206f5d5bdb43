// A full resync coming in: the header, the payload, the load (reference 4.5 to 4.7).
//
//      +FULLRESYNC --> $<size> or $EOF:<mark> --> payload --> load --> online
//
// Until the payload is whole, the old data are served and the old position is kept, unless the load
// mode says otherwise; a transfer that breaks is never resumed (R4.31 to R4.39).
#pragma once

#include <string_view>

#include "model/state.h"

namespace model {

void note_full_resync(Turn& t, std::string_view line);  // +FULLRESYNC <id> <offset>
void begin_transfer(Turn& t);
void transfer_receives(Turn& t,
                       std::string_view& bytes);  // takes from the front what belongs to it
void abandon_transfer(Turn& t);                   // no effect when there is none

void load_if_whole(Turn& t);  // on two channels (dual_channel.h)
bool load_runs(const State& s);

// A connection that was reset has lost what was not read yet. A load from a file does not notice,
// one from the socket breaks off (R4.34).
bool reset_breaks_load(const State& s);
void load_progressed(Turn& t, JobId job, std::uint64_t bytes);
void load_ended(Turn& t, JobId job, JobEnd end);
void tell_master_we_load(Turn& t);  // a newline, once a second at the most (R4.22)
void go_online(Turn& t);            // the loaded data are served, the stream goes on (R4.23)

}  // namespace model
