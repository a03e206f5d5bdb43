#include "model/limits.h"

#include <string>

namespace model {
namespace {

std::string whom(const Session& session) {
  return "client " + session.peer_ip + ":" + std::to_string(session.peer_port);
}

// What was not sent is of no use to anybody: as freeing a client does in Redis.
void close_without_a_word(Turn& t, Session& session, std::string_view why) {
  if (t.prose()) t.note("client", whom(session) + " is closed: " + std::string(why));
  session.out.clear();
  session.out_sent = 0;
  session.close_soon = true;
}

}  // namespace

void admit(Turn& t, Session& session) {
  const State& s = t.s;
  const std::size_t others = s.sessions.size() - 1 + (s.link.master ? 1 : 0);
  if (static_cast<std::int64_t>(others) < s.config.maxclients) return;
  ReplyWriter(session.out).error("ERR max number of clients reached");
  session.close_after_reply = true;
}

void limit_requests(const State& s, Session& session) {
  const bool stranger = !s.config.requirepass.empty() && !session.authenticated;
  session.in.set_limits(s.config.proto_max_bulk_len, stranger);
}

void check_query_buffer(Turn& t, Session& session) {
  std::size_t bytes = session.in.pending();
  if (session.multi) bytes += session.multi->bytes;
  if (static_cast<std::int64_t>(bytes) <= t.s.config.client_query_buffer_limit) return;
  close_without_a_word(t, session, "it sent more than client-query-buffer-limit without a request");
}

bool check_output(Turn& t, Session& session) {
  if (session.is_replica() || session.from_master || session.close_soon) return false;
  const Config& c = t.s.config;
  const OutputLimit& limit = session.subscribed() ? c.pubsub_output_limit : c.normal_output_limit;
  const auto used = static_cast<std::int64_t>(session.unsent());
  const bool over_soft = limit.soft != 0 && used >= limit.soft;
  if (!over_soft) session.over_soft_since.reset();
  if (over_soft && !session.over_soft_since) session.over_soft_since = t.now();
  const bool too_long =
      over_soft && seconds_between(*session.over_soft_since, t.now()) > limit.soft_seconds;
  const bool too_much = limit.hard != 0 && used >= limit.hard;
  if (!too_much && !too_long) return false;
  close_without_a_word(t, session, "it leaves more replies unread than client-output-buffer-limit lets");
  return true;
}

void check_all_output(Turn& t) {
  for (auto& [conn, session] : t.s.sessions) {
    if (session.unsent() > 0 || session.over_soft_since) check_output(t, session);
  }
}

void close_idle_clients(Turn& t) {
  const std::int64_t timeout = t.s.config.timeout;
  if (timeout == 0) return;
  for (auto& [conn, session] : t.s.sessions) {
    if (session.is_replica() || session.blocked || session.waiting || session.subscribed()) continue;
    if (seconds_between(session.last_heard, t.now()) <= timeout) continue;
    close_without_a_word(t, session, "it said nothing for `timeout`");
  }
}

}  // namespace model
