#include "model/data/stream.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "model/data/number.h"
#include "model/data/packed.h"
#include "model/data/packed_write.h"

namespace model {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

constexpr std::int64_t kDeleted = 1, kSameFields = 2;  // flags of an entry

std::vector<std::string> fields_of(const std::vector<std::string>& pairs) {
  std::vector<std::string> fields;
  for (std::size_t i = 0; i < pairs.size(); i += 2) fields.push_back(pairs[i]);
  return fields;
}

bool has_fields(const StreamEntry& entry, const std::vector<std::string>& fields) {
  if (entry.pairs.size() != 2 * fields.size()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (entry.pairs[2 * i] != fields[i]) return false;
  return true;
}

std::int64_t difference(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a - b);
}

std::int64_t number_of(std::size_t size) {
  return static_cast<std::int64_t>(size);
}

void write_entry(ListpackWriter& out, const StreamNode& node, const StreamEntry& entry) {
  const bool same = has_fields(entry, node.fields);
  const std::int64_t fields = number_of(entry.pairs.size() / 2);
  out.add((entry.deleted ? kDeleted : 0) + (same ? kSameFields : 0));
  out.add(difference(entry.id.ms, node.master.ms));
  out.add(difference(entry.id.seq, node.master.seq));
  if (!same) out.add(fields);
  for (std::size_t i = 0; i < entry.pairs.size(); ++i)
    if (!same || i % 2 == 1) out.add(entry.pairs[i]);
  out.add(same ? 3 + fields : 4 + 2 * fields);  // how many elements to step back over
}

void write_master(ListpackWriter& out, const StreamNode& node) {
  out.add(number_of(node.live()));
  out.add(number_of(node.entries.size() - node.live()));
  out.add(number_of(node.fields.size()));
  for (const std::string& field : node.fields) out.add(field);
  out.add(std::int64_t{0});
}

std::size_t entry_bytes(const StreamNode& node, const StreamEntry& entry) {
  ListpackWriter out;
  write_entry(out, node, entry);
  return out.size() - ListpackWriter().size();
}

}  // namespace

std::string text_of(StreamId id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.seq);
}

std::optional<StreamId> id_after(StreamId id) {
  if (id.seq < kMost) return StreamId{id.ms, id.seq + 1};
  if (id.ms < kMost) return StreamId{id.ms + 1, 0};
  return std::nullopt;
}

std::optional<StreamId> id_before(StreamId id) {
  if (id.seq > 0) return StreamId{id.ms, id.seq - 1};
  if (id.ms > 0) return StreamId{id.ms - 1, kMost};
  return std::nullopt;
}

std::size_t StreamNode::live() const {
  return static_cast<std::size_t>(std::count_if(
      entries.begin(), entries.end(), [](const StreamEntry& entry) { return !entry.deleted; }));
}

std::size_t StreamNode::bytes() const {
  ListpackWriter header;
  write_master(header, *this);
  return header.size() + entry_bytes;
}

std::size_t StreamGroup::pending_of(std::string_view consumer) const {
  return static_cast<std::size_t>(std::count_if(
      pending.begin(), pending.end(), [&](const auto& item) { return item.second.consumer == consumer; }));
}

bool StreamGroup::operator==(const StreamGroup& other) const {
  const auto same_owner = [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.consumer == b.second.consumer;
  };
  return last == other.last && entries_read == other.entries_read &&
         std::equal(pending.begin(), pending.end(), other.pending.begin(), other.pending.end(),
                    same_owner);
}

std::optional<StreamId> Stream::first() const {
  const auto found = range(kFirstStreamId, kLastStreamId, 1);
  return found.empty() ? std::nullopt : std::optional(found.front()->id);
}

std::optional<StreamId> Stream::last_live() const {
  const auto found = range(kFirstStreamId, kLastStreamId, 1, true);
  return found.empty() ? std::nullopt : std::optional(found.front()->id);
}

StreamId Stream::recorded_first() const {
  return first().value_or(StreamId{});
}

const StreamEntry* Stream::find(StreamId id) const {
  const auto found = range(id, id, 1);
  return found.empty() ? nullptr : found.front();
}

