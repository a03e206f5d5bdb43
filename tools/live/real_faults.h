// Faults of a scenario on real servers: when they strike, what they do to proxies and processes,
// when they are over. The real counterpart of scenarios/run/injector.h, in the same terms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/language/scenario.h"
#include "tools/live/real_cluster.h"
#include "tools/live/real_sight.h"

namespace live {

class RealFaults {
 public:
  RealFaults(RealCluster& cluster, RealSight& sight);

  // Every link as the scenario has it, before any fault.
  void lay_links(const scenarios::Scenario& scenario);

  void begin(const scenarios::Fault& fault);
  void heal(const scenarios::Heal& which);
  void end_all();  // disarms all, ends all, and everybody goes on

  // To be called often: strikes what waits for a condition, ends what is over, minds jobs.
  void watch();
  // Faults that wait for a condition, so that watch() has to look.
  bool waits_for_conditions() const;

  // What could not be done after all, in a sentence, or empty.
  const std::string& problem() const { return problem_; }
  // Node faults at work on a slow or doomed snapshot end with this.
  bool strikes_soon() const;

 private:
  struct Active {
    const scenarios::Fault* plan = nullptr;
    std::uint32_t number = 0, left = 0, strikes = 0;
    bool armed = false, in_force = false, held_before = false;
    std::uint32_t first_connection = 0, last_connection = 0;  // as in Injector
    struct Appointment {
      std::uint32_t connection = 0;
      bool by_dialler = false;
      std::uint64_t position = 0;
    };
    std::optional<Appointment> waits_for;
    std::vector<std::pair<std::uint32_t, bool>> frozen;
    bool frozen_at_byte = false;
    std::optional<sim::Instant> until;
    std::uint32_t jobs_left = 0;  // 0: as long as it is in force
    std::vector<pid_t> seen_jobs;
    bool was_loading = false;
  };

  void arm(Active& fault);
  void make_appointments();
  void make_appointment(Active& fault);
  void stopped(std::uint32_t connection, bool by_dialler);
  void strike(Active& fault, std::optional<std::pair<std::uint32_t, bool>> at);
  void end(Active& fault);
  void tell(const Active& fault, std::string_view what);
  void mind_job(Active& fault);
  void set_delay(std::size_t node, bool load, std::int64_t microseconds_a_key);
  std::int64_t keys_to_move() const;
  // Puts on the way from one host to another what the scenario and all faults in force make of it.
  void settle(std::size_t from, std::size_t to);

  void stand(std::size_t node, bool still);

  class Act;
  class Undo;

  RealCluster& cluster_;
  RealSight& sight_;
  const scenarios::Scenario* scenario_ = nullptr;
  std::vector<Active> faults_;
  std::string problem_;
};

}  // namespace live
