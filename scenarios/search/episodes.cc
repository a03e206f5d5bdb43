// The plots that scenarios are made of. Each begins wherever the one before it has left the world,
// often before that has come to rest; each may be disturbed by faults of its own.
#include <algorithm>
#include <array>

#include "scenarios/search/plots.h"

namespace scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A file's digits for one side of a split, and for the other: same lengths, different data. No
// command contains them otherwise.
constexpr char kOneSide = '7', kOtherSide = '8';

std::vector<std::string> for_other_side(std::vector<std::string> lines) {
  for (std::string& line : lines) {
    const std::size_t arguments = line.find(' ');
    if (arguments == std::string::npos || line.starts_with("SELECT")) continue;
    std::replace(line.begin() + static_cast<std::ptrdiff_t>(arguments), line.end(), kOneSide,
                 kOtherSide);
  }
  return lines;
}

void maybe_trouble(Script& s, const std::string& master, const std::string& replica,
                   std::size_t hits, std::size_t out_of) {
  if (!s.dice.chance(hits, out_of)) return;
  s.later(s.moment());
  const std::string other = master == replica ? s.other_than(master) : replica;
  if (auto fault = trouble_on(s, master, other)) s.fault(std::move(*fault));
}

// --- writes and reads ----------------------------------------------------------------------------

void write(Script& s) {
  const std::string node = s.dice.chance(1, 12) ? s.anybody() : s.a_master();
  s.later(s.moment());
  const std::vector<std::string> lines = operations(s, 1 + s.dice.below(4));
  s.run(node, lines, s.dice.chance(1, 4) ? "second" : "main");
}

// A transaction that stays open while other things happen.
void slow_transaction(Script& s) {
  const std::string node = s.a_master();
  const std::string client = s.fresh("tx");
  std::vector<std::string> begin = {"MULTI"};
  for (std::string& line : operations(s, 1 + s.dice.below(2))) {
    if (line != "MULTI" && line != "EXEC" && line != "DISCARD") begin.push_back(std::move(line));
  }
  s.later(s.moment());
  s.run(node, begin, client);
  s.later(s.moment());
  switch (s.dice.below(3)) {
    case 0:
      s.run(node, operations(s, 1));
      break;
    case 1:
      if (auto fault = trouble(s)) s.fault(std::move(*fault));
      break;
    default:
      if (s.on(Family::role_changes)) s.follow(node, s.other_than(node));
  }
  s.later(s.moment());
  s.run(node, {"INCR n0", "EXEC"}, client);
}

void read(Script& s) {
  const std::string node = s.a_replica().value_or(s.anybody());
  s.later(s.moment());
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < 1 + s.dice.below(2); ++i) lines.push_back(read_command(s));
  s.run(node, std::move(lines), "reader");
}

void load(Script& s) {
  Load load;
  load.node = s.a_master();
  load.client = s.fresh("load");
  for (std::size_t i = 0; i < 2 + s.dice.below(3); ++i) {
    const auto lines = operation(s);
    if (lines.size() == 1) load.lines.push_back(lines.front());
  }
  load.lines.emplace_back("INCR {key}");
  load.keys = static_cast<std::uint32_t>(s.dice.pick({3, 1, 8}));
  load.per_second = static_cast<std::uint32_t>(s.dice.pick({20, 5, 50, 200}));
  load.count = static_cast<std::uint32_t>(s.dice.pick({10, 20, 30}));
  s.lines += *load.count / 2;
  s.later(s.moment());
  s.add(std::move(load));
}

// --- outages -------------------------------------------------------------------------------------

void outage(Script& s) {
  const auto [master, replica] = s.a_link();
  if (s.dice.chance(2, 3)) s.run(master, operations(s, 1 + s.dice.below(3)));
  maybe_trouble(s, master, replica, 1, 1);
  s.later(s.moment());
  s.run(master, operations(s, 1 + s.dice.below(4)));
  maybe_trouble(s, master, replica, 1, 3);
  if (s.dice.chance(1, 2)) {
    s.later(s.moment());
    s.run(s.top_of(master), operations(s, 1 + s.dice.below(2)));
  }
  if (s.dice.chance(1, 4)) {
    s.later(s.moment());
    s.add(Heal{{}, true});
  }
}

void loose_faults(Script& s) {
  const std::size_t count = 1 + s.dice.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    s.later(s.moment());
    if (auto fault = trouble(s)) s.fault(std::move(*fault));
    if (s.dice.chance(1, 2)) {
      const std::string master = s.a_master();
      s.run(master, operations(s, 1));
    }
  }
}

