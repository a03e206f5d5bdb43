// The clause suite: every statement of clauses.h is played on a server under test, and the outcome is a card
// for people and JUnit for machines. A difference tells its statement, its rule, what was expected, what came,
// and what was said on the wire before.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "tools/live/address.h"
#include "tools/live/clauses.h"
#include "tools/live/loop.h"

namespace live {

struct ConformOptions {
  Address target;
  std::string password;
  bool allow_writes = false;        // also when the server has data: they may be lost
  std::vector<std::string> clauses; // names; none: all
};

struct ClauseOutcome {
  enum class Verdict { pass, fail, untested } verdict{};
  const Clause* clause = nullptr;
  std::string expected, came;     // fail
  std::string why;                // untested
  std::vector<std::string> talk;  // fail: the last of what was said
  double seconds = 0;
};

struct Conformance {
  std::optional<std::string> refused;  // why nothing was tried
  std::string version;
  std::vector<ClauseOutcome> outcomes;
  bool interrupted = false;
  std::size_t count(ClauseOutcome::Verdict verdict, bool mandatory_only = false) const;
};

// `stop` is asked between clauses; the server is put back as it was in any case. Unknown names of clauses
// are a refusal.
Conformance conform(Loop& loop, const ConformOptions& options, bool (*stop)() = nullptr);

const Clause* find_clause(std::string_view name);

void print_card(std::ostream& out, const ConformOptions& options, const Conformance& conformance);
void write_junit(std::ostream& out, const ConformOptions& options, const Conformance& conformance);

}  // namespace live
