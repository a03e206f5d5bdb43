// A connection, from the server's side: a client, a replica that follows us, or our link to the
// master.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/commands/command.h"
#include "model/data/blob.h"
#include "model/machines.h"
#include "model/data/resp.h"
#include "model/types.h"

namespace model {

// MULTI: commands wait here for EXEC (R7.10).
struct Transaction {
  std::vector<std::vector<std::string>> queue;
  std::size_t bytes = 0;  // of all arguments
  bool refused = false;  // a queued command was refused: EXEC answers -EXECABORT
  bool operator==(const Transaction&) const = default;
};

struct Watched {
  unsigned db = 0;
  std::string key;
  bool was_overdue = false;  // an expiry that had happened by then does not count (R8.11)
  bool operator==(const Watched&) const = default;
};

// A client that waits in WAIT (R9.18).
struct Waiting {
  std::int64_t replicas = 0;
  Offset offset = 0;
  std::optional<Instant> deadline;  // none: for ever
  bool operator==(const Waiting&) const = default;
};

// A client that waits for a key (BLPOP). What it asked is run again when a key is ready.
struct Blocked {
  KeyWait on;
  std::uint64_t order = 0;          // of arrival
  std::optional<Instant> deadline;  // none: for ever
  bool operator==(const Blocked&) const = default;
};

// What a replica said of itself by REPLCONF before it asked to be synced (R3.41).
struct Announced {
  int port = 0;
  std::string ip;
  bool eof = false;     // capa eof
  bool psync2 = false;  // capa psync2
  bool rdb_only = false;
  bool dual_channel = false;     // capa dual-channel (V51)
  bool rdb_channel = false;      // this connection is for the RDB alone
  std::int64_t rdb_client = 0;   // set-rdb-client-id: whose main connection this is; 0: nobody's
  bool exclude_data = false;
  bool exclude_functions = false;
  bool operator==(const Announced&) const = default;
};

// What a master keeps for one replica (R1.9). Its output, in this order: Session::out, then the
// rest of the payload, then the stream from `position` on.
struct Feed {
  FeedState state = FeedState::none;
  Offset asked_at = 0;                     // our offset when it asked for a full resync
  Offset snapshot_offset = 0;              // psync_initial_offset
  Offset owed_from = 0;                    // first byte of the stream that it was ever owed
  Offset position = 0;                     // next byte of the stream to be sent
  bool fixed_now = false;                  // its copy was fixed in this turn of the loop
  Offset acked = 0;                        // repl_ack_off, the highest seen
  Instant acked_at{};                      // repl_ack_time
  bool stream_after_ack = false;           // repl_start_cmd_stream_on_ack
  bool pins_stream = true;                 // what is behind `position` is kept for it
  bool came_with_sync = false;             // PRE_PSYNC: sends no ACKs
  Blob file;                               // SEND_BULK: what is sent
  std::size_t file_sent = 0;               // bytes of the payload handed to the connection
  std::optional<Instant> stuck_since;      // diskless: the connection took nothing since then
  std::optional<Instant> over_soft_since;  // output over the soft limit since then
  // Before 2.8 each replica has a stream of its own (model/own_streams.h).
  std::string own_stream;       // what of it is not sent
  std::int64_t own_total = 0;   // bytes of it so far
  unsigned own_db = 0;          // the database it was told last; a new one is in 0
  bool operator==(const Feed&) const = default;
};

struct Session {
  ConnId conn{};
  std::string peer_ip;
  int peer_port = 0;

  RequestParser in;
  std::string out;           // replies not yet handed to the connection
  std::size_t out_sent = 0;  // how much of `out` has been
  bool close_after_reply = false;
  bool close_soon = false;   // closed before the next sleep (R2.22)
  bool from_master = false;  // our master's stream: no replies, no gates (R7.32)
  // A pause holds its next command, `held`; the number is its turn among all that are held.
  std::optional<std::uint64_t> parked;
  std::vector<std::string> held;

  unsigned db = 0;
  bool authenticated = false;
  std::string user;  // empty: "default"
  bool muted = false;     // redis.set_repl: its changes stay out of the stream
  std::string name;       // CLIENT SETNAME
  std::string last_command;
  bool no_evict = false;
  Instant since{};
  std::set<std::string> channels, patterns;  // SUBSCRIBE
  std::optional<Transaction> multi;
  std::vector<Watched> watched;
  bool watch_broken = false;
  std::optional<Waiting> waiting;
  bool waits_for_exit = false;  // in SHUTDOWN
  std::optional<Blocked> blocked;
  Offset woff = 0;       // offset after its last write (R7.16)
  Instant last_heard{};  // lastinteraction
  std::optional<Instant> over_soft_since;  // its unread replies are over the soft limit since then

  Announced announced;
  Feed feed;

  void forget_transaction() {
    multi.reset();
    watched.clear();
    watch_broken = false;
  }
  bool is_replica() const { return feed.state != FeedState::none; }
  bool subscribed() const { return !channels.empty() || !patterns.empty(); }
  // Its next requests have to wait.
  bool stands_still() const { return parked.has_value() || waiting || blocked || waits_for_exit; }
  std::size_t unsent() const { return out.size() - out_sent; }
  bool operator==(const Session&) const = default;
};

}  // namespace model
