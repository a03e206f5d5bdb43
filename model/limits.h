// What a client may cost: how many there are, what they may send without a request coming of it, what
// they may leave unread, how long they may be silent. Limits of replicas are in `replicas`, those of one
// request in `data/resp`.
#pragma once

#include "model/state.h"

namespace model {

// A newcomer: told and closed when there are `maxclients` without him.
void admit(Turn& t, Session& session);
// Before its next request is looked for.
void limit_requests(const State& s, Session& session);
// More bytes wait to become requests than client-query-buffer-limit lets: closed without a word.
void check_query_buffer(Turn& t, Session& session);
// Replies that are left unread, by client-output-buffer-limit; true when the client is closed for it.
bool check_output(Turn& t, Session& session);
void check_all_output(Turn& t);
// Those who said nothing for `timeout` seconds; not replicas, nor who waits or listens for messages.
void close_idle_clients(Turn& t);

}  // namespace model
