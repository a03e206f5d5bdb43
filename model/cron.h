// What happens without anybody asking: the server's cron, replication's cron (reference 9.1, the
// order is theirs), and what is done before the loop sleeps (R9.14).
#pragma once

#include "model/state.h"

namespace model {

void run_timers(Turn& t);    // whatever is due by now
void set_replication_cron(Turn& t);  // when it runs next: each second, or each 100 ms (reference 9.1)
void before_sleep(Turn& t);  // the end of every turn
Instant next_due(const State& s);

}  // namespace model
