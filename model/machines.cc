#include "model/machines.h"

#include <algorithm>
#include <array>

namespace model {
namespace {

using L = LinkState;
using E = LinkEvent;
using A = LinkAction;

// The replica's link, top to bottom as a connection lives (reference 2.1, R2.2, 3.4).
constexpr auto kLinkEdges = std::to_array<LinkEdge>({
    {L::none, E::replicaof, L::connect, A::dial_now},
    {L::connect, E::dial, L::connecting, A::open_connection},
    {L::connecting, E::socket_open, L::receive_ping_reply, A::send_ping},
    {L::receive_ping_reply, E::good_line, L::send_handshake, A::send_handshake},
    {L::send_handshake, E::written, L::receive_auth_reply, A::await_auth},
    {L::receive_auth_reply, E::good_line, L::receive_port_reply, A::await_port},
    {L::receive_auth_reply, E::not_configured, L::receive_port_reply, A::await_port},
    {L::receive_port_reply, E::good_line, L::receive_ip_reply, A::await_ip},
    {L::receive_ip_reply, E::good_line, L::receive_capa_reply, A::await_capa},
    {L::receive_ip_reply, E::not_configured, L::receive_capa_reply, A::await_capa},
    {L::receive_capa_reply, E::good_line, L::send_psync, A::write_psync},
    {L::receive_capa_reply, E::not_configured, L::send_psync, A::write_psync, "redis-2.6"},
    {L::receive_capa_reply, E::version_told, L::receive_version_reply, A::nothing, "valkey-8"},
    {L::receive_version_reply, E::good_line, L::send_psync, A::write_psync, "valkey-8"},
    {L::send_psync, E::not_supported, L::transfer, A::fall_back_to_sync, "redis-2.6"},
    {L::send_psync, E::written, L::receive_psync_reply, A::nothing},
    {L::receive_psync_reply, E::empty_line, L::receive_psync_reply, A::keep_waiting},
    {L::receive_psync_reply, E::carry_on, L::connected, A::resurrect},
    {L::receive_psync_reply, E::full_resync, L::transfer, A::begin_transfer},
    {L::receive_psync_reply, E::not_supported, L::transfer, A::fall_back_to_sync},
    {L::receive_psync_reply, E::try_later, L::connect, A::retry_next_tick},
    {L::receive_psync_reply, E::dual_channel, L::dual_connecting, A::open_rdb_channel, "valkey-8"},
    {L::dual_connecting, E::socket_open, L::dual_receive_reply, A::send_rdb_handshake, "valkey-8"},
    {L::dual_receive_reply, E::good_line, L::dual_receive_endoff, A::send_rdb_sync, "valkey-8"},
    {L::dual_receive_endoff, E::empty_line, L::dual_receive_endoff, A::keep_waiting, "valkey-8"},
    {L::dual_receive_endoff, E::end_offset, L::dual_transfer, A::ask_for_stream, "valkey-8"},
    {L::dual_transfer, E::empty_line, L::dual_transfer, A::keep_waiting, "valkey-8"},
    {L::dual_transfer, E::carry_on, L::dual_transfer, A::keep_waiting, "valkey-8"},
    {L::dual_transfer, E::loaded, L::connected, A::go_online, "valkey-8"},
    {L::transfer, E::empty_line, L::transfer, A::keep_waiting},
    {L::transfer, E::loaded, L::connected, A::go_online},

    // What goes wrong before there is a stream. The handshake waits for the next tick, a transfer
    // does not (R2.2).
    {L::connecting, E::socket_refused, L::connect, A::retry_next_tick},
    {L::connecting, E::closed, L::connect, A::retry_next_tick},
    {L::connecting, E::timed_out, L::connect, A::retry_now},
    {L::receive_ping_reply, E::bad_line, L::connect, A::retry_next_tick},
    {L::receive_ping_reply, E::closed, L::connect, A::retry_next_tick},
    {L::receive_ping_reply, E::timed_out, L::connect, A::retry_now},
    {L::receive_auth_reply, E::bad_line, L::connect, A::retry_next_tick},
    {L::receive_auth_reply, E::closed, L::connect, A::retry_next_tick},
    {L::receive_auth_reply, E::timed_out, L::connect, A::retry_now},
    {L::receive_port_reply, E::closed, L::connect, A::retry_next_tick},
    {L::receive_port_reply, E::timed_out, L::connect, A::retry_now},
    {L::receive_ip_reply, E::closed, L::connect, A::retry_next_tick},
    {L::receive_ip_reply, E::timed_out, L::connect, A::retry_now},
    {L::receive_capa_reply, E::closed, L::connect, A::retry_next_tick},
    {L::receive_capa_reply, E::timed_out, L::connect, A::retry_now},
    {L::receive_version_reply, E::closed, L::connect, A::retry_next_tick, "valkey-8"},
    {L::receive_version_reply, E::timed_out, L::connect, A::retry_now, "valkey-8"},
    {L::receive_psync_reply, E::closed, L::connect, A::retry_next_tick},
    {L::receive_psync_reply, E::timed_out, L::connect, A::retry_now},
    {L::dual_connecting, E::closed, L::connect, A::retry_now, "valkey-8"},
    {L::dual_connecting, E::timed_out, L::connect, A::retry_now, "valkey-8"},
    {L::dual_connecting, E::transfer_failed, L::connect, A::retry_now, "valkey-8"},
    {L::dual_receive_reply, E::closed, L::connect, A::retry_now, "valkey-8"},
    {L::dual_receive_reply, E::timed_out, L::connect, A::retry_now, "valkey-8"},
    {L::dual_receive_reply, E::transfer_failed, L::connect, A::retry_now, "valkey-8"},
    {L::dual_receive_endoff, E::closed, L::connect, A::retry_now, "valkey-8"},
    {L::dual_receive_endoff, E::timed_out, L::connect, A::retry_now, "valkey-8"},
    {L::dual_receive_endoff, E::transfer_failed, L::connect, A::retry_now, "valkey-8"},
    {L::dual_transfer, E::closed, L::connect, A::retry_now, "valkey-8"},
    {L::dual_transfer, E::timed_out, L::connect, A::retry_now, "valkey-8"},
    {L::dual_transfer, E::transfer_failed, L::connect, A::retry_now, "valkey-8"},
    {L::dual_connecting, E::socket_refused, L::connect, A::retry_now, "valkey-8"},
    {L::transfer, E::transfer_failed, L::connect, A::retry_now},
    {L::transfer, E::closed, L::connect, A::retry_now},
    {L::transfer, E::timed_out, L::connect, A::retry_now},

    // What ends a stream. Its position is kept, unless the session cannot be trusted (R5.8, R5.9).
    {L::connected, E::closed, L::connect, A::suspend_and_retry},
    {L::connected, E::timed_out, L::connect, A::suspend_and_retry},
    {L::connected, E::stream_malformed, L::connect, A::forget_and_retry},
    {L::connected, E::closed_while_held, L::connect, A::forget_and_retry},

    // People. REPLICAOF and NO ONE work from everywhere (R10.2, R10.4).
    {L::connect, E::replicaof, L::connect, A::dial_now},
    {L::connecting, E::replicaof, L::connect, A::dial_now},
    {L::receive_ping_reply, E::replicaof, L::connect, A::dial_now},
    {L::receive_auth_reply, E::replicaof, L::connect, A::dial_now},
    {L::receive_port_reply, E::replicaof, L::connect, A::dial_now},
    {L::receive_ip_reply, E::replicaof, L::connect, A::dial_now},
    {L::receive_capa_reply, E::replicaof, L::connect, A::dial_now},
    {L::receive_version_reply, E::replicaof, L::connect, A::dial_now, "valkey-8"},
    {L::receive_psync_reply, E::replicaof, L::connect, A::dial_now},
    {L::dual_connecting, E::replicaof, L::connect, A::dial_now, "valkey-8"},
    {L::dual_receive_reply, E::replicaof, L::connect, A::dial_now, "valkey-8"},
    {L::dual_receive_endoff, E::replicaof, L::connect, A::dial_now, "valkey-8"},
    {L::dual_transfer, E::replicaof, L::connect, A::dial_now, "valkey-8"},
    {L::transfer, E::replicaof, L::connect, A::dial_now},
    {L::connected, E::replicaof, L::connect, A::dial_now},
    {L::connect, E::no_one, L::none, A::leave},
    {L::connecting, E::no_one, L::none, A::leave},
    {L::receive_ping_reply, E::no_one, L::none, A::leave},
    {L::receive_auth_reply, E::no_one, L::none, A::leave},
    {L::receive_port_reply, E::no_one, L::none, A::leave},
    {L::receive_ip_reply, E::no_one, L::none, A::leave},
    {L::receive_capa_reply, E::no_one, L::none, A::leave},
    {L::receive_version_reply, E::no_one, L::none, A::leave, "valkey-8"},
    {L::receive_psync_reply, E::no_one, L::none, A::leave},
    {L::dual_connecting, E::no_one, L::none, A::leave, "valkey-8"},
    {L::dual_receive_reply, E::no_one, L::none, A::leave, "valkey-8"},
    {L::dual_receive_endoff, E::no_one, L::none, A::leave, "valkey-8"},
    {L::dual_transfer, E::no_one, L::none, A::leave, "valkey-8"},
    {L::transfer, E::no_one, L::none, A::leave},
    {L::connected, E::no_one, L::none, A::leave},
});

using F = FeedState;
using V = FeedEvent;

// What a master keeps for each replica (reference 2.2).
constexpr auto kFeedEdges = std::to_array<FeedEdge>({
    {F::none, V::continued, F::online},
    {F::none, V::continued_beside, F::bg_rdb_load},
    {F::bg_rdb_load, V::acknowledged, F::online},
    {F::bg_rdb_load, V::lost, F::gone},
    {F::bg_rdb_load, V::timed_out, F::gone},
    {F::bg_rdb_load, V::over_limit, F::gone},
    {F::bg_rdb_load, V::dropped, F::gone},
    {F::none, V::needs_full, F::wait_bgsave_start},
    {F::wait_bgsave_start, V::snapshot_started, F::wait_bgsave_end},
    {F::wait_bgsave_end, V::snapshot_on_disk, F::send_bulk},
    {F::wait_bgsave_end, V::snapshot_relayed, F::online},
    {F::send_bulk, V::file_sent, F::online},
    {F::wait_bgsave_end, V::rdb_only_sent, F::rdb_transmitted},
    {F::send_bulk, V::rdb_only_sent, F::rdb_transmitted},
    {F::rdb_transmitted, V::dropped, F::gone},

    {F::wait_bgsave_start, V::snapshot_refused, F::gone},
    {F::wait_bgsave_end, V::snapshot_failed, F::gone},
    {F::wait_bgsave_start, V::lost, F::gone},
    {F::wait_bgsave_end, V::lost, F::gone},
    {F::send_bulk, V::lost, F::gone},
    {F::online, V::lost, F::gone},
    {F::rdb_transmitted, V::lost, F::gone},
    {F::wait_bgsave_end, V::timed_out, F::gone},
    {F::online, V::timed_out, F::gone},
    {F::wait_bgsave_end, V::over_limit, F::gone},
    {F::send_bulk, V::over_limit, F::gone},
    {F::online, V::over_limit, F::gone},
    {F::wait_bgsave_start, V::dropped, F::gone},
    {F::wait_bgsave_end, V::dropped, F::gone},
    {F::send_bulk, V::dropped, F::gone},
    {F::online, V::dropped, F::gone},
});

using O = FailoverState;
using G = FailoverEvent;
using W = FailoverAction;

// Handing over (R10.31 to R10.35). What fails before the target is followed costs nothing; what
// fails after it costs a new id (W::take_back).
constexpr auto kFailoverEdges = std::to_array<FailoverEdge>({
    {O::none, G::requested, O::waiting_for_sync, W::pause_writes},
    {O::waiting_for_sync, G::caught_up, O::in_progress, W::follow_target},
    {O::waiting_for_sync, G::forced, O::in_progress, W::follow_target},
    {O::waiting_for_sync, G::time_is_up, O::none, W::release},
    {O::waiting_for_sync, G::aborted, O::none, W::release},
    {O::in_progress, G::target_accepts, O::none, W::release},
    {O::in_progress, G::target_refuses, O::none, W::take_back},
    {O::in_progress, G::aborted, O::none, W::take_back},
});

// Checked by the compiler: a pair stands once, and every state can be entered.
template <class Edges>
constexpr bool each_pair_once(const Edges& edges) {
  for (std::size_t i = 0; i < edges.size(); ++i) {
    for (std::size_t j = i + 1; j < edges.size(); ++j) {
      if (edges[i].from == edges[j].from && edges[i].on == edges[j].on) return false;
    }
  }
  return true;
}
template <class Edges, class S>
constexpr bool each_state_entered(const Edges& edges, S initial, S last) {
  for (int state = 0; state <= static_cast<int>(last); ++state) {
    if (state == static_cast<int>(initial)) continue;
    if (std::none_of(edges.begin(), edges.end(),
                     [&](const auto& e) { return static_cast<int>(e.to) == state; })) {
      return false;
    }
  }
  return true;
}
static_assert(each_pair_once(kLinkEdges) && each_pair_once(kFeedEdges) &&
              each_pair_once(kFailoverEdges));
static_assert(each_state_entered(kLinkEdges, L::none, L::connected));
static_assert(each_state_entered(kFeedEdges, F::none, F::gone));
static_assert(each_state_entered(kFailoverEdges, O::none, O::in_progress));

template <class Edge, std::size_t N, class S, class Ev>
const Edge* find_in(const std::array<Edge, N>& edges, S from, Ev on) {
  const auto found = std::find_if(edges.begin(), edges.end(),
                                  [&](const Edge& e) { return e.from == from && e.on == on; });
  return found == edges.end() ? nullptr : &*found;
}

}  // namespace

std::span<const LinkEdge> link_edges() {
  return kLinkEdges;
}
std::span<const FeedEdge> feed_edges() {
  return kFeedEdges;
}
std::span<const FailoverEdge> failover_edges() {
  return kFailoverEdges;
}
const LinkEdge* find_edge(LinkState from, LinkEvent on) {
  return find_in(kLinkEdges, from, on);
}
const FeedEdge* find_edge(FeedState from, FeedEvent on) {
  return find_in(kFeedEdges, from, on);
}

const FailoverEdge* find_edge(FailoverState from, FailoverEvent on) {
  return find_in(kFailoverEdges, from, on);
}

std::string_view name(LinkState state) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"NONE", "CONNECT", "CONNECTING", "RECEIVE_PING_REPLY", "SEND_HANDSHAKE",
       "RECEIVE_AUTH_REPLY", "RECEIVE_PORT_REPLY", "RECEIVE_IP_REPLY", "RECEIVE_CAPA_REPLY", "RECEIVE_VERSION_REPLY",
       "SEND_PSYNC", "RECEIVE_PSYNC_REPLY", "DUAL_CONNECTING", "DUAL_RECEIVE_REPLY",
       "DUAL_RECEIVE_ENDOFF", "DUAL_TRANSFER", "TRANSFER", "CONNECTED"});
  return kNames.at(static_cast<std::size_t>(state));
}

