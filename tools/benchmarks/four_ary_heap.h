// The yardstick: a bare 4-ary heap of 16-byte items, and nothing else. What the kernel takes beyond
// this is the price of events, hosts and the loop.
//
// It is as fast as we know how to write one, so that a ratio to it means something: an item is one
// number, so that comparing takes no branch; the four children of an item share a cache line; and the
// places behind the last item hold the largest number, so that no level asks how many children it has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

class FourAryHeap {
 public:
  __extension__ using Item = unsigned __int128;  // due in the upper half, payload in the lower

  static Item item(std::uint64_t due, std::uint64_t payload) { return Item{due} << 64 | payload; }
  static std::uint64_t due(Item item) { return static_cast<std::uint64_t>(item >> 64); }

  void put(Item item) {
    std::size_t at = end_++;
    if (at / 4 == lines_.size()) lines_.push_back({kNone, kNone, kNone, kNone});
    for (; at > kRoot && item < (*this)[at / 4 + 2]; at = at / 4 + 2)
      (*this)[at] = (*this)[at / 4 + 2];
    (*this)[at] = item;
  }

  Item front() const { return lines_[0].items[kRoot]; }

  // Precondition: not empty.
  Item take() {
    const Item first = front();
    const Item last = (*this)[--end_];
    (*this)[end_] = kNone;
    if (end_ > kRoot) sift_down(last);
    return first;
  }

  // Takes the earliest and puts `item` in its place: take() and put() with one sift instead of two,
  // for those who know at once what they will put back.
  Item exchange(Item item) {
    const Item first = front();
    sift_down(item);
    return first;
  }

 private:
  struct alignas(64) Line {
    Item items[4];
  };
  static constexpr Item kNone = ~Item{0};
  static constexpr std::size_t kRoot = 3;  // the children of `at` are then at 4 * at - 8 and on

  void sift_down(Item item) {
    Line* const lines = lines_.data();
    std::size_t at = kRoot;
    for (std::size_t child = 4; child < end_; child = 4 * at - 8) {
      const Line& line = lines[child / 4];
      const std::size_t left = line.items[1] < line.items[0] ? 1 : 0;
      const std::size_t right = line.items[3] < line.items[2] ? 3 : 2;
      const std::size_t least = line.items[right] < line.items[left] ? right : left;
      if (item < line.items[least]) break;
      lines[at / 4].items[at % 4] = line.items[least];
      at = child + least;
    }
    lines[at / 4].items[at % 4] = item;
  }

  Item& operator[](std::size_t at) { return lines_[at / 4].items[at % 4]; }

  std::vector<Line> lines_ = {{{kNone, kNone, kNone, kNone}}};
  std::size_t end_ = kRoot;
};

}  // namespace bench
