// The replication stream as a server keeps it: stored once, for the backlog and for every replica
// that is still being sent something (R6.10).
//
//      forgotten | a b c d e f g h i | not produced yet
//                ^ first()           ^ next()
//
// Offsets count bytes, never commands: byte n is the n-th byte of the history. A replica's output
// is a position in here, not a copy. A replica whose next wanted byte is `o` may be served iff
// first() <= o <= next() (R5.1).
//
// Bytes are kept in blocks, as in 7.0: a block is forgotten as a whole, when what remains is still
// more than the configured size and no reader stands in it (R6.11, R6.12). Up to 6.2 it is an exact
// ring.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "model/types.h"

namespace model {

class Backlog {
 public:
  // large_blocks: one holds whatever is appended at once, however much; only with a quirk (H71).
  enum class Kind : std::uint8_t { blocks, large_blocks, ring };

  // An empty one: the next byte to be appended has number `next` (R6.1).
  Backlog(Kind kind, Offset next, std::int64_t size)
      : kind_(kind), size_(size), first_(next), next_(next) {}

  Offset first() const { return first_; }  // number of the oldest byte held
  Offset next() const { return next_; }    // number of the byte that append() adds next
  std::int64_t histlen() const { return next_ - first_; }
  std::int64_t size() const { return size_; }

  bool holds(Offset from) const { return first_ <= from && from <= next_; }

  // True when a block was added: the moment to look who reads too slowly (R7.46).
  bool append(std::string_view bytes);

  // Bytes from `from` on, at most `most`, as far as they lie together. Precondition: holds(from), or
  // a reader that trim() was told of has not come past it: a ring keeps its bytes for it, though it
  // offers them to nobody else.
  std::string_view read(Offset from, std::size_t most) const;

  // What the blocks from the one with byte `from` on take, their headers and unused ends included:
  // each replica is charged for all of it (R6.14).
  std::int64_t memory_from(Offset from) const;

  // Forgets old bytes. `oldest_reader` is the lowest position that a replica still has to read
  // (next() when there is none). True when something was forgotten.
  bool trim(Offset oldest_reader);

  // The newest `count` bytes count no more, but stay where they are. Only with a quirk (H29).
  void take_back(std::int64_t count) { next_ -= count; }

  // The content stays (V24; before 7.0 it is lost); call trim() afterwards.
  void resize(std::int64_t size) { size_ = size; }

  // What is held serves those who read it already, and nobody else.
  void offer_nothing() { first_ = next_; }

  // Nothing, or the invariant that does not hold, in a sentence.
  std::optional<std::string> violation() const;

  bool operator==(const Backlog&) const = default;

 private:
  struct Block {
    Offset start = 0;  // number of its first byte
    std::size_t capacity = 0;
    std::string bytes;
    bool operator==(const Block&) const = default;
  };
  std::size_t index_of(Offset from) const;

  Kind kind_;
  std::int64_t size_;
  Offset first_;
  Offset next_;
  std::deque<Block> blocks_;
};

}  // namespace model
