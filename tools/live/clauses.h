// Numbered statements about replication that any server can be held against over TCP: what a master answers,
// what a replica says and does. Each has the rule of the reference that it is taken from, and a deviation of
// our own server that breaks it (a test holds that: a statement that cannot fail says nothing).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace live {

class Stage;

struct Clause {
  std::string_view name;    // "M03"; M: of a master, N: of one that is both, S: of a replica
  std::string_view rule;    // "R5.1"
  bool mandatory = true;    // optional: a habit of redis-server that others may lack
  std::string_view says;    // the statement
  std::string_view quirk;   // breaks it; or
  std::string_view profile; // the release that does not do so
  void (*check)(Stage&);    // throws Unmet or Untested (stage.h)
};

std::span<const Clause> master_clauses();   // M and N
std::span<const Clause> replica_clauses();  // S

}  // namespace live