// Somebody stops reading while much is written: output limits, the backlog, full buffers.
void overrun(Script& s) {
  const auto [master, replica] = s.a_link();
  const sim::Duration time =
      s.dice.chance(1, 3) ? s.timeout + seconds(1) : milliseconds(s.dice.pick({800, 300, 2500}));
  Fault stall;
  if (s.on(Family::freezes) && s.dice.chance(1, 2)) {
    stall.what = Freeze{{master, replica}};
  } else if (s.on(Family::partitions) && s.dice.chance(1, 2)) {
    stall.what = HoldWays{{{master, replica}, {replica, master}}, sim::Hold::everything};
  } else {
    stall.what = Pause{replica};
  }
  stall.lasts = std::min<sim::Duration>(time, seconds(20));
  s.later(s.moment());
  s.fault(std::move(stall));
  const std::size_t size = s.big > 0 ? s.big : s.dice.pick({800U, 3000U, 9000U});
  for (std::size_t i = 0; i < 1 + s.dice.below(4); ++i) {
    s.later(milliseconds(s.dice.pick({0, 1, 100, 500})));
    s.run(s.top_of(master), {"APPEND s0 " + value_of(size + s.dice.below(40), 'v'), "INCR n0"});
  }
  if (s.dice.chance(1, 3)) {
    s.later(s.moment());
    Fault cut;
    cut.what = Cut{master, replica, sim::CloseHow::rst, "both", sim::InFlight::lost};
    s.fault(std::move(cut));
  }
}

// --- roles ---------------------------------------------------------------------------------------

// The old master goes or is parted, a replica takes over, the others follow in some order, and both
// sides may write as much as the other meanwhile.
void failover(Script& s) {
  const std::string master = s.top_of(s.a_link().first);
  const auto replicas = s.replicas_of(master);
  if (replicas.empty()) return write(s);
  const std::string chosen = s.dice.pick(replicas);
  if (s.dice.chance(2, 3)) s.run(master, operations(s, 1 + s.dice.below(2), kOneSide));

  const bool parts = s.on(Family::partitions) || s.on(Family::crashes) || s.on(Family::stalls);
  const std::size_t uneven = s.on(Family::freezes) ? 2 : 0;
  std::string name;
  switch (s.dice.weighted<int>({{3, 0},
                                {s.on(Family::partitions) ? 4U : 0U, 1},
                                {s.on(Family::crashes) ? 3U : 0U, 2},
                                {s.on(Family::stalls) ? 2U : 0U, 3},
                                {uneven, 4}})) {
    case 1: {  // nobody hears from it
      Fault fault;
      HoldWays hold;
      hold.ways = s.ways_around(master);
      fault.what = std::move(hold);
      fault.name = name = s.fresh("split");
      s.fault(std::move(fault));
      break;
    }
    case 2: {
      Fault fault;
      fault.what = Crash{master, s.dice.chance(1, 2)};
      s.fault(std::move(fault));
      s.of(master).up = false;
      break;
    }
    case 3: {
      Fault fault;
      fault.what = Pause{master};
      fault.lasts = milliseconds(s.dice.pick({500, 1500, 3000, 8000}));
      s.fault(std::move(fault));
      break;
    }
    case 4: {  // its last words reach some and not others
      if (chosen == master) break;  // it follows itself, in a loop
      Fault fault;
      fault.what = Freeze{{master, chosen}};
      fault.lasts = milliseconds(s.dice.pick({500, 1500, 3000}));
      s.fault(std::move(fault));
      break;
    }
    default:
      break;
  }
  const std::vector<std::string> lines = operations(s, 1 + s.dice.below(2), kOneSide);
  if (parts && s.dice.chance(1, 2)) {
    s.later(s.moment());
    s.run(master, lines);
  }
  s.later(s.moment());
  s.promote(chosen);
  if (s.dice.chance(2, 3)) {
    s.later(s.moment());
    s.run(chosen, for_other_side(lines));
  }
  for (const std::string& other : replicas) {
    if (other == chosen || s.dice.chance(1, 6)) continue;
    s.later(s.moment());
    s.follow(other, chosen);
  }
  maybe_trouble(s, chosen, replicas.front() == chosen ? replicas.back() : replicas.front(), 1, 4);
  if (!name.empty()) {
    s.later(s.moment());
    if (s.dice.chance(1, 2)) s.run(master, operations(s, 1));
    s.add(Heal{{name}, false});
  }
  if (!s.dice.chance(3, 4)) return;
  s.later(s.moment());
  if (!s.of(master).up) {
    Fault back;
    Restart restart;
    restart.node = master;
    restart.keep_disk = !(s.on(Family::lost_disks) && s.dice.chance(1, 2));
    if (s.dice.chance(1, 2)) {
      restart.replicaof = chosen;
      s.of(master).follows = chosen;
    }
    s.of(master).up = true;
    back.what = std::move(restart);
    s.fault(std::move(back));
  }
  if (s.of(master).follows.empty()) {
    s.later(s.moment());
    s.follow(master, chosen);
  }
}

