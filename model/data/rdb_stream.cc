// Streams in RDB files (reference 13.10).
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "model/data/rdb_codes.h"
#include "model/data/rdb_value.h"

namespace model {
namespace {

constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();

std::uint64_t bits_of(std::int64_t number) {
  return static_cast<std::uint64_t>(number);
}

class StreamWriter {
 public:
  StreamWriter(RdbOutput& out, int version) : out_(out), counts_(version >= 10), active_(version >= 11) {}

  void write(const Stream& stream) {
    out_.length(stream.nodes().size());
    for (const StreamNode& node : stream.nodes()) {
      RdbOutput key(false);
      key.big(node.master.ms, 8);
      key.big(node.master.seq, 8);
      out_.string(key.bytes());
      out_.string(listpack_of(node));
    }
    out_.length(stream.size());
    lengths(stream.last());
    if (counts_) {
      lengths(stream.recorded_first());
      lengths(stream.max_deleted());
      out_.length(stream.entries_added());
    }
    out_.length(stream.groups.size());
    for (const auto& [name, group] : stream.groups) {
      out_.string(name);
      write(group);
    }
  }

 private:
  void lengths(StreamId id) {
    out_.length(id.ms);
    out_.length(id.seq);
  }

  void raw_id(StreamId id) {
    out_.big(id.ms, 8);
    out_.big(id.seq, 8);
  }

  void write(const StreamGroup& group) {
    lengths(group.last);
    if (counts_) out_.length(group.entries_read.value_or(kUnknown));
    out_.length(group.pending.size());
    for (const auto& [id, pending] : group.pending) {
      raw_id(id);
      out_.little(bits_of(pending.delivered), 8);
      out_.length(pending.count);
    }
    out_.length(group.consumers.size());
    for (const auto& [name, consumer] : group.consumers) {
      out_.string(name);
      out_.little(bits_of(consumer.seen), 8);
      if (active_) out_.little(bits_of(consumer.active), 8);
      out_.length(group.pending_of(name));
      for (const auto& [id, pending] : group.pending)
        if (pending.consumer == name) raw_id(id);
    }
  }

  RdbOutput& out_;
  bool counts_, active_;
};

class StreamReader {
 public:
  StreamReader(RdbInput& in, std::uint8_t type)
      : in_(in), counts_(type != rdb::kStream), active_(type == rdb::kStream3) {}

  Stream read() {
    Stream stream;
    for (std::uint64_t left = in_.length("a stream's nodes"); in_.good() && left > 0; --left)
      node(stream);
    const std::uint64_t entries = in_.length("a stream");
    stream.set_last(lengths("a stream's last id"));
    stream.set_entries_added(entries);
    if (counts_) {
      lengths("a stream's first id");
      stream.set_max_deleted(lengths("the highest deleted id of a stream"));
      stream.set_entries_added(in_.length("the number of entries ever added"));
    }
    if (in_.good() && entries != stream.size())
      in_.corrupt("expected " + std::to_string(entries) + " entries in a stream, found " +
                  std::to_string(stream.size()));
    if (in_.good() && !stream.nodes().empty() &&
        stream.last() < stream.nodes().back().entries.back().id)
      in_.corrupt("expected a stream's last id not to be below its last entry");
    for (std::uint64_t left = in_.length("a stream's groups"); in_.good() && left > 0; --left)
      group(stream);
    return stream;
  }

 private:
  StreamId lengths(std::string_view what) {
    const std::uint64_t ms = in_.length(what);
    return {ms, in_.length(what)};
  }

  StreamId raw_id(std::string_view what) {
    const std::uint64_t ms = in_.big(8, what);
    return {ms, in_.big(8, what)};
  }

  void node(Stream& stream) {
    const std::string key = in_.string("a stream node's id");
    const std::string listpack = in_.string("a stream node");
    if (!in_.good()) return;
    if (key.size() != 16)
      return in_.corrupt("expected a stream node's id of 16 bytes, found " +
                         std::to_string(key.size()));
    RdbInput id(key);
    const std::uint64_t ms = id.big(8, "ms");
    const StreamId master{ms, id.big(8, "seq")};
    std::optional<StreamNode> read = read_stream_node(master, listpack);
    if (!read) return in_.corrupt("expected the listpack of a stream node, found something else");
    if (!stream.nodes().empty() && stream.nodes().back().entries.back().id >= read->entries.front().id)
      return in_.corrupt("expected a stream's nodes in order of their ids");
    stream.add_node(std::move(*read));
  }

  void group(Stream& stream) {
    const std::string name = in_.string("a group's name");
    StreamGroup group;
    group.last = lengths("a group's last id");
    if (counts_) {
      const std::uint64_t count = in_.length("a group's counter");
      if (count != kUnknown) group.entries_read = count;
    } else {
      group.entries_read = stream.entries_up_to(group.last);
    }
    for (std::uint64_t left = in_.length("pending entries"); in_.good() && left > 0; --left)
      pending(group);
    owned_.clear();
    for (std::uint64_t left = in_.length("a group's consumers"); in_.good() && left > 0; --left)
      consumer(group);
    if (in_.good() && owned_.size() != group.pending.size())
      in_.corrupt("expected a consumer for each pending entry of group \"" + name + "\"");
    if (in_.good() && !stream.groups.emplace(name, std::move(group)).second)
      in_.corrupt("expected group names that differ, found \"" + name + "\" twice");
  }

  void pending(StreamGroup& group) {
    const StreamId id = raw_id("a pending entry's id");
    StreamPending pending;
    pending.delivered = in_.little_signed(8, "a delivery time");
    pending.count = in_.length("a number of deliveries");
    if (in_.good() && !group.pending.emplace(id, pending).second)
      in_.corrupt("expected pending entries that differ, found " + text_of(id) + " twice");
  }

  void consumer(StreamGroup& group) {
    const std::string name = in_.string("a consumer's name");
    StreamConsumer consumer;
    consumer.seen = in_.little_signed(8, "a consumer's time");
    if (active_) consumer.active = in_.little_signed(8, "a consumer's time");
    if (in_.good() && !group.consumers.emplace(name, consumer).second)
      in_.corrupt("expected consumers that differ, found \"" + name + "\" twice");
    for (std::uint64_t left = in_.length("a consumer's entries"); in_.good() && left > 0; --left) {
      const StreamId id = raw_id("a consumer's entry");
      const auto place = group.pending.find(id);
      if (!in_.good()) return;
      if (place == group.pending.end() || !owned_.insert(id).second) {
        in_.corrupt("expected an entry that is pending and has no other consumer, found " +
                    text_of(id));
        return;
      }
      place->second.consumer = name;
    }
  }

  RdbInput& in_;
  bool counts_, active_;
  std::set<StreamId> owned_;  // pending entries of the group being read that have a consumer
};

}  // namespace

void write_rdb_stream(RdbOutput& out, const Stream& stream, int version) {
  StreamWriter(out, version).write(stream);
}

Stream read_rdb_stream(RdbInput& in, std::uint8_t type) {
  return StreamReader(in, type).read();
}

}  // namespace model
