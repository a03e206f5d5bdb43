#include "tools/live/real_faults.h"

#include <algorithm>

#include "model/data/number.h"
#include "scenarios/run/fault_plan.h"

namespace live {

using namespace scenarios;  // the words of faults

namespace {

// A link that the scenario says nothing of is as fast as the loopback device.
constexpr sim::Duration kUsualLatency{500};
constexpr std::uint32_t kUsualBuffer = 262144, kNarrowBuffer = 4096;
constexpr std::size_t kSlowBuffer = 1024;
constexpr std::int64_t kDeafening = 200'000;   // us a key
constexpr std::int64_t kDoomedDelay = 50'000;  // us a key: time enough to end a child that saves

template <class Ways>
bool has(const Ways& ways, const Way& way) {
  return std::find(ways.begin(), ways.end(), way) != ways.end();
}

}  // namespace

RealFaults::RealFaults(RealCluster& cluster, RealSight& sight) : cluster_(cluster), sight_(sight) {
  cluster_.on_news = [this] { make_appointments(); };
  cluster_.on_stopped = [this](std::uint32_t number, bool by_dialler) {
    stopped(number, by_dialler);
  };
}

void RealFaults::tell(const Active& fault, std::string_view what) {
  cluster_.trace().add(cluster_.now(),
                       sim::record::Fault{fault.number, std::string(what), fault.plan->text});
}

// --- links
// ------------------------------------------------------------------------------------------

void RealFaults::lay_links(const Scenario& scenario) {
  scenario_ = &scenario;
  for (std::size_t from = 0; from < cluster_.hosts(); ++from) {
    for (std::size_t to = 0; to < cluster_.hosts(); ++to) {
      if (from == to) continue;
      const auto& names = cluster_.names();
      std::uint32_t smallest = kUsualBuffer;
      const auto note = [&](const sim::LinkProfile& profile) {
        smallest = std::min({smallest, profile.send_buffer, profile.receive_buffer});
        if (profile.bytes_per_second > 0) smallest = kNarrowBuffer;
      };
      note(scenario.default_link);
      for (const Link& link : scenario.links) {
        const bool meant = (link.from == names[from] && link.to == names[to]) ||
                           (link.from == names[to] && link.to == names[from]);
        if (meant) note(link.profile);
      }
      if (smallest < kUsualBuffer)
        cluster_.proxy(from, to).set_socket_buffer(
            static_cast<int>(std::max(smallest, kNarrowBuffer)));
      settle(from, to);
    }
  }
}

void RealFaults::settle(std::size_t from, std::size_t to) {
  const auto& names = cluster_.names();
  const Way way{names[from], names[to]}, back{names[to], names[from]};
  sim::LinkProfile profile = scenario_->default_link;
  for (const Link& link : scenario_->links) {
    const bool meant = (link.from == way.from && link.to == way.to) ||
                       (link.both_ways && link.from == way.to && link.to == way.from);
    if (meant) profile = link.profile;
  }
  bool held = false, drops = false, refuses = false, mute = false;
  for (const Active& fault : faults_) {
    if (!fault.in_force) continue;
    if (const auto* hold = std::get_if<HoldWays>(&fault.plan->what)) {
      held |= has(hold->ways, way);
      if (hold->what == sim::Hold::everything)
        drops |= has(hold->ways, way) || has(hold->ways, back);
    }
    if (const auto* shape = std::get_if<Reshape>(&fault.plan->what);
        shape != nullptr && has(shape->ways, way))
      reshape(profile, *shape);
    if (const auto* welcome = std::get_if<Welcoming>(&fault.plan->what);
        welcome != nullptr && welcome->way == way) {
      refuses |= welcome->what == sim::Welcome::refuse;
      mute |= welcome->what == sim::Welcome::silence;
    }
  }
  // A process that stands still reads nothing, but its kernel would take more than the scenario
  // says.
  if (to < cluster_.nodes() && cluster_.process(to).paused() &&
      profile.receive_buffer < kUsualBuffer)
    held = true;
  ProxyManner manner;
  manner.held = held;
  manner.latency = profile.latency == kUsualLatency ? sim::Duration{0} : profile.latency;
  manner.jitter = profile.jitter;
  manner.bytes_per_second = profile.bytes_per_second;
  manner.piece = profile.pieces.largest;
  // What waits for a slow line waits with its sender, who sees it.
  manner.buffer = std::min<std::size_t>(manner.buffer,
                                        std::size_t{profile.send_buffer} + profile.receive_buffer);
  if (profile.bytes_per_second > 0)
    manner.buffer = std::min<std::size_t>(
        manner.buffer, std::max<std::size_t>(kSlowBuffer, profile.bytes_per_second / 50));
  // The way from one to the other is what the diallers on this side say, and what those on the
  // other side are answered.
  cluster_.proxy(from, to).set_manner(true, manner);
  cluster_.proxy(to, from).set_manner(false, manner);
  const bool deaf = to >= cluster_.nodes() && !scenario_->peers[to - cluster_.nodes()].listens;
  using Welcome = FaultProxy::Welcome;
  cluster_.proxy(from, to).welcome(refuses || deaf ? Welcome::refuse
                                   : mute          ? Welcome::silence
                                                   : Welcome::accept);
  cluster_.proxy(from, to).drop_dials(drops);
}

void RealFaults::stand(std::size_t node, bool still) {
  if (still)
    cluster_.pause(node);
  else
    cluster_.resume(node);
  for (std::size_t other = 0; other < cluster_.hosts(); ++other) {
    if (other != node) settle(other, node);
  }
}

// --- when they strike
// -------------------------------------------------------------------------------

void RealFaults::begin(const Fault& plan) {
  Active& fault = faults_.emplace_back();
  fault.plan = &plan;
  fault.number = static_cast<std::uint32_t>(faults_.size());
  if (plan.when || byte_point(plan) != nullptr)
    arm(fault);
  else
    strike(fault, std::nullopt);
}

void RealFaults::arm(Active& fault) {
  fault.armed = true;
  fault.left = std::max<std::uint32_t>(1, fault.plan->times);
  const BytePoint* const point = byte_point(*fault.plan);
  if (point == nullptr) return;
  if (point->connection == BytePoint::Which::next)
    fault.first_connection = cluster_.wire().horizon();
  if (point->connection == BytePoint::Which::current)
    fault.last_connection = cluster_.wire().horizon();
  make_appointment(fault);
}

void RealFaults::make_appointments() {
  for (Active& fault : faults_) {
    if (fault.armed && byte_point(*fault.plan) != nullptr) make_appointment(fault);
  }
}

void RealFaults::make_appointment(Active& fault) {
  const auto alive = [this](std::uint32_t number) {
    const ProxyConnection* const c = cluster_.connection(number);
    return c != nullptr && c->alive();
  };
  if (fault.waits_for && alive(fault.waits_for->connection)) return;
  const BytePoint& point = *byte_point(*fault.plan);
  const auto from = cluster_.host_named(point.way.from), to = cluster_.host_named(point.way.to);
  if (!from || !to) return;
  for (const Direction* way :
       cluster_.wire().between(sim::HostId{static_cast<std::uint32_t>(*from)},
                               sim::HostId{static_cast<std::uint32_t>(*to)})) {
    const std::uint32_t number = sim::number(way->end()) / 2;
    const bool by_dialler = sim::dialled(way->end());
    if (number < fault.first_connection || !alive(number)) continue;
    if (fault.last_connection > 0 && number >= fault.last_connection) continue;
    ProxyConnection& connection = *cluster_.connection(number);
    const Landmarks& known = way->landmarks();
    const bool needs_end = point.percent || point.base == BytePoint::Base::payload_end;
    if (needs_end && known.payload && !known.payload_end) {
      connection.withhold_from(by_dialler,
                               *known.payload);  // nothing may pass before its end is known
      continue;
    }
    const auto position = position_of(point, known, connection.delivered(by_dialler));
    if (!position || *position < connection.delivered(by_dialler)) continue;
    fault.waits_for = Active::Appointment{number, by_dialler, *position};
    fault.first_connection = number + 1;
    if (const auto* flip = std::get_if<Flip>(&fault.plan->what)) {
      connection.flip(by_dialler, *position, flip->bit);
      strike(fault, std::pair{number, by_dialler});
    } else {
      connection.stop_at(by_dialler, *position);
    }
    if (needs_end) connection.withhold_from(by_dialler, std::nullopt);
    return;
  }
}

void RealFaults::stopped(std::uint32_t number, bool by_dialler) {
  bool frozen = false;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    Active& fault = faults_[i];
    if (!fault.armed || !fault.waits_for || fault.waits_for->connection != number ||
        fault.waits_for->by_dialler != by_dialler)
      continue;
    fault.waits_for.reset();
    strike(fault, std::pair{number, by_dialler});
    if (fault.armed) make_appointment(fault);
    frozen |= std::holds_alternative<Freeze>(fault.plan->what);
  }
  ProxyConnection* const connection = cluster_.connection(number);
  if (!frozen && connection != nullptr) connection->go_on(by_dialler);
}

