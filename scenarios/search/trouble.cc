// Faults by chance: what, where, when, for how long. Near the borders of phases, where two of them
// meet: at the end of a handshake, around a payload's header, its end and its mark, inside a
// transaction, in the moment in which a snapshot starts or a load ends.
#include <algorithm>
#include <array>

#include "scenarios/search/script.h"

namespace scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Base = BytePoint::Base;

// How long a fault lasts: short against a link, or just short of a timer, or just past it.
sim::Duration how_long(Script& s) {
  const sim::Duration timeout = std::min<sim::Duration>(s.timeout, seconds(20));
  switch (
      s.dice.weighted<int>({{4, 0}, {4, 1}, {2, 2}, {2, 3}, {s.ttl.count() > 0 ? 2U : 0U, 4}})) {
    case 0:
      return milliseconds(s.dice.pick({500, 100, 200, 50, 10}));
    case 1:
      return seconds(s.dice.pick({1, 2, 3}));
    case 2:
      return timeout - milliseconds(s.dice.pick({100, 500, 1000}));
    case 3:
      return timeout + milliseconds(s.dice.pick({500, 1000, 2500}));
    default:
      return s.ttl + milliseconds(s.dice.pick({500, 1500, 2500}));
  }
}

// A place in the bytes between the two.
BytePoint byte_point(Script& s, const std::string& master, const std::string& replica) {
  Dice& dice = s.dice;
  BytePoint point;
  const bool down = !dice.chance(1, 5);  // mostly what the master sends
  point.way = down ? Way{master, replica} : Way{replica, master};
  if (down) {
    point.base = dice.weighted<Base>({{3, Base::now},
                                      {4, Base::payload_end},
                                      {3, Base::stream},
                                      {3, Base::payload},
                                      {2, Base::header},
                                      {2, Base::reply},
                                      {1, Base::connection}});
  } else {
    point.base = dice.pick({Base::now, Base::connection});
  }
  switch (point.base) {
    case Base::now:
      point.count = dice.between(0, 120);
      break;
    case Base::payload_end:
      point.count = dice.pick({0, -1, -20, -39, -40, -41, -60, 1, 2});
      break;
    case Base::stream:
      point.count = dice.pick({0, 1, 14, 15, 23, 40, 60, 100});
      point.count += dice.between(0, 9);
      break;
    case Base::payload:
      point.count = dice.pick({0, 1, 9, 40, 100});
      break;
    case Base::header:
      point.count = dice.between(0, 8);
      break;
    case Base::reply:
      point.count = dice.pick({0, 1, 20, 56, 57, 58});
      break;
    case Base::connection:
      point.count = dice.between(0, down ? 30 : 250);
      break;
  }
  if (point.base == Base::payload && dice.chance(1, 2)) {
    point.count = 0;
    point.percent = static_cast<std::uint32_t>(dice.pick({50, 25, 75, 99}));
  }
  point.connection = dice.weighted<BytePoint::Which>({{5, BytePoint::Which::current_or_next},
                                                      {2, BytePoint::Which::next},
                                                      {1, BytePoint::Which::current}});
  return point;
}

std::vector<Way> some_ways(Script& s, const std::string& master, const std::string& replica) {
  switch (s.dice.weighted<int>({{4, 0}, {3, 1}, {2, 2}, {s.cast.size() > 2 ? 2U : 0U, 3}})) {
    case 0:
      return {{master, replica}, {replica, master}};
    case 1:
      return {{master, replica}};
    case 2:
      return {{replica, master}};
    default:
      break;
  }
  return s.ways_around(s.dice.chance(1, 2) ? replica : master);
}

// --- kinds ---------------------------------------------------------------------------------------

enum class Kind : std::uint8_t {
  cut,
  partition,
  clog,
  freeze,
  slow,
  throttle,
  trickle,
  refuse,
  silence,
  crash,
  restart,
  stop,
  pause,
  slow_loop,
  snapshot_job,
  load_job,
  disk,
  clock,
  flip,
  count_
};
constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::count_);

// What this run knows, with weights; `in_sync`: what a full resync feels.
std::array<std::size_t, kKinds> weights(const Script& s, bool in_sync) {
  std::array<std::size_t, kKinds> w{};
  const auto give = [&](Kind kind, Family family, std::size_t weight) {
    w[static_cast<std::size_t>(kind)] = s.on(family) ? weight : 0;
  };
  give(Kind::cut, Family::cuts, 6);
  if (s.on(Family::cuts_at_bytes)) w[static_cast<std::size_t>(Kind::cut)] += 4;
  give(Kind::partition, Family::partitions, 4);
  give(Kind::clog, Family::freezes, 2);
  give(Kind::freeze, Family::freezes, 3);
  give(Kind::slow, Family::slowness, 2);
  give(Kind::throttle, Family::slowness, 2);
  give(Kind::trickle, Family::slowness, s.big > 0 ? 0 : 2);
  give(Kind::refuse, Family::refusals, 2);
  give(Kind::silence, Family::refusals, 2);
  give(Kind::crash, Family::crashes, 4);
  give(Kind::restart, Family::restarts, 4);
  give(Kind::stop, Family::restarts, 1);
  give(Kind::pause, Family::stalls, 4);
  give(Kind::slow_loop, Family::slow_loops, 2);
  give(Kind::snapshot_job, Family::failing_jobs, in_sync ? 4 : 2);
  if (s.on(Family::late_jobs)) w[static_cast<std::size_t>(Kind::snapshot_job)] += in_sync ? 4 : 2;
  give(Kind::load_job, Family::failing_jobs, in_sync ? 3 : 1);
  if (s.on(Family::late_jobs)) w[static_cast<std::size_t>(Kind::load_job)] += in_sync ? 3 : 1;
  give(Kind::disk, Family::full_disks, 3);
  give(Kind::clock, Family::clocks, 3);
  give(Kind::flip, Family::flips, in_sync ? 3 : 1);
  return w;
}

