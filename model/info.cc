#include "model/info.h"

#include <algorithm>
#include <set>

#include "model/applying.h"
#include "model/eviction.h"
#include "model/releases.h"
#include "model/replicas.h"
#include "model/data/text.h"

namespace model {
namespace {

// Lines "name:value", under "# Section" headings; those that the release has (V53).
class Lines {
 public:
  explicit Lines(const Rules& rules) : rules_(rules) {}

  void heading(std::string_view name) {
    if (!text_.empty()) text_ += "\r\n";
    text_ += "# ";
    text_ += name;
    text_ += "\r\n";
  }
  void line(std::string_view name, std::string_view value) {
    if (!has_info_field(rules_, name)) return;
    text_ += name;
    text_ += ':';
    text_ += value;
    text_ += "\r\n";
  }
  void line(std::string_view name, std::int64_t value) {
    line(name, std::string_view(std::to_string(value)));
  }
  std::string take() { return std::move(text_); }

 private:
  const Rules& rules_;
  std::string text_;
};

// A part of a whole in per cent, with two digits behind the point, rounded as printf does.
std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return "0.00";
  const std::int64_t hundredths = (part * 10000 + whole / 2) / whole;
  const std::string cents = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (cents.size() < 2 ? "0" : "") + cents;
}

std::string_view shown_state(FeedState state) {
  switch (state) {
    case FeedState::wait_bgsave_start:
    case FeedState::wait_bgsave_end:
      return "wait_bgsave";
    case FeedState::send_bulk:
      return "send_bulk";
    case FeedState::online:
      return "online";
    case FeedState::bg_rdb_load:
      return "bg_transfer";
    default:
      return "";
  }
}

// Valkey only: what a connection is to a replica that takes a full resync on two (V51).
std::string_view shown_type(const Session& session) {
  if (session.announced.rdb_channel) return "rdb-channel";
  return session.feed.state == FeedState::bg_rdb_load ? "main-channel" : "replica";
}

void transfer_lines(Lines& out, const Transfer& transfer, const Link& link, Instant now) {
  const auto read = static_cast<std::int64_t>(transfer.payload.size());
  const std::int64_t total = transfer.size ? *transfer.size : transfer.header_seen() ? 0 : -1;
  out.line("master_sync_total_bytes", total);
  out.line("master_sync_read_bytes", read);
  out.line("master_sync_left_bytes", total - read);
  out.line("master_sync_perc", percent(read, total));
  out.line("master_sync_last_io_seconds_ago", seconds_between(link.last_io, now));
}

void replica_lines(Lines& out, const State& s, Instant now) {
  const Link& link = s.link;
  out.line("master_host", link.host);
  out.line("master_port", link.port);
  out.line("master_link_status", link.state == LinkState::connected ? "up" : "down");
  out.line("master_last_io_seconds_ago",
           link.master ? seconds_between(link.master->session.last_heard, now) : -1);
  out.line("master_sync_in_progress", role_state(link.state) == "sync" ? 1 : 0);
  out.line("slave_read_repl_offset", shown_received(s));
  out.line("slave_repl_offset", shown_applied(s));
  if (link.transfer) transfer_lines(out, *link.transfer, link, now);
  if (link.state != LinkState::connected) {
    out.line("master_link_down_since_seconds",
             link.down_since ? seconds_between(*link.down_since, now) : -1);
  }
  out.line("slave_priority", s.config.replica_priority);
  out.line("slave_read_only", s.config.replica_read_only ? 1 : 0);
  out.line("replica_announced", s.config.replica_announced ? 1 : 0);
}

void connected_replicas(Lines& out, const State& s, Instant now) {
  out.line("connected_slaves", static_cast<std::int64_t>(s.replicas.size()));
  if (s.config.min_replicas_to_write > 0 && s.config.min_replicas_max_lag > 0) {
    out.line("min_slaves_good_slaves", s.good_replicas);
  }
  std::int64_t number = 0;
  for (const ConnId conn : s.replicas) {
    const Session& session = s.sessions.at(conn);
    const std::string_view state = shown_state(session.feed.state);
    if (state.empty()) continue;
    const bool online = session.feed.state == FeedState::online;
    const std::int64_t lag = online ? seconds_between(session.feed.acked_at, now) : 0;
    const std::string& ip = session.announced.ip.empty() ? session.peer_ip : session.announced.ip;
    const std::string name = "slave" + std::to_string(number++);
    const std::string port = std::to_string(session.announced.port);
    if (!s.rules.has_acks) {  // 2.6
      out.line(name, std::string_view(ip + "," + port + "," + std::string(state)));
      continue;
    }
    std::string text = "ip=" + ip + ",port=" + port + ",state=" + std::string(state) +
                       ",offset=" + std::to_string(session.feed.acked) +
                       ",lag=" + std::to_string(lag);
    if (!s.rules.valkey_version.empty()) text += ",type=" + std::string(shown_type(session));
    out.line(name, std::string_view(text));
  }
}

void replication(Lines& out, const State& s, Instant now) {
  out.heading("Replication");
  out.line("role", s.is_master() ? "master" : "slave");
  if (!s.is_master()) replica_lines(out, s, now);
  connected_replicas(out, s, now);
  std::int64_t waiting = 0;
  for (const ConnId conn : s.replicas) {
    const Session& session = s.sessions.at(conn);
    waiting += session.announced.rdb_channel && session.feed.pins_stream;
  }
  out.line("replicas_waiting_psync", waiting);
  const bool aside = s.link.transfer && s.link.transfer->stream_follows;
  out.line("replicas_repl_buffer_size",
           aside ? static_cast<std::int64_t>(s.link.transfer->behind.size()) : 0);
  out.line("master_failover_state", name(s.failover.state));
  out.line("master_replid", s.history.id.view());
  out.line("master_replid2", s.history.second_id.view());
  out.line("master_repl_offset", s.history.offset);
  out.line("second_repl_offset", s.history.second_offset);
  out.line("repl_backlog_active", s.backlog ? 1 : 0);
  out.line("repl_backlog_size", s.config.repl_backlog_size);
  out.line("repl_backlog_first_byte_offset", s.backlog ? s.backlog->first() : 0);
  out.line("repl_backlog_histlen", s.backlog ? s.backlog->histlen() : 0);
}

void server(Lines& out, const State& s, Instant now) {
  out.heading("Server");
  out.line("redis_version", s.rules.redis_version);
  out.line("server_name", "valkey");
  out.line("valkey_version", s.rules.valkey_version);
  out.line("redis_mode", "standalone");
  out.line("run_id", s.run_id);
  out.line("tcp_port", s.config.port);
  out.line("uptime_in_seconds", seconds_between(s.started, now));
  out.line("hz", s.config.hz);
  if (s.shutdown) {
    out.line("shutdown_in_milliseconds",
             std::max<std::int64_t>(0, std::chrono::floor<std::chrono::milliseconds>(
                                           s.shutdown->deadline - now)
                                           .count()));
  }
}

void clients(Lines& out, const State& s) {
  std::int64_t connected = 0;
  std::int64_t blocked = 0;
  for (const auto& [conn, session] : s.sessions) {
    connected += !session.is_replica();
    blocked += session.stands_still();
  }
  out.heading("Clients");
  out.line("connected_clients", connected);
  out.line("blocked_clients", blocked);
}

void persistence(Lines& out, const State& s) {
  out.heading("Persistence");
  out.line("loading", s.loading() ? 1 : 0);
  out.line("async_loading", s.async_loading() ? 1 : 0);
  out.line("rdb_changes_since_last_save", s.saving.dirty);
  out.line("rdb_bgsave_in_progress", s.snapshot ? 1 : 0);
  out.line("rdb_last_save_time", s.saving.last_wall.time_since_epoch().count() / 1000);
  out.line("rdb_last_bgsave_status", s.saving.ok ? "ok" : "err");
  out.line("rdb_saves", s.saving.saves);
}

void stats(Lines& out, const State& s) {
  out.heading("Stats");
  out.line("total_commands_processed", s.stats.commands_processed);
  out.line("total_net_repl_input_bytes", s.stats.net_repl_input_bytes);
  out.line("total_net_repl_output_bytes", s.stats.net_repl_output_bytes);
  out.line("sync_full", s.stats.sync_full);
  out.line("sync_partial_ok", s.stats.sync_partial_ok);
  out.line("sync_partial_err", s.stats.sync_partial_err);
  out.line("expired_keys", s.stats.expired_keys);
  out.line("evicted_keys", s.stats.evicted_keys);
  out.line("unexpected_error_replies", s.stats.unexpected_error_replies);
  out.line("slave_expires_tracked_keys", static_cast<std::int64_t>(s.own_expiries.size()));
  std::set<std::string_view> channels;
  std::size_t patterns = 0;
  for (const auto& [conn, session] : s.sessions) {
    channels.insert(session.channels.begin(), session.channels.end());
    patterns += session.patterns.size();
  }
  out.line("pubsub_channels", static_cast<std::int64_t>(channels.size()));
  out.line("pubsub_patterns", static_cast<std::int64_t>(patterns));
}

void memory(Lines& out, const State& s) {
  std::int64_t replicas = 0;
  for (const ConnId conn : s.replicas)
    replicas = std::max(replicas, output_memory(s, s.sessions.at(conn)));
  const std::int64_t backlog = s.backlog ? s.backlog->histlen() : 0;
  out.heading("Memory");
  std::size_t functions = 0;
  for (const auto& [name, library] : s.libraries) functions += library.functions.size();
  out.line("used_memory", used_memory(s));
  out.line("number_of_cached_scripts", static_cast<std::int64_t>(s.scripts.size()));
  out.line("number_of_functions", static_cast<std::int64_t>(functions));
  out.line("number_of_libraries", static_cast<std::int64_t>(s.libraries.size()));
  out.line("maxmemory", s.config.maxmemory);
  out.line("maxmemory_policy", s.config.maxmemory_policy);
  out.line("mem_clients_slaves", replicas);
  out.line("mem_replication_backlog", backlog);
  out.line("mem_total_replication_buffers", std::max(backlog, replicas));
}

void command_stats(Lines& out, const State& s) {
  out.heading("Commandstats");
  for (const Command& command : commands()) {
    const CommandStats& stats = s.stats.commands[command.number];
    if (stats == CommandStats{}) continue;
    out.line("cmdstat_" + std::string(command.name),
             std::string_view(
                 "calls=" + std::to_string(stats.calls) +
                 ",usec=0,usec_per_call=0.00,rejected_calls=" + std::to_string(stats.rejected) +
                 ",failed_calls=" + std::to_string(stats.failed)));
  }
}

void keyspace(Lines& out, const State& s) {
  out.heading("Keyspace");
  for (unsigned db = 0; db < s.data.databases(); ++db) {
    if (s.data.size(db) == 0) continue;
    out.line("db" + std::to_string(db),
             std::string_view("keys=" + std::to_string(s.data.size(db)) +
                              ",expires=" + std::to_string(s.data.expiring(db)) + ",avg_ttl=0"));
  }
}

}  // namespace

