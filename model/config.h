// The configuration of a server, by its redis.conf names. One table lists every setting that the model
// has: its names, how a value is written, its default; CONFIG GET and SET, scenario files and
// configuration files all go through it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/encoding.h"

namespace model {

struct OutputLimit {          // client-output-buffer-limit <class> <hard> <soft> <soft seconds>
  std::int64_t hard = 268435456;
  std::int64_t soft = 67108864;
  std::int64_t soft_seconds = 60;
  bool operator==(const OutputLimit&) const = default;
};

struct SavePoint {            // save <seconds> <changes>: a snapshot when so much time has passed
  std::int64_t seconds = 0;   // since the last one and there were so many changes
  std::int64_t changes = 0;
  bool operator==(const SavePoint&) const = default;
};

struct Config {
  std::int64_t repl_backlog_size = 1048576;      // bytes; CONFIG SET makes less 16384 (R6.8), a file does not
  std::int64_t repl_backlog_ttl = 3600;          // s, 0 = keep
  std::int64_t repl_timeout = 60;                // s
  std::int64_t repl_ping_replica_period = 10;    // s
  bool repl_diskless_sync = true;
  std::int64_t repl_diskless_sync_delay = 5;     // s
  std::int64_t repl_diskless_sync_max_replicas = 0;
  std::string repl_diskless_load = "disabled";   // "disabled", "on-empty-db", "swapdb"
  bool repl_disable_tcp_nodelay = false;
  bool dual_channel_replication_enabled = false;  // Valkey 8
  bool replica_serve_stale_data = true;
  bool replica_read_only = true;
  bool replica_lazy_flush = false;
  bool replica_ignore_maxmemory = true;
  std::int64_t replica_priority = 100;
  bool replica_announced = true;
  std::string replica_announce_ip;
  std::int64_t replica_announce_port = 0;
  std::int64_t min_replicas_to_write = 0;
  std::int64_t min_replicas_max_lag = 10;        // s
  OutputLimit replica_output_limit;
  OutputLimit normal_output_limit{0, 0, 0};
  OutputLimit pubsub_output_limit{33554432, 8388608, 60};
  std::int64_t maxclients = 10000;
  std::int64_t timeout = 0;                      // s, 0 = clients may be silent for ever
  std::int64_t proto_max_bulk_len = 536870912;   // bytes of one argument
  std::int64_t client_query_buffer_limit = 1073741824;  // bytes that have not become a request
  std::string masterauth, masteruser, requirepass;
  std::vector<SavePoint> save = {{3600, 1}, {300, 100}, {60, 10000}};  // none: no snapshots of its own
  bool rdbcompression = true;
  bool rdbchecksum = true;
  bool rdb_del_sync_files = false;
  bool stop_writes_on_bgsave_error = true;
  std::int64_t rdb_key_save_delay = 0;           // us a key
  std::int64_t key_load_delay = 0;               // us a key
  std::int64_t shutdown_timeout = 10;            // s
  std::int64_t databases = 16;
  std::int64_t hz = 10;
  std::int64_t port = 6379;
  std::int64_t maxmemory = 0;                    // bytes of keys and values (Keyspace::bytes)
  std::string maxmemory_policy = "noeviction";
  bool lazyfree_lazy_expire = false;
  bool lazyfree_lazy_eviction = false;
  bool lazyfree_lazy_server_del = false;
  bool lazyfree_lazy_user_del = false;
  bool lazyfree_lazy_user_flush = false;
  std::string enable_debug_command = "no";       // "no", "yes", "local"
  std::string propagation_error_behavior = "ignore";
  EncodingLimits encoding;                       // what is held compactly
  bool appendonly = false;                       // "no" only: the model has no AOF
  bool operator==(const Config&) const = default;
};

// Set by a server's start only, or at any time.
struct Setting {
  std::string_view name;      // "repl-backlog-size"
  std::string_view alias;     // "slave-..." spelling, or empty
  std::string_view expects;   // "a memory size, as 16kb", "yes or no", "a whole number from 0 to ..."
  bool at_start_only = false; // CONFIG SET refuses it
  // Nothing when taken, else what is wrong with the value, in Redis's words where it has them.
  std::optional<std::string> (*set)(Config&, std::string_view value);
  std::string (*get)(const Config&);
};

std::span<const Setting> settings();  // sorted by name
const Setting* find_setting(std::string_view name);  // any letter case, aliases too

// "16384", "16kb" = 16384, "16k" = 16000, "1mb", "1gb", in any letter case; nothing for anything else,
// and for sizes above 2^63-1.
std::optional<std::int64_t> memory_size(std::string_view text);

}  // namespace model