// One role command at a moment of somebody else's choosing, perhaps a second one on its heels.
void role_change(Script& s) {
  const auto [master, replica] = s.a_link();
  const std::string node = s.dice.chance(3, 4) ? replica : s.anybody();
  if (s.dice.chance(1, 2)) {
    const Condition::Part phase = a_phase(s, master, replica);
    s.await(phase, milliseconds(s.dice.pick({500, 2000, 5000})));
  }
  s.later(s.dice.chance(1, 2) ? s.moment() : sim::Duration{0});
  const std::size_t times = 1 + s.dice.below(3);
  for (std::size_t i = 0; i < times; ++i) {
    switch (s.dice.weighted<int>({{4, 0}, {4, 1}, {2, 2}, {s.on(Family::loops) ? 3U : 0U, 3}})) {
      case 0:
        s.follow(node, s.other_than(node));
        break;
      case 1:
        s.promote(node);
        break;
      case 2:
        if (!s.of(node).follows.empty()) s.follow(node, s.of(node).follows);
        break;
      default:
        s.follow(node, s.dice.chance(1, 3) ? node : s.other_than(node));
    }
    s.later(s.moment());
    if (s.dice.chance(1, 3)) s.run(node, operations(s, 1, kOneSide));
  }
}

// The master hands over by itself: it stops writes, waits for a replica to have them all, and
// changes places with it.
void coordinated_failover(Script& s) {
  const std::string master = s.top_of(s.a_link().first);
  const auto replicas = s.replicas_of(master);
  if (replicas.empty()) return write(s);
  const std::string chosen = s.dice.pick(replicas);
  if (s.dice.chance(2, 3)) s.run(master, operations(s, 1 + s.dice.below(2)));
  maybe_trouble(s, master, chosen, 1, 3);
  std::string command = "FAILOVER";
  const bool named = s.dice.chance(1, 2);
  if (named) command += " TO " + s.address(chosen);
  const bool forced = named && s.dice.chance(1, 3);
  if (forced) command += " FORCE";
  if (forced && s.dice.chance(1, 2)) {  // it is not to have everything in time
    Fault lag;
    if (s.dice.chance(1, 2)) lag.what = Pause{chosen};
    else lag.what = Freeze{{master, chosen}};
    lag.lasts = milliseconds(s.dice.pick({1500, 300, 4000}));
    s.fault(std::move(lag));
    s.run(master, operations(s, 1));
  }
  // Without one it waits for ever for a replica that it does not let in meanwhile.
  command += " TIMEOUT " + std::to_string(s.dice.pick({1000, 100, 5000}));
  s.later(s.moment());
  s.run(master, {command}, "admin");
  if (replicas.size() == 1 || named) {
    s.of(master).follows = chosen;
    s.of(chosen).follows.clear();
  }
  s.later(s.moment());
  switch (s.dice.below(4)) {
    case 0:
      s.run(chosen, operations(s, 1));
      break;
    case 1:
      s.run(master, operations(s, 1));
      break;
    case 2:
      s.run(master, {"FAILOVER ABORT"}, "admin");
      break;
    default:
      maybe_trouble(s, master, chosen, 1, 1);
  }
}

// Without a limit it waits as long as it takes, so it is called off in the end.
void quiet_failover(Script& s) {
  const std::string master = s.top_of(s.a_link().first);
  s.run(master, {"FAILOVER"}, "admin");
  s.sleep(seconds(s.dice.pick({6, 12})));
  s.run(master, {"FAILOVER ABORT"}, "admin");
}

