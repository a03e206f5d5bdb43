// What must hold, watched after every event (reference: the terms and statements of the project's
// quirk list). Each oracle is a class of its own with one sentence to say when it fails; the bench
// runs them all, asks each for its judgement at the end, and keeps the first finding of each.
//
// Oracles see servers from outside: their published words (effects) and their state, read only.
// What is true is kept by the Ledger, which writes down every byte that the author of a history
// produced and which data went with which offset.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/effects.h"
#include "model/state.h"
#include "scenarios/oracles/judgement.h"
#include "sim/time.h"

namespace scenarios {

// One node as observers see it. Nodes are numbered as in the scenario.
struct NodeView {
  std::string_view name;
  const model::State* state = nullptr;  // null: the process does not run
  std::uint32_t life = 0;               // which start of the process this is
  bool stalled = false;
  // What excuses it. It follows, or once followed, a raw peer: its history has no known author.
  bool from_raw = false;
  bool touched_up = false;       // its data were changed behind the protocol (a writable replica)
  bool corrupted_input = false;  // a fault changed bytes sent to it that no checksum protects
  std::optional<std::size_t> follows{};  // the node that it is told to follow, if it is one
};

// One event: a server took an input and produced effects. Called after each, before effects are
// carried out, in the order of events.
struct Seen {
  sim::Instant at;
  std::size_t node = 0;
  std::span<const model::Effect> effects;
  std::span<const NodeView> nodes;
  // The connection that the input came on, if it came on one, and the node at its other side: none
  // for a client or a raw peer. Without these, what a master hears from its replicas is not judged.
  std::optional<model::ConnId> conn{};
  std::optional<std::size_t> peer{};
  std::optional<model::JobId> ended_job{};  // the input was the end of this job
  bool conn_ended = false;                  // the input was the end of `conn`
};

// The state of things when the calm has ended: faults are over, links healed, the bound has passed.
struct CalmEnd {
  sim::Instant at;
  sim::Instant began;
  bool settled = false;  // the world saw all links up and all trees equal before the bound
  sim::Instant bound{};  // when it had to be settled
  std::span<const NodeView> nodes;
  // For each node the node that it is configured to follow, or none.
  std::span<const std::optional<std::size_t>> follows;
};

struct Scene;  // an event as oracles are shown it: scenarios/oracles/scene.h
struct Watch;  // what the bench remembers between events: the ledger, and each node's last numbers
class Ledger;

class Oracle {
 public:
  virtual ~Oracle() = default;
  virtual std::string_view name() const = 0;  // "PREFIX"
  virtual void saw(const Scene& scene) = 0;
  virtual void calm_ended(const CalmEnd&, const Ledger&) {}
  virtual bool failed() const = 0;
  virtual Judgement judgement() const = 0;
  virtual std::unique_ptr<Oracle> clone() const = 0;  // the bench is part of the world, a value
};

class Bench {
 public:
  Bench();  // all oracles
  Bench(const Bench&);
  Bench& operator=(const Bench&);
  Bench(Bench&&) noexcept;
  Bench& operator=(Bench&&) noexcept;
  ~Bench();

  void leave_out(std::string_view oracle);
  void saw(const Seen& seen);
  void calm_ended(const CalmEnd& end);
  std::vector<Judgement> judgements() const;  // in a fixed order
  bool any_failed() const;  // costs little: may be asked after every event
  // The first failure so far, for stopping early.
  std::optional<Judgement> first_failure() const;

 private:
  std::unique_ptr<Watch> watch_;
  std::vector<std::unique_ptr<Oracle>> oracles_;
};

// Names of all oracles, in the order of their judgements.
std::span<const std::string_view> oracle_names();

}  // namespace scenarios