Fault::What cut(Script& s, const std::string& one, const std::string& other) {
  Cut cut;
  cut.one = one;
  cut.other = other;
  if (s.dice.chance(1, 3)) cut.how = sim::CloseHow::fin;
  cut.noticed_by = s.dice.weighted<std::string>({{6, "both"}, {1, one}, {1, other}, {1, "nobody"}});
  if (s.dice.chance(1, 3)) cut.in_flight = sim::InFlight::delivered;
  return cut;
}

Fault::What reshape(Script& s, Kind kind, const std::string& master, const std::string& replica) {
  Reshape shape{.ways = some_ways(s, master, replica),
                .latency = {},
                .jitter = {},
                .bytes_per_second = {},
                .pieces = {}};
  if (kind == Kind::slow) shape.latency = milliseconds(s.dice.pick({300, 50, 100, 900}));
  if (kind == Kind::throttle) shape.bytes_per_second = s.dice.pick({10U, 1U, 50U}) * 1024U;
  if (kind == Kind::trickle) shape.pieces = sim::Pieces{1, 1};
  return shape;
}

Fault::What job(Script& s, bool snapshot, const std::string& node) {
  using Does = JobFault::Does;
  JobFault job;
  job.node = node;
  const bool fails = s.on(Family::failing_jobs), late = s.on(Family::late_jobs);
  if (snapshot) {
    job.job = JobFault::Job::snapshot;
    job.does = s.dice.weighted<Does>({{late ? 3U : 0U, Does::takes},
                                      {fails ? 3U : 0U, Does::dies},
                                      {fails ? 2U : 0U, Does::fails_to_start},
                                      {late ? 2U : 0U, Does::ends_late}});
  } else {
    job.job = JobFault::Job::load;
    job.does =
        s.dice.weighted<Does>({{late ? 3U : 0U, Does::takes}, {fails ? 2U : 0U, Does::fails}});
  }
  if (job.does == Does::takes || job.does == Does::ends_late) {
    const sim::Duration past = std::min<sim::Duration>(s.timeout, seconds(15)) + seconds(2);
    job.time = s.dice.weighted<sim::Duration>({{4, milliseconds(s.dice.pick({500, 50, 200}))},
                                               {4, seconds(s.dice.pick({1, 2, 4}))},
                                               {1, past}});
  }
  return job;
}

Fault::What restart(Script& s, const std::string& node) {
  Restart restart;
  restart.node = node;
  restart.keep_disk = !(s.on(Family::lost_disks) && s.dice.chance(1, 2));
  if (s.on(Family::role_changes) && s.dice.chance(1, 3)) {
    restart.replicaof = s.dice.chance(1, 2) ? s.other_than(node) : std::string();
    s.of(node).follows = *restart.replicaof;
  }
  s.of(node).up = true;
  return restart;
}

bool can_last(const Fault::What& what) {
  return !std::holds_alternative<Cut>(what) && !std::holds_alternative<Restart>(what) &&
         !std::holds_alternative<Resume>(what) && !std::holds_alternative<Stop>(what) &&
         !std::holds_alternative<scenarios::Flip>(what);
}

