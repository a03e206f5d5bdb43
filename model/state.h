// Everything a server remembers. Data only: what is done with it are functions on a Turn, in files
// named for what they are about (server.h lists them).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/backlog.h"
#include "model/data/blob.h"
#include "model/commands/command.h"
#include "model/config.h"
#include "model/effects.h"
#include "model/history.h"
#include "model/data/keyspace.h"
#include "model/machines.h"
#include "model/rules.h"
#include "model/scripting/interpreter.h"
#include "model/server.h"
#include "model/session.h"
#include "model/types.h"
#include "model/users.h"

namespace model {

// --- replica side: the link to our master
// ----------------------------------------------------------

// A position in our master's history: enough to ask to be continued.
struct Resumable {
  ReplId id;
  Offset applied = 0;  // last byte applied
  unsigned db = 0;     // database selected in the stream
  // Nothing else survives a broken link (R5.8). The two below only with a quirk.
  std::optional<Transaction> multi;
  RequestParser in;
  bool operator==(const Resumable&) const = default;
};

// The live session with our master.
struct MasterSession {
  Session session;  // its parser, its db, its MULTI
  ReplId id;
  Offset received = 0;     // read_reploff
  Offset applied = 0;      // reploff: rests on unit boundaries only (R7.31)
  std::string unrelayed;   // bytes of executed requests that belong to an open transaction (R7.30)
  bool no_offset = false;  // PRE_PSYNC: the master gave no offset; no ACKs
  bool closing = false;    // what it sent is no RESP: nothing more is run, the next ACK hangs up
  bool operator==(const MasterSession&) const = default;
};

// A full resync on its way in (TRANSFER).
struct Transfer {
  enum class Mode : std::uint8_t { to_disk, on_empty_db, swapdb } mode = Mode::to_disk;
  Offset offset = -1;                // of +FULLRESYNC; -1 after SYNC or a malformed line (R3.27)
  std::optional<std::int64_t> size;  // $<size>
  std::string mark;                  // $EOF:<mark>; 40 bytes, or empty
  std::string payload;               // what has come
  std::string behind;                // stream bytes that came with the payload's end
  bool complete = false;             // loading: the payload is whole
  bool whole = false;                // on two channels: it is, and waits for stream_follows
  bool stream_follows = false;       // on two channels: +CONTINUE came on the main one
  std::optional<JobId> load;
  bool link_lost = false;  // noticed while loading; acted on afterwards (R4.34)
  Instant last_newline{};
  bool header_seen() const { return size.has_value() || !mark.empty(); }
  bool operator==(const Transfer&) const = default;
};

// The second connection of a full resync on two channels (model/dual_channel.h).
struct RdbChannel {
  ConnId conn{};
  bool open = false;
  std::string out;
  std::string line;
  int replies = 0;          // still to come, before SYNC is sent
  std::int64_t client = 0;  // what the primary calls it
  bool operator==(const RdbChannel&) const = default;
};

struct Target {
  std::string host;
  int port = 0;
  bool operator==(const Target&) const = default;
};

struct Link {
  LinkState state = LinkState::none;
  std::string host;  // masterhost; empty iff state is none
  int port = 0;
  std::optional<ConnId> conn;  // from dial to loss
  bool open = false;           // the dial was answered: there is somebody to write to
  std::string out;             // requests and acknowledgements not yet handed to the connection
  std::string line;            // handshake bytes not yet a whole line
  Instant line_since{};        // when its first byte came
  Instant last_io{};           // repl_transfer_lastio
  ReplId told_id = ReplId::blank();  // of the last +FULLRESYNC, whatever became of it; SYNC tells none
  std::optional<Transfer> transfer;
  std::optional<RdbChannel> rdb;
  std::optional<MasterSession> master;  // iff state is connected
  std::optional<Resumable> cached;      // the suspended session of a lost master
  std::optional<Instant> down_since;    // when an established link was lost
  std::optional<Target> late_order;     // with a quirk: to be obeyed once more (H74)
  bool operator==(const Link&) const = default;
};

// --- master side: the snapshot that replicas wait for
// ----------------------------------------------

struct Snapshot {
  enum class Target : std::uint8_t { disk, socket, save_only } target = Target::disk;
  JobId job{};
  Blob payload;                 // captured when the job started (R2.21); socket: and the mark
  Offset offset = 0;            // master_repl_offset then
  std::uint64_t produced = 0;   // socket: bytes that the child has written so far
  std::uint64_t relay_end = 0;  // socket: end of the chunk that is being relayed (R4.15)
  std::optional<JobEnd> ended;  // the child has ended, and is not reaped yet
  bool killed = false;          // by us: its end is no error
  bool operator==(const Snapshot&) const = default;
};

// --- roles and stopping
// ---------------------------------------------------------------------------------------------

// FAILOVER (R10.31). Writes are paused for as long as it is not `none`.
struct Failover {
  FailoverState state = FailoverState::none;
  std::string host;                 // the target; empty: whoever catches up first
  int port = 0;
  std::optional<Instant> deadline;  // TIMEOUT
  bool force = false;               // at the deadline go all the same
  bool operator==(const Failover&) const = default;
};

// SHUTDOWN or SIGTERM, waiting for the replicas (R10.19). Writes are paused meanwhile.
struct ShutdownWish {
  bool save = false, nosave = false, now = false, force = false;
  bool operator==(const ShutdownWish&) const = default;
};
struct Shutdown {
  ShutdownWish wish;
  Instant deadline{};  // shutdown-timeout
  bool operator==(const Shutdown&) const = default;
};

// What was saved, and what has changed since (the save points of redis.conf).
struct Saving {
  std::int64_t dirty = 0;         // changes since the last good save
  std::int64_t dirty_before = 0;  // of them, those that the running snapshot has
  Instant last{};                 // lastsave
  WallTime last_wall{};           // the same, as LASTSAVE shows it
  Instant last_try{};             // lastbgsave_try
  bool ok = true;                 // lastbgsave_status
  bool scheduled = false;         // BGSAVE SCHEDULE, or BGSAVE in a transaction
  bool for_sync_only = false;     // the file exists for replicas only (R4.41)
  std::int64_t saves = 0;         // rdb_saves
  bool operator==(const Saving&) const = default;
};

// --- counters, as INFO names them
// -------------------------------------------------------------------

struct CommandStats {
  std::int64_t calls = 0, rejected = 0, failed = 0;
  bool operator==(const CommandStats&) const = default;
};

struct Stats {
  std::vector<CommandStats> commands;  // by their numbers in the table
  std::int64_t sync_full = 0, sync_partial_ok = 0, sync_partial_err = 0;
  std::int64_t expired_keys = 0, evicted_keys = 0;
  std::int64_t unexpected_error_replies = 0;
  std::int64_t commands_processed = 0;
  std::int64_t net_repl_input_bytes = 0, net_repl_output_bytes = 0;
  bool operator==(const Stats&) const = default;
};

struct ReadyKey {  // a key that somebody waits for
  unsigned db = 0;
  std::string key;
  bool operator==(const ReadyKey&) const = default;
};

struct Pause {  // CLIENT PAUSE
  std::optional<Instant> until;
  bool writes_only = false;
  bool operator==(const Pause&) const = default;
};

// --- the whole
// --------------------------------------------------------------------------------------

struct State {
  Rules rules;
  Config config;
  std::map<std::string, Blob> files;  // our directory, as we last wrote it

