#include "model/backlog.h"

#include <algorithm>
#include <cassert>

namespace model {
namespace {

constexpr std::size_t kSmallestBlock = 16384;
constexpr std::size_t kBlockHeader = 40;

// What the allocator of the real server hands out for a request: four size classes to each
// doubling. It is visible, as a block is filled to the end of what was handed out (R6.10).
constexpr std::size_t allocated(std::size_t wanted) {
  std::size_t doubling = kSmallestBlock;
  while (doubling * 2 < wanted) doubling *= 2;
  const std::size_t step = doubling / 4;
  return doubling + (wanted - doubling + step - 1) / step * step;
}
static_assert(allocated(kSmallestBlock + kBlockHeader) - kBlockHeader == 20440);

std::size_t capacity_for(std::size_t bytes, std::int64_t backlog_size) {
  const auto largest = std::max(static_cast<std::size_t>(backlog_size) / 16, kSmallestBlock);
  const std::size_t wanted = std::clamp(bytes, kSmallestBlock, largest);
  return allocated(wanted + kBlockHeader) - kBlockHeader;
}

}  // namespace

bool Backlog::append(std::string_view bytes) {
  bool grown = kind_ == Kind::ring;  // up to 6.2 each reply was looked at
  while (!bytes.empty()) {
    if (blocks_.empty() || blocks_.back().bytes.size() == blocks_.back().capacity) {
      const std::int64_t limit = kind_ == Kind::large_blocks
                                     ? static_cast<std::int64_t>(bytes.size()) * 16
                                     : size_;
      blocks_.push_back({next_, capacity_for(bytes.size(), limit), {}});
      grown = true;
    }
    Block& block = blocks_.back();
    const std::size_t fits = std::min(bytes.size(), block.capacity - block.bytes.size());
    block.bytes.append(bytes.substr(0, fits));
    bytes.remove_prefix(fits);
    next_ += static_cast<Offset>(fits);
  }
  return grown;
}

std::size_t Backlog::index_of(Offset from) const {
  const auto behind = std::upper_bound(blocks_.begin(), blocks_.end(), from,
                                       [](Offset o, const Block& b) { return o < b.start; });
  return static_cast<std::size_t>(behind - blocks_.begin()) - 1;
}

std::string_view Backlog::read(Offset from, std::size_t most) const {
  if (from == next_) return {};
  // A reader of a ring may stand before what is offered to newcomers.
  assert(!blocks_.empty() && blocks_.front().start <= from && from < next_);
  const Block& block = blocks_[index_of(from)];
  return std::string_view(block.bytes).substr(static_cast<std::size_t>(from - block.start), most);
}

std::int64_t Backlog::memory_from(Offset from) const {
  constexpr std::int64_t kListNode = 24;
  if (kind_ == Kind::ring) return next_ - from;  // up to 6.2 each replica had a buffer of its own
  if (blocks_.empty()) return 0;
  const std::size_t standing = from == next_ ? blocks_.size() - 1 : index_of(from);
  const Block& last = blocks_.back();
  const Offset end = last.start + static_cast<Offset>(last.capacity);  // all before it are full
  return end - blocks_[standing].start +
         static_cast<std::int64_t>(blocks_.size() - standing) *
             (kListNode + static_cast<std::int64_t>(kBlockHeader));
}

bool Backlog::trim(Offset oldest_reader) {
  const Offset before = first_;
  if (kind_ == Kind::ring) {
    // Readers keep their blocks, but the history offered to newcomers ends at the exact size.
    first_ = std::max(first_, next_ - size_);
    while (blocks_.size() > 1 && blocks_[1].start <= std::min(first_, oldest_reader)) {
      blocks_.pop_front();
    }
    return first_ != before;
  }
  while (blocks_.size() > 1) {
    const Block& oldest = blocks_.front();
    const auto bytes = static_cast<std::int64_t>(oldest.bytes.size());
    if (histlen() - bytes <= size_) break;
    if (oldest_reader < blocks_[1].start) break;
    first_ += bytes;
    blocks_.pop_front();
  }
  return first_ != before;
}

std::optional<std::string> Backlog::violation() const {
  if (first_ > next_) return "the backlog begins behind its end";
  Offset expected = blocks_.empty() ? next_ : blocks_.front().start;
  for (const Block& block : blocks_) {
    if (block.start != expected) return "the backlog's blocks do not follow one another";
    expected += static_cast<Offset>(block.bytes.size());
  }
  if (expected != next_) return "the backlog's blocks do not span its offsets";
  if (!blocks_.empty() && blocks_.front().start > first_)
    return "the backlog offers bytes that it lost";
  if (kind_ == Kind::blocks && blocks_.empty() && histlen() != 0)
    return "the backlog holds no bytes";
  return std::nullopt;
}

}  // namespace model
