// What runs have really reached: which faults met in which phase of a replica's link. Intentions do not
// count, effects do: a fault that changed nothing has not happened.
//
//      CoverageWatch watch(performance.play());
//      while (performance.advance()) watch.look(performance.play());
//      coverage.add(watch.reached());              // and coverage.merge(another worker's)
//
// A cell [one kind][other kind][phase] is one run in which a fault of the one kind had an effect
// while one of the other kind was in force, or had its own effect not longer than a second before,
// the link concerned being in that phase. The order does not count. A kind with itself: two faults
// of that kind. The phase is that of the replica's link before the effect; of several links that a
// fault concerns, the one that is farthest from rest.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/language/scenario.h"
#include "scenarios/run/play.h"
#include "sim/time.h"

namespace scenarios {

// By the words of the language; `role` is what people do: a node follows somebody else than before.
#define SCENARIOS_FAULT_KINDS(X)                                                            \
  X(cut)                                                                                    \
  X(partition)                                                                              \
  X(clog)                                                                                   \
  X(freeze) X(slow) X(throttle) X(trickle) X(refuse) X(silence) X(crash) X(restart) X(stop) \
      X(pause) X(slow_loop) X(snapshot_job) X(load_job) X(disk) X(clock) X(flip) X(role)
enum class FaultKind : std::uint8_t {
#define X(name) name,
  SCENARIOS_FAULT_KINDS(X)
#undef X
};
inline constexpr std::size_t kFaultKinds = static_cast<std::size_t>(FaultKind::role) + 1;
FaultKind kind_of(const Fault& fault);
std::string_view name(FaultKind kind);

// Where a replica's link to its master stands, from rest to farthest from it.
#define SCENARIOS_LINK_PHASES(X)                                           \
  X(no_link, "follows nobody, or does not run")                            \
  X(stream, "connected, between commands")                                 \
  X(in_command, "connected, inside a command")                             \
  X(in_multi, "connected, inside a transaction")                           \
  X(connect, "to dial, or dialling")                                       \
  X(handshake, "from PING to REPLCONF capa")                               \
  X(psync, "has asked, and is not answered")                               \
  X(awaits_payload, "full resync: the master's snapshot is not there yet") \
  X(payload, "full resync: the payload comes in")                          \
  X(load, "full resync: the payload is being loaded")
enum class LinkPhase : std::uint8_t {
#define X(name, about) name,
  SCENARIOS_LINK_PHASES(X)
#undef X
};
inline constexpr std::size_t kLinkPhases = static_cast<std::size_t>(LinkPhase::load) + 1;
std::string_view name(LinkPhase phase);

// What one run has reached.
struct Reached {
  std::bitset<kFaultKinds * kLinkPhases> singles;
  std::bitset<kFaultKinds * kFaultKinds * kLinkPhases> pairs;
  bool operator==(const Reached&) const = default;
};

// Follows one run.
class CoverageWatch {
 public:
  explicit CoverageWatch(const Play& play);
  // After each event.
  void look(const Play& play);
  const Reached& reached() const { return reached_; }

 private:

  struct Followed {
    FaultKind kind{};
    std::uint64_t effects = 0;
    sim::Instant last_effect = sim::kStart;
    bool in_force = false;
    std::bitset<64> nodes;  // whom it concerns
    bool whole_node = false;
  };
  static std::bitset<64> concerned(const World& world, const Fault& fault, bool& whole_node);
  void struck(const Followed& by, std::size_t own, sim::Instant now, const World& world);
  LinkPhase phase_of(const Followed& fault, const World& world) const;

  std::vector<Followed> faults_;
  struct Seat {  // of a node, as it was before the event
    LinkPhase phase = LinkPhase::no_link;
    std::string follows;  // as the server says it
    std::uint32_t life = 0;
    std::uint8_t master = 0xff;  // number of the node that it follows; 0xff: none
  };
  std::vector<Seat> seats_;
  Reached reached_;
  std::vector<Followed> roles_;  // one a node
};

// Of many runs, in how many each was. Sums only: the order in which runs are added does not matter.
class Coverage {
 public:
  void add(const Reached& run);
  void merge(const Coverage& other);

  // Runs in which a fault of this kind had an effect in this phase.
  std::uint64_t single(FaultKind kind, LinkPhase phase) const;
  std::uint64_t pair(FaultKind one, FaultKind other, LinkPhase phase) const;
  // Cells of pairs that at least one run reached, of kPairCells.
  std::size_t cells_reached() const;
  static constexpr std::size_t kPairCells = kFaultKinds * (kFaultKinds + 1) / 2 * kLinkPhases;

  // Two tables, for people: Markdown.
  std::string markdown() const;
  // For machines: {"cut": {"stream": 3, ...}, ...} and {"cut partition": {"stream": 1, ...}, ...}. Zeroes
  // are left out.
  using ByPhase = std::map<std::string_view, std::uint64_t>;
  std::map<std::string, ByPhase> singles() const;
  std::map<std::string, ByPhase> pairs() const;
  // The counts that are not 0, each with its place: to be kept, and read back.
  std::vector<std::pair<std::size_t, std::uint64_t>> counts() const;
  bool set_count(std::size_t place, std::uint64_t count);  // false: there is no such place

  bool operator==(const Coverage&) const = default;

 private:
  static std::size_t cell(FaultKind one, FaultKind other, LinkPhase phase);

  std::array<std::uint64_t, kFaultKinds * kLinkPhases> singles_{};
  std::array<std::uint64_t, kFaultKinds * kFaultKinds * kLinkPhases> pairs_{};
};

}  // namespace scenarios