void role_in_transaction(Script& s) {
  const auto [master, replica] = s.a_link();
  const std::string node = s.dice.chance(1, 2) ? replica : s.top_of(master);
  const bool up = s.dice.chance(1, 2);
  const std::string other = s.other_than(node);
  const std::string command = up ? "REPLICAOF NO ONE" : "REPLICAOF " + other + " 6379";
  s.of(node).follows = up ? "" : other;
  std::vector<std::string> lines = {"MULTI"};
  if (s.dice.chance(2, 3)) lines.emplace_back("INCR n0");
  lines.push_back(command);
  if (s.dice.chance(2, 3)) lines.emplace_back("INCR n1");
  lines.emplace_back("EXEC");
  s.later(s.moment());
  s.run(node, std::move(lines), s.fresh("tx"));
  if (s.dice.chance(1, 2)) {
    s.later(s.moment());
    s.promote(node);
  }
}

// Somebody follows itself, or its own replica; perhaps it is put right later.
void loop(Script& s) {
  const auto [master, replica] = s.a_link();
  const std::string before = s.of(master).follows;
  s.later(s.moment());
  if (s.dice.chance(1, 3))
    s.follow(master, master);
  else
    s.follow(master, replica);
  s.later(s.moment());
  if (s.dice.chance(1, 2)) s.run(replica, operations(s, 1));
  s.later(s.moment());
  switch (s.dice.below(3)) {
    case 0:
      s.promote(master);
      break;
    case 1:
      s.promote(replica);
      break;
    default:
      break;
  }
}

// --- full resyncs --------------------------------------------------------------------------------

void full_sync(Script& s) {
  const auto [master, replica] = s.a_link();
  const std::size_t faults = s.dice.below(3);
  for (std::size_t i = 0; i < faults; ++i) {
    if (auto fault = trouble_in_sync(s, master, replica)) s.fault(std::move(*fault));
  }
  s.later(s.moment());
  if (s.on(Family::restarts) && s.dice.chance(1, 3)) {
    Fault fault;
    Restart restart;
    restart.node = replica;
    restart.keep_disk = false;
    if (s.of(replica).follows != master) {
      restart.replicaof = master;
      s.of(replica).follows = master;
    }
    s.of(replica).up = true;
    fault.what = std::move(restart);
    s.fault(std::move(fault));
  } else {  // a write of its own, and its history is another
    s.promote(replica);
    if (!s.untouched || s.dice.chance(1, 2)) s.run(replica, operations(s, 1, kOtherSide));
    s.later(s.dice.chance(1, 3) ? s.moment() : sim::Duration{0});
    s.follow(replica, master);
  }
  const std::size_t acts = 1 + s.dice.below(3);
  for (std::size_t i = 0; i < acts; ++i) {
    if (s.dice.chance(1, 3)) {
      const Condition::Part phase = a_phase(s, master, replica);
      s.await(phase, seconds(s.dice.pick({2, 1, 5})));
    }
    s.later(s.moment());
    switch (
        s.dice.weighted<int>({{6, 0}, {s.on(Family::role_changes) ? 2U : 0U, 1}, {2, 2}, {1, 3}})) {
      case 0:
        s.run(s.top_of(master), operations(s, 1 + s.dice.below(2)));
        break;
      case 1:
        if (s.dice.chance(1, 2))
          s.promote(replica);
        else
          s.follow(replica, s.other_than(replica));
        break;
      case 2: {  // somebody else joins in
        const std::string third = s.other_than(master);
        if (third == s.of(master).follows) break;
        s.promote(third);
        s.run(third, {"INCR n0"});
        s.follow(third, master);
        break;
      }
      default:
        maybe_trouble(s, master, replica, 1, 1);
    }
  }
}

// --- processes -----------------------------------------------------------------------------------

