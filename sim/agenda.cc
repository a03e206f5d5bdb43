#include "sim/agenda.h"

#include <algorithm>
#include <cassert>

namespace sim {

void Agenda::push(Key key) {
  std::size_t at = end_++;
  if (at / 4 == groups_.size()) groups_.push_back({kNoKey, kNoKey, kNoKey, kNoKey});
  for (; at > kRoot; at = parent(at)) {
    const Key above = key_at(parent(at));
    if (above < key) break;
    key_at(at) = above;
  }
  key_at(at) = key;
}

std::size_t Agenda::free_slot() {
  if (free_.empty()) {
    assert(events_.size() <= kSlotMask && "more pending events than slots");
    events_.emplace_back();
    return events_.size() - 1;
  }
  const std::size_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void Agenda::close_hole() {
  hole_ = false;
  free_.push_back(hole_slot_);
  const Key last = key_at(--end_);
  key_at(end_) = kNoKey;
  if (end_ > kRoot) sift_down(last);
}

bool Agenda::operator==(const Agenda& other) const {
  return size() == other.size() && in_order() == other.in_order();
}

std::vector<Agenda::Due> Agenda::in_order() const {
  std::vector<Key> keys;
  for (std::size_t at = kRoot + (hole_ ? 1 : 0); at < end_; ++at) keys.push_back(key_at(at));
  std::sort(keys.begin(), keys.end());
  std::vector<Due> due;
  for (const Key key : keys) due.push_back({instant(key), events_[slot(key)]});
  return due;
}

}  // namespace sim
