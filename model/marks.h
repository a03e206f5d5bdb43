// The rare paths, by name. The model notes each when it is taken; a campaign or catalogue that
// never reaches one says nothing about it, and `replsim marks` lists it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace model {

// X(name, what was reached)
#define MODEL_MARKS(X)                                                                            \
  X(partial_exact_end, "a partial resync with nothing missing")                                   \
  X(partial_first_byte, "a partial resync from the first byte that the backlog still holds")      \
  X(partial_by_second_id, "a partial resync granted by the secondary id")                         \
  X(partial_at_second_limit, "the last byte allowed under the secondary id was asked for")        \
  X(partial_without_psync2, "+CONTINUE without an id, to a replica that lacks psync2")            \
  X(denied_unknown_id, "full resync: the id is of another history")                               \
  X(denied_beyond_second_id, "full resync: past the limit of the secondary id")                   \
  X(denied_before_backlog, "full resync: the backlog no longer holds the offset")                 \
  X(denied_one_byte_short, "full resync: the backlog lacks exactly one byte")                     \
  X(denied_after_backlog, "full resync: the replica is ahead of the master")                      \
  X(denied_no_backlog, "full resync: there is no backlog")                                        \
  X(sync_without_psync, "a replica came with SYNC")                                               \
  X(replica_fell_back_to_sync, "a replica wrote SYNC as the master does not take PSYNC")          \
  X(psync_try_later, "the master asked to be tried later")                                        \
  X(dual_channel_offered, "a primary answered +DUALCHANNELSYNC")                                   \
  X(dual_channel_begun, "a replica opened an RDB channel")                                         \
  X(dual_channel_broken, "one of two channels broke, both went"   )                               \
  X(dual_channel_buffer_full, "the stream kept aside reached the output limit")                    \
  X(psync_refused_no_master_link, "PSYNC refused: no link to the own master")                     \
  X(backlog_created_by_first_replica, "a master created its backlog, and a new id with it")       \
  X(backlog_created_by_full_sync, "a replica created its backlog at the end of a full resync")    \
  X(backlog_created_by_continue, "a replica created its backlog at a partial resync")             \
  X(backlog_freed_by_ttl, "a master without replicas gave up its backlog")                        \
  X(backlog_freed_by_full_sync, "a replica gave up its backlog for a full resync")                \
  X(backlog_trimmed, "the backlog forgot its oldest bytes")                                       \
  X(backlog_held_by_slow_replica, "the backlog kept bytes for a replica that has not read them")  \
  X(backlog_resized, "repl-backlog-size changed while there was a backlog")                       \
  X(attached_to_snapshot, "a replica attached to a running snapshot")                             \
  X(waited_for_next_snapshot, "a replica had to wait for the next snapshot")                      \
  X(snapshot_failed_to_start, "a snapshot could not be started: waiting replicas were refused")   \
  X(snapshot_died, "a snapshot died: replicas waiting for it were dropped")                       \
  X(snapshot_killed_unneeded, "a snapshot was killed as nobody waited for it any more")           \
  X(snapshot_end_ignored, "the end of a snapshot that nobody wants any more was ignored")         \
  X(snapshot_killed_by_flushall, "FLUSHALL killed a running snapshot")                            \
  X(diskless_stream_held, "stream bytes were held until the first ACK after a diskless transfer") \
  X(diskless_delay_waited, "a diskless snapshot waited for more replicas")                        \
  X(keepalive_newline_sent, "a newline kept a waiting replica's link alive")                      \
  X(loading_newline_sent, "a loading replica told its master that it lives")                      \
  X(transfer_broken, "the link broke during the RDB transfer")                                    \
  X(transfer_timed_out, "the RDB transfer stood still for too long")                              \
  X(transfer_cancelled_by_role_change, "a role change ended an RDB transfer")                     \
  X(transfer_disk_error, "the RDB could not be written to disk while it was received")            \
  X(load_failed, "the RDB could not be loaded")                                                   \
  X(load_rejected_corrupt, "a corrupt RDB ended the process, as the real server does")            \
  X(link_lost_while_loading, "the link broke after the payload, during the load")                 \
  X(link_lost_in_command, "the stream broke inside a command")                                    \
  X(link_lost_in_multi, "the stream broke inside a transaction")                                  \
  X(link_lost_cached, "a lost master was remembered for a partial resync")                        \
  X(link_lost_not_cached, "a lost master was not remembered: its session had an error")           \
  X(handshake_timed_out, "the handshake timed out")                                               \
  X(handshake_line_too_slow, "a handshake line did not become whole within five seconds")         \
  X(handshake_refused, "the master's answer ended the handshake")                                 \
  X(handshake_cancelled, "a role change ended a handshake")                                       \
  X(master_timed_out, "the replica heard nothing from its master for too long")                   \
  X(replica_timed_out, "the master heard nothing from a replica for too long")                    \
  X(replica_transfer_timed_out, "a replica took nothing of a diskless transfer for too long")     \
  X(replica_over_hard_limit, "a replica's output passed the hard limit")                          \
  X(replica_over_soft_limit, "a replica's output stayed over the soft limit for too long")        \
  X(replica_sent_command, "a replica connection sent a command and was dropped")                  \
  X(new_id_learnt, "+CONTINUE told a replica that its history goes on under a new id")            \
  X(subreplicas_dropped, "replicas were dropped to make them ask again")                          \
  X(promoted_with_history, "a replica became master and kept its old id as the second")           \
  X(demoted_with_history, "a master became replica and offered its own history")                  \
  X(repointed_with_history, "a replica was given another master and kept its position")           \
  X(already_connected, "REPLICAOF named the master that is followed already")                     \
  X(transaction_applied, "a transaction from the master was applied as a whole")                  \
  X(stream_error_ignored, "a command of the stream failed on the replica and was ignored")        \
  X(stream_malformed, "the stream from the master could not be parsed")                           \
  X(exec_refused, "EXEC was refused for what the transaction would have done")                    \
  X(unit_wrapped, "a unit of several operations was wrapped in MULTI and EXEC")                   \
  X(unit_unwrapped_single, "a transaction with one write went out bare")                          \
  X(expired_lazily, "a key expired when it was touched")                                          \
  X(expired_actively, "a key expired without being touched")                                      \
  X(write_refused_read_only, "a replica refused a write")                                         \
  X(write_refused_no_replicas, "a master refused a write for lack of good replicas")              \
  X(stale_refused, "a replica without its master refused to serve stale data")                    \
  X(wait_satisfied, "WAIT was satisfied by acknowledgements")                                     \
  X(wait_timed_out, "WAIT timed out")                                                             \
  X(client_blocked, "a client waits for a key")                                                   \
  X(blocked_client_served, "a client that waited for a key was served")                           \
  X(blocked_client_timed_out, "a client waited too long for a key")                               \
  X(blocked_client_cut_off, "a role change cut off a client that waited for a key")               \
  X(getack_sent, "the master asked its replicas for acknowledgement")                             \
  X(script_run, "a script was run")                                                               \
  X(function_run, "a function was called")                                                        \
  X(key_evicted, "a key was evicted")                                                             \
  X(refused_out_of_memory, "a command was refused for lack of memory")                            \
  X(own_key_expired, "a writable replica expired a key of its own")                               \
  X(client_unblocked_by_command, "CLIENT UNBLOCK ended a wait")                                   \
  X(published_by_stream, "a replica's subscriber got what was published on the master")           \
  X(panicked_on_stream_error, "an error in the stream ended the process")                         \
  X(restarted_with_history, "a process started from a file that carries a history")               \
  X(pause_parked_stream, "a paused replica held back its master's stream")                        \
  X(failover_target_caught_up, "FAILOVER: the named replica had acknowledged everything")         \
  X(failover_any_caught_up, "FAILOVER: some replica had acknowledged everything and was chosen")  \
  X(failover_forced, "FAILOVER: the time was up, and it went on by force")                        \
  X(failover_timed_out, "FAILOVER: no replica caught up in time")                                 \
  X(failover_accepted, "FAILOVER: the target took over")                                          \
  X(failover_refused, "FAILOVER: the target refused, the old master took its role back")          \
  X(failover_aborted_waiting, "FAILOVER ABORT before a replica was followed")                     \
  X(failover_aborted_in_progress, "FAILOVER ABORT after the target was followed")                 \
  X(failover_released_writes, "writes held back by FAILOVER went on")                             \
  X(promoted_by_psync, "PSYNC FAILOVER made a replica a master")                                  \
  X(psync_refused_failing_over, "PSYNC refused: failing over")                                    \
  X(shutdown_waited, "SHUTDOWN waited for replicas to acknowledge everything")                    \
  X(shutdown_caught_up, "SHUTDOWN went on as all replicas had acknowledged")                      \
  X(shutdown_timed_out, "SHUTDOWN did not wait for a lagging replica any longer")                 \
  X(shutdown_aborted, "SHUTDOWN ABORT")                                                           \
  X(shutdown_failed, "SHUTDOWN was given up: the data could not be saved")                        \
  X(flushall_saved_ahead, "FLUSHALL saved a file before it was in the stream itself")             \
  X(sync_under_old_id, "after SYNC a replica goes by the id of an earlier +FULLRESYNC")            \
  X(saved_by_itself, "a save point was reached and a snapshot started")                           \
  X(write_refused_disk_error, "writes and PING were refused as the last save had failed")         \
  X(died_of_continue, "+CONTINUE to a replica without a position ended its process, as in 7.0.15") \
  X(async_loading_began, "old data of the same history were served while new ones were loaded")   \
  X(load_broken_by_reset, "a reset broke a load that reads from the socket")                      \
  X(rdb_only_served, "a client that wanted the RDB alone got it and was let go")                  \
  X(filtered_snapshot, "a snapshot held only a part of the data, as was asked")                   \
  X(sync_file_deleted, "a file that only replication needed was deleted")

enum class Mark : std::uint8_t {
#define X(name, text) name,
  MODEL_MARKS(X)
#undef X
};

struct MarkName {
  Mark mark;
  std::string_view name;
  std::string_view text;
};
std::span<const MarkName> marks();  // in order of the enumeration
std::string_view name(Mark mark);

}  // namespace model
