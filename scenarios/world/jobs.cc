#include "scenarios/world/jobs.h"

#include <algorithm>

namespace scenarios {
namespace {

using Does = JobFault::Does;

JobFault::Job kind_of(model::JobKind kind) {
  return kind == model::JobKind::load ? JobFault::Job::load : JobFault::Job::snapshot;
}

sim::Duration usual_time(std::uint64_t bytes) {
  return kJobStart +
         sim::Duration(static_cast<std::int64_t>(bytes / (kJobBytesPerSecond / 1'000'000)));
}

std::uint32_t steps_of(sim::Duration takes) {
  const std::int64_t by_length = std::min<std::int64_t>(8, takes.count() / 1'000);
  const std::int64_t by_second = takes.count() / 1'000'000 + 1;
  return static_cast<std::uint32_t>(std::max<std::int64_t>({1, by_length, by_second}));
}

}  // namespace

std::optional<std::size_t> Jobs::order_for(std::size_t node, model::JobKind kind, Does does) const {
  const auto it = std::find_if(orders_.begin(), orders_.end(), [&](const Order& o) {
    return o.node == node && o.job == kind_of(kind) && o.does == does && (o.endless || o.left > 0);
  });
  if (it == orders_.end()) return std::nullopt;
  return static_cast<std::size_t>(it - orders_.begin());
}

bool Jobs::strike(std::optional<std::size_t> order) {
  if (!order) return false;
  Order& struck = orders_[*order];
  ++struck.struck;
  if (!struck.endless) --struck.left;
  return true;
}

Jobs::Due Jobs::start(std::size_t node, const model::StartJob& wish, sim::Instant now) {
  Job job;
  job.number = next_++;
  job.node = node;
  job.id = wish.job;
  job.kind = wish.kind;
  job.bytes = wish.bytes;
  job.began = now;
  const bool unseen = wish.kind == model::JobKind::load && wish.bytes < kLoadedUnseen;
  job.takes = unseen ? wish.at_least : std::max(usual_time(wish.bytes), wish.at_least);
  if (const auto order = order_for(node, wish.kind, Does::takes); strike(order)) {
    job.takes = orders_[*order].time;
  }
  job.steps = steps_of(job.takes);
  // A snapshot that cannot be started never comes here; a load has no other way to fail at its
  // start.
  if (strike(order_for(node, wish.kind, Does::dies)) ||
      strike(order_for(node, wish.kind, Does::fails))) {
    job.fails_after = (job.steps + 1) / 2;
  } else if (strike(order_for(node, wish.kind, Does::fails_to_start))) {
    job.fails_after = 1;
  }
  job.due = job.step_due(1);
  jobs_.push_back(job);
  return {job.number, job.due};
}

std::optional<Jobs::Due> Jobs::kill(std::size_t node, model::JobId id, sim::Instant now) {
  const auto it = std::find_if(jobs_.begin(), jobs_.end(),
                               [&](const Job& j) { return j.node == node && j.id == id; });
  if (it == jobs_.end() || it->unwanted) return std::nullopt;
  const auto order = order_for(node, it->kind, Does::ends_late);
  if (!strike(order)) {
    jobs_.erase(it);
    return std::nullopt;
  }
  it->unwanted = true;
  it->due = now + orders_[*order].time;
  return Due{it->number, it->due};
}

std::optional<Jobs::Report> Jobs::report(std::uint64_t number, sim::Instant now) {
  const auto it =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& j) { return j.number == number; });
  if (it == jobs_.end() || now < it->due) return std::nullopt;
  Report report{it->node, it->id, 0, std::nullopt, std::nullopt};
  ++it->done;
  const bool failed = it->fails_after > 0 && it->done >= it->fails_after;
  if (failed || it->unwanted || it->done >= it->steps) {
    report.end = failed ? model::JobEnd::failed : model::JobEnd::done;
    jobs_.erase(it);
    return report;
  }
  report.bytes = it->bytes / it->steps * it->done;
  it->due = it->step_due(it->done + 1);
  report.next = it->due;
  return report;
}

void Jobs::drop_all_of(std::size_t node) {
  std::erase_if(jobs_, [&](const Job& j) { return j.node == node; });
}

bool Jobs::running(std::size_t node) const {
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [&](const Job& j) { return j.node == node && !j.unwanted; });
}

sim::Instant Jobs::last_end(sim::Instant now) const {
  for (const Job& job : jobs_)
    now = std::max(now, job.unwanted ? job.due : job.step_due(job.steps));
  return now;
}

std::optional<Jobs::Due> Jobs::order(const JobFault& fault, std::size_t node, std::uint32_t count,
                                     sim::FaultTag by, sim::Instant now) {
  orders_.push_back({by, node, fault.job, fault.does, fault.time, count == 0, count, 0});
  if (fault.does != Does::dies && fault.does != Does::fails) return std::nullopt;
  const auto it = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& j) {
    return j.node == node && kind_of(j.kind) == fault.job && !j.unwanted;
  });
  if (it == jobs_.end()) return std::nullopt;
  strike(orders_.size() - 1);
  it->fails_after = it->done + 1;
  it->due = now;
  return Due{it->number, now};
}

void Jobs::revoke(sim::FaultTag by) {
  for (Order& order : orders_) {
    if (order.by != by) continue;
    order.endless = false;
    order.left = 0;
  }
}

std::uint64_t Jobs::struck(sim::FaultTag by) const {
  std::uint64_t sum = 0;
  for (const Order& order : orders_) sum += order.by == by ? order.struck : 0;
  return sum;
}

bool Jobs::refuses_snapshot(std::size_t node) const {
  return order_for(node, model::JobKind::snapshot, Does::fails_to_start).has_value();
}

void Jobs::snapshot_was_refused(std::size_t node) {
  strike(order_for(node, model::JobKind::snapshot, Does::fails_to_start));
}

}  // namespace scenarios
