// What each kind of fault does to the world, how it is undone, and what counts as its effect.
#include <algorithm>

#include "model/state.h"
#include "scenarios/run/fault_plan.h"
#include "scenarios/run/injector.h"

namespace scenarios {
namespace {

const std::vector<Way> kNoWays;

const std::vector<Way>& ways_of(const Fault& fault) {
  if (const auto* hold = std::get_if<HoldWays>(&fault.what)) return hold->ways;
  if (const auto* shape = std::get_if<Reshape>(&fault.what)) return shape->ways;
  return kNoWays;
}

bool names(const Fault& fault, const Way& way) {
  const std::vector<Way>& ways = ways_of(fault);
  return std::find(ways.begin(), ways.end(), way) != ways.end();
}

}  // namespace

// --- striking ------------------------------------------------------------------------------------

class Injector::Act {
 public:
  Act(Injector& injector, World& world, Active& fault, std::optional<sim::EndId> at)
      : injector_(injector), world_(world), fault_(fault), at_(at) {}

  // At a byte: the connection where it was reached; else all between the two.
  void operator()(const Cut& cut) {
    if (at_) return cut_one(cut, *at_);
    const sim::HostId one = *world_.host_named(cut.one), other = *world_.host_named(cut.other);
    for (const sim::EndId end : world_.kernel().dialled_ends(one, other)) cut_one(cut, end);
  }
  void operator()(const HoldWays& hold) {
    for (const Way& way : hold.ways) injector_.apply_hold(world_, way);
  }
  void operator()(const Freeze& freeze) {
    fault_.frozen_at_byte = at_.has_value();
    if (at_) {
      fault_.frozen.push_back(*at_);
      return;
    }
    sim::Kernel& kernel = world_.kernel();
    for (const Direction* way : world_.wire().between(*world_.host_named(freeze.way.from),
                                                      *world_.host_named(freeze.way.to))) {
      if (!kernel.alive(way->end())) continue;
      kernel.hold_connection(way->end(), true, tag(fault_));
      fault_.frozen.push_back(way->end());
    }
  }
  void operator()(const Reshape& shape) {
    for (const Way& way : shape.ways) injector_.apply_shape(world_, way);
  }
  void operator()(const Welcoming& welcome) { injector_.apply_welcome(world_, welcome.way); }
  void operator()(const Crash& crash) {
    count(world_.crash(node(crash.node),
                       crash.silent ? sim::Farewell::silence : sim::Farewell::reset));
  }
  void operator()(const Restart& restart) {
    const std::size_t index = node(restart.node);
    world_.crash(index, sim::Farewell::reset);
    if (!restart.keep_disk) world_.forget_disk(index);
    world_.configure(index, restart.config);
    if (restart.replicaof) world_.configure_master(index, *restart.replicaof);
    count(world_.start(index));
  }
  void operator()(const Stop& stop) { count(world_.terminate(node(stop.node))); }
  void operator()(const Pause& pause) { count(world_.pause(node(pause.node))); }
  void operator()(const Resume& resume) { count(world_.resume(node(resume.node))); }
  void operator()(const SlowLoop& slow) { world_.slow_down(node(slow.node), slow.by); }
  void operator()(const JobFault& job) {
    world_.order_job(job, node(job.node), jobs_struck(plan(world_, fault_)), tag(fault_));
  }
  void operator()(const DiskFault& disk) { world_.fill_disk(node(disk.node), true); }
  void operator()(const ClockFault& clock) {
    WallClock& wall = world_.clock(node(clock.node));
    count(clock.step != sim::Duration{0} ||
          (clock.drift_ppm && *clock.drift_ppm != wall.drift_ppm()));
    wall.jump(clock.step);
    fault_.jumped += clock.step;
    if (!clock.drift_ppm) return;
    if (!fault_.drift_before) fault_.drift_before = wall.drift_ppm();
    wall.set_drift(world_.now(), *clock.drift_ppm);
  }
  void operator()(const Flip&) {}  // done when the byte was found

 private:
  std::size_t node(const std::string& name) const { return *world_.node_named(name); }
  void count(bool changed) { fault_.counted += changed ? 1 : 0; }

  void cut_one(const Cut& cut, sim::EndId end) {
    sim::Notice notice = sim::Notice::both;
    if (cut.noticed_by == "nobody") {
      notice = sim::Notice::nobody;
    } else if (const auto who = world_.host_named(cut.noticed_by)) {
      const sim::EndId dialler = sim::dialled(end) ? end : sim::peer_of(end);
      notice =
          world_.kernel().host_of(dialler) == *who ? sim::Notice::dialler : sim::Notice::acceptor;
    }
    world_.kernel().cut(end, cut.how, notice, cut.in_flight, tag(fault_));
  }

