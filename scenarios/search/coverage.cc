#include "scenarios/search/coverage.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

#include "model/state.h"

namespace scenarios {
namespace {

constexpr std::array<std::string_view, kFaultKinds> kKindNames = {
#define X(name) #name,
    SCENARIOS_FAULT_KINDS(X)
#undef X
};
constexpr std::array<std::string_view, kLinkPhases> kPhaseNames = {
#define X(name, about) #name,
    SCENARIOS_LINK_PHASES(X)
#undef X
};
constexpr std::uint8_t kNobody = 0xff;
constexpr sim::Duration kTogether{1'000'000};  // effects no farther apart than this have met

struct KindOf {
  FaultKind operator()(const Cut&) const { return FaultKind::cut; }
  FaultKind operator()(const HoldWays& hold) const {
    return hold.what == sim::Hold::data ? FaultKind::clog : FaultKind::partition;
  }
  FaultKind operator()(const Freeze&) const { return FaultKind::freeze; }
  FaultKind operator()(const Reshape& shape) const {
    if (shape.pieces) return FaultKind::trickle;
    return shape.latency || shape.jitter ? FaultKind::slow : FaultKind::throttle;
  }
  FaultKind operator()(const Welcoming& welcome) const {
    return welcome.what == sim::Welcome::silence ? FaultKind::silence : FaultKind::refuse;
  }
  FaultKind operator()(const Crash&) const { return FaultKind::crash; }
  FaultKind operator()(const Restart&) const { return FaultKind::restart; }
  FaultKind operator()(const Stop&) const { return FaultKind::stop; }
  FaultKind operator()(const Pause&) const { return FaultKind::pause; }
  FaultKind operator()(const Resume&) const { return FaultKind::pause; }
  FaultKind operator()(const SlowLoop&) const { return FaultKind::slow_loop; }
  FaultKind operator()(const JobFault& job) const {
    return job.job == JobFault::Job::load ? FaultKind::load_job : FaultKind::snapshot_job;
  }
  FaultKind operator()(const DiskFault&) const { return FaultKind::disk; }
  FaultKind operator()(const ClockFault&) const { return FaultKind::clock; }
  FaultKind operator()(const Flip&) const { return FaultKind::flip; }
};

LinkPhase phase_of_link(const model::State* s) {
  using model::LinkState;
  if (s == nullptr) return LinkPhase::no_link;
  switch (s->link.state) {
    case LinkState::none:
      return LinkPhase::no_link;
    case LinkState::connect:
    case LinkState::connecting:
      return LinkPhase::connect;
    case LinkState::send_psync:
    case LinkState::receive_psync_reply:
      return LinkPhase::psync;
    case LinkState::transfer:
      if (!s->link.transfer || !s->link.transfer->header_seen()) return LinkPhase::awaits_payload;
      return s->link.transfer->complete ? LinkPhase::load : LinkPhase::payload;
    case LinkState::connected:
      if (!s->link.master) return LinkPhase::stream;
      if (s->link.master->session.multi) return LinkPhase::in_multi;
      return s->link.master->session.in.pending() > 0 ? LinkPhase::in_command : LinkPhase::stream;
    default:
      return LinkPhase::handshake;
  }
}

struct Concerned {
  const World& world;
  std::bitset<64>& nodes;
  bool& whole_node;