bool RealFaults::waits_for_conditions() const {
  return std::any_of(faults_.begin(), faults_.end(), [](const Active& fault) {
    return fault.armed && fault.plan->when.has_value();
  });
}

void RealFaults::watch() {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (faults_[i].armed && faults_[i].plan->when) {
      const bool now = sight_.holds(*faults_[i].plan->when);
      const bool strikes = now && !faults_[i].held_before;
      faults_[i].held_before = now;
      if (strikes) strike(faults_[i], std::nullopt);
    }
    if (faults_[i].until && cluster_.now() >= *faults_[i].until) {
      faults_[i].until.reset();
      end(faults_[i]);
    }
    if (faults_[i].in_force && std::holds_alternative<JobFault>(faults_[i].plan->what))
      mind_job(faults_[i]);
  }
}

class RealFaults::Undo {
 public:
  Undo(RealFaults& all, Active& one) : all_(all), one_(one) {}
  void operator()(const HoldWays& hold) { settle(hold.ways); }
  void operator()(const Reshape& shape) { settle(shape.ways); }
  void operator()(const Welcoming& welcome) { settle({welcome.way}); }
  void operator()(const Freeze&) {
    for (const auto& [number, by_dialler] : one_.frozen) {
      ProxyConnection* const c = all_.cluster_.connection(number);
      if (c == nullptr) continue;
      if (one_.frozen_at_byte)
        c->go_on(by_dialler);
      else
        c->freeze(by_dialler, false);
    }
    one_.frozen.clear();
  }
  void operator()(const Crash& crash) { all_.cluster_.start(node(crash.node)); }
  void operator()(const Pause& pause) { all_.stand(node(pause.node), false); }
  void operator()(const DiskFault& disk) {
    all_.cluster_.process(node(disk.node)).fill_disk(false);
  }
  void operator()(const JobFault& job) {
    all_.set_delay(node(job.node), job.job == JobFault::Job::load, 0);
  }
  void operator()(const auto&) {}

