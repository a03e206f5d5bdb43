// What is due, in one total order: by virtual time, then by order of scheduling, and no third rule.
//
//      agenda.add(due, event)      any number, O(log n), no allocation once warm
//      agenda.take()               the earliest; equal times come out in the order they went in
//
// A 4-ary heap of 16-byte keys {due, order+slot}; the events themselves stay still in a slab, so that
// sifting moves nothing but keys. Nothing is ever cancelled: whoever scheduled an event that has lost
// its point recognises and ignores it when it comes (an incarnation or generation in `what`).
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/event.h"
#include "sim/time.h"

namespace sim {

class Agenda {
 public:
  struct Due {
    Instant at;
    Event event;
    bool operator==(const Due&) const = default;
  };

  // `due` may lie in the past of what was taken: it then comes next. At most 2^24 pending events.
  void add(Instant due, Event event);

  bool empty() const { return size() == 0; }
  std::size_t size() const { return end_ - kRoot - (hole_ ? 1 : 0); }

  // Time of the earliest event, kNever when empty.
  Instant next_due() const;

  // Takes the earliest. Precondition: not empty.
  Due take();

  // Same pending events, same order; how they lie in memory does not count.
  bool operator==(const Agenda& other) const;

 private:
  // {due, order of scheduling, slot} in one number, so that one comparison decides.
  __extension__ using Key = unsigned __int128;
  static constexpr Key kNoKey = ~Key{0};  // behind every real key

  // The four children of a key share a cache line, and the places of the last line that are not in
  // use hold kNoKey, so that the least of four is found without asking how many there are:
  //
  //      groups_[0]: - - - root     groups_[1]: children of the root     groups_[2]: theirs ...
  struct alignas(64) Group {
    Key keys[4];
  };
  static constexpr std::size_t kRoot = 3;
  static constexpr std::size_t first_child(std::size_t at) { return 4 * at - 8; }
  static constexpr std::size_t parent(std::size_t at) { return at / 4 + 2; }

  static constexpr unsigned kSlotBits = 24;
  static constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;

  // Signed times compare as unsigned ones when the sign bit is turned.
  static constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  static Key key(Instant due, std::uint64_t order_and_slot) {
    return Key{static_cast<std::uint64_t>(due.time_since_epoch().count()) ^ kSign} << 64 |
           order_and_slot;
  }
  static Instant instant(Key key) {
    return Instant{
        Duration{static_cast<std::int64_t>(static_cast<std::uint64_t>(key >> 64) ^ kSign)}};
  }
  static std::size_t slot(Key key) { return static_cast<std::uint64_t>(key) & kSlotMask; }

  Key& key_at(std::size_t at) { return groups_[at / 4].keys[at % 4]; }
  const Key& key_at(std::size_t at) const { return groups_[at / 4].keys[at % 4]; }

  static std::size_t least(const Group& group);
  void sift_down(Key key);  // from the root, whose own key has been taken
  void push(Key key);       // at the far end, and up
  void close_hole();
  Key new_key(Instant due, std::size_t slot);
  std::size_t free_slot();
  std::vector<Due> in_order() const;

  std::vector<Group> groups_ = {{{kNoKey, kNoKey, kNoKey, kNoKey}}};
  std::size_t end_ = kRoot;  // one past the last key

  // take() leaves the root and its slot empty: most events schedule another, and that one is put
  // there and sifted down, instead of closing the gap first and opening it again.
  bool hole_ = false;
  std::size_t hole_slot_ = 0;

  std::vector<Event> events_;        // the slab
  std::vector<std::size_t> free_;    // slots not in use; the last one freed is used first
  std::uint64_t next_order_ = 0;     // already shifted past the slot
};

// Defined here because the kernel's loop is little else than these.

inline std::size_t Agenda::least(const Group& group) {
  const std::size_t a = group.keys[1] < group.keys[0] ? 1 : 0;
  const std::size_t b = group.keys[3] < group.keys[2] ? 3 : 2;
  return group.keys[b] < group.keys[a] ? b : a;
}

inline void Agenda::sift_down(Key key) {
  std::size_t at = kRoot;
  for (std::size_t child = first_child(at); child < end_; child = first_child(at)) {
    const Group& group = groups_[child / 4];
    const std::size_t which = least(group);
    if (key < group.keys[which]) break;
    key_at(at) = group.keys[which];
    at = child + which;
  }
  key_at(at) = key;
}

inline void Agenda::add(Instant due, Event event) {
  if (hole_) {
    hole_ = false;
    events_[hole_slot_] = event;
    sift_down(new_key(due, hole_slot_));
  } else {
    const std::size_t slot = free_slot();
    events_[slot] = event;
    push(new_key(due, slot));
  }
}

inline Agenda::Key Agenda::new_key(Instant due, std::size_t slot) {
  const Key made = key(due, next_order_ | slot);
  next_order_ += std::uint64_t{1} << kSlotBits;
  assert(next_order_ != 0 && "more events than can be numbered");
  return made;
}

inline Instant Agenda::next_due() const {
  if (!hole_) return instant(key_at(kRoot));  // kNoKey reads as kNever
  if (end_ == kRoot + 1) return kNever;
  return instant(groups_[1].keys[least(groups_[1])]);
}

inline Agenda::Due Agenda::take() {
  assert(!empty());
  if (hole_) close_hole();
  const Key earliest = key_at(kRoot);
  hole_ = true;
  hole_slot_ = slot(earliest);
  return {instant(earliest), events_[hole_slot_]};
}

}  // namespace sim