std::vector<const StreamEntry*> Stream::range(StreamId from, StreamId to, std::size_t limit,
                                              bool backwards) const {
  std::vector<const StreamEntry*> found;
  // Says whether to go on.
  const auto look = [&](const StreamEntry& entry) {
    if (found.size() == limit || (backwards ? entry.id < from : entry.id > to)) return false;
    if (!entry.deleted && from <= entry.id && entry.id <= to) found.push_back(&entry);
    return true;
  };
  const auto look_through = [&](auto begin, auto end, auto entries_of) {
    for (auto node = begin; node != end; ++node) {
      const auto [first, last] = entries_of(*node);
      if (!std::all_of(first, last, look)) return;
    }
  };
  if (backwards) {
    look_through(nodes_.rbegin(), nodes_.rend(), [](const StreamNode& node) {
      return std::pair(node.entries.rbegin(), node.entries.rend());
    });
  } else {
    // Whole nodes in front of `from` need no look.
    auto begin = std::upper_bound(nodes_.begin(), nodes_.end(), from,
                                  [](StreamId id, const StreamNode& node) { return id < node.master; });
    if (begin != nodes_.begin()) --begin;
    look_through(begin, nodes_.end(), [](const StreamNode& node) {
      return std::pair(node.entries.begin(), node.entries.end());
    });
  }
  return found;
}

void Stream::append(StreamId id, std::vector<std::string> pairs, const StreamNodeLimits& limits) {
  assert(id > last_ || (size_ == 0 && entries_added_ == 0));
  constexpr std::size_t kLargest = std::size_t{1} << 30;
  std::size_t bytes = 0;
  for (const std::string& word : pairs) bytes += word.size();
  const std::size_t most =
      limits.bytes == 0 || limits.bytes > kLargest ? kLargest : limits.bytes;
  const bool fresh =
      nodes_.empty() || nodes_.back().bytes() + bytes >= most ||
      (limits.entries > 0 && nodes_.back().entries.size() >= limits.entries);
  if (fresh) nodes_.push_back({id, fields_of(pairs), {}, 0});
  StreamNode& node = nodes_.back();
  node.entries.push_back({id, std::move(pairs), false});
  node.entry_bytes += entry_bytes(node, node.entries.back());
  ++size_;
  ++entries_added_;
  last_ = id;
}

bool Stream::erase(StreamId id) {
  auto node = std::upper_bound(nodes_.begin(), nodes_.end(), id,
                               [](StreamId wanted, const StreamNode& n) { return wanted < n.master; });
  if (node == nodes_.begin()) return false;
  --node;
  const auto entry =
      std::lower_bound(node->entries.begin(), node->entries.end(), id,
                       [](const StreamEntry& e, StreamId wanted) { return e.id < wanted; });
  if (entry == node->entries.end() || entry->id != id || entry->deleted) return false;
  entry->deleted = true;
  if (node->live() == 0) nodes_.erase(node);
  --size_;
  max_deleted_ = std::max(max_deleted_, id);
  return true;
}

// `node_may_go` says whether a whole node is superfluous; `stops` whether trimming ends before an
// entry.
template <class MayGo, class Stops>
std::size_t Stream::trim(MayGo node_may_go, Stops stops, bool whole_nodes, std::uint64_t limit) {
  std::size_t gone = 0;
  while (!nodes_.empty()) {
    StreamNode& node = nodes_.front();
    const std::size_t live = node.live();
    if (limit > 0 && gone + live > limit) break;
    if (node_may_go(node, live)) {
      nodes_.pop_front();
      size_ -= live;
      gone += live;
      continue;
    }
    if (whole_nodes) break;
    for (StreamEntry& entry : node.entries) {
      if (stops(entry)) break;
      if (entry.deleted) continue;
      entry.deleted = true;
      --size_;
      ++gone;
    }
    break;  // there was enough to delete in this node
  }
  return gone;
}

std::size_t Stream::trim_to_size(std::uint64_t size, bool whole_nodes, std::uint64_t limit) {
  if (size_ <= size) return 0;
  return trim([&](const StreamNode&, std::size_t live) { return size_ - live >= size; },
              [&](const StreamEntry&) { return size_ <= size; }, whole_nodes, limit);
}

std::size_t Stream::trim_before(StreamId id, bool whole_nodes, std::uint64_t limit) {
  return trim([&](const StreamNode& node, std::size_t) { return node.entries.back().id < id; },
              [&](const StreamEntry& entry) { return entry.id >= id; }, whole_nodes, limit);
}

