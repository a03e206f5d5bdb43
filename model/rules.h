// Where versions differ and where history went wrong: every such decision is a named field here,
// and the code asks the field at the place where it decides.
//
//      profile   a whole Rules value: how one release behaves (reference section 11, V rows)
//      quirk     one small change to a Rules value: a bug that replication really had
//
// The defaults are redis-server 7.0.15 without a bug.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace model {

struct Rules {
  // --- identity: who may continue from where -----------------------------------------------------
  bool psync_checks_id = true;  // R5.1; off: H23 psync-ignores-history-id
  enum class SecondLimit { next_byte, offset, ignored };
  SecondLimit second_id_limit = SecondLimit::next_byte;  // R10.4; S01, S02
  enum class UpperBound { end, capacity, before_end };
  UpperBound backlog_upper_bound = UpperBound::end;  // R5.1; H25 in its two faces
  bool lower_bound_off_by_one = false;               // R5.1; S06
  bool continue_shifts_ids = true;                   // R3.29; S05
  bool continue_teaches_id = true;                   // R3.29
  bool continue_drops_subreplicas = true;            // R3.29; H10
  bool drops_all_subreplicas = true;                 // R7.43; H31
  bool freed_backlog_renews_id = true;               // R6.6; H03
  bool refusal_keeps_cached_master = true;           // R3.30; H57
  bool promotion_restarts_ttl = true;                // R10.4; H59
  bool snapshot_id_becomes_second = true;            // R10.18; off: H07
  bool full_resync_forgets_old = true;               // R4.23, R7.43; H04
  bool handshake_timeout_keeps_position = true;      // R2.3, R5.8; H57
  bool offset_zero_is_history = true;                // R10.17; H84
  bool demotion_takes_nothing_back = true;           // R10.3; H29

  // --- full resync
  // --------------------------------------------------------------------------------
  bool offset_fixed_at_snapshot = true;    // R4.5; H02
  bool attach_copies_all_pending = true;   // R4.4; H13
  bool failed_job_drops_replicas = true;   // R4.8; H78
  bool stream_waits_for_ack = true;        // R4.12; H67
  bool dead_child_is_noticed = true;       // R4.8; H12
  enum class CancelledJob { ignored, saved, sent };
  CancelledJob cancelled_job = CancelledJob::ignored;  // R4.8, R4.10; H38, S13
  bool select_again_for_each_copy = true;              // R4.5; H22
  bool owed_from_capture = true;                       // R1.9, R4.5; S11
  bool failed_load_empties = true;         // R4.23, R4.32; H36
  bool swapdb_keeps_old_data = true;       // R4.26; H36
  bool mark_checked_before_swap = true;    // R4.12, R4.26; H35
  bool load_keeps_overdue = true;          // R8.9; H16
  bool full_resync_takes_functions = true;  // R4.21
  bool newlines_while_loading = true;      // R4.22; H63
  bool times_out_diskless_readers = true;  // R2.6; H69

  // --- stream
  // -------------------------------------------------------------------------------------
  bool applies_before_relay = true;     // R7.30; H01
  bool offset_waits_for_exec = true;    // R5.20; S17
  bool ack_is_applied = true;           // R5.21; S14
  bool wait_counts_acked = true;        // R9.18; S14
  bool suspends_without_multi = true;   // R5.8; H05
  bool suspends_without_parser = true;  // R5.8; H21
  bool continue_keeps_db = true;        // R5.23; S08
  bool relays_only = true;              // R7.41; off: S21
  bool wraps_units = true;              // R7.10; H47
  bool errors_end_units = true;         // R7.10; H48
  bool demotion_ends_unit = true;       // R7.10, R10.2; H17
  bool pause_holds_offset = true;       // R7.35; H09
  bool stream_has_no_keepalives = true;  // R9.8; H39
  bool forgets_closed_links = true;      // R2.2; S23

  // --- expiry
  // -------------------------------------------------------------------------------------
  bool expiry_del_goes_first = true;   // R8.3; H15
  bool deadlines_are_absolute = true;  // R7.4; H43
  bool replica_hides_overdue = true;   // R8.5; V40
  enum class Shown { nothing, by_exists, everything };
  Shown overdue_on_replica = Shown::nothing;  // R8.5; H44
  bool replica_waits_for_del = true;          // R8.1; H27
  bool past_deadline_waits_for_del = true;    // R8.7; H27
  bool pause_stops_expiry = true;             // R8.10; H73
  bool pause_stops_getack = true;             // R9.18; H73
  bool failover_stops_pings = true;           // R9.7; H73
  bool failover_takes_offset_zero = true;     // R10.31; H84