void restart_node(Script& s) {
  const std::string node = s.anybody();
  if ((s.on(Family::saves) || s.untouched) && s.dice.chance(2, 3)) {
    s.later(s.moment());
    switch (s.dice.below(4)) {
      case 0:
        s.run(node, {"SAVE"}, "admin");
        break;
      case 1:
        s.run(node, {"BGSAVE"}, "admin");
        break;
      case 2:
        s.run(node, {"SHUTDOWN SAVE"}, "admin");
        break;
      default:
        s.run(node, {"SHUTDOWN NOSAVE"}, "admin");
    }
    if (s.dice.chance(1, 3)) s.run(s.top_of(node), operations(s, 1));
    if (s.dice.chance(1, 6) && s.on(Family::flushes)) s.run(s.top_of(node), {"FLUSHALL"});
  }
  const std::size_t times = s.dice.chance(1, 4) ? 2 : 1;
  for (std::size_t i = 0; i < times; ++i) {
    s.later(s.moment());
    Fault fault;
    Restart restart;
    restart.node = node;
    restart.keep_disk = !(s.on(Family::lost_disks) && s.dice.chance(1, 2));
    if (s.dice.chance(1, 3)) {
      restart.replicaof = s.dice.chance(1, 2) ? std::string() : s.other_than(node);
      s.of(node).follows = *restart.replicaof;
    }
    s.of(node).up = true;
    fault.what = std::move(restart);
    s.fault(std::move(fault));
    if (s.dice.chance(1, 2)) {
      s.later(s.moment());
      s.run(node, operations(s, 1, kOneSide));
    }
  }
  if (s.dice.chance(1, 4)) {
    s.later(s.moment());
    s.follow(node, s.other_than(node));
  }
}

void save(Script& s) {
  const std::string node = s.anybody();
  s.later(s.moment());
  if (s.on(Family::late_jobs) && s.dice.chance(1, 2)) {
    Fault fault;
    fault.what = JobFault{node, JobFault::Job::snapshot, JobFault::Does::takes,
                          milliseconds(s.dice.pick({500, 2000, 100}))};
    s.fault(std::move(fault));
  }
  s.run(node, {s.dice.chance(1, 4) ? "SAVE" : "BGSAVE"}, "admin");
  s.later(s.moment());
  s.run(s.top_of(node), s.on(Family::flushes) && s.dice.chance(1, 3)
                            ? std::vector<std::string>{"FLUSHALL"}
                            : operations(s, 1));
}

// --- time ----------------------------------------------------------------------------------------

void idle(Script& s) {
  const sim::Duration timeout = std::min<sim::Duration>(s.timeout, seconds(15));
  switch (s.dice.weighted<int>({{3, 0}, {2, 1}, {s.ttl.count() > 0 ? 4U : 0U, 2}})) {
    case 0:
      return s.sleep(seconds(s.dice.pick({1, 2, 4})));
    case 1:
      return s.sleep(timeout + seconds(1));
    default:
      break;
  }
  // Nobody follows for longer than the backlog is kept.
  const auto [master, replica] = s.a_link();
  const std::string name = s.fresh("away");
  const bool parted = s.on(Family::partitions) && s.dice.chance(2, 3);
  if (parted) {
    Fault fault;
    fault.name = name;
    HoldWays hold;
    hold.ways = s.ways_around(master);
    fault.what = std::move(hold);
    s.fault(std::move(fault));
    Fault cut;
    cut.what = Cut{master, replica, sim::CloseHow::rst, "both", sim::InFlight::lost};
    s.fault(std::move(cut));
  }
  if (s.dice.chance(1, 2)) s.promote(replica);
  s.sleep(s.ttl + seconds(2));
  s.run(master, operations(s, 1));
  if (s.dice.chance(1, 2)) s.run(replica, operations(s, 1));
  if (parted) s.add(Heal{{name}, false});
  if (s.of(replica).follows.empty()) {
    s.later(s.moment());
    if (s.dice.chance(1, 2))
      s.follow(master, replica);
    else
      s.follow(replica, master);
  }
}

