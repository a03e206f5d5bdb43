// What a replica asks and is answered: PSYNC, SYNC, REPLCONF (reference 3.3, 3.5, 5).
#pragma once

#include "model/state.h"

namespace model {

void serve_psync(Turn& t, Session& session, Args argv);
void serve_sync(Turn& t, Session& session, Args argv);
void serve_replconf(Turn& t, Session& session, Args argv);

}  // namespace model
