// Episodes about snapshots and payloads: who shares a running one, who leaves and is back before it has
// ended, what breaks at its end, who stands still in its middle.
#include <algorithm>

#include "scenarios/search/plots.h"

namespace scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void order_job(Script& s, const std::string& node, JobFault::Job which, JobFault::Does does, sim::Duration time) {
  Fault fault;
  JobFault job;
  job.node = node;
  job.job = which;
  job.does = does;
  if (does == JobFault::Does::takes || does == JobFault::Does::ends_late) job.time = time;
  fault.what = job;
  s.fault(std::move(fault));
}

sim::Duration a_while(Script& s) { return milliseconds(s.dice.pick({1000, 300, 2000, 3000})); }

// Bytes by the ten thousand are not to come one by one.
bool small_pieces(const Script& s) {
  constexpr std::uint32_t kSmall = 100;
  const std::uint32_t largest = s.scenario.default_link.pieces.largest;
  return largest > 0 && largest < kSmall;
}

Test is(const char* word) { return {Test::Op::is, word}; }

// A disk-based snapshot can be shared; a diskless one can stand still.
void choose_diskless(Script& s, const std::string& master) {
  if (s.dice.chance(1, 2))
    s.run(master, {std::string("CONFIG SET repl-diskless-sync ") + s.dice.pick({"no", "yes"})}, "admin");
}

std::optional<std::string> a_third(Script& s, const std::string& one, const std::string& other) {
  std::vector<std::string> others;
  for (const Standing& node : s.cast) {
    if (node.name != one && node.name != other && node.name != s.of(one).follows) others.push_back(node.name);
  }
  if (others.empty()) return std::nullopt;
  return s.dice.pick(others);
}

}  // namespace

void diverge(Script& s, const std::string& replica, const std::string& master) {
  s.promote(replica);
  s.run(replica, {s.dice.pick({"INCR n0", "SET s0 8", "APPEND s1 8"})});
  s.follow(replica, master);
}

// A second replica comes while a snapshot is made for a first one, and much else happens to it.
void join_snapshot(Script& s) {
  const auto [master, replica] = s.a_link();
  const std::string top = s.top_of(master);
  choose_diskless(s, master);
  order_job(s, master, JobFault::Job::snapshot, JobFault::Does::takes, a_while(s));
  if (s.on(Family::late_jobs) && s.dice.chance(1, 3)) {
    // One draw after the other: in which order arguments are evaluated is the compiler's choice.
    const JobFault::Does does = s.dice.pick({JobFault::Does::ends_late, JobFault::Does::takes});
    order_job(s, master, JobFault::Job::snapshot, does, a_while(s));
  }
  if (s.on(Family::failing_jobs) && s.dice.chance(1, 4))
    order_job(s, master, JobFault::Job::snapshot, s.dice.pick({JobFault::Does::dies, JobFault::Does::fails_to_start}), {});
  s.later(s.moment());
  diverge(s, replica, master);
  s.await(ReplicaStateIs{master, replica, is(s.dice.pick({"wait_bgsave", "send_bulk"}))}, seconds(3));
  if (s.dice.chance(1, 4)) s.later(s.moment());
  s.run(top, operations(s, 1 + s.dice.below(2)));
  const auto third = a_third(s, master, replica);
  if (third && s.dice.chance(3, 4)) {
    if (s.dice.chance(1, 2)) s.later(s.moment());
    diverge(s, *third, master);
    if (s.dice.chance(1, 2))
      s.await(ReplicaStateIs{master, *third, is("wait_bgsave")}, seconds(1));
    else
      s.later(s.moment());
    s.run(top, operations(s, 1 + s.dice.below(2)));
  }
  switch (s.dice.weighted<int>({{4, 0},
                                {2, 1},
                                {s.on(Family::flushes) ? 3U : 0U, 2},
                                {s.on(Family::role_changes) ? 2U : 0U, 3},
                                {1, 4}})) {
    case 1:
      s.later(s.moment());
      s.run(master, {s.dice.pick({"BGSAVE", "SAVE"})}, "admin");
      break;
    case 2:
      s.later(s.moment());
      s.run(top, {"FLUSHALL", "INCR n0"});
      break;
    case 3:
      s.later(s.moment());
      s.follow(master, s.other_than(master));
      s.later(s.moment());
      s.promote(master);
      break;
    case 4: {  // more than any limit
      Run run;
      run.node = top;
      run.client = "bulk";
      if (s.password) run.lines.emplace_back("AUTH secret");
      run.lines.push_back("APPEND s1 " + value_of(900, 'v'));
      run.repeat = static_cast<std::uint32_t>(s.dice.pick({30, 60, 120}));
      run.await = false;
      s.add(std::move(run));
      break;
    }
    default:
      break;
  }
  s.later(s.moment());
  s.run(top, operations(s, 1));
}