// A lifetime that ends while the news of it are on their way.
void expiry(Script& s) {
  const auto [above, replica] = s.a_link();
  const std::string master = s.top_of(above);
  const int ms = s.dice.pick({200, 50, 1000, 20});
  if (s.on(Family::slowness) && s.dice.chance(1, 2)) {
    Fault fault;
    fault.what = Reshape{{{above, replica}}, milliseconds(2 * ms), {}, {}, {}};
    fault.lasts = milliseconds(5 * ms);
    s.fault(std::move(fault));
  }
  if (s.databases > 1 && s.dice.chance(1, 3))
    s.run(master, {"SELECT " + std::to_string(s.dice.below(s.databases))});
  s.run(master, {"SET x0 5 PX " + std::to_string(ms)});
  if (s.dice.chance(1, 4)) maybe_trouble(s, above, replica, 1, 1);
  if (s.dice.chance(1, 2)) {  // nobody tells the replica that it is over, and it is asked
    s.later(milliseconds(s.dice.pick({ms / 2, 5})));
    Fault stuck;
    stuck.what = Freeze{{above, replica}};
    stuck.lasts = milliseconds(s.dice.pick({ms + 200, 3 * ms}));
    s.fault(std::move(stuck));
    s.later(milliseconds(ms + s.dice.pick({1, 20, 100})));
    s.run(replica, {s.dice.pick({"GET x0", "EXISTS x0 n0", "TTL x0", "TYPE x0", "DBSIZE"}),
                    s.dice.pick({"EXISTS x0", "STRLEN x0", "PTTL x0", "RANDOMKEY", "KEYS x*"})},
          "reader");
  }
  s.later(milliseconds(s.dice.pick({ms / 2, ms - 1, ms, ms + 1, ms + 60, 2 * ms})));
  s.run(master, {s.dice.pick({"INCR x0", "PERSIST x0", "PEXPIRE x0 300", "GET x0", "SETNX x0 1",
                              "APPEND x0 1", "EXISTS x0", "RENAME x0 x1", "GETEX x0 PERSIST"})});
  if (s.dice.chance(1, 2)) {
    s.later(s.moment());
    s.run(replica, {"GET x0", "EXISTS x0"}, "reader");
  }
}

void waits(Script& s) {
  const std::string master = s.a_master();
  std::vector<std::string> lines = operations(s, 1);
  const std::string replicas_wanted = std::to_string(s.dice.pick({1, 2, 3}));
  lines.push_back("WAIT " + replicas_wanted + " " +
                  std::to_string(s.dice.pick({500, 50, 3000, 0})));
  const auto replicas = s.replicas_of(master);
  if (!replicas.empty()) {
    const std::string replica = s.dice.pick(replicas);
    if (s.on(Family::pauses_of_clients) && s.dice.chance(1, 3))
      s.run(replica, {"CLIENT PAUSE " + std::to_string(s.dice.pick({500, 2000})) + " WRITE"},
            "admin");
    maybe_trouble(s, master, replica, 1, 3);
    s.later(s.moment());
    s.run(master, lines, s.fresh("waiter"));
    if (s.on(Family::role_changes) && s.dice.chance(1, 3)) {
      s.later(s.moment());
      s.promote(replica);
    }
    return;
  }
  s.run(master, lines, s.fresh("waiter"));
}

void pause_clients(Script& s) {
  const std::string node = s.anybody();
  s.later(s.moment());
  const std::string time = std::to_string(s.dice.pick({300, 1000, 3000}));
  const bool lifetimes = s.on(Family::expiry) && s.dice.chance(1, 2);
  if (lifetimes) s.run(node, {"SET x0 1 PX " + std::to_string(s.dice.pick({50, 150, 400}))});
  const bool waiter = s.on(Family::waits) && s.dice.chance(1, 2);
  const std::string client = s.fresh("waiter");
  if (waiter) s.run(node, {"INCR n0"}, client);
  s.run(node, {"CLIENT PAUSE " + time + (s.dice.chance(1, 3) ? " ALL" : " WRITE")}, "admin");
  if (waiter) {
    if (s.dice.chance(1, 2)) s.later(s.moment());
    const std::string wanted = std::to_string(s.dice.pick({4, 1, 2}));
    s.run(node, {"WAIT " + wanted + " " + std::to_string(s.dice.pick({100, 500, 2000}))}, client);
  }
  s.run(s.top_of(node), operations(s, 1 + s.dice.below(2)));
  s.later(s.moment());
  if (lifetimes && s.dice.chance(1, 2)) s.run(node, {"GET x0"}, "reader");
  switch (s.dice.below(4)) {
    case 0:
      s.run(node, {"CLIENT UNPAUSE"}, "admin");
      break;
    case 1:
      if (s.on(Family::role_changes)) s.promote(node);
      break;
    case 2:
      maybe_trouble(s, s.top_of(node), node == s.top_of(node) ? s.other_than(node) : node, 1, 1);
      break;
    default:
      break;
  }
}

void change_config(Script& s) {
  const std::string node = s.anybody();
  s.later(s.moment());
  const std::string setting = s.dice.pick(std::vector<std::string>{
      "repl-backlog-size 16kb", "repl-backlog-size 64kb", "repl-timeout 3", "repl-timeout 8",
      "repl-diskless-sync no", "repl-diskless-sync yes", "repl-diskless-sync-delay 1",
      "repl-diskless-load swapdb", "min-replicas-to-write 1", "min-replicas-to-write 0",
      "repl-backlog-ttl 2", "repl-ping-replica-period 1", "hz 50"});
  s.run(node, {"CONFIG SET " + setting}, "admin");
}