std::string info(const State& s, Instant now, std::string_view section) {
  const bool every = section.empty() || same_word(section, "all") ||
                     same_word(section, "everything") || same_word(section, "default");
  const auto wanted = [&](std::string_view name) { return every || same_word(section, name); };
  Lines out(s.rules);
  if (wanted("server")) server(out, s, now);
  if (wanted("clients")) clients(out, s);
  if (wanted("memory")) memory(out, s);
  if (wanted("persistence")) persistence(out, s);
  if (wanted("stats")) stats(out, s);
  if (wanted("replication")) replication(out, s, now);
  const bool all = same_word(section, "all") || same_word(section, "everything");
  if (all || same_word(section, "commandstats")) command_stats(out, s);
  if (wanted("keyspace")) keyspace(out, s);
  return out.take();
}

std::string_view role_state(LinkState state) {
  switch (state) {
    case LinkState::none:
      return "none";
    case LinkState::connect:
      return "connect";
    case LinkState::connecting:
      return "connecting";
    case LinkState::transfer:
    case LinkState::dual_connecting:
    case LinkState::dual_receive_reply:
    case LinkState::dual_receive_endoff:
    case LinkState::dual_transfer:
      return "sync";
    case LinkState::connected:
      return "connected";
    default:
      return "handshake";
  }
}

void write_role(const State& s, ReplyWriter& reply) {
  if (!s.is_master()) {
    reply.array(5);
    reply.bulk("slave");
    reply.bulk(s.link.host);
    reply.integer(s.link.port);
    reply.bulk(role_state(s.link.state));
    reply.integer(s.link.master ? s.link.master->applied : -1);
    return;
  }
  const auto online = [&](ConnId conn) {
    return s.sessions.at(conn).feed.state == FeedState::online;
  };
  reply.array(3);
  reply.bulk("master");
  reply.integer(s.history.offset);
  reply.array(
      static_cast<std::size_t>(std::count_if(s.replicas.begin(), s.replicas.end(), online)));
  for (const ConnId conn : s.replicas) {
    if (!online(conn)) continue;
    const Session& session = s.sessions.at(conn);
    reply.array(3);
    reply.bulk(session.announced.ip.empty() ? session.peer_ip : session.announced.ip);
    reply.bulk(std::to_string(session.announced.port));
    reply.bulk(std::to_string(session.feed.acked));
  }
}

}  // namespace model
