#include "model/link.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "model/applying.h"
#include "model/blocking.h"
#include "model/data/resp.h"
#include "model/dual_channel.h"
#include "model/execute.h"
#include "model/failover.h"
#include "model/feeding.h"
#include "model/own_streams.h"
#include "model/propagation.h"
#include "model/releases.h"
#include "model/replicas.h"
#include "model/transfer.h"

namespace model {
namespace {

constexpr int kSegmentationFault = -11;  // as a shell shows the end by signal 11
constexpr auto kLineLimit = std::chrono::seconds(5);  // repl_syncio_timeout (R2.1)
// A line that is longer is taken in pieces, as by a read into a buffer of 256 bytes, or of 1024 before a
// payload.
constexpr std::size_t kLongestLine = 255, kLongestHeader = 1023;

void close_connection(Turn& t) {
  Link& link = t.s.link;
  close_rdb_channel(t);
  if (link.conn && t.s.rules.forgets_closed_links) t.effect(Hangup{*link.conn});
  link.conn.reset();
  link.open = false;
  link.out.clear();
  link.line.clear();
}

void open_connection(Turn& t) {
  Link& link = t.s.link;
  link.conn = ConnId{t.s.next_dial++};
  link.open = false;
  link.last_io = t.now();
  t.effect(Dial{*link.conn, link.host, link.port});
}

// The requests of the handshake, in their order (R3.1 to R3.8). From 6.2 on they are written back to
// back, before that each waits for the reply to the one before it.
void say_auth(Turn& t) {
  const Config& c = t.s.config;
  if (c.masterauth.empty()) return;
  if (c.masteruser.empty()) return say(t, {"AUTH", c.masterauth});
  say(t, {"AUTH", c.masteruser, c.masterauth});
}

void say_port(Turn& t) {
  const Config& c = t.s.config;
  const std::int64_t port = c.replica_announce_port != 0 ? c.replica_announce_port : c.port;
  say(t, {"REPLCONF", "listening-port", std::to_string(port)});
}

void say_address(Turn& t) {
  const Config& c = t.s.config;
  if (!c.replica_announce_ip.empty()) say(t, {"REPLCONF", "ip-address", c.replica_announce_ip});
}

void say_capabilities(Turn& t) {
  std::vector<std::string> words{"REPLCONF"};
  for (const std::string_view capability : {"eof", "psync2", "dual-channel"}) {
    if (capability == "dual-channel" ? !wants_dual_channel(t.s)
                                     : !lists(t.s.rules.capabilities, capability)) {
      continue;
    }
    words.emplace_back("capa");
    words.emplace_back(capability);
  }
  if (words.size() > 1) say(t, words);
}

void say_version(Turn& t) {
  if (t.s.rules.tells_version) say(t, {"REPLCONF", "version", t.s.rules.valkey_version});
}

bool pipelined(const Turn& t) {
  return t.s.rules.handshake == Rules::Handshake::pipelined;
}

void send_handshake(Turn& t) {
  if (!pipelined(t)) return;
  say_auth(t);
  say_port(t);
  say_address(t);
  say_capabilities(t);
  say_version(t);
}

// Asks for the next byte wanted, hence +1 (R3.9).
void write_psync(Turn& t) {
  if (feeds_each(t.s)) return link_hears(t, LinkEvent::not_supported);  // V1: 2.6 knows only SYNC
  const std::optional<Resumable>& cached = t.s.link.cached;
  const std::string_view id = cached ? cached->id.view() : "?";
  const std::string from = cached ? std::to_string(cached->applied + 1) : "-1";
  if (asks_to_take_over(t.s)) {  // R3.10
    say(t, {"PSYNC", id, from, "FAILOVER"});
  } else {
    say(t, {"PSYNC", id, from});
  }
  if (cached) t.effect(Published{Published::In::psync_request, cached->id, cached->applied});
  link_hears(t, LinkEvent::written);
}

void redial(Turn& t) {
  if (t.s.rules.reconnects_at_once) link_hears(t, LinkEvent::dial);
}

void perform(Turn& t, LinkAction action) {
  using A = LinkAction;
  const State& s = t.s;
  const Config& c = s.config;
  switch (action) {
    case A::nothing:
    case A::keep_waiting:
      return;
    case A::dial_now:
      return redial(t);
    case A::open_connection:
      return open_connection(t);
    case A::open_rdb_channel:
      return open_rdb_channel(t);
    case A::send_rdb_handshake:
      return send_rdb_handshake(t);
    case A::send_rdb_sync:
      return send_rdb_sync(t);
    case A::ask_for_stream:
      return ask_for_stream(t);
    case A::send_ping:
      return say(t, {"PING"});
    case A::send_handshake:
      send_handshake(t);
      return link_hears(t, LinkEvent::written);
    case A::await_auth:
      if (c.masterauth.empty()) return link_hears(t, LinkEvent::not_configured);
      if (!pipelined(t)) say_auth(t);
      return;
    case A::await_port:
      if (!pipelined(t)) say_port(t);
      return;
    case A::await_ip:
      if (c.replica_announce_ip.empty()) return link_hears(t, LinkEvent::not_configured);
      if (!pipelined(t)) say_address(t);
      return;
    case A::await_capa:
      if (s.rules.capabilities.empty()) return link_hears(t, LinkEvent::not_configured);
      if (!pipelined(t)) say_capabilities(t);
      return;
    case A::write_psync:
      return write_psync(t);
    case A::begin_transfer:
      return begin_transfer(t);
    case A::fall_back_to_sync:
      t.mark(Mark::replica_fell_back_to_sync);
      t.s.link.transfer.emplace();
      t.s.link.out += "SYNC\r\n";
      return begin_transfer(t);
    case A::go_online:
      return go_online(t);
    case A::resurrect:
      return resurrect(t);
    case A::retry_next_tick:
      return close_connection(t);
    case A::retry_now:
      close_connection(t);
      abandon_transfer(t);
      return redial(t);
    case A::suspend_and_retry:
      suspend(t);
      t.s.link.down_since = t.now();
      close_connection(t);
      return redial(t);
    case A::forget_and_retry:
      forget_session(t);
      t.s.link.down_since = t.now();
      close_connection(t);
      return redial(t);
    case A::leave:
      return;
  }
}

bool answers_ping(const std::string& line) {
  return line.starts_with('+') || line.starts_with("-NOAUTH") || line.starts_with("-NOPERM") ||
         line.starts_with("-ERR operation not permitted");
}

// +CONTINUE or +CONTINUE <id>: the history may go on under a new name (R3.28, R3.29).
void note_continue(Turn& t, std::string_view line) {
  State& s = t.s;
  constexpr std::size_t kWord = 10;  // "+CONTINUE "
  if (line.size() != kWord + 40) return;
  const ReplId id = replid_from(line.substr(kWord, 40));
  if (id == s.link.cached->id || !s.rules.continue_teaches_id) return;
  t.mark(Mark::new_id_learnt);
  if (!relays(s)) {
    s.link.cached->id = id;
    return;
  }
  s.history.renamed_by_master(id, s.rules);
  s.link.cached->id = id;
  if (s.rules.continue_drops_subreplicas)
    drop_all_replicas(t, "the history goes on under a new id");
}

LinkEvent classify_psync_reply(Turn& t, const std::string& line) {
  State& s = t.s;
  if (line.empty()) return LinkEvent::empty_line;
  if (line.starts_with("+FULLRESYNC")) {
    note_full_resync(t, line);
    return LinkEvent::full_resync;
  }
  if (line.starts_with("+CONTINUE")) {
    if (s.link.cached) {
      note_continue(t, line);
      return LinkEvent::carry_on;
    }
    // There is no position to go on from. A real 7.0.15 looks at it all the same, and dies (R3.33).
    t.effect(ProtocolBreach{*s.link.conn, "+CONTINUE in answer to a request for a full resync"});
    t.mark(Mark::died_of_continue);
    t.effect(Exit{kSegmentationFault, "+CONTINUE without a position to go on from"});
    s.exited = true;
    return LinkEvent::try_later;
  }
  if (line.starts_with("+DUALCHANNELSYNC") && wants_dual_channel(s)) return LinkEvent::dual_channel;
  if (line.starts_with("-NOMASTERLINK") || line.starts_with("-LOADING")) {
    t.mark(Mark::psync_try_later);
    if (s.rules.refusal_keeps_cached_master) return LinkEvent::try_later;
    s.link.cached.reset();
  }
  return LinkEvent::not_supported;
}

// The target of a FAILOVER has answered: it is the master now, or we are again (R3.36).
void end_failover(Turn& t, LinkEvent event) {
  const bool accepts = event == LinkEvent::carry_on || event == LinkEvent::full_resync;
  if (!accepts) return failover_hears(t, FailoverEvent::target_refuses);
  link_hears(t, event);
  failover_hears(t, FailoverEvent::target_accepts);
}

void take_handshake_line(Turn& t, const std::string& line) {
  Link& link = t.s.link;
  link.last_io = t.now();
  LinkEvent event = LinkEvent::good_line;
  switch (link.state) {
    case LinkState::receive_ping_reply:
      if (!answers_ping(line)) event = LinkEvent::bad_line;
      break;
    case LinkState::receive_auth_reply:
      if (line.starts_with('-')) event = LinkEvent::bad_line;
      break;
    case LinkState::receive_capa_reply:
      if (t.s.rules.tells_version) event = LinkEvent::version_told;
      break;
    case LinkState::receive_psync_reply:
      event = classify_psync_reply(t, line);
      break;
    default:
      break;  // errors in answer to REPLCONF are only logged: old masters object
  }
  if (t.s.exited) return;
  if (link.state == LinkState::receive_psync_reply && event != LinkEvent::empty_line &&
      asks_to_take_over(t.s)) {
    return end_failover(t, event);
  }
  if (event == LinkEvent::bad_line) {
    t.mark(Mark::handshake_refused);
    if (t.prose()) t.note("link", "the master refuses: " + line);
  }
  link_hears(t, event);
}

bool in_handshake(LinkState state) {
  return state >= LinkState::receive_ping_reply && state <= LinkState::receive_psync_reply;
}

bool is_connecting(LinkState state) {
  return in_handshake(state) || state == LinkState::connecting;
}

// Drops what there is of a connection, whatever its state, before somebody else is followed or
// nobody.
void cancel(Turn& t) {
  Link& link = t.s.link;
  if (is_connecting(link.state)) t.mark(Mark::handshake_cancelled);
  if (link.transfer) t.mark(Mark::transfer_cancelled_by_role_change);
  abandon_transfer(t);
  close_connection(t);
}

}  // namespace

void say(Turn& t, std::initializer_list<std::string_view> words) {
  say(t, std::vector<std::string>(words.begin(), words.end()));
}

void say(Turn& t, const std::vector<std::string>& words) {
  Link& link = t.s.link;
  const bool stream = link.state == LinkState::connected;
  if (stream || t.s.rules.handshake != Rules::Handshake::inline_words) {
    return append_request(link.out, words);
  }
  for (std::size_t i = 0; i < words.size(); ++i) link.out += (i > 0 ? " " : "") + words[i];
  link.out += "\r\n";
}

// Splits the next line off `bytes` (with what is left in link.line); nothing while it is not whole.
std::optional<std::string> next_line(Turn& t, std::string_view& bytes) {
  Link& link = t.s.link;
  const std::size_t end = bytes.find('\n');
  if (link.line.empty()) link.line_since = t.now();
  const std::size_t longest = link.state == LinkState::transfer ? kLongestHeader : kLongestLine;
  const std::size_t left = longest - std::min(longest, link.line.size());
  if (std::min(end, bytes.size()) >= left) {
    link.line += bytes.substr(0, left);
    bytes.remove_prefix(left);
    return std::exchange(link.line, {});
  }
  link.line += bytes.substr(0, end);
  if (end == std::string_view::npos) {
    bytes = {};
    return std::nullopt;
  }
  bytes.remove_prefix(end + 1);
  std::string line = std::exchange(link.line, {});
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

void follow(Turn& t, std::string host, int port) {
  State& s = t.s;
  const bool was_master = s.is_master();
  if (!s.rules.retarget_cancels_handshake && is_connecting(s.link.state)) {
    s.link.host = std::move(host);
    s.link.port = port;
    return;
  }
  if (was_master && !s.rules.demotion_ends_unit) leave_unit_open(t);
  if (was_master && !s.rules.demotion_takes_nothing_back) take_back_pings(t);
  if (s.link.master) {
    // A session that a pause holds cannot be gone on with (R5.9).
    if (s.link.master->session.parked) {
      forget_session(t);
    } else {
      t.mark(Mark::repointed_with_history);
      suspend(t);
    }
    s.link.down_since = t.now();
  }
  unblock_all_by_force(t);
  cancel(t);
  if (!relays(s)) {
    start_over(t);
  } else if (s.rules.repoint_drops_replicas) {
    drop_all_replicas(t, "REPLICAOF: they must ask again");
  }
  s.link.host = std::move(host);
  s.link.port = port;
  if (was_master && relays(s)) {
    t.mark(Mark::demoted_with_history);
    s.link.cached = Resumable{};
    s.link.cached->id = s.history.id;
    s.link.cached->applied = s.history.offset;
  }
  if (t.prose()) t.note("role", "follows " + s.link.host + ":" + std::to_string(s.link.port));
  link_hears(t, LinkEvent::replicaof);
}

void promote(Turn& t) {
  State& s = t.s;
  if (s.is_master()) return;
  t.mark(Mark::promoted_with_history);
  cancel(t);
  if (!relays(s)) stay_as_master(t);
  s.link.master.reset();
  s.link.cached.reset();
  s.link.host.clear();
  s.link.port = 0;
  if (relays(s)) {
    s.history.shift(t.at.around, s.rules);
    drop_all_replicas(t, "promoted: the history goes on under a new id");
    s.stream_db = -1;
  }
  if (s.rules.promotion_restarts_ttl) s.no_replicas_since = t.now();
  s.link.down_since.reset();
  if (t.prose()) t.note("role", "is a master now, at offset " + std::to_string(s.history.offset));
  link_hears(t, LinkEvent::no_one);
}

void link_hears(Turn& t, LinkEvent event) {
  Link& link = t.s.link;
  const LinkEdge* edge = find_edge(link.state, event);
  if (edge == nullptr) {
    t.effect(Impossible{"the link to the master in " + std::string(name(link.state)) +
                        " cannot take \"" + std::string(name(event)) + "\""});
    return;
  }
  t.effect(Transitioned{MachineKind::replica_link, ConnId{}, static_cast<std::uint8_t>(edge->from),
                        static_cast<std::uint8_t>(edge->to), static_cast<std::uint8_t>(event)});
  link.state = edge->to;
  perform(t, edge->action);
}

void obey_late_order(Turn& t) {
  const std::optional<Target> order = std::exchange(t.s.link.late_order, std::nullopt);
  if (!order || (t.s.link.host == order->host && t.s.link.port == order->port)) return;
  follow(t, order->host, order->port);
}

bool is_link(const State& s, ConnId conn) {
  return s.link.conn == conn;
}

bool is_old_link(const State& s, ConnId conn) {
  return !s.rules.forgets_closed_links && s.link.master &&
         static_cast<std::uint32_t>(conn) >= Server::kDialled;
}

void link_connected(Turn& t) {
  t.s.link.open = true;
  link_hears(t, LinkEvent::socket_open);
}

void link_refused(Turn& t) {
  t.s.link.conn.reset();
  link_hears(t, LinkEvent::socket_refused);
}

void link_received(Turn& t, std::string_view bytes) {
  Link& link = t.s.link;
  const std::optional<ConnId> conn = link.conn;
  t.s.stats.net_repl_input_bytes += static_cast<std::int64_t>(bytes.size());
  while (!bytes.empty() && conn && link.conn == conn && !t.s.exited) {
    if (link.state == LinkState::connected) {
      MasterSession& master = *link.master;
      master.session.last_heard = t.now();
      master.received += static_cast<Offset>(bytes.size());
      if (t.s.rules.counts_received) master.applied = master.received;  // V8
      if (!t.s.rules.applies_before_relay) relay_unapplied(t, bytes);
      master.session.in.feed(bytes);
      return apply_stream(t);
    }
    if (link.state == LinkState::transfer) {
      transfer_receives(t, bytes);
    } else if (on_two_channels(t.s)) {
      main_channel_received(t, bytes);
    } else if (const auto line = next_line(t, bytes)) {
      take_handshake_line(t, *line);
    }
  }
}

void link_closed(Turn& t) {
  Link& link = t.s.link;
  if (on_two_channels(t.s)) t.mark(Mark::dual_channel_broken);
  if (link.state == LinkState::transfer) {
    if (link.transfer->complete) {  // not noticed before the load is done (R4.34)
      link.transfer->link_lost = true;
      return;
    }
    t.mark(Mark::transfer_broken);
  }
  link.open = false;
  if (link.state == LinkState::receive_psync_reply && asks_to_take_over(t.s)) {
    return failover_hears(t, FailoverEvent::target_refuses);
  }
  const bool held = link.master && link.master->session.parked;
  link_hears(t, held ? LinkEvent::closed_while_held : LinkEvent::closed);
}

void flush_link(Turn& t) {
  Link& link = t.s.link;
  if (!link.conn || !link.open || link.out.empty()) return;
  const std::size_t count = std::min(link.out.size(), t.at.around.room(*link.conn));
  if (count == 0) return;
  Effects& out = t.at.out;
  t.effect(Send{*link.conn, out.bytes.size(), count});
  out.bytes.append(link.out, 0, count);
  link.out.erase(0, count);
}

void check_link_timeouts(Turn& t) {
  State& s = t.s;
  Link& link = s.link;
  const auto silent = [&](Instant since) {
    return seconds_between(since, t.now()) > s.config.repl_timeout;
  };
  if (is_connecting(link.state) && silent(link.last_io) && s.rules.handshake_times_out) {
    t.mark(Mark::handshake_timed_out);
    if (!s.rules.handshake_timeout_keeps_position) link.cached.reset();
    link_hears(t, LinkEvent::timed_out);
  } else if ((link.state == LinkState::transfer || on_two_channels(s)) &&
             !(link.transfer && link.transfer->complete) && silent(link.last_io)) {
    t.mark(Mark::transfer_timed_out);
    link_hears(t, LinkEvent::timed_out);
  } else if (link.state == LinkState::connected && silent(link.master->session.last_heard)) {
    t.mark(Mark::master_timed_out);
    if (link.master->session.parked) return link_hears(t, LinkEvent::closed_while_held);
    link_hears(t, LinkEvent::timed_out);
  }
}

void dial_if_needed(Turn& t) {
  if (t.s.link.state == LinkState::connect) link_hears(t, LinkEvent::dial);
}

std::optional<Instant> link_deadline(const State& s) {
  const bool before_payload = s.link.transfer && !s.link.transfer->header_seen();
  if (s.link.line.empty() || (!in_handshake(s.link.state) && !before_payload)) return std::nullopt;
  return s.link.line_since + kLineLimit;
}

void check_line_deadline(Turn& t) {
  const auto deadline = link_deadline(t.s);
  if (!deadline || t.now() < *deadline) return;
  t.mark(Mark::handshake_line_too_slow);
  link_closed(t);
}

}  // namespace model
