// The plots of episodes that stand in other files than the list of all of them (episodes.cc).
#pragma once

#include <string>

#include "scenarios/search/script.h"

namespace scenarios {

// borders.cc: where one byte decides.
void probe(Script& s);
void wrap(Script& s);
void cut_in_unit(Script& s);
void big_transaction(Script& s);

// snapshots.cc: jobs that meet those who come, go and come back.
void join_snapshot(Script& s);
void leave_and_return(Script& s);
void torn_payload(Script& s);
void hung_reader(Script& s);
void slow_transfer(Script& s);
void soft_limit(Script& s);
void long_load(Script& s);

// people.cc: clients that wait, listen, run scripts, shut down, fill the memory.
void blocking(Script& s);
void listen(Script& s);
void evict(Script& s);
void own_writes(Script& s);
void shutdowns(Script& s);
void refused_by_disk(Script& s);

// A write of its own, and then `replica` needs all of `master`: a full resync.
void diverge(Script& s, const std::string& replica, const std::string& master);

}  // namespace scenarios
