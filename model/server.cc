#include "model/server.h"

#include <utility>

#include "model/cron.h"
#include "model/dual_channel.h"
#include "model/execute.h"
#include "model/feeding.h"
#include "model/limits.h"
#include "model/link.h"
#include "model/own_streams.h"
#include "model/propagation.h"
#include "model/data/rdb.h"
#include "model/replicas.h"
#include "model/scripting/interpreter.h"
#include "model/snapshots.h"
#include "model/state.h"
#include "model/transfer.h"

namespace model {
namespace {

constexpr auto kFirstCron = std::chrono::milliseconds(1);

// Runs `work` as one turn of the loop, unless the process has ended.
template <class Work>
void turn(State& s, const Moment& at, Work&& work) {
  if (s.exited) return;
  Turn t{s, at};
  s.last_now = at.now;
  s.last_wall = at.wall;
  work(t);
  if (!s.exited) before_sleep(t);
}

bool only_newlines(std::string_view bytes) {
  return !bytes.empty() && bytes.find_first_not_of("\r\n") == std::string_view::npos;
}

// What a file's history means to a process that starts from it (R10.17, R10.18). Old servers wrote
// a database of -1, which is no place to go on from.
void restore_history(Turn& t, const RdbReplication& saved) {
  State& s = t.s;
  if (saved.id.size() != 40 || saved.offset == -1 || saved.stream_db == -1) return;
  if (s.is_master() ? !s.rules.resumes_others_from_file : !s.rules.resumes_from_file) return;
  if (saved.offset == 0 && !s.rules.offset_zero_is_history) return;
  const ReplId id = replid_from(saved.id);
  s.history.offset = saved.offset;
  t.mark(Mark::restarted_with_history);
  if (!s.is_master()) {
    s.history.id = id;
    s.link.cached = Resumable{};
    s.link.cached->id = id;
    s.link.cached->applied = saved.offset;
    s.link.cached->db = static_cast<unsigned>(saved.stream_db);
  } else if (!s.rules.snapshot_id_becomes_second) {
    s.history.id = id;
    create_backlog(t);
  } else {
    s.history.second_id = id;
    s.history.second_offset = saved.offset + 1;
    create_backlog(t);
  }
  t.effect(Published{Published::In::restart, id, saved.offset});
}

// A master drops what is overdue already, and says so in its stream; a replica keeps it (R8.9).
void drop_overdue(Turn& t) {
  State& s = t.s;
  if (!s.is_master()) return;
  constexpr std::size_t kAtOnce = 1000;
  for (unsigned db = 0; db < s.data.databases(); ++db) {
    for (auto keys = s.data.overdue(db, t.at.wall, kAtOnce); !keys.empty();
         keys = s.data.overdue(db, t.at.wall, kAtOnce)) {
      for (const std::string& key : keys) {
        s.data.erase(db, key);
        open_unit(t);
        propagate(t, {db, {s.config.lazyfree_lazy_expire ? "UNLINK" : "DEL", key}});
        close_unit(t);
      }
    }
  }
}

void load_file(Turn& t) {
  State& s = t.s;
  const auto file = s.files.find("dump.rdb");
  if (file == s.files.end() || !file->second) return;
  auto loaded = decode_rdb(file->second.view(), s.rules.rdb_version,
                           static_cast<unsigned>(s.config.databases));
  if (const auto* error = std::get_if<RdbError>(&loaded)) {
    s.exited = true;
    t.effect(Exit{1, "dump.rdb cannot be loaded: " + error->problem});
    return;
  }
  RdbContent& content = std::get<RdbContent>(loaded);
  auto libraries = scripting::read_libraries(content.functions, s.rules.redis_version);
  if (const auto* problem = std::get_if<scripting::Problem>(&libraries)) {
    s.exited = true;
    t.effect(Exit{1, "dump.rdb cannot be loaded: a library of functions: " + problem->text});
    return;
  }
  s.libraries = std::move(std::get<std::map<std::string, scripting::Library>>(libraries));
  s.data = std::move(content.data);
  if (content.replication) restore_history(t, *content.replication);
  // The deletions move the offset even where nobody can ask for them: as in the real server.
  const bool resumable = s.backlog.has_value();
  if (s.is_master() && !resumable) create_backlog(t);
  drop_overdue(t);
  if (s.is_master() && !resumable) free_backlog(t);
}

}  // namespace

Server::Server(Boot boot) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.rules = boot.rules;
  s.config = std::move(boot.config);
  s.files = std::move(boot.files);
  s.data = Keyspace(static_cast<unsigned>(s.config.databases));
  s.link.host = std::move(boot.replicaof_host);
  s.link.port = boot.replicaof_port;
}

