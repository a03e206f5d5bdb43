// A run for somebody who reads it in a terminal: what happened, in virtual time, a line each.
//
//      s         where  what happened
//      0.001     b      replica-link: NONE → CONNECT → CONNECTING (REPLICAOF, dial)
//      0.001250  b → a  PING
//      2.000     fault  begins: cut a-b
//      4.000     fault  ends: cut a-b
//      9.000     b → a  REPLCONF ACK 210   ×12 until 20.000
//
// Shown are faults, steps of the scenario, what nodes say to each other, decide and become, and broken
// expectations. Bytes, numbers and connections that come and go as they should are not. Lines that say
// the same over and over, but for their numbers, become one line with a count, as long as nothing
// happens in between that a reader has to see in its place.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>

#include "sim/trace.h"

namespace reports {

struct TimelineOptions {
  bool color = false;
  std::size_t width = 0;  // columns of the terminal; longer lines are cut. 0: as long as they are
  bool marks = true;      // names of rare paths
};

void print_timeline(std::ostream& out, std::span<const sim::Record> records,
                    const TimelineOptions& options = {});

}  // namespace reports
