#include "model/replica_side.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "model/execute.h"
#include "model/master_side.h"
#include "model/propagation.h"
#include "model/rdb.h"

namespace model {
namespace {

constexpr std::size_t kReadSize = 16384;          // what one read of the payload takes at the most
constexpr std::size_t kMarkSize = 40;
constexpr auto kLineLimit = std::chrono::seconds(5);  // repl_syncio_timeout (R2.1)

// --- the connection -----------------------------------------------------------------------------------

void say(Turn& t, std::initializer_list<std::string_view> words) { t.s.link.out += request(words); }

void close_connection(Turn& t) {
  Link& link = t.s.link;
  if (link.conn) t.effect(Hangup{*link.conn});
  link.conn.reset();
  link.open = false;
  link.out.clear();
  link.line.clear();
}

void open_connection(Turn& t) {
  Link& link = t.s.link;
  link.conn = ConnId{t.s.next_dial++};
  link.open = false;
  link.last_io = t.now();
  t.effect(Dial{*link.conn, link.host, link.port});
}

void send_handshake(Turn& t) {
  const Config& c = t.s.config;
  if (!c.masterauth.empty()) {
    if (c.masteruser.empty()) {
      say(t, {"AUTH", c.masterauth});
    } else {
      say(t, {"AUTH", c.masteruser, c.masterauth});
    }
  }
  const std::int64_t port = c.replica_announce_port != 0 ? c.replica_announce_port : c.port;
  say(t, {"REPLCONF", "listening-port", std::to_string(port)});
  if (!c.replica_announce_ip.empty()) say(t, {"REPLCONF", "ip-address", c.replica_announce_ip});
  say(t, {"REPLCONF", "capa", "eof", "capa", "psync2"});
}

// Asks for the next byte wanted, hence +1 (R3.9).
void write_psync(Turn& t) {
  const std::optional<Resumable>& cached = t.s.link.cached;
  if (!cached) return say(t, {"PSYNC", "?", "-1"});
  say(t, {"PSYNC", cached->id.view(), std::to_string(cached->applied + 1)});
  t.effect(Published{Published::In::psync_request, cached->id, cached->applied});
}

// --- a full resync, coming in -------------------------------------------------------------------------

void begin_transfer(Turn& t) {
  Link& link = t.s.link;
  const std::string& mode = t.s.config.repl_diskless_load;
  if (!link.transfer) link.transfer.emplace();
  if (mode == "swapdb") {
    link.transfer->mode = Transfer::Mode::swapdb;
  } else if (mode == "on-empty-db" && t.s.data.size() == 0) {
    link.transfer->mode = Transfer::Mode::on_empty_db;
  }
  link.last_io = t.now();
}

// What a full resync replaces. From here to its success there is no master, no cached master, no
// backlog and no replica of ours; our id and offset still show the old values (R1.8).
void give_up_history(Turn& t) {
  State& s = t.s;
  if (s.snapshot) kill_snapshot(t);
  s.link.cached.reset();
  drop_all_replicas(t, "a full resync replaces the history that they follow");
  if (s.backlog) t.mark(Mark::backlog_freed_by_full_sync);
  free_backlog(t);
}

void abandon_transfer(Turn& t) {
  State& s = t.s;
  if (!s.link.transfer) return;
  const Transfer transfer = std::move(*s.link.transfer);
  s.link.transfer.reset();
  if (transfer.load) t.effect(KillJob{*transfer.load});
  if (transfer.mode == Transfer::Mode::on_empty_db && transfer.header_seen()) s.data.clear();
}

void start_load(Turn& t) {
  State& s = t.s;
  Transfer& transfer = *s.link.transfer;
  transfer.complete = true;
  if (transfer.mode == Transfer::Mode::to_disk) {
    give_up_history(t);
    s.data.clear();
    const Blob file{transfer.payload};
    s.files["dump.rdb"] = file;
    t.effect(WriteFile{"dump.rdb", file});
  }
  t.effect(SetReading{*s.link.conn, false});
  std::uint64_t keys = 0;
  if (s.config.key_load_delay > 0) {
    const auto content = decode_rdb(transfer.payload, s.rules.rdb_version,
                                    static_cast<unsigned>(s.config.databases));
    if (const auto* good = std::get_if<RdbContent>(&content)) keys = good->data.size();
  }
  transfer.load = JobId{s.next_job++};
  transfer.last_newline = t.now();
  if (s.rules.newlines_while_loading) s.link.out += '\n';
  t.effect(StartJob{*transfer.load, JobKind::load, transfer.payload.size(), keys,
                    Duration(s.config.key_load_delay * static_cast<std::int64_t>(keys))});
  if (t.prose()) t.note("load", "payload of " + std::to_string(transfer.payload.size()) + " bytes received, loading");
}

void transfer_fails(Turn& t, std::string_view why) {
  if (t.prose()) t.note("resync", "the transfer failed: " + std::string(why));
  link_hears(t, LinkEvent::transfer_failed);
}

// A line before the payload: keepalives, then $<size> or $EOF:<mark> (R4.11 to R4.13, R3.34).
void take_header_line(Turn& t, const std::string& line) {
  Link& link = t.s.link;
  link.last_io = t.now();
  if (line.empty()) return link_hears(t, LinkEvent::empty_line);
  if (line.starts_with("$EOF:") && line.size() >= 5 + kMarkSize) {
    link.transfer->mark = line.substr(5, kMarkSize);
  } else if (line.starts_with('$')) {
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(line.data() + 1, line.data() + line.size(), size);
    if (error != std::errc() || size < 0) return transfer_fails(t, "\"" + line + "\" is no size");
    link.transfer->size = size;
  } else {
    if (!line.starts_with('-')) t.effect(ProtocolBreach{*link.conn, "expected a payload, got " + quoted(line)});
    return transfer_fails(t, line);
  }
  if (link.transfer->mode == Transfer::Mode::on_empty_db) {
    give_up_history(t);
    t.s.data.clear();
  }
}

bool payload_whole(const Transfer& transfer) {
  if (transfer.size) return static_cast<std::int64_t>(transfer.payload.size()) == *transfer.size;
  // Only what ends a read can be the mark: a receiver compares the last 40 bytes after each (R4.12).
  return transfer.payload.ends_with(transfer.mark);
}

// Takes what belongs to the payload out of `bytes`, which is one read's worth.
void take_payload(Turn& t, std::string_view& bytes) {
  Link& link = t.s.link;
  Transfer& transfer = *link.transfer;
  std::size_t count = std::min(bytes.size(), kReadSize);
  if (transfer.size) {
    count = std::min(count, static_cast<std::size_t>(*transfer.size) - transfer.payload.size());
  }
  if (t.at.machine.disk_full && transfer.mode == Transfer::Mode::to_disk && count > 0) {
    t.mark(Mark::transfer_disk_error);
    return transfer_fails(t, "no space left on device");
  }
  transfer.payload.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  link.last_io = t.now();
  if (!payload_whole(transfer)) return;
  if (!transfer.mark.empty()) transfer.payload.resize(transfer.payload.size() - kMarkSize);
  start_load(t);
}

// Splits the next line off `bytes` (with what is left in link.line); nothing while it is not whole.
std::optional<std::string> next_line(Turn& t, std::string_view& bytes) {
  Link& link = t.s.link;
  const std::size_t end = bytes.find('\n');
  if (link.line.empty()) link.line_since = t.now();
  link.line += bytes.substr(0, end);
  if (end == std::string_view::npos) {
    bytes = {};
    return std::nullopt;
  }
  bytes.remove_prefix(end + 1);
  std::string line = std::exchange(link.line, {});
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

void transfer_receives(Turn& t, std::string_view& bytes) {
  Link& link = t.s.link;
  if (link.transfer->complete) {
    link.transfer->behind += bytes;
    bytes = {};
  } else if (link.transfer->header_seen()) {
    take_payload(t, bytes);
  } else if (const auto line = next_line(t, bytes)) {
    take_header_line(t, *line);
    // An empty payload is whole at once.
    if (link.transfer && link.transfer->size == 0) start_load(t);
  }
}

// --- the end of a load --------------------------------------------------------------------------------

void take_data(Turn& t, RdbContent content) {
  State& s = t.s;
  Transfer& transfer = *s.link.transfer;
  if (transfer.mode == Transfer::Mode::swapdb) give_up_history(t);
  s.data = std::move(content.data);
  const unsigned db = content.replication ? static_cast<unsigned>(content.replication->stream_db) : 0;
  s.link.master.emplace();
  s.link.master->session.db = db;
  link_hears(t, LinkEvent::loaded);
}

// The first half of the keys, as a load that breaks off would have left them.
void keep_half(State& s, const Keyspace& whole) {
  std::size_t left = whole.size() / 2;
  s.data.clear();
  for (unsigned db = 0; db < whole.databases(); ++db) {
    for (const auto& [key, entry] : whole.database(db)) {
      if (left == 0) return;
      s.data.put(db, key, entry.value, entry.expires);
      --left;
    }
  }
}

void load_failed(Turn& t, std::string_view why) {
  t.mark(Mark::load_failed);
  transfer_fails(t, why);
}

void reject_file(Turn& t, const RdbError& error) {
  const bool to_disk = t.s.link.transfer->mode == Transfer::Mode::to_disk;
  const bool survives = error.kind == RdbError::Kind::not_an_rdb ||
                        (error.kind == RdbError::Kind::short_read && !to_disk);
  if (survives) return load_failed(t, error.problem);
  t.mark(Mark::load_rejected_corrupt);
  t.effect(Exit{1, "the RDB received cannot be loaded: " + error.problem});
  t.s.exited = true;
}

void go_online(Turn& t) {
  State& s = t.s;
  Link& link = s.link;
  const Transfer transfer = std::move(*link.transfer);
  link.transfer.reset();
  MasterSession& master = *link.master;
  master.session.from_master = true;
  master.session.authenticated = true;
  master.session.in.set_unlimited(true);
  master.session.last_heard = t.now();
  master.id = transfer.id;
  master.no_offset = !transfer.has_id;
  master.received = master.applied = transfer.offset;
  s.history.adopt(transfer.id, transfer.offset);
  link.down_since.reset();
  if (!s.backlog) {
    t.mark(Mark::backlog_created_by_full_sync);
    create_backlog(t);
  }
  t.effect(SetReading{*link.conn, true});
  if (t.prose()) t.note("load", "loaded: online at offset " + std::to_string(transfer.offset));
  if (!transfer.mark.empty()) send_ack(t);
  std::string behind = transfer.behind;
  link_received(t, behind);
  if (transfer.link_lost && link.state == LinkState::connected) {
    t.mark(Mark::link_lost_while_loading);
    link_closed(t);
  }
}

// --- a stream, suspended and resumed ------------------------------------------------------------------

void resurrect(Turn& t) {
  State& s = t.s;
  Link& link = s.link;
  Resumable cached = std::move(*link.cached);
  link.cached.reset();
  MasterSession& master = link.master.emplace();
  master.session.from_master = true;
  master.session.authenticated = true;
  master.session.in = std::move(cached.in);
  master.session.in.set_unlimited(true);
  master.session.multi = std::move(cached.multi);
  master.session.db = s.rules.continue_keeps_db ? cached.db : 0;
  master.session.last_heard = t.now();
  master.id = cached.id;
  master.received = master.applied = cached.applied;
  link.down_since.reset();
  if (!s.backlog) {
    t.mark(Mark::backlog_created_by_continue);
    create_backlog(t);
  }
}

// The session is kept as far as it was applied; what came and was not is asked for again (R5.8).
void suspend(Turn& t) {
  Link& link = t.s.link;
  MasterSession master = std::move(*link.master);
  link.master.reset();
  t.mark(Mark::link_lost_cached);
  if (master.session.multi) {
    t.mark(Mark::link_lost_in_multi);
  } else if (master.session.in.pending() > 0) {
    t.mark(Mark::link_lost_in_command);
  }
  Resumable& cached = link.cached.emplace();
  cached.id = master.id;
  cached.applied = master.applied;
  cached.db = master.session.db;
  if (!t.s.rules.suspends_without_multi) cached.multi = std::move(master.session.multi);
  if (!t.s.rules.suspends_without_parser) cached.in = std::move(master.session.in);
}

void forget_session(Turn& t) {
  t.mark(Mark::link_lost_not_cached);
  t.s.link.master.reset();
  t.s.link.cached.reset();
}

// --- what edges do ------------------------------------------------------------------------------------

void redial(Turn& t) {
  if (t.s.rules.reconnects_at_once) link_hears(t, LinkEvent::dial);
}

void perform(Turn& t, LinkAction action) {
  using A = LinkAction;
  const Config& c = t.s.config;
  switch (action) {
    case A::nothing:
    case A::keep_waiting: return;
    case A::dial_now: return link_hears(t, LinkEvent::dial);
    case A::open_connection: return open_connection(t);
    case A::send_ping: return say(t, {"PING"});
    case A::send_handshake:
      send_handshake(t);
      return link_hears(t, LinkEvent::written);
    case A::await_auth:
      if (c.masterauth.empty()) link_hears(t, LinkEvent::not_configured);
      return;
    case A::await_ip:
      if (c.replica_announce_ip.empty()) link_hears(t, LinkEvent::not_configured);
      return;
    case A::write_psync:
      write_psync(t);
      return link_hears(t, LinkEvent::written);
    case A::begin_transfer: return begin_transfer(t);
    case A::fall_back_to_sync:
      t.mark(Mark::replica_fell_back_to_sync);
      t.s.link.transfer.emplace();
      t.s.link.out += "SYNC\r\n";
      return begin_transfer(t);
    case A::go_online: return go_online(t);
    case A::resurrect: return resurrect(t);
    case A::retry_next_tick: return close_connection(t);
    case A::retry_now:
      close_connection(t);
      abandon_transfer(t);
      return redial(t);
    case A::suspend_and_retry:
      suspend(t);
      t.s.link.down_since = t.now();
      close_connection(t);
      return redial(t);
    case A::forget_and_retry:
      forget_session(t);
      t.s.link.down_since = t.now();
      close_connection(t);
      return redial(t);
    case A::leave: return;
  }
}

// --- handshake lines ------------------------------------------------------------------------------------

bool answers_ping(const std::string& line) {
  return line.starts_with('+') || line.starts_with("-NOAUTH") || line.starts_with("-NOPERM") ||
         line.starts_with("-ERR operation not permitted");
}

// +FULLRESYNC <id> <offset>. A malformed one is taken all the same, without an id (R3.27).
void note_full_resync(Turn& t, std::string_view line) {
  Transfer& transfer = t.s.link.transfer.emplace();
  line.remove_prefix(std::min(line.size(), std::string_view("+FULLRESYNC ").size()));
  const std::size_t space = line.find(' ');
  if (space != 40) return;
  const std::string_view number = line.substr(space + 1);
  if (std::from_chars(number.data(), number.data() + number.size(), transfer.offset).ec != std::errc()) {
    return;
  }
  transfer.id = replid_from(line.substr(0, 40));
  transfer.has_id = true;
}

// +CONTINUE or +CONTINUE <id>: the history may go on under a new name (R3.28, R3.29).
void note_continue(Turn& t, std::string_view line) {
  State& s = t.s;
  constexpr std::size_t kWord = 10;  // "+CONTINUE "
  if (line.size() < kWord + 40) return;
  const ReplId id = replid_from(line.substr(kWord, 40));
  if (id == s.link.cached->id) return;
  t.mark(Mark::new_id_learnt);
  s.history.renamed_by_master(id, s.rules);
  s.link.cached->id = id;
  if (s.rules.continue_drops_subreplicas) drop_all_replicas(t, "the history goes on under a new id");
}

LinkEvent classify_psync_reply(Turn& t, const std::string& line) {
  State& s = t.s;
  if (line.empty()) return LinkEvent::empty_line;
  if (line.starts_with("+FULLRESYNC")) {
    note_full_resync(t, line);
    return LinkEvent::full_resync;
  }
  if (line.starts_with("+CONTINUE")) {
    if (s.link.cached) {
      note_continue(t, line);
      return LinkEvent::carry_on;
    }
    // A real 7.0.15 dies of this (R3.33). We say so, and go on with what it can mean: nothing.
    t.effect(ProtocolBreach{*s.link.conn, "+CONTINUE in answer to a request for a full resync"});
    return LinkEvent::try_later;
  }
  if (line.starts_with("-NOMASTERLINK") || line.starts_with("-LOADING")) {
    t.mark(Mark::psync_try_later);
    if (s.rules.refusal_keeps_cached_master) return LinkEvent::try_later;
    s.link.cached.reset();
  }
  return LinkEvent::not_supported;
}

void take_handshake_line(Turn& t, const std::string& line) {
  Link& link = t.s.link;
  link.last_io = t.now();
  LinkEvent event = LinkEvent::good_line;
  switch (link.state) {
    case LinkState::receive_ping_reply:
      if (!answers_ping(line)) event = LinkEvent::bad_line;
      break;
    case LinkState::receive_auth_reply:
      if (line.starts_with('-')) event = LinkEvent::bad_line;
      break;
    case LinkState::receive_psync_reply: event = classify_psync_reply(t, line); break;
    default: break;  // errors in answer to REPLCONF are only logged: old masters object
  }
  if (event == LinkEvent::bad_line) {
    t.mark(Mark::handshake_refused);
    if (t.prose()) t.note("link", "the master refuses: " + line);
  }
  link_hears(t, event);
}

bool in_handshake(LinkState state) {
  return state >= LinkState::receive_ping_reply && state <= LinkState::receive_psync_reply;
}

bool load_runs(const State& s) { return s.link.transfer && s.link.transfer->load; }

// Drops what there is of a connection, whatever its state, before somebody else is followed or nobody.
void cancel(Turn& t) {
  Link& link = t.s.link;
  if (in_handshake(link.state) || link.state == LinkState::connecting) t.mark(Mark::handshake_cancelled);
  if (link.transfer) t.mark(Mark::transfer_cancelled_by_role_change);
  abandon_transfer(t);
  close_connection(t);
}

void unblock_clients(Turn& t) {
  for (auto& [conn, session] : t.s.sessions) {
    if (!session.waiting) continue;
    session.waiting.reset();
    ReplyWriter(session.out).error(
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)");
    session.close_after_reply = true;
  }
}

}  // namespace

// --- people ---------------------------------------------------------------------------------------------

void follow(Turn& t, std::string host, int port) {
  State& s = t.s;
  const bool was_master = s.is_master();
  if (s.link.master) {
    t.mark(Mark::repointed_with_history);
    suspend(t);
  }
  unblock_clients(t);
  cancel(t);
  s.link.host = std::move(host);
  s.link.port = port;
  if (was_master) {
    t.mark(Mark::demoted_with_history);
    s.link.cached = Resumable{};
    s.link.cached->id = s.history.id;
    s.link.cached->applied = s.history.offset;
    if (!s.backlog) create_backlog(t);
  }
  if (t.prose()) t.note("role", "follows " + s.link.host + ":" + std::to_string(s.link.port));
  link_hears(t, LinkEvent::replicaof);
}

void promote(Turn& t) {
  State& s = t.s;
  if (s.is_master()) return;
  t.mark(Mark::promoted_with_history);
  cancel(t);
  s.link.master.reset();
  s.link.cached.reset();
  s.link.host.clear();
  s.link.port = 0;
  s.history.shift(t.at.around, s.rules);
  drop_all_replicas(t, "promoted: the history goes on under a new id");
  s.stream_db = -1;
  if (s.rules.promotion_restarts_ttl) s.no_replicas_since = t.now();
  s.link.down_since.reset();
  if (t.prose()) t.note("role", "is a master now, at offset " + std::to_string(s.history.offset));
  link_hears(t, LinkEvent::no_one);
}

// --- the connection -------------------------------------------------------------------------------------

void link_hears(Turn& t, LinkEvent event) {
  Link& link = t.s.link;
  const LinkEdge* edge = find_edge(link.state, event);
  if (edge == nullptr) {
    t.effect(Impossible{"the link to the master in " + std::string(name(link.state)) +
                        " cannot take \"" + std::string(name(event)) + "\""});
    return;
  }
  t.effect(Transitioned{MachineKind::replica_link, ConnId{}, static_cast<std::uint8_t>(edge->from),
                        static_cast<std::uint8_t>(edge->to), static_cast<std::uint8_t>(event)});
  link.state = edge->to;
  perform(t, edge->action);
}

bool is_link(const State& s, ConnId conn) { return s.link.conn == conn; }

void link_connected(Turn& t) {
  t.s.link.open = true;
  link_hears(t, LinkEvent::socket_open);
}

void link_refused(Turn& t) {
  t.s.link.conn.reset();
  link_hears(t, LinkEvent::socket_refused);
}

void link_received(Turn& t, std::string_view bytes) {
  Link& link = t.s.link;
  const std::optional<ConnId> conn = link.conn;
  t.s.stats.net_repl_input_bytes += static_cast<std::int64_t>(bytes.size());
  while (!bytes.empty() && conn && link.conn == conn && !t.s.exited) {
    if (link.state == LinkState::connected) {
      MasterSession& master = *link.master;
      master.session.last_heard = t.now();
      master.received += static_cast<Offset>(bytes.size());
      master.session.in.feed(bytes);
      return apply_stream(t);
    }
    if (link.state == LinkState::transfer) {
      transfer_receives(t, bytes);
    } else if (const auto line = next_line(t, bytes)) {
      take_handshake_line(t, *line);
    }
  }
}

void link_closed(Turn& t) {
  Link& link = t.s.link;
  if (link.state == LinkState::transfer) {
    if (link.transfer->complete) {  // not noticed before the load is done (R4.34)
      link.transfer->link_lost = true;
      return;
    }
    t.mark(Mark::transfer_broken);
  }
  link.open = false;
  const bool held = link.master && link.master->session.parked;
  link_hears(t, held ? LinkEvent::closed_while_held : LinkEvent::closed);
}

void flush_link(Turn& t) {
  Link& link = t.s.link;
  if (!link.conn || !link.open || link.out.empty()) return;
  const std::size_t count = std::min(link.out.size(), t.at.around.room(*link.conn));
  if (count == 0) return;
  Effects& out = t.at.out;
  t.effect(Send{*link.conn, out.bytes.size(), count});
  out.bytes.append(link.out, 0, count);
  link.out.erase(0, count);
}

// --- loading --------------------------------------------------------------------------------------------

void load_progressed(Turn& t, JobId job) {
  if (load_runs(t.s) && t.s.link.transfer->load == job) tell_master_we_load(t);
}

void load_ended(Turn& t, JobId job, JobEnd end) {
  State& s = t.s;
  if (!load_runs(s) || *s.link.transfer->load != job) return;
  Transfer& transfer = *s.link.transfer;
  transfer.load.reset();
  auto loaded = decode_rdb(transfer.payload, s.rules.rdb_version, static_cast<unsigned>(s.config.databases));
  auto* content = std::get_if<RdbContent>(&loaded);
  if (end == JobEnd::failed) {
    if (content != nullptr && !s.rules.failed_load_empties) keep_half(s, content->data);
    return load_failed(t, "the load was broken off");
  }
  if (content == nullptr) return reject_file(t, std::get<RdbError>(loaded));
  take_data(t, std::move(*content));
}

// --- the stream -----------------------------------------------------------------------------------------

void apply_stream(Turn& t) {
  State& s = t.s;
  std::vector<std::string> argv;
  while (s.link.master && !s.link.master->session.parked) {
    MasterSession& master = *s.link.master;
    const auto got = master.session.in.next(argv);
    if (got == RequestParser::Got::nothing_yet) return;
    if (got == RequestParser::Got::malformed || master.session.in.was_inline()) {
      t.mark(Mark::stream_malformed);
      t.effect(ProtocolBreach{*s.link.conn, got == RequestParser::Got::malformed
                                                ? master.session.in.problem()
                                                : "an inline command in the stream"});
      return link_hears(t, LinkEvent::stream_malformed);
    }
    master.unrelayed += master.session.in.raw();
    const bool in_multi = master.session.multi.has_value();
    process_command(t, master.session, argv);
    if (in_multi && s.link.master && !master.session.multi) t.mark(Mark::transaction_applied);
    stream_applied(t);
  }
}

// The applied offset rests on unit boundaries: it waits while a transaction is open (R5.20, R7.31).
void stream_applied(Turn& t) {
  State& s = t.s;
  if (!s.link.master || s.link.master->session.parked) return;
  MasterSession& master = *s.link.master;
  master.session.out.clear();  // a master is not answered (R7.33)
  if (master.session.multi && s.rules.offset_waits_for_exec) return;
  master.applied += static_cast<Offset>(master.unrelayed.size());
  relay(t, master.unrelayed);
  master.unrelayed.clear();
}

void send_ack(Turn& t) {
  Link& link = t.s.link;
  if (!link.master || link.master->no_offset) return;
  MasterSession& master = *link.master;
  const Offset offset = t.s.rules.ack_is_applied ? master.applied : master.received;
  say(t, {"REPLCONF", "ACK", std::to_string(offset)});
  if (!t.s.rules.only_reads_refresh_link) master.session.last_heard = t.now();
}

// --- time -----------------------------------------------------------------------------------------------

void check_link_timeouts(Turn& t) {
  State& s = t.s;
  Link& link = s.link;
  const auto silent = [&](Instant since) { return seconds_between(since, t.now()) > s.config.repl_timeout; };
  const bool shaking = link.state == LinkState::connecting || in_handshake(link.state);
  if (shaking && silent(link.last_io) && s.rules.handshake_times_out) {
    t.mark(Mark::handshake_timed_out);
    link_hears(t, LinkEvent::timed_out);
  } else if (link.state == LinkState::transfer && !link.transfer->complete && silent(link.last_io)) {
    t.mark(Mark::transfer_timed_out);
    link_hears(t, LinkEvent::timed_out);
  } else if (link.state == LinkState::connected && silent(link.master->session.last_heard)) {
    t.mark(Mark::master_timed_out);
    if (link.master->session.parked) return link_hears(t, LinkEvent::closed_while_held);
    link_hears(t, LinkEvent::timed_out);
  }
}

void dial_if_needed(Turn& t) {
  if (t.s.link.state == LinkState::connect) link_hears(t, LinkEvent::dial);
}

void tell_master_we_load(Turn& t) {
  State& s = t.s;
  if (!load_runs(s) || !s.rules.newlines_while_loading) return;
  if (t.now() - s.link.transfer->last_newline < std::chrono::seconds(1)) return;
  t.mark(Mark::loading_newline_sent);
  s.link.transfer->last_newline = t.now();
  s.link.out += '\n';
}

std::optional<Instant> link_deadline(const State& s) {
  if (!in_handshake(s.link.state) || s.link.line.empty()) return std::nullopt;
  return s.link.line_since + kLineLimit;
}

void check_line_deadline(Turn& t) {
  const auto deadline = link_deadline(t.s);
  if (!deadline || t.now() < *deadline) return;
  t.mark(Mark::handshake_line_too_slow);
  link_hears(t, LinkEvent::closed);
}

Offset shown_received(const State& s) {
  if (s.link.master) return s.link.master->received;
  return s.link.cached ? s.link.cached->applied : 1;
}

Offset shown_applied(const State& s) {
  if (s.link.master) return s.link.master->applied;
  return s.link.cached ? s.link.cached->applied : 1;
}

}  // namespace model