void kill_clients(Script& s) {
  s.later(s.moment());
  const auto [master, replica] = s.a_link();
  if (s.dice.chance(1, 2))
    s.run(master, {"CLIENT KILL TYPE replica"}, "admin");
  else
    s.run(replica, {"CLIENT KILL TYPE master"}, "admin");
}

// --- strangers -----------------------------------------------------------------------------------

// A master by hand: its history is nobody's, so whoever follows it can be held to little.
void rogue_master(Script& s) {
  const std::string name = s.fresh("m");
  Peer peer;
  peer.name = name;
  peer.place.pointer = "/peers/" + name;
  peer.listens = true;
  const std::string full = "+FULLRESYNC 0123456789012345678901234567890123456789 0|@rdb";
  std::vector<std::string> answers = s.dice.pick(std::vector<std::vector<std::string>>{
      {full},
      {"-NOMASTERLINK Can't SYNC", full},
      {"-LOADING still"},
      {"-ERR unknown command", full},
      {"+FULLRESYNC short 0|@rdb", full},
      {full + "|*1\\r\\n$4\\r\\nPING\\r\\n"},
      {full + "|*3\\r\\n$3\\r\\nSET\\r\\n$1\\r\\nk\\r\\n$1\\r\\nv\\r\\n*3\\r\\n$5\\r\\nLPUSH\\r\\n$1\\r\\nk\\r\\n$1\\r\\nx\\r\\n"},
      {"+CONTINUE"},
      {"+CONTINUE 0123456789012345678901234567890123456789", full}});
  for (std::string& answer : answers) {
    for (std::size_t at; (at = answer.find("\\r\\n")) != std::string::npos;)
      answer.replace(at, 4, "\r\n");
  }
  peer.replies = {{"PING", {"+PONG"}},
                  {"REPLCONF", {"+OK"}},
                  {"PSYNC", std::move(answers)},
                  {"SYNC", {"@rdb"}}};
  if (s.dice.chance(1, 6)) peer.replies.erase(peer.replies.begin() + s.dice.between(0, 2));
  s.scenario.peers.push_back(std::move(peer));
  const std::string node = s.a_link().second;
  const std::string before = s.of(node).follows;
  s.later(s.moment());
  s.follow(node, name);
  s.later(seconds(s.dice.pick({1, 3, 8})));
  if (before.empty())
    s.promote(node);
  else
    s.follow(node, before);
}

// A replica by hand: asks, and never reads or acknowledges.
void rogue_replica(Script& s) {
  const std::string name = s.fresh("r");
  Peer peer;
  peer.name = name;
  peer.place.pointer = "/peers/" + name;
  s.scenario.peers.push_back(peer);
  const std::string node = s.a_master();
  s.later(s.moment());
  Raw dial;
  dial.peer = name;
  dial.dial = node;
  s.add(dial);
  Raw send;
  send.peer = name;
  send.send = s.dice.pick(std::vector<std::string>{
      "PSYNC ? -1\r\n", "SYNC\r\n", "REPLCONF capa eof capa psync2\r\nPSYNC ? -1\r\n",
      "PSYNC 0123456789012345678901234567890123456789 1\r\n", "REPLCONF ACK 5\r\n",
      "PSYNC ? -1\r\nSET k 1\r\n", "REPLCONF rdb-only 1\r\nREPLCONF capa eof\r\nPSYNC ? -1\r\n",
      "REPLCONF rdb-filter-only \"\"\r\nREPLCONF capa eof\r\nSYNC\r\n"});
  s.add(send);
  s.run(node, operations(s, 1));
}

// --- the whole -----------------------------------------------------------------------------------

void settle(Script& s) {
  std::vector<std::string> together;
  const std::string top = s.top_of(s.a_link().first);
  together.push_back(top);
  for (const Standing& one : s.cast) {
    if (one.name != top && one.up && s.top_of(one.name) == top && !one.follows.empty())
      together.push_back(one.name);
  }
  if (together.size() < 2) return;
  s.await(Synced{std::move(together)}, seconds(s.dice.pick({3, 1, 6})));
}

