#include "model/releases.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace model {
namespace {

constexpr int kValkey = 1000;  // later than any release of Redis that is modelled

struct Since {
  std::string_view name;
  int release;
};

// What is not here was in 2.6 already. 3.0 and 3.2 count as 4.0, 6.0 as 6.2.
constexpr auto kSettings = std::to_array<Since>({
    {"client-query-buffer-limit", 400},
    {"dual-channel-replication-enabled", kValkey},
    {"enable-debug-command", 700},
    {"hz", 208},
    {"key-load-delay", 602},
    {"lazyfree-lazy-eviction", 400},
    {"lazyfree-lazy-expire", 400},
    {"lazyfree-lazy-server-del", 400},
    {"lazyfree-lazy-user-del", 602},
    {"lazyfree-lazy-user-flush", 602},
    {"masteruser", 602},
    {"min-replicas-max-lag", 208},
    {"min-replicas-to-write", 208},
    {"propagation-error-behavior", 700},
    {"proto-max-bulk-len", 400},
    {"rdb-del-sync-files", 602},
    {"rdb-key-save-delay", 602},
    {"repl-backlog-size", 208},
    {"repl-backlog-ttl", 208},
    {"repl-diskless-load", 602},
    {"repl-diskless-sync", 208},
    {"repl-diskless-sync-delay", 208},
    {"repl-diskless-sync-max-replicas", 700},
    {"replica-announce-ip", 400},
    {"replica-announce-port", 400},
    {"replica-announced", 602},
    {"replica-ignore-disk-write-errors", 700},
    {"replica-ignore-maxmemory", 500},
    {"replica-lazy-flush", 400},
    {"shutdown-timeout", 700},
});

constexpr auto kCommands = std::to_array<Since>({
    {"acl", 602},         {"bitfield", 400},     {"bitfield_ro", 602}, {"bitpos", 208},
    {"blmove", 602},      {"blmpop", 700},       {"bzmpop", 700},      {"bzpopmax", 500},
    {"bzpopmin", 500},    {"copy", 602},         {"eval_ro", 700},     {"evalsha_ro", 700},
    {"expiretime", 700},  {"failover", 602},     {"fcall", 700},       {"fcall_ro", 700},
    {"function", 700},    {"geoadd", 400},       {"getdel", 602},      {"getex", 602},
    {"hrandfield", 602},  {"hscan", 208},        {"hstrlen", 400},     {"lcs", 700},
    {"lmove", 602},       {"lmpop", 700},        {"lpos", 602},        {"pexpiretime", 700},
    {"pfadd", 208},       {"pfcount", 208},      {"pfmerge", 208},     {"psync", 208},
    {"reset", 602},       {"role", 208},         {"scan", 208},        {"sintercard", 700},
    {"smismember", 602},  {"sort_ro", 700},      {"spublish", 700},    {"sscan", 208},
    {"swapdb", 400},      {"touch", 400},        {"unlink", 400},      {"wait", 400},
    {"waitaof", 702},     {"xadd", 500},         {"xautoclaim", 602},  {"xclaim", 500},
    {"xdel", 500},        {"xgroup", 500},       {"xlen", 500},        {"xrange", 500},
    {"xread", 500},       {"xreadgroup", 500},   {"xsetid", 500},      {"xtrim", 500},
    {"zdiff", 602},       {"zdiffstore", 602},   {"zinter", 602},      {"zintercard", 700},
    {"zlexcount", 208},   {"zmpop", 700},        {"zmscore", 602},     {"zpopmax", 500},
    {"zpopmin", 500},     {"zrandmember", 602},  {"zrangebylex", 208}, {"zrangestore", 602},
    {"zremrangebylex", 208}, {"zrevrangebylex", 208}, {"zscan", 208},  {"zunion", 602},
});

constexpr auto kInfoFields = std::to_array<Since>({
    {"async_loading", 700},
    {"hz", 208},
    {"master_failover_state", 602},
    {"master_repl_offset", 208},
    {"master_replid", 400},
    {"master_replid2", 400},
    {"master_sync_perc", 602},
    {"master_sync_read_bytes", 602},
    {"master_sync_total_bytes", 602},
    {"maxmemory", 400},
    {"mem_clients_slaves", 500},
    {"mem_replication_backlog", 602},
    {"mem_total_replication_buffers", 700},
    {"min_slaves_good_slaves", 208},
    {"redis_mode", 208},
    {"repl_backlog_active", 208},
    {"repl_backlog_first_byte_offset", 208},
    {"repl_backlog_histlen", 208},
    {"repl_backlog_size", 208},
    {"replica_announced", 602},
    {"replicas_repl_buffer_peak", kValkey},
    {"replicas_repl_buffer_size", kValkey},
    {"replicas_waiting_psync", kValkey},
    {"second_repl_offset", 400},
    {"server_name", kValkey},
    {"slave_read_repl_offset", 602},
    {"slave_repl_offset", 208},
    {"sync_full", 208},
    {"sync_partial_err", 208},
    {"sync_partial_ok", 208},
    {"total_net_repl_input_bytes", 700},
    {"total_net_repl_output_bytes", 700},
    {"unexpected_error_replies", 602},
    {"valkey_version", kValkey},
});

template <class Table>
bool is_there(const Table& table, const Rules& rules, std::string_view name) {
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const Since& s) { return s.name == name; });
  if (row == table.end()) return true;
  return row->release == kValkey ? !rules.valkey_version.empty() : row->release <= rules.release;
}

}  // namespace

bool has_setting(const Rules& rules, std::string_view name) {
  return is_there(kSettings, rules, name);
}

bool has_command(const Rules& rules, std::string_view name) {
  return is_there(kCommands, rules, name);
}

bool has_info_field(const Rules& rules, std::string_view name) {
  return is_there(kInfoFields, rules, name);
}

bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

Config default_config(const Rules& rules) {
  Config config;
  std::string_view lines = rules.defaults;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find(", "), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const std::size_t blank = line.find(' ');
    const Setting* setting = find_setting(line.substr(0, blank));
    if (setting == nullptr || setting->set(config, line.substr(blank + 1)))
      throw std::logic_error("a release with a bad default: " + std::string(line));
  }
  return config;
}

}  // namespace model