std::string_view name(LinkEvent event) {
  static constexpr auto kNames = std::to_array<std::string_view>({"REPLICAOF",
                                                           "REPLICAOF NO ONE",
                                                           "dial",
                                                           "connected",
                                                           "connection refused",
                                                           "accepted reply",
                                                           "refusing reply",
                                                           "written",
                                                           "not configured",
                                                           "accepted reply, version told",
                                                           "newline",
                                                           "+FULLRESYNC",
                                                           "+CONTINUE",
                                                           "+DUALCHANNELSYNC",
                                                           "$ENDOFF",
                                                           "-LOADING, -NOMASTERLINK",
                                                           "PSYNC not supported",
                                                           "RDB loaded",
                                                           "transfer failed",
                                                           "link lost",
                                                           "repl-timeout",
                                                           "malformed stream",
                                                           "link lost while paused"});
  return kNames.at(static_cast<std::size_t>(event));
}

std::string_view name(FeedState state) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"CLIENT", "WAIT_BGSAVE_START", "WAIT_BGSAVE_END",
                                       "SEND_BULK", "BG_RDB_LOAD", "ONLINE", "RDB_TRANSMITTED", "GONE"});
  return kNames.at(static_cast<std::size_t>(state));
}

std::string_view name(FeedEvent event) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"full resync needed", "PSYNC granted", "PSYNC granted beside an RDB channel",
       "ACK", "snapshot started", "snapshot could not start",
       "snapshot on disk", "snapshot relayed", "snapshot failed", "file sent",
       "rdb-only client served", "link lost", "repl-timeout", "output limit", "dropped"});
  return kNames.at(static_cast<std::size_t>(event));
}

std::string_view name(FailoverState state) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"no-failover", "waiting-for-sync", "failover-in-progress"});
  return kNames.at(static_cast<std::size_t>(state));
}

std::string_view name(FailoverEvent event) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"FAILOVER", "target caught up", "TIMEOUT", "TIMEOUT with FORCE", "target accepts",
       "target refuses", "FAILOVER ABORT"});
  return kNames.at(static_cast<std::size_t>(event));
}

std::string_view machine_name(MachineKind kind) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"replica-link", "replica-feed", "failover"});
  return kNames.at(static_cast<std::size_t>(kind));
}
std::string_view state_name(MachineKind kind, std::uint8_t state) {
  if (kind == MachineKind::failover) return name(FailoverState{state});
  return kind == MachineKind::replica_link ? name(LinkState{state}) : name(FeedState{state});
}
std::string_view event_name(MachineKind kind, std::uint8_t event) {
  if (kind == MachineKind::failover) return name(FailoverEvent{event});
  return kind == MachineKind::replica_link ? name(LinkEvent{event}) : name(FeedEvent{event});
}

}  // namespace model