void Stream::add_node(StreamNode node) {
  size_ += node.live();
  nodes_.push_back(std::move(node));
}

bool Stream::may_have_holes_after(StreamId from) const {
  return size_ > 0 && max_deleted_ != StreamId{} && from <= max_deleted_;
}

std::optional<std::uint64_t> Stream::entries_up_to(StreamId id) const {
  if (entries_added_ == 0) return 0;
  if (size_ == 0 && id <= last_) return entries_added_;
  if (id == last_) return entries_added_;
  if (id > last_) return std::nullopt;
  const StreamId first = recorded_first();
  if (max_deleted_ != StreamId{} && max_deleted_ >= first) return std::nullopt;
  if (id < first) return entries_added_ - size_;
  if (id == first) return entries_added_ - size_ + 1;
  return std::nullopt;
}

bool Stream::operator==(const Stream& other) const {
  const auto all = [](const Stream& stream) {
    return stream.range(kFirstStreamId, kLastStreamId, kMost);
  };
  const auto here = all(*this), there = all(other);
  return size_ == other.size_ && last_ == other.last_ && groups == other.groups &&
         std::equal(here.begin(), here.end(), there.begin(), there.end(),
                    [](const StreamEntry* a, const StreamEntry* b) {
                      return a->id == b->id && a->pairs == b->pairs;
                    });
}

std::string listpack_of(const StreamNode& node) {
  ListpackWriter out;
  write_master(out, node);
  for (const StreamEntry& entry : node.entries) write_entry(out, node, entry);
  return std::move(out).finish();
}

namespace {

// Elements one after the other; the first that is missing or no number spoils all.
class ElementReader {
 public:
  explicit ElementReader(const Elements& elements) : elements_(elements) {}
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == elements_.size(); }
  std::string text() {
    if (!ok_ || at_end()) return ok_ = false, std::string();
    return elements_[at_++];
  }
  std::int64_t number() {
    const std::optional<std::int64_t> read = to_integer(text());
    if (!read) ok_ = false;
    return read.value_or(0);
  }
  // Of things that follow, so never more than there are elements.
  std::size_t count() {
    const std::int64_t read = number();
    if (read < 0 || static_cast<std::uint64_t>(read) > elements_.size()) ok_ = false;
    return ok_ ? static_cast<std::size_t>(read) : 0;
  }

 private:
  const Elements& elements_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

StreamEntry read_entry(ElementReader& in, const StreamNode& node) {
  StreamEntry entry;
  const std::int64_t flags = in.number();
  entry.deleted = (flags & kDeleted) != 0;
  const bool same = (flags & kSameFields) != 0;
  entry.id.ms = node.master.ms + static_cast<std::uint64_t>(in.number());
  entry.id.seq = node.master.seq + static_cast<std::uint64_t>(in.number());
  const std::size_t fields = same ? node.fields.size() : in.count();
  for (std::size_t i = 0; in.ok() && i < fields; ++i) {
    entry.pairs.push_back(same ? node.fields[i] : in.text());
    entry.pairs.push_back(in.text());
  }
  const std::int64_t back = in.number();
  if (back != number_of(same ? 3 + fields : 4 + 2 * fields)) in.count(), in.text();
  return entry;
}

}  // namespace

std::optional<StreamNode> read_stream_node(StreamId master, std::string_view listpack) {
  const std::optional<Elements> elements = read_listpack(listpack);
  if (!elements) return std::nullopt;
  ElementReader in(*elements);
  StreamNode node{master, {}, {}, 0};
  const std::size_t live = in.count(), deleted = in.count(), fields = in.count();
  for (std::size_t i = 0; in.ok() && i < fields; ++i) node.fields.push_back(in.text());
  if (in.number() != 0) return std::nullopt;
  while (in.ok() && !in.at_end()) {
    node.entries.push_back(read_entry(in, node));
    if (node.entries.size() > 1 && node.entries.back().id <= node.entries.end()[-2].id)
      return std::nullopt;
    node.entry_bytes += entry_bytes(node, node.entries.back());
  }
  if (!in.ok() || node.entries.empty() || node.live() != live ||
      node.entries.size() != live + deleted)
    return std::nullopt;
  return node;
}

}  // namespace model
