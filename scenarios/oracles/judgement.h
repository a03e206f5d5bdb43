// What an oracle says at the end of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/time.h"

namespace scenarios {

enum class Outcome : std::uint8_t { pass, fail, unknown, not_tested };
std::string_view name(Outcome outcome);  // "pass", "fail", "unknown", "not tested"

// How near anything came to failing, or to being judged at all: the smallest distance of the run.
struct Nearest {
  std::int64_t distance = 0;
  std::string_view unit;  // "bytes", "ms"; a literal, like what follows
  std::string_view what;  // "a request came too late for the backlog by"
};
std::string words(const Nearest& nearest);  // "a request came too late for the backlog by 3 bytes"

struct Judgement {            // of one oracle, or of the scenario's own expectations ("EXPECT")
  std::string oracle;
  Outcome outcome = Outcome::not_tested;
  std::string finding;        // one sentence; for not tested: which precondition never held
  sim::Instant at{};          // when it was first seen
  std::uint64_t checked = 0;  // how often its precondition held
  std::optional<Nearest> nearest;

  // Of a failure: few and stable words, the same for every instance of the same bug. `clause` is
  // what did not hold ("went-back"), `role` and `phase` are those of the node that it did not hold
  // for.
  std::string clause;
  std::string role;   // "master", "replica", "relay" (a replica that has replicas), "down"
  std::string phase;  // "serving"; of a replica: "connecting", "handshake", "transfer", "loading",
                      // "streaming"
};

// What makes two failures one: "MONO/went-back/replica/streaming".
std::string failure_key(const Judgement& judgement);

}  // namespace scenarios
