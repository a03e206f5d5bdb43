#include "scenarios/run/injector.h"

#include <algorithm>

#include "scenarios/run/conditions.h"
#include "scenarios/run/fault_plan.h"

namespace scenarios {

const Fault& Injector::plan(const World& world, const Active& fault) {
  return std::get<Fault>(world.scenario().steps[fault.step].what);
}

void Injector::tell(World& world, const Active& fault, std::string_view what) const {
  world.trace().add(world.now(),
                    sim::record::Fault{fault.number, std::string(what), plan(world, fault).text});
}

void Injector::begin(World& world, std::size_t step) {
  Active& fault = faults_.emplace_back();
  fault.step = step;
  fault.number = static_cast<std::uint32_t>(faults_.size());
  const Fault& what = plan(world, fault);
  fault.counter_before = counter(world, what);
  if (what.when || byte_point(what) != nullptr) {
    arm(world, fault);
  } else {
    strike(world, fault, std::nullopt);
  }
}

// --- armed ---------------------------------------------------------------------------------------

void Injector::arm(World& world, Active& fault) {
  const Fault& what = plan(world, fault);
  fault.armed = true;
  fault.left = std::max<std::uint32_t>(1, what.times);
  const BytePoint* const point = byte_point(what);
  if (point == nullptr) return;
  if (point->connection == BytePoint::Which::next) fault.first_connection = world.wire().horizon();
  if (point->connection == BytePoint::Which::current)
    fault.last_connection = world.wire().horizon();
  make_appointment(world, fault);
}

void Injector::watch(World& world, const Sight& sight) {
  const bool news = world.wire().news() != news_seen_;
  news_seen_ = world.wire().news();
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (!faults_[i].armed) continue;
    const Fault& what = plan(world, faults_[i]);
    if (byte_point(what) != nullptr) {
      if (news) make_appointment(world, faults_[i]);
    } else {
      const bool now = holds(sight, *what.when);
      const bool strikes = now && !faults_[i].held_before;
      faults_[i].held_before = now;
      if (strikes) strike(world, faults_[i], std::nullopt);
    }
  }
}

// Sets the byte to wait for on the first connection where it can still be reached.
void Injector::make_appointment(World& world, Active& fault) {
  sim::Kernel& kernel = world.kernel();
  if (fault.waits_for && kernel.alive(fault.waits_for->sender)) return;
  const Fault& what = plan(world, fault);
  const BytePoint& point = *byte_point(what);
  const auto from = world.host_named(point.way.from), to = world.host_named(point.way.to);
  if (!from || !to) return;
  for (const Direction* way : world.wire().between(*from, *to)) {
    const std::uint32_t connection = number(way->end()) / 2;
    if (connection < fault.first_connection || !kernel.alive(way->end())) continue;
    if (fault.last_connection > 0 && connection >= fault.last_connection) continue;
    const auto position = position_of(point, way->landmarks(), kernel.delivered(way->end()));
    if (!position || *position < kernel.delivered(way->end())) continue;
    fault.waits_for = Appointment{way->end(), *position};
    fault.first_connection = connection + 1;  // the next one, if this comes to nothing
    if (const auto* flip = std::get_if<Flip>(&what.what)) {
      flip_byte(world, *flip, *way, *position, tag(fault));
      strike(world, fault, way->end());
    } else {
      kernel.stop_after(way->end(), *position, tag(fault));
    }
    return;
  }
}

void Injector::stopped(World& world, const sim::Occurrence& occurrence) {
  bool frozen = false;
  const Appointment here{occurrence.end, occurrence.number};
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (!faults_[i].armed || faults_[i].waits_for != here) continue;
    faults_[i].waits_for.reset();
    strike(world, faults_[i], occurrence.end);
    if (faults_[i].armed) make_appointment(world, faults_[i]);
    frozen |= std::holds_alternative<Freeze>(plan(world, faults_[i]).what);
  }
  // A frozen connection stays as it is; others go on, with whatever the fault has made of the
  // world.
  if (!frozen) world.kernel().lift(occurrence.end);
}

// --- in force ------------------------------------------------------------------------------------

void Injector::strike(World& world, Active& fault, std::optional<sim::EndId> at) {
  const Fault& what = plan(world, fault);
  if (fault.armed && --fault.left == 0) fault.armed = false;
  ++fault.strikes;
  fault.in_force = lasts(what);
  tell(world, fault, fault.in_force ? "begin" : "strike");
  act(world, fault, at);
  if (what.lasts && fault.in_force) {
    const std::uint64_t strike = fault.strikes;
    world.kernel().schedule(
        world.now() + *what.lasts,
        {sim::EventKind::fault, number(world.clients().home()), strike << 32U | fault.number});
  }
}

void Injector::due(World& world, const sim::Occurrence& occurrence) {
  const auto number = static_cast<std::uint32_t>(occurrence.number);
  Active& fault = faults_[number - 1];
  if (fault.strikes == occurrence.number >> 32U)
    end(world, fault);  // else it has struck again since
}

void Injector::end(World& world, Active& fault) {
  if (!fault.in_force) return;
  fault.in_force = false;
  undo(world, fault);
  tell(world, fault, "end");
}

void Injector::heal(World& world, const Heal& which) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (!heals(which, plan(world, faults_[i]))) continue;
    faults_[i].armed = false;
    end(world, faults_[i]);
  }
}

void Injector::end_all(World& world) {
  heal(world, Heal{{}, true});
  for (std::size_t i = 0; i < world.nodes(); ++i) world.resume(i);
}

std::vector<FaultEnd> Injector::ends(const World& world) const {
  std::vector<FaultEnd> ends;
  for (const Active& fault : faults_)
    ends.push_back({plan(world, fault).text, effects(world, fault)});
  return ends;
}

}  // namespace scenarios
