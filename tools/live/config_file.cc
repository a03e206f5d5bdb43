#include "tools/live/config_file.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string_view>

#include "model/data/number.h"
#include "model/data/resp.h"
#include "model/data/text.h"
#include "model/releases.h"
#include "scenarios/language/nearest.h"
#include "tools/live/address.h"

namespace live {
namespace {

constexpr int kDeepestInclude = 16;

// What redis-server 7.0 reads in its file, and neither model nor host has.
constexpr auto kElsewhere = std::to_array<std::string_view>({
    "acl-pubsub-default", "aclfile", "acllog-max-len", "active-defrag-cycle-max",
    "active-defrag-cycle-min", "active-defrag-ignore-bytes", "active-defrag-max-scan-fields",
    "active-defrag-threshold-lower", "active-defrag-threshold-upper", "active-expire-effort",
    "activedefrag", "activerehashing", "always-show-logo", "aof-load-truncated",
    "aof-rewrite-incremental-fsync", "aof-timestamp-enabled", "aof-use-rdb-preamble",
    "aof_rewrite_cpulist", "appenddirname", "appendfilename", "appendfsync",
    "auto-aof-rewrite-min-size", "auto-aof-rewrite-percentage", "bgsave_cpulist", "bind-source-addr",
    "bio_cpulist", "busy-reply-threshold", "cluster-allow-pubsubshard-when-down",
    "cluster-allow-reads-when-down", "cluster-allow-replica-migration", "cluster-announce-bus-port",
    "cluster-announce-hostname", "cluster-announce-ip", "cluster-announce-port",
    "cluster-announce-tls-port", "cluster-config-file", "cluster-enabled",
    "cluster-link-sendbuf-limit", "cluster-migration-barrier", "cluster-node-timeout", "cluster-port",
    "cluster-preferred-endpoint-type", "cluster-replica-no-failover",
    "cluster-replica-validity-factor", "cluster-require-full-coverage", "cluster-slave-no-failover",
    "cluster-slave-validity-factor", "crash-log-enabled", "crash-memcheck-enabled", "daemonize",
    "disable-thp", "dynamic-hz", "enable-module-command", "enable-protected-configs",
    "hll-sparse-max-bytes", "ignore-warnings", "io-threads", "io-threads-do-reads",
    "jemalloc-bg-thread", "latency-monitor-threshold", "latency-tracking",
    "latency-tracking-info-percentiles", "lfu-decay-time", "lfu-log-factor", "list-compress-depth",
    "loadmodule", "logfile", "loglevel", "lua-time-limit", "maxmemory-clients",
    "maxmemory-eviction-tenacity", "maxmemory-samples", "no-appendfsync-on-rewrite",
    "notify-keyspace-events", "oom-score-adj", "oom-score-adj-values", "pidfile",
    "proc-title-template", "protected-mode", "rdb-save-incremental-fsync", "rename-command",
    "replica-ignore-disk-write-errors", "sanitize-dump-payload", "server_cpulist", "set-proc-title",
    "shutdown-on-sigint", "shutdown-on-sigterm", "slowlog-log-slower-than", "slowlog-max-len",
    "socket-mark-id", "supervised", "syslog-enabled", "syslog-facility", "syslog-ident",
    "tcp-backlog", "tcp-keepalive", "tls-auth-clients", "tls-ca-cert-dir", "tls-ca-cert-file",
    "tls-cert-file", "tls-ciphers", "tls-ciphersuites", "tls-client-cert-file",
    "tls-client-key-file", "tls-client-key-file-pass", "tls-cluster", "tls-dh-params-file",
    "tls-key-file", "tls-key-file-pass", "tls-port", "tls-prefer-server-ciphers", "tls-protocols",
    "tls-replication", "tls-session-cache-size", "tls-session-cache-timeout", "tls-session-caching",
    "tracking-table-max-keys", "unixsocket", "unixsocketperm", "user",
});

constexpr auto kHost = std::to_array<std::string_view>(
    {"bind", "dbfilename", "dir", "include", "port", "replicaof", "slaveof"});

std::string joined(const std::vector<std::string>& words, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (i > from ? " " : "") + words[i];
  return text;
}

class Reader {
 public:
  Reader(const model::Rules& rules, ConfigFile& out) : rules_(rules), out_(out) {
    settings_ = model::default_config(rules);
  }

  void file(const std::string& path, int depth) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || text.fail()) return out_.errors.push_back(path + ": cannot be read");
    read(text.str(), path, depth);
  }

