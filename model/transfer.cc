#include "model/transfer.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "model/applying.h"
#include "model/blocking.h"
#include "model/dual_channel.h"
#include "model/feeding.h"
#include "model/link.h"
#include "model/own_streams.h"
#include "model/scripting/interpreter.h"
#include "model/data/rdb.h"
#include "model/replicas.h"
#include "model/saving.h"
#include "model/snapshots.h"

namespace model {
namespace {

constexpr std::size_t kReadSize = 16384;  // what one read of the payload takes at the most

constexpr std::size_t kMarkSize = 40;
// After so many bytes the loader looks up from its work, and again after as many more.
constexpr std::uint64_t kLoaderLooksUp = 2 * 1024 * 1024;
// After so many bytes a load looks up for the first time.

// The digits at the front, as strtoll() reads them; 0 when there are none.
std::int64_t leading_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void give_up_position(Turn& t) {
  State& s = t.s;
  s.link.cached.reset();
  drop_all_replicas(t, "a full resync replaces the history that they follow");
  if (s.backlog) t.mark(Mark::backlog_freed_by_full_sync);
  free_backlog(t);
}

// What a full resync replaces. From here to its success there is no master, no cached master, no
// backlog and no replica of ours; our id and offset still show the old values (R1.8).
void give_up_history(Turn& t) {
  State& s = t.s;
  if (s.snapshot) kill_snapshot(t);
  give_up_position(t);
}

void start_load(Turn& t) {
  State& s = t.s;
  Transfer& transfer = *s.link.transfer;
  transfer.complete = true;
  // Emptying the old data takes time, and a large file has the loader look up once more: the master
  // is told that we live. A lazy flush and a swap empty nothing here (R4.20).
  const bool empties = transfer.mode == Transfer::Mode::to_disk && s.data.size() > 0 &&
                       !s.config.replica_lazy_flush;
  const bool speaks = empties || transfer.payload.size() >= kLoaderLooksUp;
  if (transfer.mode == Transfer::Mode::to_disk) {
    give_up_history(t);
    s.data.clear();
    if (s.rules.full_resync_takes_functions) s.libraries.clear();
    s.own_expiries.clear();
    write_dump(t, Blob(transfer.payload));
  } else if (!s.rules.swapdb_keeps_old_data) {
    s.data.clear();
  }
  if (s.link.state != LinkState::dual_transfer) t.effect(SetReading{*s.link.conn, false});
  std::uint64_t keys = 0;
  if (s.config.key_load_delay > 0) {
    const auto content = decode_rdb(transfer.payload, s.rules.rdb_version,
                                    static_cast<unsigned>(s.config.databases));
    if (const auto* good = std::get_if<RdbContent>(&content)) keys = good->data.size();
  }
  transfer.load = JobId{s.next_job++};
  if (speaks) transfer.last_newline = t.now();
  if (speaks && s.rules.newlines_while_loading) s.link.out += '\n';
  t.effect(StartJob{*transfer.load, JobKind::load, transfer.payload.size(), keys,
                    Duration(s.config.key_load_delay * static_cast<std::int64_t>(keys))});
  if (t.prose())
    t.note("load",
           "payload of " + std::to_string(transfer.payload.size()) + " bytes received, loading");
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
    const std::int64_t size = leading_number(std::string_view(line).substr(1));
    if (size < 0) return transfer_fails(t, "\"" + line + "\" is no size");
    link.transfer->size = size;
  } else {
    if (!line.starts_with('-'))
      t.effect(ProtocolBreach{*link.conn, "expected a payload, got " + model::quoted(line)});
    return transfer_fails(t, line);
  }
  if (t.s.async_loading()) t.mark(Mark::async_loading_began);
  // Diskless, the load begins here; our own child would only be in its way (reference 4.6).
  if (link.transfer->mode == Transfer::Mode::swapdb) kill_snapshot(t);
  if (link.transfer->mode == Transfer::Mode::on_empty_db) {
    give_up_history(t);
    t.s.data.clear();
  }
}

bool payload_whole(const Transfer& transfer) {
  if (transfer.size) return static_cast<std::int64_t>(transfer.payload.size()) == *transfer.size;
  // Only what ends a read can be the mark: a receiver compares the last 40 bytes after each
  // (R4.12).
  return transfer.payload.ends_with(transfer.mark);
}

// Takes what belongs to the payload out of `bytes`, which is one read's worth.
void take_payload(Turn& t, std::string_view& bytes) {
  Link& link = t.s.link;
  Transfer& transfer = *link.transfer;
  // A real replica reads nothing of a payload without bytes, and takes that for the end of the link.
  if (transfer.size == 0) return transfer_fails(t, "an empty payload");
  std::size_t count = std::min(bytes.size(), kReadSize);
  if (transfer.size) {
    count = std::min(count, static_cast<std::size_t>(*transfer.size) - transfer.payload.size());
  }
  const bool too_large = transfer.payload.size() + count > t.at.machine.payload_room;
  const bool no_disk = t.at.machine.disk_full && transfer.mode == Transfer::Mode::to_disk;
  if ((too_large || no_disk) && count > 0) {
    t.mark(Mark::transfer_disk_error);
    return transfer_fails(t, "no space left on device");
  }
  transfer.payload.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  link.last_io = t.now();
  if (!payload_whole(transfer)) return;
  if (!transfer.mark.empty()) transfer.payload.resize(transfer.payload.size() - kMarkSize);
  if (link.state != LinkState::dual_transfer) return start_load(t);
  transfer.whole = true;
  load_if_whole(t);
}

// A replica without persistence keeps no file either, if it is told so (R4.41).
void discard_received_file(Turn& t) {
  const State& s = t.s;
  if (s.link.transfer->mode != Transfer::Mode::to_disk) return;
  if (!s.config.rdb_del_sync_files || !no_persistence(s)) return;
  t.mark(Mark::sync_file_deleted);
  delete_dump(t);
}

using Libraries = std::map<std::string, scripting::Library>;

// What a replica must not do: only its master takes overdue keys away (H16).
void erase_overdue(Turn& t) {
  Keyspace& data = t.s.data;
  for (unsigned db = 0; db < data.databases(); ++db) {
    for (const std::string& key : data.overdue(db, t.at.wall, data.size(db))) data.erase(db, key);
  }
}

void take_data(Turn& t, RdbContent content, Libraries libraries) {
  State& s = t.s;
  if (s.rules.full_resync_takes_functions) s.libraries = std::move(libraries);
  Transfer& transfer = *s.link.transfer;
  if (transfer.mode == Transfer::Mode::swapdb) give_up_history(t);
  const Keyspace before = std::exchange(s.data, std::move(content.data));
  tell_data_replaced(t, before);
  discard_received_file(t);
  if (!s.rules.load_keeps_overdue) erase_overdue(t);
  const unsigned db =
      content.replication ? static_cast<unsigned>(content.replication->stream_db) : 0;
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

// All of a payload has come but its mark: the data are taken, the identity is not (H35).
void swap_without_mark(Turn& t, const Transfer& transfer) {
  State& s = t.s;
  if (transfer.mode != Transfer::Mode::swapdb || transfer.mark.empty() || transfer.complete) return;
  std::string_view rdb = transfer.payload;
  for (std::size_t cut = 1; cut < kMarkSize && cut < rdb.size(); ++cut) {
    if (!rdb.ends_with(transfer.mark.substr(0, cut))) continue;
    auto loaded = decode_rdb(rdb.substr(0, rdb.size() - cut), s.rules.rdb_version,
                             static_cast<unsigned>(s.config.databases));
    if (auto* content = std::get_if<RdbContent>(&loaded)) s.data = std::move(content->data);
  }
}

void load_failed(Turn& t, std::string_view why) {
  t.mark(Mark::load_failed);
  discard_received_file(t);
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

}  // namespace

void begin_transfer(Turn& t) {
  Link& link = t.s.link;
  // Up to 6.2 the old position is given up before a byte of the new data has come (R4.31).
  if (!t.s.rules.keeps_position_until_load) give_up_position(t);
  const std::string& mode = t.s.config.repl_diskless_load;
  if (!link.transfer) link.transfer.emplace();
  if (mode == "swapdb") {
    link.transfer->mode = Transfer::Mode::swapdb;
  } else if (mode == "on-empty-db" && t.s.data.size() == 0) {
    link.transfer->mode = Transfer::Mode::on_empty_db;
  }
  link.last_io = t.now();
}

void abandon_transfer(Turn& t) {
  State& s = t.s;
  if (!s.link.transfer) return;
  const Transfer transfer = std::move(*s.link.transfer);
  s.link.transfer.reset();
  if (transfer.load) t.effect(KillJob{*transfer.load});
  if (!s.rules.mark_checked_before_swap) swap_without_mark(t, transfer);
  if (transfer.mode == Transfer::Mode::on_empty_db && transfer.header_seen()) s.data.clear();
}

// On two channels: the stream must be on its way too.
void load_if_whole(Turn& t) {
  const Transfer& transfer = *t.s.link.transfer;
  if (transfer.whole && transfer.stream_follows && !transfer.complete) start_load(t);
}

bool load_runs(const State& s) {
  return s.link.transfer && s.link.transfer->load;
}

bool reset_breaks_load(const State& s) {
  return load_runs(s) && s.link.transfer->mode != Transfer::Mode::to_disk &&
         s.link.transfer->payload.size() > kReadSize;
}

// +FULLRESYNC <id> <offset>. A malformed one is taken all the same, without an id (R3.27).
void note_full_resync(Turn& t, std::string_view line) {
  Transfer& transfer = t.s.link.transfer.emplace();
  t.s.link.told_id = ReplId::blank();
  line.remove_prefix(std::min(line.size(), std::string_view("+FULLRESYNC ").size()));
  const std::size_t space = line.find(' ');
  if (space != 40) return;
  transfer.offset = leading_number(line.substr(space + 1));
  t.s.link.told_id = replid_from(line.substr(0, 40));
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
  }
}

void go_online(Turn& t) {
  State& s = t.s;
  Link& link = s.link;
  const Transfer transfer = std::move(*link.transfer);
  link.transfer.reset();
  close_rdb_channel(t);
  MasterSession& master = *link.master;
  master.session.from_master = true;
  master.session.authenticated = true;
  master.session.in.set_unlimited(true);
  master.session.last_heard = t.now();
  master.id = link.told_id;
  master.no_offset = transfer.offset == -1;
  master.received = master.applied = transfer.offset;
  // SYNC told neither id nor offset. A real replica takes the id that it was told last, before it fell
  // back, and counts from nothing under it: it may ask to be continued there.
  if (master.no_offset && relays(s) && link.told_id != ReplId::blank()) t.mark(Mark::sync_under_old_id);
  if (relays(s)) s.history.adopt(link.told_id, transfer.offset, s.rules);
  link.down_since.reset();
  if (relays(s) && !s.backlog) {
    t.mark(Mark::backlog_created_by_full_sync);
    create_backlog(t);
  }
  t.effect(SetReading{*link.conn, true});
  if (t.prose()) t.note("load", "loaded: online at offset " + std::to_string(transfer.offset));
  if (!transfer.mark.empty() && s.rules.acks_marked_transfer) send_ack(t);
  std::string behind = transfer.behind;
  link_received(t, behind);
  if (transfer.link_lost && link.state == LinkState::connected) {
    t.mark(Mark::link_lost_while_loading);
    link_closed(t);
  }
}

// The loader looks up each time it has read 2 MB, and says that we live if it has not in this second.
void load_progressed(Turn& t, JobId job, std::uint64_t bytes) {
  State& s = t.s;
  if (!load_runs(s) || *s.link.transfer->load != job) return;
  const Instant spoke = s.link.transfer->last_newline;
  const bool silent = spoke == Instant{} || seconds_between(spoke, t.now()) > 0;
  if (bytes < kLoaderLooksUp || !silent || !s.rules.newlines_while_loading) return;
  t.mark(Mark::loading_newline_sent);
  s.link.transfer->last_newline = t.now();
  s.link.out += '\n';
}

void load_ended(Turn& t, JobId job, JobEnd end) {
  State& s = t.s;
  if (!load_runs(s) || *s.link.transfer->load != job) return;
  Transfer& transfer = *s.link.transfer;
  transfer.load.reset();
  auto loaded =
      decode_rdb(transfer.payload, s.rules.rdb_version, static_cast<unsigned>(s.config.databases));
  auto* content = std::get_if<RdbContent>(&loaded);
  if (end == JobEnd::failed) {
    if (content != nullptr && !s.rules.failed_load_empties) keep_half(s, content->data);
    return load_failed(t, "the load was broken off");
  }
  if (content == nullptr) return reject_file(t, std::get<RdbError>(loaded));
  auto libraries = scripting::read_libraries(content->functions, s.rules.redis_version);
  if (const auto* problem = std::get_if<scripting::Problem>(&libraries)) {
    return reject_file(t, {RdbError::Kind::corrupt, 0, "a library of functions: " + problem->text});
  }
  take_data(t, std::move(*content), std::move(std::get<Libraries>(libraries)));
}

void tell_master_we_load(Turn& t) {
  State& s = t.s;
  if (!load_runs(s) || !s.rules.newlines_while_loading) return;
  const Instant quiet_since = std::max(s.link.transfer->last_newline, s.link.last_io);
  if (t.now() - quiet_since < std::chrono::seconds(1)) return;
  t.mark(Mark::loading_newline_sent);
  s.link.transfer->last_newline = t.now();
  s.link.out += '\n';
}

}  // namespace model