Fault::What what_of(Script& s, Kind kind, const std::string& master, const std::string& replica) {
  Dice& dice = s.dice;
  const std::string& node = dice.chance(2, 5) ? master : replica;
  switch (kind) {
    case Kind::partition:
      return HoldWays{some_ways(s, master, replica), sim::Hold::everything};
    case Kind::clog:
      return HoldWays{some_ways(s, master, replica), sim::Hold::data};
    case Kind::freeze:
      return Freeze{dice.chance(1, 4) ? Way{replica, master} : Way{master, replica}};
    case Kind::slow:
    case Kind::throttle:
    case Kind::trickle:
      return reshape(s, kind, master, replica);
    case Kind::refuse:
      return Welcoming{{replica, master}, sim::Welcome::refuse};
    case Kind::silence:
      return Welcoming{{replica, master}, sim::Welcome::silence};
    case Kind::crash:
      return Crash{node, dice.chance(1, 3)};
    case Kind::restart:
      return restart(s, node);
    case Kind::stop:
      s.of(node).up = false;
      return Stop{node};
    case Kind::pause:
      return Pause{node};
    case Kind::slow_loop:
      return SlowLoop{node, milliseconds(dice.pick({20, 5, 100}))};
    case Kind::snapshot_job:
      return job(s, true, master);
    case Kind::load_job:
      return job(s, false, replica);
    case Kind::disk:
      return DiskFault{node,
                       dice.chance(1, 2) ? DiskFault::Does::write_error : DiskFault::Does::full};
    case Kind::clock: {
      ClockFault clock{node, {}, {}};
      if (dice.chance(1, 4))
        clock.drift_ppm = static_cast<std::int32_t>(dice.pick({1000, -1000, 100000}));
      else
        clock.step = milliseconds(dice.pick({500, -500, 3000, -3000, 60000}));
      return clock;
    }
    case Kind::flip: {
      scenarios::Flip flip;
      flip.at.way = {master, replica};
      flip.at.base = Base::payload;
      flip.at.count = dice.between(0, 160);
      flip.bit = static_cast<unsigned>(dice.below(8));
      return flip;
    }
    default:
      return cut(s, master, replica);
  }
}

// Now, when a state is reached, or at a byte.
void arm(Script& s, Fault& fault, const std::string& master, const std::string& replica,
         bool in_sync) {
  if (std::holds_alternative<scenarios::Flip>(fault.what)) return;
  const bool is_cut = std::holds_alternative<Cut>(fault.what);
  const bool is_job = std::holds_alternative<JobFault>(fault.what);
  const std::size_t at_once = in_sync ? (is_job ? 8 : 1) : 6;
  const std::size_t at_byte = s.on(Family::cuts_at_bytes) ? (is_cut ? 8 : 3) : 0;
  const std::size_t at_state = is_job ? 1 : 4;
  switch (s.dice.weighted<int>({{at_once, 0}, {at_state, 1}, {at_byte, 2}})) {
    case 1:
      fault.when = condition_of(a_phase(s, master, replica));
      break;
    case 2:
      fault.after_bytes = byte_point(s, master, replica);
      break;
    default:
      return;
  }
  if (s.dice.chance(1, 5)) fault.times = static_cast<std::uint32_t>(s.dice.pick({2, 3}));
}

std::optional<Fault> a_fault(Script& s, const std::string& master, const std::string& replica,
                             bool in_sync) {
  const auto known = weights(s, in_sync);
  if (std::all_of(known.begin(), known.end(), [](std::size_t w) { return w == 0; }))
    return std::nullopt;
  const auto kind = static_cast<Kind>(s.dice.weighted(std::span<const std::size_t>(known)));
  Fault fault;
  fault.what = what_of(s, kind, master, replica);
  arm(s, fault, master, replica, in_sync);
  if (can_last(fault.what)) {
    const bool by_count = std::holds_alternative<JobFault>(fault.what) && s.dice.chance(2, 3);
    const bool stays_down = std::holds_alternative<Crash>(fault.what) && s.dice.chance(1, 3);
    if (!by_count && !stays_down) fault.lasts = how_long(s);
    if (stays_down && !fault.when && !fault.after_bytes)
      s.of(std::get<Crash>(fault.what).node).up = false;
  }
  return fault;
}

}  // namespace

Condition::Part a_phase(Script& s, const std::string& master, const std::string& replica) {
  constexpr std::array<const char*, 8> kLinkStates = {
      "TRANSFER",           "CONNECTED",          "CONNECTING",         "RECEIVE_PSYNC_REPLY",
      "RECEIVE_PING_REPLY", "RECEIVE_CAPA_REPLY", "RECEIVE_PORT_REPLY", "CONNECT"};
  const auto is = [](const char* word) { return Test{Test::Op::is, word}; };
  switch (s.dice.weighted<int>({{6, 0}, {5, 1}, {2, 2}, {2, 3}, {1, 4}})) {
    case 0:
      return LinkStateIs{replica, is(kLinkStates[s.dice.below(kLinkStates.size())])};
    case 1:
      return ReplicaStateIs{master, replica,
                            is(s.dice.pick({"wait_bgsave", "send_bulk", "online"}))};
    case 2:
      return InfoIs{replica, "loading", is("1")};
    case 3:
      return InfoIs{master, "rdb_bgsave_in_progress", is("1")};
    default:
      return WireHas{replica, master, "PSYNC *", Test{Test::Op::at_least, "1"}};
  }
}

std::optional<Fault> trouble_on(Script& s, const std::string& master, const std::string& replica) {
  return a_fault(s, master, replica, false);
}

std::optional<Fault> trouble(Script& s) {
  const auto [master, replica] = s.a_link();
  return a_fault(s, master, replica, false);
}

std::optional<Fault> trouble_in_sync(Script& s, const std::string& master,
                                     const std::string& replica) {
  return a_fault(s, master, replica, true);
}

}  // namespace scenarios