  // --- liveness
  // -----------------------------------------------------------------------------------
  bool handshake_times_out = true;          // R2.3; H62
  bool only_reads_refresh_link = true;      // R1.3 table, lastinteraction; H61
  bool retarget_cancels_handshake = true;   // R2.4; H65
  bool failed_fork_rejects_waiters = true;  // R4.7; H68
  bool shutdown_waits = true;               // R10.19; V45: 7.0 and later
  bool blocks_are_limited = true;           // R6.10; H71
  bool obeys_newest_order = true;           // R10.2; H74

  // --- versions (V rows of the reference, section 11)
  // ---------------------------------------------
  // model/profiles.cc has what each release says, `replsim profiles` prints it. A rule that a quirk
  // also changes stands above, and its V row in profiles.cc.
  std::string_view redis_version = "7.0.15";
  std::string_view valkey_version = "";  // INFO valkey_version, and the file's; empty: not Valkey
  int release = 700;  // whose commands and settings there are: 206, 208, 400, 500, 602, 700, 702
  std::string_view defaults = "";  // 9.6: settings that are not as in 7.0, "name value, name value"

  // who may continue from where
  enum class Stream : std::uint8_t { relayed, own, per_replica };
  Stream stream = Stream::relayed;      // V7: what sub-replicas get; V1, V2, V4, V20 go with it
  bool counts_received = false;         // V8, V9: the applied offset is the received one
  bool resumes_from_file = true;        // V5: a restarted replica asks to be continued
  bool resumes_others_from_file = true; // V6: a restarted master continues its replicas
  bool keeps_position_until_load = true;  // V17, V18: not given up with +FULLRESYNC
  bool bad_offset_means_full = false;   // V48
  bool repoint_drops_replicas = false;  // V19

  // the handshake
  enum class Handshake : std::uint8_t { inline_words, one_by_one, pipelined };
  Handshake handshake = Handshake::pipelined;  // V13
  std::string_view capabilities = "eof psync2";  // V11: what a replica says it can
  std::string_view replconf_options =            // V12: what a master understands
      "listening-port ip-address capa rdb-only rdb-filter-only";
  bool tells_version = false;        // V12: REPLCONF version
  bool auth_takes_user = true;       // V14
  std::string_view no_master_link =  // V15
      "NOMASTERLINK Can't SYNC while not connected with my master";
  bool has_acks = true;  // V10

  // full resync
  bool reconnects_at_once = true;        // V21: after a lost link, a failed transfer, REPLICAOF
  bool child_end_ignores_delay = false;  // V26: the end of a child starts the waiting snapshot
  bool delay_must_be_passed = false;     // V26: `>` instead of `>=`
  bool acks_marked_transfer = true;      // V31: an ACK right after the mark
  bool dual_channel = false;             // V51

  // backlog
  bool ring_backlog = false;               // V23
  bool resize_keeps_backlog = true;        // V24
  bool idle_replica_frees_backlog = false;  // V25
  bool limit_covers_backlog = true;        // V46

  // propagation
  enum class Ttl : std::uint8_t { as_written, milliseconds, absolute };
  Ttl set_ttl = Ttl::absolute;           // V33: SET with a TTL
  bool set_has_all_options = true;       // V33: EXAT, PXAT, KEEPTTL, GET
  bool expire_is_absolute = true;        // V32: EXPIRE becomes PEXPIREAT
  bool incrbyfloat_keeps_ttl = true;     // V34
  bool spop_in_batches = false;          // V35: one SREM for up to 1024 members
  enum class Wrapping : std::uint8_t { by_size, transactions, transactions_and_extra };
  Wrapping wrapping = Wrapping::by_size;  // V37, V38: what is between MULTI and EXEC
  bool select_inside_multi = false;      // V37
  bool lower_case_ping = true;           // V39
  bool replica_commands_tolerated = false;  // V47

  int rdb_version = 10;  // V50

  bool operator==(const Rules&) const = default;
};

struct Profile {
  std::string_view name;  // "redis-7.0"
  std::string_view about;
  Rules rules;
};

struct Quirk {
  std::string_view name;    // "id2-limit-ignored"; its witness is scenarios/witnesses/<name>.json
  std::string_view source;  // "S02", "H01, Redis issue #3899, fix 22be435ef"
  std::string_view breaks;  // what must hold and does not, as the witness shows it: "PREFIX"
  std::string_view about;   // the deviation in one sentence
  void (*apply)(Rules&);
};

std::span<const Profile> profiles();  // the default first
std::span<const Quirk> quirks();      // in order of their names
const Profile* find_profile(std::string_view name);
const Quirk* find_quirk(std::string_view name);

}  // namespace model