// The one for whom a snapshot is made goes, and is back before its child has noticed.
void leave_and_return(Script& s) {
  const auto [master, replica] = s.a_link();
  const std::string top = s.top_of(master);
  choose_diskless(s, master);
  using Does = JobFault::Does;
  order_job(s, master, JobFault::Job::snapshot, Does::takes, a_while(s));
  if (s.dice.chance(2, 3)) order_job(s, master, JobFault::Job::snapshot, Does::ends_late, a_while(s));
  s.later(s.moment());
  diverge(s, replica, master);
  s.await(ReplicaStateIs{master, replica, is(s.dice.pick({"wait_bgsave", "send_bulk"}))}, seconds(3));
  if (s.dice.chance(1, 2)) s.later(s.moment());
  switch (s.dice.weighted<int>({{4, 0}, {3, 1}, {s.on(Family::crashes) ? 2U : 0U, 2}, {2, 3}})) {
    case 0:
      s.promote(replica);
      break;
    case 1: {
      Fault cut;
      cut.what = Cut{master, replica, s.dice.pick({sim::CloseHow::rst, sim::CloseHow::fin}), "both", sim::InFlight::lost};
      s.fault(std::move(cut));
      break;
    }
    case 2: {
      Fault restart;
      Restart how;
      how.node = replica;
      how.keep_disk = s.dice.chance(1, 2);
      restart.what = how;
      s.fault(std::move(restart));
      break;
    }
    default:
      s.run(master, {"CLIENT KILL TYPE replica"}, "admin");
  }
  s.later(milliseconds(s.dice.pick({20, 1, 100, 500})));
  if (s.dice.chance(3, 4)) s.run(top, operations(s, 1 + s.dice.below(2)));
  if (s.dice.chance(1, 4)) s.run(master, {"BGSAVE"}, "admin");
  if (s.dice.chance(1, 2)) order_job(s, master, JobFault::Job::snapshot, Does::takes, a_while(s) + seconds(1));
  if (s.of(replica).follows.empty()) s.follow(replica, master);
  s.later(s.moment());
  s.run(top, operations(s, 1));
  s.sleep(seconds(s.dice.pick({2, 4})));
}