 private:
  std::size_t node(const std::string& name) const { return *all_.cluster_.host_named(name); }
  void settle(const std::vector<Way>& ways) {
    for (const Way& way : ways) {
      const std::size_t from = *all_.cluster_.host_named(way.from),
                        to = *all_.cluster_.host_named(way.to);
      all_.settle(from, to);
      all_.settle(to, from);
    }
  }
  RealFaults& all_;
  Active& one_;
};

void RealFaults::end(Active& fault) {
  if (!fault.in_force) return;
  fault.in_force = false;
  fault.until.reset();
  std::visit(Undo(*this, fault), fault.plan->what);
  tell(fault, "end");
}

void RealFaults::heal(const Heal& which) {
  for (Active& fault : faults_) {
    if (!heals(which, *fault.plan)) continue;
    fault.armed = false;
    end(fault);
  }
}

void RealFaults::end_all() {
  heal(Heal{{}, true});
  for (std::size_t i = 0; i < cluster_.nodes(); ++i) stand(i, false);
}

// --- what they do
// -----------------------------------------------------------------------------------

class RealFaults::Act {
 public:
  using At = std::optional<std::pair<std::uint32_t, bool>>;
  Act(RealFaults& all, Active& one, At at)
      : all_(all), cluster_(all.cluster_), one_(one), at_(at) {}