  Keyspace data;
  History history;
  std::optional<Backlog> backlog;
  int stream_db = -1;           // slaveseldb: announced by the last SELECT in the stream; -1: none
  Instant no_replicas_since{};  // repl_no_slaves_since
  std::uint32_t counts = 0;     // how often an own stream began to count anew (own_streams.h)
  Link link;

  std::map<ConnId, Session> sessions;  // clients and replicas; the master's is in `link`
  std::vector<ConnId> replicas;        // in order of their request to be synced
  std::optional<Snapshot> snapshot;
  std::optional<Snapshot> cancelled;  // with a quirk: one whose job was killed
  std::int64_t good_replicas = 0;  // repl_good_slaves_count
  bool getack_wanted = false;
  bool output_grew = false;  // the stream has a new block: who reads too slowly?
  Pause pause;
  Failover failover;
  std::optional<Shutdown> shutdown;
  bool stop_signalled = false;  // SIGTERM, which the next server cron takes up
  std::uint64_t parked_so_far = 0;  // commands that pauses have held back
  bool unpaused = false;        // what was held back goes on before the next sleep
  Saving saving;
  std::vector<ReadyKey> ready;         // keys to serve clients from, after the call that runs
  std::vector<ConnId> unblocked;       // clients that wait no longer: their requests go on
  std::uint64_t next_waiter = 1;       // order of arrival of clients that wait

  std::map<std::string, std::string> scripts;               // SHA1 to text
  std::map<std::string, scripting::Library> libraries;      // by name
  std::uint64_t script_random_state = scripting::kFirstRandomState;  // of math.random in scripts
  // slaveKeysWithExpire: keys that clients of a writable replica gave a time to live. No master knows
  // of that, so we expire them ourselves (R8.8).
  std::set<std::pair<unsigned, std::string>> own_expiries;
  bool out_of_memory = false;  // as it was when the command that runs came to the gates

  std::vector<Operation> unit;  // operations of the execution unit that is open (R7.10)
  unsigned depth = 0;           // nesting of calls; the unit ends when it is 0 again
  bool unit_bare = false;       // not wrapped, however many operations (R7.12)
  bool unit_failed = false;     // a command of it was answered with an error

  std::map<std::string, User> users;  // other than "default"
  Stats stats;
  std::string run_id;
  std::uint32_t next_dial = Server::kDialled;
  std::uint32_t next_job = 1;
  Instant started{};
  Instant next_server_cron{};
  Instant next_replication_cron{};
  Duration cron_phase{0};              // drawn: the loops of two servers are never in step
  std::int64_t replication_ticks = 0;  // replication_cron_loops
  bool active_expire = true;           // DEBUG SET-ACTIVE-EXPIRE
  WallTime last_wall{};                // wall clock of the newest input, for next_wake()
  Instant last_now{};
  bool exited = false;

  bool is_master() const { return link.host.empty(); }
  bool loading() const;        // clients are answered -LOADING
  bool async_loading() const;  // the old data are served meanwhile (R4.26)
  Session* find(ConnId conn);
  bool operator==(const State&) const = default;
};

// One input's view of the server: its state, when it happens, and where effects go.
struct Turn {
  State& s;
  const Moment& at;

  Instant now() const { return at.now; }
  void effect(Effect e) { at.out.list.push_back(std::move(e)); }
  void mark(Mark m) { effect(Reached{m}); }
  bool prose() const { return at.prose; }
  void note(std::string_view topic, std::string text) { effect(Note{topic, std::move(text)}); }
};

// Whole seconds between two moments as Redis counts them: by the second in which each lies (section
// 9).
std::int64_t seconds_between(Instant earlier, Instant later);

}  // namespace model