Server::Server(const Server& other) : state_(std::make_unique<State>(*other.state_)) {}
Server& Server::operator=(const Server& other) {
  *state_ = *other.state_;
  return *this;
}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;
bool Server::operator==(const Server& other) const {
  return *state_ == *other.state_;
}

void Server::start(const Moment& at) {
  turn(*state_, at, [&](Turn& t) {
    State& s = t.s;
    s.started = at.now;
    s.no_replicas_since = at.now;
    s.saving.last = s.saving.last_try = at.now;  // what is there counts as saved
    s.saving.last_wall = at.wall;
    s.next_server_cron = at.now + kFirstCron;
    s.next_replication_cron = at.now + kFirstCron;
    s.history.begin_anew(at.around);
    s.run_id = random_replid(at.around).view();
    if (!relays(s)) s.history.id = replid_from(s.run_id);  // V2
    load_file(t);
    if (!s.exited && !s.is_master()) {
      link_hears(t, LinkEvent::replicaof);
    }
    s.cron_phase = Duration(static_cast<std::int64_t>(at.around.below(1'000'000)));
  });
}

void Server::accepted(const Moment& at, ConnId conn, std::string_view peer_ip, int peer_port) {
  turn(*state_, at, [&](Turn& t) {
    Session& session = t.s.sessions[conn];
    session.conn = conn;
    session.peer_ip = peer_ip;
    session.peer_port = peer_port;
    session.last_heard = session.since = at.now;
    // A password that is set later asks nothing of those who are here already.
    session.authenticated = t.s.config.requirepass.empty();
    admit(t, session);
  });
}

void Server::connected(const Moment& at, ConnId conn) {
  turn(*state_, at, [&](Turn& t) {
    if (is_link(t.s, conn)) link_connected(t);
    if (is_rdb_channel(t.s, conn)) rdb_channel_connected(t);
  });
}

void Server::refused(const Moment& at, ConnId conn) {
  turn(*state_, at, [&](Turn& t) {
    if (is_link(t.s, conn)) return link_refused(t);
    if (is_rdb_channel(t.s, conn)) link_hears(t, LinkEvent::socket_refused);
  });
}

void Server::received(const Moment& at, ConnId conn, std::string_view bytes) {
  turn(*state_, at, [&](Turn& t) {
    if (is_link(t.s, conn)) return link_received(t, bytes);
    if (is_rdb_channel(t.s, conn)) return rdb_channel_received(t, bytes);
    if (is_old_link(t.s, conn)) return link_received(t, bytes);
    Session* session = t.s.find(conn);
    if (session == nullptr || bytes.empty()) return;
    session->last_heard = at.now;
    session->in.feed(bytes);
    // An empty line is a replica's sign of life while it flushes or loads (R2.7).
    if (session->is_replica() && only_newlines(session->in.pending_bytes())) {
      session->feed.acked_at = at.now;
    }
    serve_session(t, *session);
    if (Session* const still = t.s.find(conn)) check_query_buffer(t, *still);
  });
}

void Server::ended(const Moment& at, ConnId conn) {
  turn(*state_, at, [&](Turn& t) {
    if (is_link(t.s, conn)) return link_closed(t);
    if (is_rdb_channel(t.s, conn)) return rdb_channel_lost(t);
    Session* session = t.s.find(conn);
    if (session == nullptr) return;
    replica_lost(t, *session, FeedEvent::lost);
    session->close_soon = true;
  });
}

void Server::reset(const Moment& at, ConnId conn) {
  if (is_link(*state_, conn) && reset_breaks_load(*state_)) {
    return turn(*state_, at, [](Turn& t) {
      t.mark(Mark::load_broken_by_reset);
      link_hears(t, LinkEvent::closed);
    });
  }
  ended(at, conn);
}

void Server::writable(const Moment& at, ConnId) {
  turn(*state_, at, [](Turn&) {});  // before_sleep() hands over what waits
}

void Server::job_progress(const Moment& at, JobId job, std::uint64_t bytes) {
  turn(*state_, at, [&](Turn& t) {
    snapshot_progressed(t, job, bytes);
    load_progressed(t, job, bytes);
  });
}

void Server::job_ended(const Moment& at, JobId job, JobEnd end) {
  turn(*state_, at, [&](Turn& t) {
    if (t.s.link.transfer && t.s.link.transfer->load == job) return load_ended(t, job, end);
    snapshot_ended(t, job, end);
  });
}

void Server::tick(const Moment& at) {
  turn(*state_, at, [](Turn& t) { run_timers(t); });
}

void Server::terminate() {
  state_->stop_signalled = true;
}

Instant Server::next_wake() const {
  return state_->exited ? Instant::max() : next_due(*state_);
}

}  // namespace model
