// replsim diagram: the state machines, drawn from the tables that the nodes run on; with a trace, painted
// with what that run did.
#pragma once

#include <span>
#include <string>

#include "sim/trace.h"

namespace tools {

struct DiagramOptions {
  bool master = false;         // what a master keeps for each replica; else the replica's link
  std::string format = "dot";  // "dot", "svg", "png"
  std::string trace;           // a trace file to count in; empty: none
  std::string output = "-";    // where to; "-": standard output
};

// An exit code. Without Graphviz a picture cannot be made: the drawing is written as .dot all the same,
// and the message says where.
int diagram(const DiagramOptions& options);

// The replica's link, painted with what these records have seen, in the DOT language.
std::string replica_link_dot(std::span<const sim::Record> records);

}  // namespace tools
