// Episodes about what people do: wait for a key, listen, shut down, run out of memory or disk.
#include <algorithm>

#include "scenarios/search/plots.h"

namespace scenarios {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A client waits for a key, and others come with it, or with something else.
void blocking(Script& s) {
  const std::string node = s.dice.chance(1, 6) ? s.anybody() : s.a_master();
  const std::size_t count = 1 + s.dice.below(2);
  for (std::size_t i = 0; i < count; ++i) {
    s.later(s.moment());
    s.run(node, {s.dice.pick({"BLPOP l0 0", "BLPOP l0 1", "BRPOP l1 l0 2", "BLMOVE l0 l1 LEFT RIGHT 0",
                              "BRPOPLPUSH l0 l0 1", "BZPOPMIN z0 1", "BLMPOP 1 2 l0 l1 LEFT COUNT 2"})},
          s.fresh("blocked"));
  }
  s.later(s.moment());
  switch (s.dice.weighted<int>({{4, 0}, {2, 1}, {s.on(Family::role_changes) ? 3U : 0U, 2}, {1, 3}, {1, 4}})) {
    case 1:
      s.run(node, {"MULTI", "RPUSH l0 1 2", "LPUSH l1 3", "LPOP l0", "EXEC"});
      break;
    case 2:
      if (s.dice.chance(1, 2)) s.follow(node, s.other_than(node));
      else s.promote(node);
      break;
    case 3: {
      const std::string one = std::to_string(3 + s.dice.below(8));
      const std::string other = std::to_string(3 + s.dice.below(8));
      s.run(node, {"CLIENT UNBLOCK " + one, "CLIENT UNBLOCK " + other + " ERROR"});
      break;
    }
    case 4:
      s.run(node, {"CLIENT PAUSE 500 WRITE"}, "admin");
      break;
    default:
      break;
  }
  s.run(node, {s.dice.pick({"RPUSH l0 1 2 3", "LPUSH l0 1", "RPUSH l1 4", "ZADD z0 1 m", "RPOPLPUSH l1 l0"})});
}

void listen(Script& s) {
  const std::string node = s.a_replica().value_or(s.anybody());
  s.run(node, {"SUBSCRIBE news"}, s.fresh("listener"));
  s.later(s.moment());
  s.run(s.top_of(node), {"PUBLISH news " + value_of(1 + s.dice.below(5), 'v'), "INCR n0"});
}

// A master with less memory than its data need.
void evict(Script& s) {
  const std::string master = s.a_master();
  s.later(s.moment());
  s.run(master, {std::string("CONFIG SET maxmemory-policy ") +
                     s.dice.pick({"allkeys-random", "volatile-ttl", "allkeys-lru", "noeviction"}),
                 "CONFIG SET maxmemory " + std::to_string(s.dice.pick({600, 300, 1000, 100}))},
        "admin");
  const std::size_t count = 1 + s.dice.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    s.run(master, operations(s, 1 + s.dice.below(3)));
    s.later(s.moment());
  }
  if (s.dice.chance(2, 3)) s.run(master, {"CONFIG SET maxmemory 0"}, "admin");
}

// Clients write to a replica that lets them; from then on it can be held to little.
void own_writes(Script& s) {
  const std::string node = s.a_replica().value_or(s.anybody());
  s.later(s.moment());
  s.run(node, {"CONFIG SET replica-read-only no"}, "admin");
  s.run(node, {"SET own v PX " + std::to_string(s.dice.pick({300, 50, 1500})), "INCR n0"});
  s.later(s.moment());
  s.run(node, {"CONFIG SET replica-read-only yes", "GET own"}, "admin");
}

// A master is to end, and those who follow it lag.
void shutdowns(Script& s) {
  const std::string node = s.dice.chance(1, 4) ? s.anybody() : s.top_of(s.a_link().first);
  const auto replicas = s.replicas_of(node);
  if (s.dice.chance(1, 2))
    s.run(node, {"CONFIG SET shutdown-timeout " + std::to_string(s.dice.pick({1, 2, 5, 0}))}, "admin");
  if (!replicas.empty() && s.dice.chance(2, 3)) {
    const std::string replica = s.dice.pick(replicas);
    Fault lag;
    if (s.dice.chance(1, 2)) lag.what = Pause{replica};
    else lag.what = Freeze{{node, replica}};
    lag.lasts = milliseconds(s.dice.pick({3000, 600, 8000}));
    s.fault(std::move(lag));
  }
  s.run(node, operations(s, 1 + s.dice.below(2)));
  if (s.dice.chance(1, 5)) {
    Fault full;
    full.what = DiskFault{node, DiskFault::Does::full};
    full.lasts = seconds(2);
    s.fault(std::move(full));
  }
  s.later(s.moment());
  s.run(node, {"SHUTDOWN" + std::string(s.dice.pick({"", " NOSAVE", " SAVE", " NOW", " NOSAVE FORCE"}))}, s.fresh("down"));
  s.of(node).up = false;
  s.later(s.moment());
  if (s.dice.chance(1, 3)) {
    s.run(node, {"SHUTDOWN ABORT", "INCR n0"}, "second");
  } else if (!replicas.empty() && s.on(Family::role_changes) && s.dice.chance(1, 2)) {
    s.promote(s.dice.pick(replicas));
  }
  if (!s.dice.chance(2, 3)) return;
  s.later(milliseconds(s.dice.pick({500, 3000, 12000})));
  Fault back;
  Restart restart;
  restart.node = node;
  restart.keep_disk = !(s.on(Family::lost_disks) && s.dice.chance(1, 2));
  back.what = std::move(restart);
  back.when = condition_of(IsUp{node, false});
  s.fault(std::move(back));
  s.of(node).up = true;
}

// A save by itself fails, and until one succeeds nothing is to be written.
void refused_by_disk(Script& s) {
  const std::string node = s.a_master();
  Fault fault;
  fault.what = JobFault{node, JobFault::Job::snapshot, JobFault::Does::dies, {}};
  s.fault(std::move(fault));
  s.run(node, {"CONFIG SET save '1 1'"}, "admin");
  s.run(node, operations(s, 1));
  s.later(seconds(s.dice.pick({2, 4})));
  s.run(node, operations(s, 2));
  s.later(s.moment());
  s.run(node, {"BGSAVE", "CONFIG SET stop-writes-on-bgsave-error no", "CONFIG SET save ''"}, "admin");
}

}  // namespace scenarios