  Injector& injector_;
  World& world_;
  Active& fault_;
  std::optional<sim::EndId> at_;
};

void Injector::act(World& world, Active& fault, std::optional<sim::EndId> at) {
  std::visit(Act(*this, world, fault, at), plan(world, fault).what);
}

// The checksum at its end protects a payload; nothing protects the rest.
void Injector::flip_byte(World& world, const Flip& flip, const Direction& way,
                         std::uint64_t position, sim::FaultTag by) {
  world.kernel().flip(way.end(), position, flip.bit, by);
  const Landmarks& known = way.landmarks();
  const bool in_payload = known.payload && *known.payload <= position &&
                          (!known.payload_end || position < *known.payload_end);
  const std::size_t to = number(way.peer());
  if (to >= world.nodes()) return;
  const model::State* const s = world.state(to);
  if (!in_payload || s == nullptr || !s->config.rdbchecksum) world.input_corrupted(to, way.end());
}

// --- undoing -------------------------------------------------------------------------------------

class Injector::Undo {
 public:
  Undo(Injector& injector, World& world, Active& fault)
      : injector_(injector), world_(world), fault_(fault) {}

  void operator()(const HoldWays& hold) {
    for (const Way& way : hold.ways) injector_.apply_hold(world_, way);
  }
  void operator()(const Freeze&) {
    for (const sim::EndId end : fault_.frozen) {
      if (fault_.frozen_at_byte) {
        world_.kernel().lift(end);
      } else {
        world_.kernel().hold_connection(end, false, tag(fault_));
      }
    }
    fault_.frozen.clear();
  }
  void operator()(const Reshape& shape) {
    for (const Way& way : shape.ways) injector_.apply_shape(world_, way);
  }
  void operator()(const Welcoming& welcome) { injector_.apply_welcome(world_, welcome.way); }
  void operator()(const Crash& crash) { world_.start(*world_.node_named(crash.node)); }
  void operator()(const Pause& pause) { world_.resume(*world_.node_named(pause.node)); }
  void operator()(const SlowLoop& slow) {
    world_.slow_down(*world_.node_named(slow.node), sim::Duration{0});
  }
  void operator()(const JobFault&) { world_.revoke_job_orders(tag(fault_)); }
  void operator()(const DiskFault& disk) { world_.fill_disk(*world_.node_named(disk.node), false); }
  void operator()(const ClockFault& clock) {
    WallClock& wall = world_.clock(*world_.node_named(clock.node));
    wall.jump(-fault_.jumped);
    fault_.jumped = sim::Duration{0};
    if (fault_.drift_before) wall.set_drift(world_.now(), *fault_.drift_before);
    fault_.drift_before.reset();
  }
  void operator()(const auto&) {}  // what is done is done

 private:
  Injector& injector_;
  World& world_;
  Active& fault_;
};

void Injector::undo(World& world, Active& fault) {
  std::visit(Undo(*this, world, fault), plan(world, fault).what);
}

// --- faults that meet ----------------------------------------------------------------------------

void Injector::apply_hold(World& world, const Way& way) const {
  sim::Hold worst = sim::Hold::none;
  sim::FaultTag by = sim::kNoFault;
  for (const Active& fault : faults_) {
    const auto* const hold = std::get_if<HoldWays>(&plan(world, fault).what);
    if (hold == nullptr || !fault.in_force || !names(plan(world, fault), way) ||
        hold->what <= worst)
      continue;
    worst = hold->what;
    by = tag(fault);
  }
  world.kernel().hold(*world.host_named(way.from), *world.host_named(way.to), worst, by);
}

void Injector::apply_shape(World& world, const Way& way) const {
  const sim::HostId from = *world.host_named(way.from), to = *world.host_named(way.to);
  sim::LinkProfile profile = world.usual_link(from, to);
  sim::FaultTag by = sim::kNoFault;
  for (const Active& fault : faults_) {
    const auto* const shape = std::get_if<Reshape>(&plan(world, fault).what);
    if (shape == nullptr || !fault.in_force || !names(plan(world, fault), way)) continue;
    reshape(profile, *shape);
    by = tag(fault);
  }
  world.kernel().set_link(from, to, profile, by);
}

void Injector::apply_welcome(World& world, const Way& way) const {
  const sim::HostId from = *world.host_named(way.from), to = *world.host_named(way.to);
  sim::Welcome what = world.usual_welcome(to);
  sim::FaultTag by = sim::kNoFault;
  for (const Active& fault : faults_) {
    const auto* const welcome = std::get_if<Welcoming>(&plan(world, fault).what);
    if (welcome == nullptr || !fault.in_force || welcome->way != way) continue;
    what = welcome->what;
    by = tag(fault);
  }
  world.kernel().welcome(from, to, what, by);
}

// --- effects -------------------------------------------------------------------------------------

std::uint64_t Injector::counter(const World& world, const Fault& fault) {
  if (const auto* slow = std::get_if<SlowLoop>(&fault.what)) {
    return world.node(*world.node_named(slow->node)).slow_turns;
  }
  if (const auto* disk = std::get_if<DiskFault>(&fault.what)) {
    return world.node(*world.node_named(disk->node)).disk_errors;
  }
  return 0;
}

std::uint64_t Injector::effects(const World& world, const Active& fault) const {
  const Fault& what = plan(world, fault);
  if (fault.strikes == 0) return 0;
  if (std::holds_alternative<JobFault>(what.what)) return world.jobs().struck(tag(fault));
  return world.kernel().impact(tag(fault)) + fault.counted + counter(world, what) -
         fault.counter_before;
}

}  // namespace scenarios
