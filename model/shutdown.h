// Ending in good order: SHUTDOWN and SIGTERM (R10.19).
//
// Since 7.0 a server that has replicas does not just go: it pauses writes, asks for acknowledgement
// and waits until every replica has everything, for shutdown-timeout at the most. Then it saves, if
// it is to, and ends. What is saved has the GETACK in its offset, so a restarted master can let its
// replicas go on (R10.18).
#pragma once

#include "model/state.h"

namespace model {

void serve_shutdown(Turn& t, Session& session, Args argv);
void advance_shutdown(Turn& t);  // each server cron: a signal may have come, or the time be up

}  // namespace model
