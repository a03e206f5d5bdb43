// Background jobs of all nodes: how long they take, what they report on the way, and what faults
// make of them. A job reports its progress in equal steps, at least eight when it is long enough to
// have any, at least one a second.
//
// Faults order what is to become of jobs. An order takes the next jobs of its kind on its node, as
// many as it says; one that makes jobs fail also takes a job that is running.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/effects.h"
#include "model/server.h"
#include "scenarios/language/scenario.h"
#include "sim/link.h"
#include "sim/time.h"

namespace scenarios {

// How long a job takes that no fault slows down: a millisecond to begin, then 100 MB a second.
inline constexpr sim::Duration kJobStart{1'000};
inline constexpr std::uint64_t kJobBytesPerSecond = 100'000'000;

// A load serves nobody before it has read so much (loading-process-events-interval-bytes): a shorter
// one is over before anybody can look, unless keys are slow or a fault makes it so.
inline constexpr std::uint64_t kLoadedUnseen = 2 * 1024 * 1024;

class Jobs {
 public:
  // The number of a job in the world, and when it next has something to report.
  struct Due {
    std::uint64_t job = 0;
    sim::Instant at;
    bool operator==(const Due&) const = default;
  };
  struct Report {
    std::size_t node = 0;
    model::JobId id{};
    std::uint64_t bytes = 0;  // progress, unless it ended
    std::optional<model::JobEnd> end;
    std::optional<sim::Instant> next;  // when it reports again
  };

  Due start(std::size_t node, const model::StartJob& wish, sim::Instant now);
  // No longer wanted: says no more, unless an order makes it end late.
  std::optional<Due> kill(std::size_t node, model::JobId id, sim::Instant now);
  // The job numbered `job` is due. Nothing when it is gone or has nothing to say yet.
  std::optional<Report> report(std::uint64_t job, sim::Instant now);
  void drop_all_of(std::size_t node);
  bool running(std::size_t node) const;
  // When the last of those that run now will have ended, as things are.
  sim::Instant last_end(sim::Instant now) const;

  // --- faults ------------------------------------------------------------------------------------
  // `count` jobs are concerned, 0 = all until it is revoked. When a running job is to fail, its
  // next report is due.
  std::optional<Due> order(const JobFault& fault, std::size_t node, std::uint32_t count,
                           sim::FaultTag by, sim::Instant now);
  void revoke(sim::FaultTag by);
  // How many jobs an order has changed.
  std::uint64_t struck(sim::FaultTag by) const;
  // Whether a snapshot cannot be started on `node`; and that one was tried.
  bool refuses_snapshot(std::size_t node) const;
  void snapshot_was_refused(std::size_t node);

  bool operator==(const Jobs&) const = default;

 private:
  struct Job {
    std::uint64_t number = 0;
    std::size_t node = 0;
    model::JobId id{};
    model::JobKind kind{};
    std::uint64_t bytes = 0;
    sim::Instant began;
    sim::Duration takes{0};
    std::uint32_t steps = 1, done = 0;
    std::uint32_t fails_after = 0;  // steps; 0: it does not fail
    bool unwanted = false;
    sim::Instant due;
    bool operator==(const Job&) const = default;
    sim::Instant step_due(std::uint32_t step) const { return began + takes * step / steps; }
  };
  struct Order {
    sim::FaultTag by{};
    std::size_t node = 0;
    JobFault::Job job{};
    JobFault::Does does{};
    sim::Duration time{0};
    bool endless = false;
    std::uint32_t left = 0;
    std::uint64_t struck = 0;
    bool operator==(const Order&) const = default;
  };
  // The first that is not spent, by its place in `orders_`.
  std::optional<std::size_t> order_for(std::size_t node, model::JobKind kind,
                                       JobFault::Does does) const;
  bool strike(std::optional<std::size_t> order);

  std::vector<Job> jobs_;
  std::vector<Order> orders_;
  std::uint64_t next_ = 1;
};

}  // namespace scenarios
