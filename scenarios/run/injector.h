// Faults: when they strike, what they do to the world, when they are over, and what they really
// changed.
//
//      a step begins a fault --> it strikes at once
//                            \-> armed: strikes when its condition holds, or when its byte is
//                            reached
//      in force --> over: after its time, healed by name, or when the calm begins
//
// Every fault has a number, from 1 in the order in which they began; it is its tag in the kernel.
// Faults may meet: a link is as bad as the worst of the holds on it, and slowed by all that slow
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/run/formula.h"
#include "scenarios/run/runner.h"
#include "scenarios/language/scenario.h"
#include "scenarios/world/world.h"
#include "sim/kernel.h"

namespace scenarios {

class Injector {
 public:
  // The fault of step number `step` of the scenario.
  void begin(World& world, std::size_t step);
  void heal(World& world, const Heal& which);
  // Disarms all, ends all. Nodes that are down stay down.
  void end_all(World& world);

  // To be called after every event: strikes what waits for a condition, and sets what waits for a
  // byte.
  void watch(World& world, const Sight& sight);
  // A byte position was reached, a fault's time is over: occurrences of those kinds.
  void stopped(World& world, const sim::Occurrence& occurrence);
  void due(World& world, const sim::Occurrence& occurrence);

  std::vector<FaultEnd> ends(const World& world) const;

  // A look at each fault that has begun so far, by its place in their order, for observers.
  std::size_t faults() const { return faults_.size(); }
  const Fault& plan_of(const World& world, std::size_t fault) const {
    return plan(world, faults_[fault]);
  }
  bool in_force(std::size_t fault) const { return faults_[fault].in_force; }
  bool may_have_effects(std::size_t fault) const { return faults_[fault].strikes > 0; }
  std::uint64_t effects_of(const World& world, std::size_t fault) const {
    return effects(world, faults_[fault]);
  }

  bool operator==(const Injector&) const = default;

 private:
  // A byte that a fault waits for.
  struct Appointment {
    sim::EndId sender{};
    std::uint64_t position = 0;
    bool operator==(const Appointment&) const = default;
  };
  struct Active {
    std::size_t step = 0;
    std::uint32_t number = 0;
    std::uint32_t left = 0;  // strikes to come while armed
    bool armed = false;
    bool in_force = false;
    bool held_before = false;  // its condition held when last looked at
    std::uint32_t strikes = 0;
    std::uint32_t first_connection = 0;  // the oldest that it may wait on
    std::uint32_t last_connection = 0;   // the newest, not included; 0: any
    std::optional<Appointment> waits_for;
    std::vector<sim::EndId> frozen;  // ends whose sending stands still
    bool frozen_at_byte = false;
    sim::Duration jumped{0};  // of a clock
    std::optional<std::int32_t> drift_before;
    std::uint64_t counter_before = 0;  // of what the world counts for it
    std::uint64_t counted = 0;         // effects that are counted here
    bool operator==(const Active&) const = default;
  };

  static const Fault& plan(const World& world, const Active& fault);
  static sim::FaultTag tag(const Active& fault) { return sim::FaultTag{fault.number}; }

  void arm(World& world, Active& fault);
  void make_appointment(World& world, Active& fault);
  void strike(World& world, Active& fault, std::optional<sim::EndId> at);
  void end(World& world, Active& fault);
  void tell(World& world, const Active& fault, std::string_view what) const;

  // What the kinds of faults do, and how they are undone: fault_acts.cc.
  class Act;
  class Undo;
  void act(World& world, Active& fault, std::optional<sim::EndId> at);
  void undo(World& world, Active& fault);
  static void flip_byte(World& world, const Flip& flip, const Direction& way,
                        std::uint64_t position, sim::FaultTag by);
  // What the world counts for a kind of fault that the kernel knows nothing of.
  static std::uint64_t counter(const World& world, const Fault& fault);
  std::uint64_t effects(const World& world, const Active& fault) const;

  // Puts on a way what all faults in force, together, make of it.
  void apply_hold(World& world, const Way& way) const;
  void apply_shape(World& world, const Way& way) const;
  void apply_welcome(World& world, const Way& way) const;

  std::vector<Active> faults_;
  std::uint64_t news_seen_ = 0;
};

}  // namespace scenarios
