// A stream: entries in order of their ids, and the consumer groups that read them.
//
// Entries live in nodes, as in Redis, because nodes show: XADD and XTRIM with '~' only drop whole
// ones, and an RDB file holds them one by one.
//
//      node 1-0: fields f g, [1-0 live] [1-1 deleted] [5-0 live]
//      node 7-3: fields a,   [7-3 live]
//
// The first entry of a node gives it its id and its fields; entries with the same fields do not
// repeat them when they are written. Deleting an entry marks it; a node goes when its last live
// entry is deleted.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace model {

struct StreamId {
  std::uint64_t ms = 0, seq = 0;
  auto operator<=>(const StreamId&) const = default;
};

inline constexpr StreamId kFirstStreamId{};
inline constexpr StreamId kLastStreamId{std::numeric_limits<std::uint64_t>::max(),
                                        std::numeric_limits<std::uint64_t>::max()};

std::string text_of(StreamId id);                  // "ms-seq"
std::optional<StreamId> id_after(StreamId id);     // nothing behind the last
std::optional<StreamId> id_before(StreamId id);    // nothing before 0-0

struct StreamEntry {
  StreamId id;
  std::vector<std::string> pairs;  // field, value, field, value, ...
  bool deleted = false;
};

struct StreamNode {
  StreamId master;
  std::vector<std::string> fields;  // of the first entry
  std::vector<StreamEntry> entries;
  std::size_t entry_bytes = 0;  // what the entries take in the node's listpack

  std::size_t live() const;
  std::size_t bytes() const;  // of the whole listpack
};

// How large a node may get: stream-node-max-bytes and stream-node-max-entries; 0: no such limit.
struct StreamNodeLimits {
  std::size_t bytes = 4096;
  std::size_t entries = 100;
  bool operator==(const StreamNodeLimits&) const = default;
};

struct StreamPending {  // delivered and not acknowledged
  std::string consumer;
  std::int64_t delivered = 0;  // ms since 1970
  std::uint64_t count = 0;     // how often
};

struct StreamConsumer {
  std::int64_t seen = 0;    // ms since 1970: it asked
  std::int64_t active = -1; // it got something; written from RDB version 11 on
};

struct StreamGroup {
  StreamId last;                              // delivered last
  std::optional<std::uint64_t> entries_read;  // nothing: not known
  std::map<StreamId, StreamPending> pending;
  std::map<std::string, StreamConsumer, std::less<>> consumers;

  std::size_t pending_of(std::string_view consumer) const;
  // What the stream of a master carries; how often and when somebody looked stays with the server
  // that was asked.
  bool operator==(const StreamGroup& other) const;
};

class Stream {
 public:
  std::size_t size() const { return size_; }
  // A stream without entries is still a stream: unlike other values it is never an empty aggregate.
  StreamId last() const { return last_; }
  StreamId max_deleted() const { return max_deleted_; }
  std::uint64_t entries_added() const { return entries_added_; }
  std::optional<StreamId> first() const;      // of the live entries
  std::optional<StreamId> last_live() const;
  StreamId recorded_first() const;  // as RDB files and XINFO say it: 0-0 when there is none
  const std::deque<StreamNode>& nodes() const { return nodes_; }

  const StreamEntry* find(StreamId id) const;  // live ones only
  // Live entries of [from, to], at most `limit`, backwards if asked.
  std::vector<const StreamEntry*> range(StreamId from, StreamId to, std::size_t limit,
                                        bool backwards = false) const;

  // Precondition: id > last().
  void append(StreamId id, std::vector<std::string> pairs, const StreamNodeLimits& limits);
  bool erase(StreamId id);

  // Each answers how many entries went. `whole_nodes`: nothing less than a node goes, and no more
  // than `limit` entries (0: any number), deleted ones counted.
  std::size_t trim_to_size(std::uint64_t size, bool whole_nodes, std::uint64_t limit);
  std::size_t trim_before(StreamId id, bool whole_nodes, std::uint64_t limit);

  void set_last(StreamId id) { last_ = id; }
  void set_entries_added(std::uint64_t count) { entries_added_ = count; }
  void set_max_deleted(StreamId id) { max_deleted_ = id; }
  // As read from a file; entries ascend, within the node and from node to node.
  void add_node(StreamNode node);

  // Is the distance of `id` from the first entry ever added known? Then how many entries up to it
  // were added; nothing when there may be holes (R7.4: ENTRIESREAD).
  std::optional<std::uint64_t> entries_up_to(StreamId id) const;
  // An entry at or after `from` that was deleted may be missing from a count.
  bool may_have_holes_after(StreamId from) const;

  std::map<std::string, StreamGroup, std::less<>> groups;

  bool operator==(const Stream& other) const;

 private:
  template <class MayGo, class Stops>
  std::size_t trim(MayGo node_may_go, Stops stops, bool whole_nodes, std::uint64_t limit);

  std::deque<StreamNode> nodes_;
  std::size_t size_ = 0;
  StreamId last_, max_deleted_;
  std::uint64_t entries_added_ = 0;
};

// The listpack of a node, as RDB files hold it.
std::string listpack_of(const StreamNode& node);
// The other way; nothing when it is no such listpack.
std::optional<StreamNode> read_stream_node(StreamId master, std::string_view listpack);

}  // namespace model