  void add(const std::string& name) {
    if (const auto node = world.node_named(name); node && *node < nodes.size()) nodes.set(*node);
  }
  void add(const std::vector<Way>& ways) {
    for (const Way& way : ways) {
      add(way.from);
      add(way.to);
    }
  }
  void operator()(const Cut& cut) {
    add(cut.one);
    add(cut.other);
  }
  void operator()(const HoldWays& hold) { add(hold.ways); }
  void operator()(const Freeze& freeze) { add({freeze.way}); }
  void operator()(const Reshape& shape) { add(shape.ways); }
  void operator()(const Welcoming& welcome) { add({welcome.way}); }
  void operator()(const Flip& flip) { add({flip.at.way}); }
  void operator()(const auto& at_a_node) {
    add(at_a_node.node);
    whole_node = true;
  }
};

}  // namespace

FaultKind kind_of(const Fault& fault) {
  return std::visit(KindOf{}, fault.what);
}

std::string_view name(FaultKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::string_view name(LinkPhase phase) {
  return kPhaseNames[static_cast<std::size_t>(phase)];
}

// --- one run -------------------------------------------------------------------------------------

CoverageWatch::CoverageWatch(const Play& play) {
  seats_.resize(play.world.nodes());
  roles_.resize(play.world.nodes());
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    roles_[i].kind = FaultKind::role;
    roles_[i].last_effect = sim::kStart - 2 * kTogether;
    roles_[i].whole_node = true;
    if (i < roles_[i].nodes.size()) roles_[i].nodes.set(i);
  }
  look(play);
}

std::bitset<64> CoverageWatch::concerned(const World& world, const Fault& fault, bool& whole_node) {
  std::bitset<64> nodes;
  std::visit(Concerned{world, nodes, whole_node}, fault.what);
  return nodes;
}

// Of the links between nodes that the fault concerns (of a fault at one node: its own and those of
// its replicas), the one that is farthest from rest.
LinkPhase CoverageWatch::phase_of(const Followed& fault, const World&) const {
  LinkPhase farthest = LinkPhase::no_link;
  for (std::size_t i = 0; i < std::min(seats_.size(), fault.nodes.size()); ++i) {
    const Seat& seat = seats_[i];
    if (seat.master == kNobody) continue;
    const bool own = fault.nodes[i], above = fault.nodes[seat.master];
    if (fault.whole_node ? own || above : own && above) farthest = std::max(farthest, seat.phase);
  }
  return farthest;
}

void CoverageWatch::struck(const Followed& by, std::size_t own, sim::Instant now,
                           const World& world) {
  const auto phase = static_cast<std::size_t>(phase_of(by, world));
  const auto kind = static_cast<std::size_t>(by.kind);
  reached_.singles.set(kind * kLinkPhases + phase);
  const auto meets = [&](const Followed& other) {
    if (!other.in_force && now - other.last_effect > kTogether) return;
    if (other.effects == 0) return;
    const auto second = static_cast<std::size_t>(other.kind);
    const std::size_t low = std::min(kind, second), high = std::max(kind, second);
    reached_.pairs.set((low * kFaultKinds + high) * kLinkPhases + phase);
  };
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (i != own) meets(faults_[i]);
  }
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    if (faults_.size() + i != own) meets(roles_[i]);
  }
}

void CoverageWatch::look(const Play& play) {
  const World& world = play.world;
  const sim::Instant now = world.now();
  for (std::size_t i = faults_.size(); i < play.injector.faults(); ++i) {
    const Fault& plan = play.injector.plan_of(world, i);
    Followed& fault = faults_.emplace_back();
    fault.kind = kind_of(plan);
    fault.nodes = concerned(world, plan, fault.whole_node);
    fault.last_effect = sim::kStart - 2 * kTogether;
  }
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    Followed& fault = faults_[i];
    if (!play.injector.may_have_effects(i)) continue;
    fault.in_force = play.injector.in_force(i);
    const std::uint64_t effects = play.injector.effects_of(world, i);
    if (effects == fault.effects) continue;
    fault.effects = effects;
    struck(fault, i, now, world);
    fault.last_effect = now;
  }
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const model::State* const s = world.state(i);
    Seat& seat = seats_[i];
    const std::string_view follows = s == nullptr ? std::string_view() : s->link.host;
    const std::uint32_t life = world.node(i).life;
    const bool same_life = seat.life == life && s != nullptr;
    if (seat.follows != follows) {
      if (same_life && now > sim::kStart) {
        roles_[i].effects += 1;
        struck(roles_[i], faults_.size() + i, now, world);
        roles_[i].last_effect = now;
      }
      seat.follows = follows;
      const auto master = world.follows(i);
      seat.master = master && *master < kNobody ? static_cast<std::uint8_t>(*master) : kNobody;
    }
    seat.life = life;
    seat.phase = phase_of_link(s);
  }
}

// --- many runs -----------------------------------------------------------------------------------

std::size_t Coverage::cell(FaultKind one, FaultKind other, LinkPhase phase) {
  const std::size_t low = static_cast<std::size_t>(std::min(one, other));
  const std::size_t high = static_cast<std::size_t>(std::max(one, other));
  return (low * kFaultKinds + high) * kLinkPhases + static_cast<std::size_t>(phase);
}

void Coverage::add(const Reached& run) {
  for (std::size_t i = 0; i < singles_.size(); ++i) singles_[i] += run.singles[i] ? 1 : 0;
  for (std::size_t i = 0; i < pairs_.size(); ++i) pairs_[i] += run.pairs[i] ? 1 : 0;
}