  void read(const std::string& text, const std::string& name, int depth) {
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      here_ = name + ":" + std::to_string(number) + ": ";
      const std::size_t begin = line.find_first_not_of(" \t\r");
      if (begin == std::string::npos || line[begin] == '#') continue;
      const auto words = model::split_line(line);
      if (!words) {
        error("the quotes do not match");
      } else if (!words->empty()) {
        directive(*words, depth);
      }
    }
  }

 private:
  void error(const std::string& what) { out_.errors.push_back(here_ + what); }
  void ignored(const std::string& what) { out_.ignored.push_back(here_ + what); }

  void directive(const std::vector<std::string>& words, int depth) {
    const std::string name = model::lower(words[0]);
    if (words.size() == 1) return error(name + " has no value");
    if (name == "include") return include(words, depth);
    if (name == "port") return port(words);
    if (name == "bind") return bind(words);
    if (name == "dir") return one(words, out_.dir);
    if (name == "dbfilename") return one(words, out_.dbfilename);
    if (name == "replicaof" || name == "slaveof") return follow(words);
    const model::Setting* const setting = model::find_setting(name);
    if (setting != nullptr && model::has_setting(rules_, setting->name)) return set(*setting, words);
    if (std::find(kElsewhere.begin(), kElsewhere.end(), name) != kElsewhere.end())
      return ignored(name + " is ignored: there is nothing in the model that it could set");
    unknown(name, setting != nullptr);
  }

  void set(const model::Setting& setting, const std::vector<std::string>& words) {
    std::string value = joined(words, 1);
    if (setting.name == "appendonly" && model::same_word(value, "yes"))
      return ignored("appendonly yes is ignored: the model has no append-only file");
    if (setting.name == "save") {  // the lines add up, from the first on; "" begins anew
      if (!value.empty() && saved_) value = setting.get(settings_) + " " + value;
      saved_ = !value.empty();
    }
    if (const auto problem = setting.set(settings_, value)) {
      return error(std::string(setting.name) + ": " + *problem + " (it takes " +
                   std::string(setting.expects) + ")");
    }
    out_.settings.emplace_back(setting.name, value);
  }

  void include(const std::vector<std::string>& words, int depth) {
    if (depth >= kDeepestInclude) return error("files include each other too deeply");
    const std::string here = here_;
    for (std::size_t i = 1; i < words.size(); ++i) {
      glob_t found{};
      if (::glob(words[i].c_str(), 0, nullptr, &found) == 0) {
        for (std::size_t j = 0; j < found.gl_pathc; ++j) file(found.gl_pathv[j], depth + 1);
      } else if (words[i].find_first_of("*?[") == std::string::npos) {
        error(words[i] + " cannot be read");
      }
      ::globfree(&found);
      here_ = here;
    }
  }

  void port(const std::vector<std::string>& words) {
    const auto number = words.size() == 2 ? port_number(words[1]) : std::nullopt;
    if (!number) return error("port takes a whole number from 0 to 65535");
    out_.port = *number;
  }

  void bind(const std::vector<std::string>& words) {
    bool taken = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
      std::string address = words[i];
      if (address.starts_with('-')) address.erase(0, 1);
      if (taken) {
        ignored("bind " + words[i] + " is ignored: serve listens on one address");
      } else if (is_loopback(address)) {
        taken = true;
        out_.bind = address;
      } else {
        error("bind " + words[i] + " is no loopback address: say --bind " + address +
              " if others shall reach this server");
      }
    }
  }

  void one(const std::vector<std::string>& words, std::optional<std::string>& value) {
    if (words.size() != 2) return error(words[0] + " takes one value");
    value = words[1];
  }

  void follow(const std::vector<std::string>& words) {
    if (words.size() == 3 && model::same_word(words[1], "no") && model::same_word(words[2], "one"))
      return out_.replicaof.reset();
    const auto number = words.size() == 3 ? port_number(words[2]) : std::nullopt;
    if (!number || *number == 0) return error(words[0] + " takes a host and a port");
    out_.replicaof = {words[1], *number};
  }

  void unknown(const std::string& name, bool of_another_release) {
    if (of_another_release)
      return error(name + " is no setting of redis-server " + std::string(rules_.redis_version));
    std::vector<std::string_view> known(kElsewhere.begin(), kElsewhere.end());
    known.insert(known.end(), kHost.begin(), kHost.end());
    for (const model::Setting& setting : model::settings()) known.push_back(setting.name);
    const std::string meant = scenarios::nearest_word(name, known);
    error(name + " is no setting" + (meant.empty() ? "" : " (did you mean " + meant + "?)"));
  }

  const model::Rules& rules_;
  ConfigFile& out_;
  model::Config settings_;  // as they are by now
  bool saved_ = false;
  std::string here_;
};

}  // namespace

ConfigFile read_config_file(const std::string& path, const model::Rules& rules) {
  ConfigFile config;
  Reader(rules, config).file(path, 0);
  return config;
}

void read_config_text(const std::string& text, const std::string& name, const model::Rules& rules,
                      ConfigFile& config) {
  Reader(rules, config).read(text, name, 0);
}

}  // namespace live
