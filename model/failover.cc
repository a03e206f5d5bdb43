#include "model/failover.h"

#include <string>

#include "model/cron.h"
#include "model/data/number.h"
#include "model/data/text.h"
#include "model/link.h"
#include "model/replicas.h"

namespace model {
namespace {

constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";

// A replica is known by what it announced of itself, else by where it comes from.
const std::string& address_of(const Session& replica) {
  return replica.announced.ip.empty() ? replica.peer_ip : replica.announced.ip;
}

bool is_at(const Session& replica, std::string_view host, int port) {
  return same_word(host, address_of(replica)) && replica.announced.port == port;
}

const Session* find_replica(const State& s, std::string_view host, int port) {
  for (const ConnId conn : s.replicas) {
    const Session& replica = s.sessions.at(conn);
    if (is_at(replica, host, port)) return &replica;
  }
  return nullptr;
}

bool has_caught_up(const State& s, const Session& replica) {
  if (s.history.offset == 0 && !s.rules.failover_takes_offset_zero) return false;
  return replica.feed.acked == s.history.offset;
}

const Session* first_that_caught_up(const State& s) {
  for (const ConnId conn : s.replicas) {
    const Session& replica = s.sessions.at(conn);
    if (has_caught_up(s, replica)) return &replica;
  }
  return nullptr;
}

void perform(Turn& t, FailoverAction action) {
  State& s = t.s;
  switch (action) {
    case FailoverAction::pause_writes:
      break;  // paused_for() looks at the state
    case FailoverAction::follow_target:
      say_order(t, s.failover.host, s.failover.port);
      follow(t, s.failover.host, s.failover.port);
      break;
    case FailoverAction::take_back:
      say_order(t);
      promote(t);
      [[fallthrough]];
    case FailoverAction::release:
      s.failover = {};
      s.unpaused = true;
      t.mark(Mark::failover_released_writes);
      break;
  }
  set_replication_cron(t);  // ten times a second while it lasts
}

void note_event(Turn& t, FailoverEvent event) {
  switch (event) {
    case FailoverEvent::forced:
      return t.mark(Mark::failover_forced);
    case FailoverEvent::time_is_up:
      return t.mark(Mark::failover_timed_out);
    case FailoverEvent::target_accepts:
      return t.mark(Mark::failover_accepted);
    case FailoverEvent::target_refuses:
      return t.mark(Mark::failover_refused);
    case FailoverEvent::aborted:
      return t.mark(t.s.is_master() ? Mark::failover_aborted_waiting
                                    : Mark::failover_aborted_in_progress);
    case FailoverEvent::requested:
    case FailoverEvent::caught_up:
      return;
  }
}

// The words after FAILOVER. Nothing when they were refused, which is replied (R10.30).
std::optional<Failover> read_request(Session& session, Args argv) {
  ReplyWriter reply(session.out);
  Failover wanted;
  bool timed = false;
  std::int64_t timeout = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (same_word(argv[i], "timeout") && i + 1 < argv.size() && !timed) {
      const auto given = to_integer(argv[++i]);
      if (!given) return reply.error(kNotAnInteger), std::nullopt;
      if (*given <= 0) {
        return reply.error("ERR FAILOVER timeout must be greater than 0"), std::nullopt;
      }
      timed = true;
      timeout = *given;
    } else if (same_word(argv[i], "to") && i + 2 < argv.size() && wanted.host.empty()) {
      const auto port = to_integer(argv[i + 2]);
      if (!port) return reply.error(kNotAnInteger), std::nullopt;
      wanted.host = argv[i + 1];
      wanted.port = static_cast<int>(*port);
      i += 2;
    } else if (same_word(argv[i], "force") && !wanted.force) {
      wanted.force = true;
    } else {
      return reply.error("ERR syntax error"), std::nullopt;
    }
  }
  // As a length of time for now: it becomes a moment when the request is taken.
  if (timed) wanted.deadline = Instant(std::chrono::milliseconds(timeout));
  return wanted;
}

// Nothing, or why it cannot begin (R10.30, in this order).
std::optional<std::string_view> obstacle(const State& s, const Failover& wanted) {
  if (failing_over(s)) return "ERR FAILOVER already in progress.";
  if (!s.is_master()) return "ERR FAILOVER is not valid when server is a replica.";
  if (s.replicas.empty()) return "ERR FAILOVER requires connected replicas.";
  if (wanted.force && (!wanted.deadline || wanted.host.empty())) {
    return "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
  }
  if (wanted.host.empty()) return std::nullopt;
  const Session* target = find_replica(s, wanted.host, wanted.port);
  if (target == nullptr) return "ERR FAILOVER target HOST and PORT is not a replica.";
  if (target->feed.state != FeedState::online) return "ERR FAILOVER target replica is not online.";
  return std::nullopt;
}

void abort(Turn& t, Session& session) {
  if (!failing_over(t.s)) return ReplyWriter(session.out).error("ERR No failover in progress.");
  failover_hears(t, FailoverEvent::aborted);
  ReplyWriter(session.out).ok();
}

}  // namespace

bool failing_over(const State& s) {
  return s.failover.state != FailoverState::none;
}

bool may_take_over(const State& s, const Session& replica) {
  return s.failover.host.empty() || is_at(replica, s.failover.host, s.failover.port);
}

bool asks_to_take_over(const State& s) {
  return s.failover.state == FailoverState::in_progress;
}

void serve_failover(Turn& t, Session& session, Args argv) {
  if (argv.size() == 2 && same_word(argv[1], "abort")) return abort(t, session);
  auto wanted = read_request(session, argv);
  if (!wanted) return;
  if (const auto why = obstacle(t.s, *wanted)) return ReplyWriter(session.out).error(*why);
  if (wanted->deadline) wanted->deadline = t.now() + wanted->deadline->time_since_epoch();
  t.s.failover = std::move(*wanted);
  failover_hears(t, FailoverEvent::requested);
  ReplyWriter(session.out).ok();
}

void failover_hears(Turn& t, FailoverEvent event) {
  Failover& failover = t.s.failover;
  const FailoverEdge* edge = find_edge(failover.state, event);
  if (edge == nullptr) {
    t.effect(Impossible{"a failover in " + std::string(name(failover.state)) + " cannot take \"" +
                        std::string(name(event)) + "\""});
    return;
  }
  note_event(t, event);
  t.effect(Transitioned{MachineKind::failover, ConnId{}, static_cast<std::uint8_t>(edge->from),
                        static_cast<std::uint8_t>(edge->to), static_cast<std::uint8_t>(event)});
  if (t.prose()) t.note("role", "failover: " + std::string(name(event)));
  failover.state = edge->to;
  perform(t, edge->action);
}

// No GETACK is sent: the acknowledgement that each replica sends once a second will do.
void advance_failover(Turn& t) {
  State& s = t.s;
  Failover& failover = s.failover;
  if (failover.state != FailoverState::waiting_for_sync) return;
  if (failover.deadline && *failover.deadline <= t.now()) {
    return failover_hears(t, failover.force ? FailoverEvent::forced : FailoverEvent::time_is_up);
  }
  if (!failover.host.empty()) {
    const Session* target = find_replica(s, failover.host, failover.port);
    if (target == nullptr || !has_caught_up(s, *target)) return;
    t.mark(Mark::failover_target_caught_up);
  } else {
    const Session* replica = first_that_caught_up(s);
    if (replica == nullptr) return;
    t.mark(Mark::failover_any_caught_up);
    failover.host = address_of(*replica);
    failover.port = replica->announced.port;
  }
  failover_hears(t, FailoverEvent::caught_up);
}

}  // namespace model
