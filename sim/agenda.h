// What is due, in one total order: by virtual time, then by order of scheduling, and no third rule.
//
//      agenda.add(due, event)      any number, O(log n), no allocation once warm
//      agenda.take()               the earliest; equal times come out in the order they went in
//
// A 4-ary heap of 16-byte keys {due, order+slot}; the events themselves stay still in a slab, so that
// sifting moves nothing but keys. Nothing is ever cancelled: whoever scheduled an event that has lost
// its point recognises and ignores it when it comes (an incarnation or generation in `what`).
#pragma once

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
  };

  // `due` may lie in the past of what was taken: it then comes next. At most 2^24 pending events.
  void add(Instant due, Event event);

  bool empty() const { return size() == 0; }
  std::size_t size() const;

  // Time of the earliest event, kNever when empty.
  Instant next_due() const;

  // Takes the earliest. Precondition: not empty.
  Due take();

  // Same pending events, same order; how they lie in memory does not count.
  bool operator==(const Agenda& other) const;

 private:
  // Layout is the implementer's.
};

}  // namespace sim
