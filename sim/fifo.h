// A queue that lies in one piece of memory, for bytes on their way and for what is on a wire.
//
//      storage:  . . . . | front ... back | free
//                ^ popped, reclaimed when the queue is empty or must grow
//
// Popped items stay where they are until the next push, append or clear: a view of what was popped
// remains valid until then. Once as large as it ever gets, it allocates no more.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

namespace sim {

template <class T>
class Fifo {
 public:
  bool empty() const { return head_ == items_.size(); }
  std::size_t size() const { return items_.size() - head_; }

  T* data() { return items_.data() + head_; }
  const T* data() const { return items_.data() + head_; }
  T* begin() { return data(); }
  T* end() { return items_.data() + items_.size(); }
  const T* begin() const { return data(); }
  const T* end() const { return items_.data() + items_.size(); }
  T& front() { return items_[head_]; }
  const T& front() const { return items_[head_]; }

  void push(const T& item) {
    make_room(1);
    items_.push_back(item);
  }

  void append(const T* first, std::size_t count) {
    make_room(count);
    items_.insert(items_.end(), first, first + count);
  }

  void pop(std::size_t count) {
    assert(count <= size());
    head_ += count;
  }

  // Keeps the first `count`, drops those behind them.
  void truncate(std::size_t count) {
    assert(count <= size());
    items_.resize(head_ + count);
  }

  void clear() {
    items_.clear();
    head_ = 0;
  }

  bool operator==(const Fifo& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  // Reclaims the popped part when that is free, or when it pays: at least as much is popped as lives.
  void make_room(std::size_t count) {
    if (empty()) {
      clear();
    } else if (items_.size() + count > items_.capacity() && head_ >= size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }

  std::vector<T> items_;
  std::size_t head_ = 0;
};

}  // namespace sim