// What can go wrong at the end of a payload, or in its load, by every way of loading one.
void torn_payload(Script& s) {
  const auto [master, replica] = s.a_link();
  const bool pieces = small_pieces(s);
  if (s.dice.chance(3, 4)) {
    const std::string how = s.dice.pick({"swapdb", "on-empty-db", "disabled"});
    s.run(replica, {"CONFIG SET repl-diskless-load " + how}, "admin");
    s.run(master, {std::string("CONFIG SET repl-diskless-sync ") + (s.dice.chance(1, 5) ? "no" : "yes")}, "admin");
  }
  if (!pieces && s.dice.chance(1, 4)) {
    s.run(master, {"CONFIG SET rdbcompression no"}, "admin");
    s.run(s.top_of(master), {"SETRANGE b0 " + std::to_string(s.dice.pick({60000, 20000})) + " x"});
  }
  const std::size_t times = 1 + s.dice.below(2);
  for (std::size_t i = 0; i < times; ++i) {
    switch (s.dice.weighted<int>({{5, 0}, {3, 1}, {3, 2}, {1, 3}, {2, 4}, {s.on(Family::flips) ? 2U : 0U, 5}})) {
      case 0: {
        Fault cut;
        Cut how{master, replica, sim::CloseHow::rst, "both", sim::InFlight::lost};
        if (s.dice.chance(1, 3)) how.how = sim::CloseHow::fin;
        cut.what = how;
        BytePoint point;
        point.way = {master, replica};
        point.base = BytePoint::Base::payload_end;
        point.count = s.dice.pick({-5, -1, 0, -20, -39, -40, -41, 1, -60});
        cut.after_bytes = point;
        s.fault(std::move(cut));
        break;
      }
      case 1:
        order_job(s, replica, JobFault::Job::load, JobFault::Does::fails, {});
        break;
      case 2: {  // longer than anybody waits, or not quite
        const sim::Duration timeout = std::min<sim::Duration>(s.timeout, seconds(15));
        order_job(s, replica, JobFault::Job::load, JobFault::Does::takes,
                  s.dice.weighted<sim::Duration>({{3, timeout + seconds(4)}, {1, seconds(2)}, {1, timeout - milliseconds(500)}}));
        break;
      }
      case 3: {
        Fault disk;
        disk.what = DiskFault{replica, DiskFault::Does::full};
        disk.lasts = seconds(s.dice.pick({2, 5}));
        s.fault(std::move(disk));
        break;
      }
      case 4: {
        Fault crash;
        crash.what = Crash{master, s.dice.chance(1, 4)};
        crash.lasts = seconds(s.dice.pick({1, 3}));
        crash.when = condition_of(a_phase(s, master, replica));
        s.fault(std::move(crash));
        break;
      }
      default: {
        Fault fault;
        Flip flip;
        flip.at.way = {master, replica};
        flip.at.base = BytePoint::Base::payload_end;
        flip.at.count = -s.dice.between(1, 60);
        flip.bit = static_cast<unsigned>(s.dice.below(8));
        fault.what = flip;
        s.fault(std::move(fault));
      }
    }
  }
  s.later(s.moment());
  if (s.dice.chance(1, 4)) {  // the master is another one now
    Fault restart;
    Restart how;
    how.node = master;
    how.keep_disk = false;
    restart.what = how;
    s.fault(std::move(restart));
  } else {
    diverge(s, replica, master);
  }
  if (s.dice.chance(1, 2)) {
    s.later(s.moment());
    s.run(s.top_of(master), operations(s, 1 + s.dice.below(2)));
  }
  if (s.dice.chance(1, 3)) {
    s.later(s.moment());
    s.run(replica, {"GET n0", "DBSIZE", "INCR n1"}, "reader");
  }
  if (s.on(Family::role_changes) && s.dice.chance(1, 4)) {
    s.await(a_phase(s, master, replica), seconds(2));
    s.promote(replica);
  }
  if (s.dice.chance(1, 2)) s.sleep(seconds(s.dice.pick({1, 4})));
}

// Somebody takes no more of a payload than its buffers hold, for longer than anybody waits.
void hung_reader(Script& s) {
  const auto [master, replica] = s.a_link();
  if (small_pieces(s)) return torn_payload(s);
  s.run(master, {"CONFIG SET rdbcompression no"}, "admin");
  choose_diskless(s, master);
  s.run(s.top_of(master), {"SETRANGE b0 " + std::to_string(s.dice.pick({100000, 60000})) + " x"});
  s.later(s.moment());
  const sim::Duration timeout = std::min<sim::Duration>(s.timeout, seconds(15));
  Fault hung;
  if (s.dice.chance(1, 3)) hung.what = Freeze{{master, replica}};
  else hung.what = Pause{replica};
  hung.lasts = s.dice.weighted<sim::Duration>(
      {{3, timeout + seconds(5)}, {1, timeout - milliseconds(500)}, {1, seconds(1)}});
  if (s.dice.chance(1, 2)) {
    hung.when = condition_of(InfoIs{master, "rdb_bgsave_in_progress", is("1")});
  } else {
    BytePoint point;
    point.way = {master, replica};
    point.base = BytePoint::Base::payload;
    point.count = s.dice.pick({0, 1, 100, 5000, 30000});
    hung.after_bytes = point;
  }
  s.fault(std::move(hung));
  diverge(s, replica, master);
  const auto third = a_third(s, master, replica);
  if (third && s.dice.chance(2, 3)) {
    s.later(s.moment());
    diverge(s, *third, master);
  }
  s.later(s.moment());
  s.run(s.top_of(master), operations(s, 1));
  if (s.on(Family::role_changes) && s.dice.chance(1, 5)) s.promote(replica);
  s.sleep(timeout + seconds(s.dice.pick({6, 2})));
  s.run(s.top_of(master), operations(s, 1));
}

