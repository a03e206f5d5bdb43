// Drives a kernel by hand, for tests: keeps what each end was told and what it has read.
//
//      Driver d;  auto a = d.kernel.add_host("a"), b = d.kernel.add_host("b");
//      auto [ours, theirs] = d.connect(a, b);
//      d.kernel.send(ours, "hello");
//      d.run();
//      d.read[theirs] == "hello"
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel.h"

namespace sim {

struct Driver {
  using Kind = Occurrence::Kind;

  struct Told {
    Instant at;
    Kind kind{};
    EndId end{};
    HostId host{};
    std::uint64_t number = 0;
    std::string bytes;
    bool operator==(const Told&) const = default;
  };

  explicit Driver(std::uint64_t seed = 1, TraceMode mode = TraceMode::keep)
      : kernel(Choice::seeded(seed), mode) {}

  // Runs until nothing is left to happen, or until `until`.
  void run(Instant until = kNever) {
    while (step(until)) {
    }
  }

  bool step(Instant until = kNever) {
    const auto happened = kernel.next(until);
    if (!happened) return false;
    told.push_back({kernel.now(), happened->kind, happened->end, happened->host, happened->number,
                    std::string(happened->bytes)});
    if (happened->kind == Kind::bytes) read[happened->end] += happened->bytes;
    return true;
  }

  void run_for(Duration duration) { run(kernel.now() + duration); }

  // Dials and runs until both sides know.
  std::pair<EndId, EndId> connect(HostId from, HostId to) {
    const EndId end = kernel.dial(from, to);
    run(kernel.now() + Duration{10'000});
    return {end, peer_of(end)};
  }

  // What an end was told, in order, without the bytes.
  std::vector<Kind> told_to(EndId end) const {
    std::vector<Kind> kinds;
    for (const Told& one : told) {
      if (one.end == end && one.kind < Kind::wake) kinds.push_back(one.kind);
    }
    return kinds;
  }

  bool was_told(EndId end, Kind kind) const {
    for (const Told& one : told) {
      if (one.end == end && one.kind == kind) return true;
    }
    return false;
  }

  bool operator==(const Driver&) const = default;

  Kernel kernel;
  std::vector<Told> told;
  std::map<EndId, std::string> read;
};

}  // namespace sim
