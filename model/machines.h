// The two state machines of replication, as tables. The server takes no edge that is not here, the
// diagram is drawn from here, and there is no other copy (reference 2.1, 2.2).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/effects.h"

namespace model {

// --- the replica's link to its master (repl_state)
// --------------------------------------------------

enum class LinkState : std::uint8_t {
  none,
  connect,
  connecting,
  receive_ping_reply,
  send_handshake,
  receive_auth_reply,
  receive_port_reply,
  receive_ip_reply,
  receive_capa_reply,
  receive_version_reply,  // Valkey tells its version (V12)
  send_psync,
  receive_psync_reply,
  // Valkey's full resync on two channels (V51): from here to dual_transfer the main connection waits
  // for the second one, then hands over the stream while that brings the payload.
  dual_connecting,
  dual_receive_reply,
  dual_receive_endoff,
  dual_transfer,
  transfer,
  connected,
};

enum class LinkEvent : std::uint8_t {
  replicaof,  // REPLICAOF host port, and its kin
  no_one,     // REPLICAOF NO ONE, and every other promotion
  dial,       // cron, or an immediate retry
  socket_open,
  socket_refused,
  good_line,        // a reply that lets the handshake go on
  bad_line,         // one that ends the attempt
  written,          // a transient state has written what it had to
  not_configured,   // no masterauth, no announced address: nothing to wait for
  version_told,     // as good_line, and one more reply is to come (V12)
  empty_line,       // a keepalive
  full_resync,      // +FULLRESYNC
  carry_on,         // +CONTINUE
  dual_channel,     // +DUALCHANNELSYNC
  end_offset,       // $ENDOFF
  try_later,        // -NOMASTERLINK, -LOADING
  not_supported,    // anything else: fall back to SYNC
  loaded,           // the payload is received and loaded
  transfer_failed,  // broken, malformed, not loadable
  closed,           // the other side closed, or the connection was reset
  timed_out,
  stream_malformed,   // what came on the stream is no RESP
  closed_while_held,  // closed while a pause held back the stream: not resumable (R5.9)
};

// What taking an edge makes the link do (link.cc, perform()).
enum class LinkAction : std::uint8_t {
  nothing,
  dial_now,  // a new target: dial in the same event
  open_connection,
  open_rdb_channel,
  send_rdb_handshake,
  send_rdb_sync,
  ask_for_stream,  // on the main connection: set-rdb-client-id, PSYNC
  retry_next_tick,  // close; cron dials again
  retry_now,        // close and dial in the same event (R2.2)
  send_ping,
  send_handshake,  // AUTH, REPLCONF listening-port, ip-address, capa, back to back
  // Fall through when there is nothing to wait for; before 6.2 they also say what is answered.
  await_auth,
  await_port,
  await_ip,
  await_capa,
  write_psync,
  begin_transfer,
  fall_back_to_sync,  // write SYNC, then as begin_transfer
  keep_waiting,       // a sign of life
  go_online,          // create the master's session from the payload
  resurrect,          // the cached master lives on, on this connection
  suspend_and_retry,  // cache the session, dial again
  forget_and_retry,   // its session had an error: do not cache
  leave,              // stop following anybody
};

struct LinkEdge {
  LinkState from;
  LinkEvent on;
  LinkState to;
  LinkAction action;
  std::string_view only = "";  // the profile that alone takes it; empty: any
};
std::span<const LinkEdge> link_edges();
const LinkEdge* find_edge(LinkState from, LinkEvent on);  // null: not in the table

// --- what the master keeps for each replica (replstate)
// ---------------------------------------------

enum class FeedState : std::uint8_t {
  none,  // a connection that is no replica (yet)
  wait_bgsave_start,
  wait_bgsave_end,
  send_bulk,
  bg_rdb_load,  // the main connection of a resync on two channels, until it acknowledges (V51)
  online,
  rdb_transmitted,
  gone,
};

enum class FeedEvent : std::uint8_t {
  needs_full,        // PSYNC denied, or SYNC
  continued,         // PSYNC granted
  continued_beside,  // PSYNC granted to a main connection whose RDB channel is at work
  acknowledged,
  snapshot_started,  // or attached to a running one
  snapshot_refused,  // could not be started
  snapshot_on_disk,  // the child is done; the file can be sent
  snapshot_relayed,  // the child is done; the sockets have it all
  snapshot_failed,
  file_sent,
  rdb_only_sent,  // to a client that wanted the file alone
  lost,           // the connection is gone
  timed_out,
  over_limit,  // output buffer limits
  dropped,     // by this node: new history, misbehaviour, shutdown
};

struct FeedEdge {
  FeedState from;
  FeedEvent on;
  FeedState to;
};
std::span<const FeedEdge> feed_edges();
const FeedEdge* find_edge(FeedState from, FeedEvent on);

// --- FAILOVER: a master hands over to one of its replicas (reference 10.6)
// ----------------------------------------------------------------------------

enum class FailoverState : std::uint8_t {
  none,
  waiting_for_sync,  // writes are paused until the target has acknowledged all
  in_progress,       // we follow the target already, and have asked it to take over
};

enum class FailoverEvent : std::uint8_t {
  requested,       // FAILOVER
  caught_up,       // the target, or any replica when none was named, has acknowledged everything
  time_is_up,      // TIMEOUT without FORCE
  forced,          // TIMEOUT with FORCE: go, whatever is lost
  target_accepts,  // it answered our PSYNC ... FAILOVER by +CONTINUE (or +FULLRESYNC)
  target_refuses,  // it answered anything else, or hung up instead
  aborted,         // FAILOVER ABORT
};

enum class FailoverAction : std::uint8_t {
  pause_writes,
  follow_target,  // REPLICAOF the target; the handshake ends in PSYNC ... FAILOVER
  release,        // paused writes go on
  take_back,      // a master again, under a new id; then release
};

struct FailoverEdge {
  FailoverState from;
  FailoverEvent on;
  FailoverState to;
  FailoverAction action;
};
std::span<const FailoverEdge> failover_edges();
const FailoverEdge* find_edge(FailoverState from, FailoverEvent on);

// --- all, for observers
// ----------------------------------------------------------------------------

std::string_view name(LinkState state);  // Redis's words: "CONNECT", "RECEIVE_PING_REPLY"
std::string_view name(LinkEvent event);  // as a reader would say it: "+FULLRESYNC", "link lost"
std::string_view name(FeedState state);  // "WAIT_BGSAVE_START", ...
std::string_view name(FeedEvent event);
std::string_view name(FailoverState state);  // as INFO has it: "waiting-for-sync"
std::string_view name(FailoverEvent event);

std::string_view machine_name(MachineKind kind);  // "replica-link", "replica-feed", "failover"
std::string_view state_name(MachineKind kind, std::uint8_t state);
std::string_view event_name(MachineKind kind, std::uint8_t event);

}  // namespace model