struct Episode {
  void (*play)(Script&);
  std::size_t weight;
  Family needs = Family::count_;  // none
};
constexpr auto kEpisodes = std::to_array<Episode>({
    {write, 6},
    {outage, 6},
    {failover, 4, Family::role_changes},
    {full_sync, 4},
    {loose_faults, 3},
    {role_change, 4, Family::role_changes},
    {coordinated_failover, 3, Family::failovers},
    {restart_node, 4, Family::restarts},
    {expiry, 4, Family::expiry},
    {overrun, 3, Family::small_backlog},
    {overrun, 3, Family::small_limits},
    {settle, 4},
    {read, 3, Family::reads},
    {waits, 3, Family::waits},
    {idle, 2},
    {idle, 2, Family::idle_ttl},
    {save, 2, Family::saves},
    {pause_clients, 3, Family::pauses_of_clients},
    {slow_transaction, 2, Family::transactions},
    {role_in_transaction, 3, Family::roles_in_transactions},
    {load, 2, Family::load_generators},
    {loop, 2, Family::loops},
    {change_config, 2, Family::config_changes},
    {kill_clients, 1, Family::cuts},
    {rogue_master, 3, Family::raw_peers},
    {rogue_replica, 3, Family::raw_peers},
    {probe, 4, Family::probes},
    {wrap, 3, Family::small_backlog},
    {cut_in_unit, 3, Family::transactions},
    {big_transaction, 3, Family::small_limits},
    {join_snapshot, 3},
    {leave_and_return, 2},
    {torn_payload, 4},
    {hung_reader, 6, Family::small_buffers},
    {slow_transfer, 2, Family::small_buffers},
    {soft_limit, 2, Family::small_limits},
    {long_load, 2, Family::short_timeouts},
    {blocking, 3, Family::blocking_commands},
    {listen, 1, Family::listeners},
    {evict, 3, Family::eviction},
    {own_writes, 3, Family::own_writes},
    {shutdowns, 3, Family::shutdowns},
    {refused_by_disk, 1, Family::saves},
});

}  // namespace

void play_episodes(Script& s) {
  std::array<std::size_t, kEpisodes.size()> weights{};
  for (std::size_t i = 0; i < kEpisodes.size(); ++i) {
    const bool known = kEpisodes[i].needs == Family::count_ || s.on(kEpisodes[i].needs);
    // Swarm again: of what it knows, each run likes some more than others.
    weights[i] = known ? kEpisodes[i].weight * s.dice.pick({1U, 0U, 1U, 3U}) : 0;
  }
  if (s.untouched || s.dice.chance(3, 4)) settle(s);
  if (s.untouched) {  // what there is to do at offset 0
    const std::size_t plots = 1 + s.dice.below(3);
    for (std::size_t i = 0; i < plots; ++i) {
      switch (s.dice.below(7)) {
        case 0: restart_node(s); break;
        case 1: role_change(s); break;
        case 2: failover(s); break;
        case 3: probe(s); break;
        case 4: outage(s); break;
        case 5: quiet_failover(s); break;
        default: coordinated_failover(s);
      }
    }
    s.untouched = false;
  }
  const std::size_t count = 1 + s.dice.below(12);
  for (std::size_t i = 0; i < count && s.lines < s.menu.operations; ++i) {
    kEpisodes[s.dice.weighted(std::span<const std::size_t>(weights))].play(s);
  }
}

// Who is down is started; perhaps all are put under one master.
void repair(Script& s) {
  if (!s.dice.chance(3, 4)) return;
  s.later(s.moment());
  s.add(Heal{{}, true});
  for (const Standing& one : s.cast) {
    Fault back;
    Restart restart;
    restart.node = one.name;
    back.what = std::move(restart);
    back.when = condition_of(IsUp{one.name, false});
    s.fault(std::move(back));
  }
  s.sleep(milliseconds(10));
  for (Standing& one : s.cast) one.up = true;
  if (!s.dice.chance(2, 3)) return;
  const std::string top = s.top_of(s.a_link().first);
  s.promote(top);
  std::string above = top;
  for (const std::string& name : [&] {
         std::vector<std::string> names;
         for (const Standing& one : s.cast) names.push_back(one.name);
         return names;
       }()) {
    if (name == top) continue;
    if (s.dice.chance(1, 4)) s.later(s.moment());
    s.follow(name, above);
    if (s.dice.chance(1, 3)) above = name;
  }
  if (s.dice.chance(1, 2)) {
    s.later(s.moment());
    s.run(top, operations(s, 1));
  }
}

}  // namespace scenarios