// A payload that is on its way for longer than repl-timeout, and never stands still that long.
void slow_transfer(Script& s) {
  const auto [master, replica] = s.a_link();
  if (small_pieces(s)) return torn_payload(s);
  s.run(master, {"CONFIG SET rdbcompression no"}, "admin");
  choose_diskless(s, master);
  const int size = s.dice.pick({60000, 100000});
  s.run(s.top_of(master), {"SETRANGE b0 " + std::to_string(size) + " x"});
  const sim::Duration timeout = std::min<sim::Duration>(s.timeout, seconds(8));
  const int in_halves = s.dice.pick({4, 3, 6});  // of the timeout
  Fault slow;
  Reshape narrow;
  narrow.ways = {{master, replica}};
  narrow.bytes_per_second = static_cast<std::uint64_t>(2 * size) * 1'000'000U /
                            static_cast<std::uint64_t>(in_halves * timeout.count());
  slow.what = narrow;
  slow.lasts = in_halves * timeout / 2 + seconds(2);
  s.fault(std::move(slow));
  diverge(s, replica, master);
  s.sleep(timeout / 2);
  s.run(s.top_of(master), operations(s, 1 + s.dice.below(2)));
  if (s.dice.chance(1, 4)) {
    if (auto more = trouble_in_sync(s, master, replica)) s.fault(std::move(*more));
  }
  s.sleep((in_halves - 1) * timeout / 2 + seconds(s.dice.pick({3, 1})));
  s.run(s.top_of(master), operations(s, 1));
}

// A load that takes longer than repl-timeout: only its newlines tell the master that somebody is there.
void long_load(Script& s) {
  constexpr int kKeys = 20;
  const auto [master, replica] = s.a_link();
  const sim::Duration timeout = std::min<sim::Duration>(s.timeout, seconds(8));
  const int times = s.dice.pick({2, 3, 1});
  s.run(replica, {"CONFIG SET key-load-delay " + std::to_string(times * timeout.count() / kKeys)}, "admin");
  choose_diskless(s, master);
  std::string many = "MSET";
  for (int i = 0; i < kKeys; ++i) many += " m" + std::to_string(i) + " v";
  s.run(s.top_of(master), {std::move(many)});
  s.later(s.moment());
  diverge(s, replica, master);
  s.sleep(timeout);
  s.run(s.top_of(master), operations(s, 1));
}

// Twice over the soft limit, neither time for as long as it allows: or longer than that.
void soft_limit(Script& s) {
  const auto [master, replica] = s.a_link();
  if (small_pieces(s)) return torn_payload(s);
  const int allowed = s.dice.pick({2, 3, 1});
  s.run(master,
        {"CONFIG SET client-output-buffer-limit \"replica 0 40000 " + std::to_string(allowed) + "\""},
        "admin");
  const bool too_long = s.dice.chance(1, 4);
  const std::size_t times = too_long ? 1 : 2;
  for (std::size_t i = 0; i < times; ++i) {
    const sim::Duration time = seconds(allowed) + (too_long ? seconds(2) : -milliseconds(500));
    Fault stall;
    if (s.dice.chance(1, 2)) stall.what = Pause{replica};
    else stall.what = HoldWays{{{master, replica}}, sim::Hold::everything};
    stall.lasts = time;
    s.later(s.moment());
    s.fault(std::move(stall));
    for (int part = 0; part < 3; ++part) {
      const std::size_t size = 20000 + s.dice.below(40);
      s.run(s.top_of(master), {"APPEND s0 " + value_of(size, 'v')});
    }
    s.sleep(time + milliseconds(s.dice.pick({800, 300, 1500})));
    s.run(s.top_of(master), operations(s, 1));
  }
}

}  // namespace scenarios
