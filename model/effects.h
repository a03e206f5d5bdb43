// What a server asks of whoever hosts it, and what it lets observers know. A server performs
// nothing: each input appends effects, in order, and the host carries them out, in order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/data/blob.h"
#include "model/marks.h"
#include "model/replid.h"
#include "model/types.h"

namespace model {

// --- wishes
// ---------------------------------------------------------------------------------------

// Open a connection and name it `conn` (chosen by the server, see Server). The host answers with
// connected() or refused(), or never.
struct Dial {
  ConnId conn{};
  std::string host;
  int port = 0;
  bool operator==(const Dial&) const = default;
};
// Write Effects::bytes[from, from+count) on `conn`. Never more than the room that the host
// reported.
struct Send {
  ConnId conn{};
  std::size_t from = 0;
  std::size_t count = 0;
  bool operator==(const Send&) const = default;
};
// Close: what was sent is still delivered, nothing more is told of this connection. Abandons a
// dial.
struct Hangup {
  ConnId conn{};
  bool operator==(const Hangup&) const = default;
};
// Stop or go on handing over bytes and the end of this connection.
struct SetReading {
  ConnId conn{};
  bool on = true;
  bool operator==(const SetReading&) const = default;
};

enum class JobKind : std::uint8_t { snapshot, load };
// Work beside the event loop. The host reports job_progress() as it pleases and one job_ended(),
// how long that takes is its business; at least `at_least` (rdb-key-save-delay, key-load-delay).
struct StartJob {
  JobId job{};
  JobKind kind{};
  std::uint64_t bytes = 0;
  std::uint64_t keys = 0;
  Duration at_least{0};
  bool operator==(const StartJob&) const = default;
};
// The job is no longer wanted. It may still report its end: nobody must act on that.
struct KillJob {
  JobId job{};
  bool operator==(const KillJob&) const = default;
};
// Put a file on the disk of this node, whole, replacing the old one; or take it away (no content).
struct WriteFile {
  std::string name;
  Blob content;
  bool operator==(const WriteFile&) const = default;
};
// The event loop does nothing else for this long (DEBUG SLEEP): not even what comes behind this in
// the list, which is carried out when the time is over.
struct Block {
  Duration time{0};
  bool operator==(const Block&) const = default;
};
// The process ends. Nothing of the server remains but its files.
struct Exit {
  int code = 0;
  std::string why;
  bool operator==(const Exit&) const = default;
};

// --- facts for observers: no host needs to act on them
// ---------------------------------------------

enum class MachineKind : std::uint8_t { replica_link, replica_feed, failover };  // model/machines.h
struct Transitioned {
  MachineKind machine{};
  ConnId instance{};  // replica_feed: the connection; others: 0
  std::uint8_t from = 0, to = 0, on = 0;
  bool operator==(const Transitioned&) const = default;
};
struct Reached {
  Mark mark{};
  bool operator==(const Reached&) const = default;
};
// An identity was published: in a request, a reply, an acknowledgement, or a snapshot.
struct Published {
  enum class In : std::uint8_t { psync_request, full_resync, carry_on, snapshot, restart } in{};
  ReplId id;
  Offset offset = 0;  // the last byte that the data include, under `id`
  bool operator==(const Published&) const = default;
};
// An execution unit of several operations went into the stream as these bytes: nobody may ever rest
// between them (R7.10).
struct WroteUnit {
  Offset first = 0, last = 0;
  bool operator==(const WroteUnit&) const = default;
};
// A client changed the data of a replica: no stream has that.
struct WroteAside {
  bool operator==(const WroteAside&) const = default;
};
// A client was shown a key that has a deadline. `key` is named when that has passed.
struct ShownExpiring {
  WallTime deadline{};
  WallTime now{};
  std::string key;
  bool operator==(const ShownExpiring&) const = default;
};
// WAIT was answered on `conn`: so many replicas hold everything up to `offset`.
struct WaitAnswered {
  Offset offset = 0;
  std::int64_t replicas = 0;
  ConnId conn{};
  bool operator==(const WaitAnswered&) const = default;
};
// Somebody who may say so made this node follow another, or nobody (no host).
struct Ordered {
  std::string host;
  int port = 0;
  bool operator==(const Ordered&) const = default;
};
// The master side answered a PSYNC or SYNC.
struct Resync {
  enum class Why : std::uint8_t {
    granted,
    asked_for_full,
    unknown_id,
    beyond_second_id,
    no_backlog,
    before_backlog,
    after_backlog,
    sync_command,
  } why{};
  ConnId conn{};
  std::string id;     // as asked
  Offset wanted = 0;  // first byte asked for
  bool operator==(const Resync&) const = default;
};
// Something arrived that the protocol does not allow here.
struct ProtocolBreach {
  ConnId conn{};
  std::string text;
  bool operator==(const ProtocolBreach&) const = default;
};
// The server found itself in a state that its tables or invariants do not know.
struct Impossible {
  std::string text;
  bool operator==(const Impossible&) const = default;
};
// For people: composed only when Moment::prose is set.
struct Note {
  std::string_view topic;  // "resync", "role", "snapshot", "load", "link", "backlog"
  std::string text;
  bool operator==(const Note&) const = default;
};

using Effect = std::variant<Dial, Send, Hangup, SetReading, StartJob, KillJob, WriteFile, Block,
                            Exit, Transitioned, Reached, Published, WroteUnit, WroteAside, ShownExpiring,
                            WaitAnswered, Ordered, Resync, ProtocolBreach, Impossible, Note>;

std::string_view name(Published::In in);
std::string_view name(Resync::Why why);  // in words: "the offset is before the backlog"

// The effects of one input. Reused from input to input; clear() keeps the storage.
struct Effects {
  std::vector<Effect> list;
  std::string bytes;  // what the Sends point into
  std::vector<std::vector<std::string>> spare;  // storage that Words lend out

  void clear() {
    list.clear();
    bytes.clear();
  }
  bool operator==(const Effects& other) const { return list == other.list && bytes == other.bytes; }
};

// What stands behind the effect `at`, a Block: for later.
inline Effects behind(const Effects& effects, std::size_t at) {
  const auto rest = effects.list.begin() + static_cast<std::ptrdiff_t>(at) + 1;
  return {{rest, effects.list.end()}, effects.bytes, {}};
}

// The words of a request while it is carried out. Their storage is kept from request to request.
class Words {
 public:
  explicit Words(Effects& lender) : lender_(lender) {
    if (lender.spare.empty()) return;
    argv = std::move(lender.spare.back());
    lender.spare.pop_back();
  }
  ~Words() { lender_.spare.push_back(std::move(argv)); }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  std::vector<std::string> argv;

 private:
  Effects& lender_;
};

}  // namespace model