void Coverage::merge(const Coverage& other) {
  const auto add = [](auto& sums, const auto& more) {
    std::transform(sums.begin(), sums.end(), more.begin(), sums.begin(), std::plus<>());
  };
  add(singles_, other.singles_);
  add(pairs_, other.pairs_);
}

std::uint64_t Coverage::single(FaultKind kind, LinkPhase phase) const {
  return singles_[static_cast<std::size_t>(kind) * kLinkPhases + static_cast<std::size_t>(phase)];
}

std::uint64_t Coverage::pair(FaultKind one, FaultKind other, LinkPhase phase) const {
  return pairs_[cell(one, other, phase)];
}

std::size_t Coverage::cells_reached() const {
  return static_cast<std::size_t>(
      std::count_if(pairs_.begin(), pairs_.end(), [](std::uint64_t n) { return n > 0; }));
}

std::vector<std::pair<std::size_t, std::uint64_t>> Coverage::counts() const {
  std::vector<std::pair<std::size_t, std::uint64_t>> counts;
  for (std::size_t i = 0; i < singles_.size(); ++i) {
    if (singles_[i] > 0) counts.emplace_back(i, singles_[i]);
  }
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (pairs_[i] > 0) counts.emplace_back(singles_.size() + i, pairs_[i]);
  }
  return counts;
}

bool Coverage::set_count(std::size_t place, std::uint64_t count) {
  if (place >= singles_.size() + pairs_.size()) return false;
  (place < singles_.size() ? singles_[place] : pairs_[place - singles_.size()]) = count;
  return true;
}

// --- for people, and for machines ----------------------------------------------------------------

std::string Coverage::markdown() const {
  std::string out = "Runs in which a fault had an effect, by the phase of the link that it met:\n\n| |";
  std::string line = "\n|---|";
  for (const std::string_view phase : kPhaseNames) {
    out += " " + std::string(phase) + " |";
    line += "--:|";
  }
  out += line + "\n";
  for (std::size_t k = 0; k < kFaultKinds; ++k) {
    out += "| " + std::string(kKindNames[k]) + " |";
    for (std::size_t p = 0; p < kLinkPhases; ++p) {
      const std::uint64_t n = singles_[k * kLinkPhases + p];
      out += n > 0 ? " " + std::to_string(n) + " |" : " |";
    }
    out += "\n";
  }
  out += "\nTwo faults that met: in how many of the " + std::to_string(kLinkPhases) +
         " phases, and in how many runs:\n\n| |";
  line = "\n|---|";
  for (const std::string_view kind : kKindNames) {
    out += " " + std::string(kind) + " |";
    line += "--:|";
  }
  out += line + "\n";
  for (std::size_t low = 0; low < kFaultKinds; ++low) {
    out += "| " + std::string(kKindNames[low]) + " |";
    for (std::size_t high = 0; high < kFaultKinds; ++high) {
      std::size_t phases = 0;
      std::uint64_t sum = 0;
      for (std::size_t p = 0; p < kLinkPhases && high >= low; ++p) {
        const std::uint64_t n = pairs_[(low * kFaultKinds + high) * kLinkPhases + p];
        phases += n > 0 ? 1 : 0;
        sum += n;
      }
      out += sum > 0 ? " " + std::to_string(phases) + ": " + std::to_string(sum) + " |" : " |";
    }
    out += "\n";
  }
  return out;
}

namespace {

Coverage::ByPhase by_phase(const std::uint64_t* counts) {
  Coverage::ByPhase phases;
  for (std::size_t p = 0; p < kLinkPhases; ++p) {
    if (counts[p] > 0) phases[kPhaseNames[p]] = counts[p];
  }
  return phases;
}

}  // namespace

std::map<std::string, Coverage::ByPhase> Coverage::singles() const {
  std::map<std::string, ByPhase> all;
  for (std::size_t k = 0; k < kFaultKinds; ++k) {
    ByPhase phases = by_phase(&singles_[k * kLinkPhases]);
    if (!phases.empty()) all[std::string(kKindNames[k])] = std::move(phases);
  }
  return all;
}

std::map<std::string, Coverage::ByPhase> Coverage::pairs() const {
  std::map<std::string, ByPhase> all;
  for (std::size_t low = 0; low < kFaultKinds; ++low) {
    for (std::size_t high = low; high < kFaultKinds; ++high) {
      ByPhase phases = by_phase(&pairs_[(low * kFaultKinds + high) * kLinkPhases]);
      if (!phases.empty())
        all[std::string(kKindNames[low]) + " " + std::string(kKindNames[high])] = std::move(phases);
    }
  }
  return all;
}

}  // namespace scenarios
