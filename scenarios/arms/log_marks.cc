#include "scenarios/arms/log_marks.h"

#include <algorithm>
#include <array>

namespace scenarios::arms {
namespace {

struct Line {
  std::string_view mark, has;
};

constexpr auto kLines = std::to_array<Line>({
    {"attached_to_snapshot", "Waiting for end of BGSAVE for SYNC"},
    {"denied_after_backlog", "greater than the master replication offset"},
    {"denied_beyond_second_id", "offset for second ID was"},
    {"denied_unknown_id", "not accepted: Replication ID mismatch"},
    {"diskless_delay_waited", "Delay next BGSAVE for diskless SYNC"},
    {"failover_aborted_in_progress", "Failover manually aborted"},
    {"failover_aborted_waiting", "Failover manually aborted"},
    {"failover_forced", "time out exceeded, failing over"},
    {"failover_refused", "Failover target rejected psync request"},
    {"failover_target_caught_up", "is synced, failing over"},
    {"failover_timed_out", "never caught up before timeout"},
    {"handshake_refused", "Error reply to PING from master"},
    {"handshake_timed_out", "Timeout connecting to the MASTER"},
    {"link_lost_cached", "Caching the disconnected master state"},
    {"load_failed", "Failed trying to load the MASTER synchronization DB"},
    {"master_timed_out", "MASTER timeout: no data nor PING received"},
    {"new_id_learnt", "Master replication ID changed to"},
    {"promoted_by_psync", "MASTER MODE enabled (failover request"},
    {"rdb_only_served", "RDB transfer completed, rdb only replica"},
    {"replica_fell_back_to_sync", "Retrying with SYNC"},
    {"replica_timed_out", "Disconnecting timedout replica (streaming sync)"},
    {"replica_transfer_timed_out", "Disconnecting timedout replica (full sync)"},
    {"shutdown_caught_up", "replicas are in sync when shutting down"},
    {"shutdown_waited", "Waiting for replicas before shutting down"},
    {"snapshot_died", "BGSAVE child returned an error"},
    {"snapshot_failed_to_start", "BGSAVE for replication failed"},
    {"stream_malformed", "Protocol error (Master"},
    {"sync_file_deleted", "Removing the RDB file"},
    {"transfer_broken", "I/O error trying to sync with MASTER"},
    {"transfer_disk_error", "Write error or short write writing to the DB dump file"},
    {"transfer_timed_out", "Timeout receiving bulk data from MASTER"},
    {"waited_for_next_snapshot", "Waiting for next BGSAVE for SYNC"},
});

}  // namespace

std::optional<std::string_view> log_line_of(std::string_view mark) {
  const auto it = std::find_if(kLines.begin(), kLines.end(),
                               [&](const Line& line) { return line.mark == mark; });
  return it == kLines.end() ? std::nullopt : std::optional(it->has);
}

}  // namespace scenarios::arms
