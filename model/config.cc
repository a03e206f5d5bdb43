#include "model/config.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <type_traits>
#include <vector>

namespace model {
namespace {

constexpr std::int64_t kInt = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLong = std::numeric_limits<std::int64_t>::max();

using Problem = std::optional<std::string>;

bool same_word(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Only the one way in which a number is printed: no sign but '-', no leading zeros, no blanks.
std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (std::to_string(value) != text) return std::nullopt;
  return value;
}

std::string between(std::int64_t low, std::int64_t high) {
  return "argument must be between " + std::to_string(low) + " and " + std::to_string(high) + " inclusive";
}

struct Memory {
  enum class Is { size, too_large, nonsense } is = Is::nonsense;
  std::int64_t bytes = 0;
};

// Like Redis, takes a unit without digits (and nothing at all) for zero.
Memory read_memory(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string unit = lower_case(text.substr(digits));
  std::int64_t factor = 0;
  if (unit.empty() || unit == "b") factor = 1;
  if (unit == "k") factor = 1000;
  if (unit == "kb") factor = 1024;
  if (unit == "m") factor = 1000 * 1000;
  if (unit == "mb") factor = 1024 * 1024;
  if (unit == "g") factor = 1000 * 1000 * 1000;
  if (unit == "gb") factor = 1024 * 1024 * 1024;
  if (factor == 0) return {};

  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error == std::errc::result_out_of_range || value > kLong / factor) return {Memory::Is::too_large, 0};
  return {Memory::Is::size, value * factor};
}

std::vector<std::string_view> words(std::string_view text) {  // parted by single blanks, as Redis does
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// --- kinds of settings ----------------------------------------------------------------------------
// Each makes a row of the table for one field of Config.

template <auto Field>
Setting yes_or_no(std::string_view name, std::string_view alias = {}) {
  return {.name = name, .alias = alias, .expects = "yes or no",
          .set = [](Config& config, std::string_view value) -> Problem {
            const bool yes = same_word(value, "yes");
            if (!yes && !same_word(value, "no")) return "argument must be 'yes' or 'no'";
            config.*Field = yes;
            return std::nullopt;
          },
          .get = [](const Config& config) -> std::string { return config.*Field ? "yes" : "no"; }};
}

// A field of the settings themselves, or of those among them that say what is held compactly.
template <auto Field, class Settings>
auto& field_of(Settings& config) {
  if constexpr (std::is_invocable_v<decltype(Field), Settings&>)
    return config.*Field;
  else
    return config.encoding.*Field;
}

template <auto Field, std::int64_t low, std::int64_t high>
Setting number(std::string_view name, std::string_view alias = {}) {
  static const std::string expects =
      "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
  return {.name = name, .alias = alias, .expects = expects,
          .set = [](Config& config, std::string_view value) -> Problem {
            const auto read = whole_number(value);
            if (!read) return "argument couldn't be parsed into an integer";
            if (*read < low || *read > high) return between(low, high);
            field_of<Field>(config) = *read;
            return std::nullopt;
          },
          .get = [](const Config& config) { return std::to_string(field_of<Field>(config)); }};
}

template <auto Field, std::int64_t low, std::int64_t raised_to = low>
Setting memory(std::string_view name) {
  static const std::string expects =
      low == 0   ? "a memory size, as 16kb"
      : low == 1 ? "a memory size above 0, as 16kb"
                 : "a memory size of at least " + std::to_string(low) + " bytes";
  return {.name = name, .alias = {}, .expects = expects,
          .set = [](Config& config, std::string_view value) -> Problem {
            const Memory read = read_memory(value);
            if (read.is == Memory::Is::nonsense) return "argument must be a memory value";
            if (read.is == Memory::Is::too_large || read.bytes < low) return between(low, kLong);
            config.*Field = std::max(read.bytes, raised_to);
            return std::nullopt;
          },
          .get = [](const Config& config) { return std::to_string(config.*Field); }};
}

Problem set_stream_node_bytes(Config& config, std::string_view value) {
  const Memory read = read_memory(value);
  if (read.is == Memory::Is::nonsense) return "argument must be a memory value";
  if (read.is == Memory::Is::too_large) return between(0, kLong);
  config.encoding.stream_node_max_bytes = read.bytes;
  return std::nullopt;
}

template <auto Field>
Setting text(std::string_view name, std::string_view alias = {}) {
  return {.name = name, .alias = alias, .expects = "any text",
          .set = [](Config& config, std::string_view value) -> Problem {
            config.*Field = value;
            return std::nullopt;
          },
          .get = [](const Config& config) { return config.*Field; }};
}

constexpr std::array<std::string_view, 3> kDisklessLoad{"disabled", "on-empty-db", "swapdb"};
constexpr std::array<std::string_view, 3> kErrorBehavior{"ignore", "panic", "panic-on-replicas"};
constexpr std::array<std::string_view, 3> kWhoMay{"no", "yes", "local"};

constexpr std::array<std::string_view, 8> kPolicies{
    "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
    "allkeys-lru",  "allkeys-lfu",  "allkeys-random",  "noeviction"};

template <auto Field, const auto& Words>
Setting one_of(std::string_view name) {
  static const std::string listed = [] {
    std::string list;
    for (const std::string_view word : Words) list += (list.empty() ? "" : ", ") + std::string(word);
    return list;
  }();
  static const std::string expects = "one of " + listed;
  return {.name = name, .alias = {}, .expects = expects,
          .set = [](Config& config, std::string_view value) -> Problem {
            for (const std::string_view word : Words) {
              if (!same_word(word, value)) continue;
              config.*Field = word;
              return std::nullopt;
            }
            return "argument(s) must be one of the following: " + listed;
          },
          .get = [](const Config& config) { return config.*Field; }};
}

Setting at_start(Setting setting) {
  setting.at_start_only = true;
  return setting;
}

// --- settings with rules of their own -------------------------------------------------------------

Problem set_hz(Config& config, std::string_view value) {  // taken, then kept within what makes sense
  const auto read = whole_number(value);
  if (!read) return "argument couldn't be parsed into an integer";
  if (*read < 0 || *read > kInt) return between(0, kInt);
  config.hz = std::clamp<std::int64_t>(*read, 1, 500);
  return std::nullopt;
}

// Groups of four: class, hard limit, soft limit, soft seconds.
Problem set_output_limit(Config& config, std::string_view value) {
  if (value.empty()) return std::nullopt;
  const auto parts = words(value);
  if (parts.size() % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
  OutputLimit replicas = config.replica_output_limit, pubsub = config.pubsub_output_limit;
  OutputLimit normal = config.normal_output_limit;
  for (std::size_t i = 0; i < parts.size(); i += 4) {
    const bool replica = same_word(parts[i], "replica") || same_word(parts[i], "slave");
    const bool subscribers = same_word(parts[i], "pubsub");
    if (!replica && !subscribers && !same_word(parts[i], "normal")) {
      return "Invalid client class specified in buffer limit configuration.";
    }
    const Memory hard = read_memory(parts[i + 1]), soft = read_memory(parts[i + 2]);
    const auto seconds = whole_number(parts[i + 3]);
    if (hard.is != Memory::Is::size || soft.is != Memory::Is::size || !seconds || *seconds < 0) {
      return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    }
    OutputLimit& limit = replica ? replicas : subscribers ? pubsub : normal;
    limit = {hard.bytes, soft.bytes, *seconds};
  }
  config.replica_output_limit = replicas;
  config.pubsub_output_limit = pubsub;
  config.normal_output_limit = normal;
  return std::nullopt;
}

std::string get_output_limit(const Config& config) {
  const auto text = [](const OutputLimit& limit) {
    return std::to_string(limit.hard) + " " + std::to_string(limit.soft) + " " +
           std::to_string(limit.soft_seconds);
  };
  return "normal " + text(config.normal_output_limit) + " slave " +
         text(config.replica_output_limit) + " pubsub " + text(config.pubsub_output_limit);
}

Problem set_save(Config& config, std::string_view value) {  // pairs of seconds and changes
  const auto parts = value.empty() ? std::vector<std::string_view>{} : words(value);
  std::vector<SavePoint> points;
  bool good = parts.size() % 2 == 0;
  for (std::size_t i = 0; good && i < parts.size(); i += 2) {
    const auto seconds = whole_number(parts[i]), changes = whole_number(parts[i + 1]);
    good = seconds && *seconds >= 1 && changes && *changes >= 0;
    if (good) points.push_back({*seconds, *changes});
  }
  if (!good) return "Invalid save parameters";
  config.save = std::move(points);
  return std::nullopt;
}

std::string save_text(const Config& config) {
  std::string text;
  for (const auto& [seconds, changes] : config.save) {
    if (!text.empty()) text += ' ';
    text += std::to_string(seconds) + ' ' + std::to_string(changes);
  }
  return text;
}

Problem set_appendonly(Config&, std::string_view value) {
  if (same_word(value, "no")) return std::nullopt;
  if (same_word(value, "yes")) return "there is no append-only file in this model";
  return "argument must be 'yes' or 'no'";
}

using C = Config;
using E = EncodingLimits;

std::vector<Setting> make_settings() {
  std::vector<Setting> all{
      {.name = "appendonly", .alias = {}, .expects = "no: there is no append-only file in this model",
       .set = set_appendonly, .get = [](const C&) -> std::string { return "no"; }},
      {.name = "client-output-buffer-limit", .alias = {},
       .expects = "a class and its limits, as \"replica 256mb 64mb 60\"",
       .set = set_output_limit, .get = get_output_limit},
      memory<&C::client_query_buffer_limit, 1024 * 1024>("client-query-buffer-limit"),
      at_start(number<&C::databases, 1, kInt>("databases")),
      yes_or_no<&C::dual_channel_replication_enabled>("dual-channel-replication-enabled"),
      at_start(one_of<&C::enable_debug_command, kWhoMay>("enable-debug-command")),
      number<&E::hash_max_listpack_entries, 0, kLong>("hash-max-listpack-entries",
                                                        "hash-max-ziplist-entries"),
      number<&E::hash_max_listpack_value, 0, kLong>("hash-max-listpack-value",
                                                      "hash-max-ziplist-value"),
      number<&E::list_max_listpack_size, -kInt - 1, kInt>("list-max-listpack-size",
                                                            "list-max-ziplist-size"),
      number<&E::set_max_intset_entries, 0, kLong>("set-max-intset-entries"),
      number<&E::stream_node_max_entries, 0, kLong>("stream-node-max-entries"),
      {.name = "stream-node-max-bytes", .alias = {}, .expects = "a memory size, as 4kb",
       .set = set_stream_node_bytes,
       .get = [](const C& c) { return std::to_string(c.encoding.stream_node_max_bytes); }},
      number<&E::zset_max_listpack_entries, 0, kLong>("zset-max-listpack-entries",
                                                        "zset-max-ziplist-entries"),
      number<&E::zset_max_listpack_value, 0, kLong>("zset-max-listpack-value",
                                                      "zset-max-ziplist-value"),
      {.name = "hz", .alias = {},
       .expects = "a whole number from 0 to 2147483647 (kept within 1 to 500)",
       .set = set_hz, .get = [](const C& config) { return std::to_string(config.hz); }},
      // Redis also takes negative delays: a pause at every so many keys. Here a key has its own.
      number<&C::key_load_delay, 0, kInt>("key-load-delay"),
      number<&C::rdb_key_save_delay, 0, kInt>("rdb-key-save-delay"),
      yes_or_no<&C::lazyfree_lazy_eviction>("lazyfree-lazy-eviction"),
      yes_or_no<&C::lazyfree_lazy_expire>("lazyfree-lazy-expire"),
      yes_or_no<&C::lazyfree_lazy_server_del>("lazyfree-lazy-server-del"),
      yes_or_no<&C::lazyfree_lazy_user_del>("lazyfree-lazy-user-del"),
      yes_or_no<&C::lazyfree_lazy_user_flush>("lazyfree-lazy-user-flush"),
      text<&C::masterauth>("masterauth"),
      text<&C::masteruser>("masteruser"),
      number<&C::maxclients, 1, 4294967295>("maxclients"),
      memory<&C::maxmemory, 0>("maxmemory"),
      one_of<&C::maxmemory_policy, kPolicies>("maxmemory-policy"),
      number<&C::min_replicas_max_lag, 0, kInt>("min-replicas-max-lag", "min-slaves-max-lag"),
      number<&C::min_replicas_to_write, 0, kInt>("min-replicas-to-write", "min-slaves-to-write"),
      // CONFIG SET moves a real server to another port; here the port is part of its address.
      at_start(number<&C::port, 0, 65535>("port")),
      memory<&C::proto_max_bulk_len, 1024 * 1024>("proto-max-bulk-len"),
      one_of<&C::propagation_error_behavior, kErrorBehavior>("propagation-error-behavior"),
      yes_or_no<&C::rdb_del_sync_files>("rdb-del-sync-files"),
      at_start(yes_or_no<&C::rdbchecksum>("rdbchecksum")),
      yes_or_no<&C::rdbcompression>("rdbcompression"),
      memory<&C::repl_backlog_size, 1, 1>("repl-backlog-size"),
      number<&C::repl_backlog_ttl, 0, kLong>("repl-backlog-ttl"),
      yes_or_no<&C::repl_disable_tcp_nodelay>("repl-disable-tcp-nodelay"),
      one_of<&C::repl_diskless_load, kDisklessLoad>("repl-diskless-load"),
      yes_or_no<&C::repl_diskless_sync>("repl-diskless-sync"),
      number<&C::repl_diskless_sync_delay, 0, kInt>("repl-diskless-sync-delay"),
      number<&C::repl_diskless_sync_max_replicas, 0, kInt>("repl-diskless-sync-max-replicas"),
      number<&C::repl_ping_replica_period, 1, kInt>("repl-ping-replica-period", "repl-ping-slave-period"),
      number<&C::repl_timeout, 1, kInt>("repl-timeout"),
      text<&C::replica_announce_ip>("replica-announce-ip", "slave-announce-ip"),
      number<&C::replica_announce_port, 0, 65535>("replica-announce-port", "slave-announce-port"),
      yes_or_no<&C::replica_announced>("replica-announced"),
      yes_or_no<&C::replica_ignore_maxmemory>("replica-ignore-maxmemory", "slave-ignore-maxmemory"),
      yes_or_no<&C::replica_lazy_flush>("replica-lazy-flush", "slave-lazy-flush"),
      number<&C::replica_priority, 0, kInt>("replica-priority", "slave-priority"),
      yes_or_no<&C::replica_read_only>("replica-read-only", "slave-read-only"),
      yes_or_no<&C::replica_serve_stale_data>("replica-serve-stale-data", "slave-serve-stale-data"),
      text<&C::requirepass>("requirepass"),
      {.name = "save", .alias = {},
       .expects = "pairs of seconds and changes, as \"3600 1 300 100\", or \"\"",
       .set = set_save, .get = save_text},
      number<&C::shutdown_timeout, 0, kInt>("shutdown-timeout"),
      yes_or_no<&C::stop_writes_on_bgsave_error>("stop-writes-on-bgsave-error"),
      number<&C::timeout, 0, kInt>("timeout"),
  };
  std::sort(all.begin(), all.end(), [](const Setting& a, const Setting& b) { return a.name < b.name; });
  return all;
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

const Setting* find_setting(std::string_view name) {
  const auto is = [&](std::string_view known) {
    return known.size() == name.size() && same_word(known, name);  // sizes mostly differ
  };
  for (const Setting& setting : settings()) {
    if (is(setting.name) || (!setting.alias.empty() && is(setting.alias))) return &setting;
  }
  return nullptr;
}

std::optional<std::int64_t> memory_size(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) == 0) return std::nullopt;
  const Memory read = read_memory(text);
  if (read.is != Memory::Is::size) return std::nullopt;
  return read.bytes;
}

}  // namespace model
