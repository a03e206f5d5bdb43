// The versions: each a value of Rules, by what differs from its neighbour (V rows of the reference,
// section 11). They are made one from another, away from 7.0 in both directions, so that each
// function reads as "what this release did not have yet" or "what it has more".
#include <algorithm>
#include <array>

#include "model/rules.h"

namespace model {
namespace {

using R = Rules;

constexpr R redis_7_0() {
  return {};
}

// --- back in time
// -----------------------------------------------------------------------------------

constexpr R redis_6_2() {
  R r = redis_7_0();
  r.redis_version = "6.2.14";
  r.release = 602;
  r.shutdown_waits = false;                                        // V45
  r.defaults = "repl-diskless-sync no, enable-debug-command yes, shutdown-timeout 0";  // V27, V45
  r.rdb_version = 9;                                               // V50
  r.replconf_options = "listening-port ip-address capa rdb-only";  // V12
  r.resumes_others_from_file = false;                              // V6
  r.keeps_position_until_load = false;                             // V17, V18
  r.repoint_drops_replicas = true;                                 // V19
  r.ring_backlog = true;                                           // V23
  r.resize_keeps_backlog = false;                                  // V24
  r.limit_covers_backlog = false;                                  // V46
  r.expire_is_absolute = false;                                    // V32
  r.set_ttl = R::Ttl::milliseconds;                                // V33
  r.wrapping = R::Wrapping::transactions_and_extra;                // V37, V38
  r.replica_commands_tolerated = true;                             // V47
  return r;
}

constexpr R redis_5_0() {
  R r = redis_6_2();
  r.redis_version = "5.0.14";
  r.release = 500;
  r.defaults =
      "repl-diskless-sync no, enable-debug-command yes, shutdown-timeout 0, "
      "save 900 1 300 10 60 10000";
  r.replconf_options = "listening-port ip-address capa";  // V12
  r.handshake = R::Handshake::one_by_one;                 // V13
  r.auth_takes_user = false;                              // V14
  r.reconnects_at_once = false;                           // V21
  r.child_end_ignores_delay = true;                       // V26
  r.delay_must_be_passed = true;                          // V26
  r.acks_marked_transfer = false;                         // V31
  r.set_ttl = R::Ttl::as_written;                         // V33
  r.set_has_all_options = false;                          // V33
  r.incrbyfloat_keeps_ttl = false;                        // V34
  r.wrapping = R::Wrapping::transactions;                 // V37
  r.lower_case_ping = false;                              // V39
  r.bad_offset_means_full = true;                         // V48
  return r;
}

constexpr R redis_4_0() {
  R r = redis_5_0();
  r.redis_version = "4.0.14";
  r.release = 400;
  r.defaults =
      "repl-diskless-sync no, enable-debug-command yes, shutdown-timeout 0, "
      "save 900 1 300 10 60 10000, replica-ignore-maxmemory no";  // V43
  r.handshake = R::Handshake::inline_words;                       // V13
  r.rdb_version = 8;                                              // V50
  return r;
}

constexpr R redis_2_8() {
  R r = redis_4_0();
  r.redis_version = "2.8.24";
  r.release = 208;
  r.stream = R::Stream::own;                 // V1 to V4, V7, V19, V20, V22, V42
  r.resumes_from_file = false;               // V5
  r.counts_received = true;                  // V8
  r.suspends_without_multi = false;          // V9
  r.suspends_without_parser = false;         // V9
  r.capabilities = "eof";                    // V11
  r.replconf_options = "listening-port capa";  // V12
  r.no_master_link = "ERR Can't SYNC while not connected with my master";  // V15
  r.refusal_keeps_cached_master = false;     // V16
  r.freed_backlog_renews_id = false;         // V25
  r.idle_replica_frees_backlog = true;       // V25
  r.replica_hides_overdue = false;           // V40
  r.rdb_version = 6;                         // V50
  return r;
}

constexpr R redis_2_6() {
  R r = redis_2_8();
  r.redis_version = "2.6.17";
  r.release = 206;
  r.stream = R::Stream::per_replica;     // V1, V7, V39
  r.has_acks = false;                    // V10
  r.capabilities = "";                   // V11
  r.replconf_options = "listening-port";  // V12
  return r;
}

// --- forth
// ------------------------------------------------------------------------------------------

constexpr R redis_7_2() {
  R r = redis_7_0();
  r.redis_version = "7.2.5";
  r.release = 702;
  r.spop_in_batches = true;      // V35
  r.select_inside_multi = true;  // V37
  r.rdb_version = 11;            // V50
  return r;
}

constexpr R valkey_8() {
  R r = redis_7_2();
  r.redis_version = "7.2.4";  // what it is compatible with
  r.valkey_version = "8.0.1";
  r.defaults =  // V52, 9.6
      "repl-backlog-size 10mb, replica-lazy-flush yes, lazyfree-lazy-expire yes, "
      "lazyfree-lazy-eviction yes, lazyfree-lazy-server-del yes, lazyfree-lazy-user-del yes, "
      "lazyfree-lazy-user-flush yes";
  r.tells_version = true;  // V12
  r.replconf_options =     // V12
      "listening-port ip-address capa rdb-only rdb-filter-only version rdb-channel "
      "set-rdb-client-id";
  r.dual_channel = true;  // V51, where the setting allows it
  return r;
}

constexpr auto kProfiles = std::to_array<Profile>({
    {"redis-7.0", "redis-server 7.0.15, what the model is held against", redis_7_0()},
    {"redis-2.6", "redis-server 2.6.17: full resyncs by SYNC only", redis_2_6()},
    {"redis-2.8", "redis-server 2.8.24: PSYNC by run id, each node a stream of its own",
     redis_2_8()},
    {"redis-4.0", "redis-server 4.0.14: histories with two ids, inline handshake", redis_4_0()},
    {"redis-5.0", "redis-server 5.0.14: the handshake in RESP, reconnects at the next tick",
     redis_5_0()},
    {"redis-6.2", "redis-server 6.2.14: an exact ring for a backlog, RDB version 9", redis_6_2()},
    {"redis-7.2", "redis-server 7.2.5: SELECT inside MULTI, RDB version 11", redis_7_2()},
    {"valkey-8", "valkey-server 8.0.1: as redis-7.2, lazy freeing, a full resync on two channels",
     valkey_8()},
});

}  // namespace

std::span<const Profile> profiles() {
  return kProfiles;
}

const Profile* find_profile(std::string_view name) {
  const auto found = std::find_if(kProfiles.begin(), kProfiles.end(),
                                  [&](const Profile& profile) { return profile.name == name; });
  return found == kProfiles.end() ? nullptr : &*found;
}

}  // namespace model