  void operator()(const Cut& cut) {
    if (at_) return cut_one(cut, at_->first);
    const sim::HostId one = host(cut.one), other = host(cut.other);
    for (const auto& [from, to] : {std::pair{one, other}, std::pair{other, one}}) {
      for (const Direction* way : cluster_.wire().between(from, to)) {
        if (sim::dialled(way->end())) cut_one(cut, sim::number(way->end()) / 2);
      }
    }
  }
  void operator()(const HoldWays& hold) { settle(hold.ways); }
  void operator()(const Reshape& shape) { settle(shape.ways); }
  void operator()(const Welcoming& welcome) { settle({welcome.way}); }
  void operator()(const Freeze& freeze) {
    one_.frozen_at_byte = at_.has_value();
    if (at_) {
      one_.frozen.push_back(*at_);
      return;
    }
    for (const Direction* way :
         cluster_.wire().between(host(freeze.way.from), host(freeze.way.to))) {
      const std::uint32_t number = sim::number(way->end()) / 2;
      ProxyConnection* const c = cluster_.connection(number);
      if (c == nullptr || !c->alive()) continue;
      c->freeze(sim::dialled(way->end()), true);
      one_.frozen.emplace_back(number, sim::dialled(way->end()));
    }
  }
  void operator()(const Crash& crash) { cluster_.crash(node(crash.node), crash.silent); }
  void operator()(const Restart& restart) {
    const std::size_t n = node(restart.node);
    cluster_.crash(n, false);
    if (!restart.keep_disk) cluster_.forget_disk(n);
    cluster_.configure(n, restart.config);
    if (restart.replicaof) cluster_.configure_master(n, *restart.replicaof);
    cluster_.start(n);
  }
  void operator()(const Stop& stop) { cluster_.process(node(stop.node)).terminate(); }
  void operator()(const Pause& pause) { all_.stand(node(pause.node), true); }
  void operator()(const Resume& resume) { all_.stand(node(resume.node), false); }
  void operator()(const DiskFault& disk) { cluster_.process(node(disk.node)).fill_disk(true); }
  void operator()(const JobFault& job) {
    one_.jobs_left = jobs_struck(*one_.plan);
    one_.seen_jobs = cluster_.process(node(job.node)).children();
    const bool load = job.job == JobFault::Job::load;
    const std::int64_t keys = all_.keys_to_move();
    if (keys == 0) {
      all_.problem_ = "a job can be made slow by a delay for each key only, and there is no key";
      return;
    }
    const std::int64_t delay = job.does == JobFault::Does::dies
                                   ? kDoomedDelay
                                   : std::max<std::int64_t>(1, job.time.count() / keys);
    if (load && delay > kDeafening) {
      all_.problem_ = "a load can be made slow by a delay for each key only, and with " +
                      std::to_string(keys) + (keys == 1 ? " key" : " keys") +
                      " the server would answer nobody meanwhile";
      return;
    }
    all_.set_delay(node(job.node), load, delay);
  }
  void operator()(const auto&) {}  // found not expressible before, or done when its byte was found

 private:
  std::size_t node(const std::string& name) const { return *cluster_.host_named(name); }
  sim::HostId host(const std::string& name) const {
    return sim::HostId{static_cast<std::uint32_t>(node(name))};
  }
  void settle(const std::vector<Way>& ways) {
    for (const Way& way : ways) {
      all_.settle(node(way.from), node(way.to));
      all_.settle(node(way.to), node(way.from));
    }
  }
  void cut_one(const Cut& cut, std::uint32_t number) {
    ProxyConnection* const c = cluster_.connection(number);
    if (c == nullptr || !c->alive()) return;
    ProxyConnection::CutPlan plan;
    plan.rst = cut.how == sim::CloseHow::rst;
    plan.deliver_in_flight = cut.in_flight == sim::InFlight::delivered;
    if (cut.noticed_by == "nobody") {
      plan.tell_dialler = plan.tell_target = false;
    } else if (const auto who = cluster_.host_named(cut.noticed_by)) {
      const Direction* const asking = cluster_.wire().find(sim::EndId{2 * number});
      plan.tell_dialler = sim::number(asking->host()) == *who;
      plan.tell_target = !plan.tell_dialler;
    }
    c->cut(plan);
  }

  RealFaults& all_;
  RealCluster& cluster_;
  Active& one_;
  At at_;
};

void RealFaults::strike(Active& fault, std::optional<std::pair<std::uint32_t, bool>> at) {
  if (fault.armed && --fault.left == 0) fault.armed = false;
  ++fault.strikes;
  fault.in_force = lasts(*fault.plan);
  tell(fault, fault.in_force ? "begin" : "strike");
  if (fault.plan->lasts && fault.in_force) fault.until = cluster_.now() + *fault.plan->lasts;
  std::visit(Act(*this, fault, at), fault.plan->what);
}

// --- jobs
// -------------------------------------------------------------------------------------------

std::int64_t RealFaults::keys_to_move() const {
  std::int64_t most = 0;
  for (std::size_t i = 0; i < cluster_.nodes(); ++i) {
    const auto reply = cluster_.ask(i, {"DBSIZE"});
    if (reply) most = std::max(most, model::to_integer(reply->text).value_or(0));
  }
  return most;
}

void RealFaults::set_delay(std::size_t node, bool load, std::int64_t microseconds_a_key) {
  const std::string name = load ? "key-load-delay" : "rdb-key-save-delay";
  cluster_.configure(node,
                     {{name, std::to_string(microseconds_a_key)}});  // for its next life as well
  cluster_.ask(node, {"CONFIG", "SET", name, std::to_string(microseconds_a_key)});
}

// So many jobs are struck, then those to come are as usual.
void RealFaults::mind_job(Active& fault) {
  const auto& job = std::get<JobFault>(fault.plan->what);
  const std::size_t node = *cluster_.host_named(job.node);
  bool struck = false;
  if (job.job == JobFault::Job::load) {
    const bool loading = cluster_.info_field(node, "loading") == "1" ||
                         cluster_.info_field(node, "async_loading") == "1";
    struck = fault.was_loading && !loading;
    fault.was_loading = loading;
  } else {
    for (const pid_t child : cluster_.process(node).children()) {
      if (std::find(fault.seen_jobs.begin(), fault.seen_jobs.end(), child) != fault.seen_jobs.end())
        continue;
      fault.seen_jobs.push_back(child);
      struck = true;
    }
    if (struck && job.does == JobFault::Does::dies) cluster_.process(node).kill_children();
  }
  if (!struck || fault.jobs_left == 0) return;
  if (--fault.jobs_left == 0) end(fault);
}

bool RealFaults::strikes_soon() const {
  return std::any_of(faults_.begin(), faults_.end(), [](const Active& fault) {
    return fault.in_force && std::holds_alternative<JobFault>(fault.plan->what);
  });
}

}  // namespace live
