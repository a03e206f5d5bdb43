// A scenario while it is being written: what is there so far, what the generator believes to be the
// state of affairs (it never runs anything), and the means to go on.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/language/scenario.h"
#include "scenarios/search/dice.h"
#include "scenarios/search/generate.h"
#include "sim/time.h"

namespace scenarios {

// What can happen in a run at all. Each run has its own subset.
enum class Family : std::uint8_t {
  // what clients do
  databases,
  collections,
  transactions,
  expiry,
  big_values,
  waits,
  reads,
  flushes,
  pauses_of_clients,
  saves,
  load_generators,
  config_changes,
  scripts,
  blocking_commands,
  listeners,
  eviction,
  own_writes,
  // settings
  small_backlog,
  short_timeouts,
  small_limits,
  disk_sync,
  sync_delay,
  diskless_load,
  slow_jobs,
  good_replicas,
  idle_ttl,
  quiet,
  stale_refused,
  // the network
  slow_links,
  jitter,
  small_pieces,
  bandwidth,
  small_buffers,
  // faults
  cuts,
  cuts_at_bytes,
  partitions,
  freezes,
  slowness,
  refusals,
  crashes,
  restarts,
  lost_disks,
  stalls,
  slow_loops,
  failing_jobs,
  late_jobs,
  full_disks,
  clocks,
  flips,
  // people
  role_changes,
  failovers,
  roles_in_transactions,
  loops,
  raw_peers,
  probes,
  shutdowns,
  count_
};
inline constexpr std::size_t kFamilies = static_cast<std::size_t>(Family::count_);

// How a node stands, as far as one can tell who only reads the script.
struct Standing {
  std::string name;
  std::string follows;  // empty: a master
  bool up = true;
};

class Script {
 public:
  Script(sim::Choice& choice, const Menu& wanted) : dice(choice), menu(wanted) {}

  Dice dice;
  const Menu& menu;
  Scenario scenario;
  std::bitset<kFamilies> families;
  std::vector<Standing> cast;

  // What the setting drew, for those who want to hit a boundary.
  sim::Duration delay{500};           // one way, usually
  sim::Duration timeout{60'000'000};  // repl-timeout
  sim::Duration ttl{0};               // repl-backlog-ttl; 0: long
  std::size_t databases = 1;
  std::size_t big = 0;    // size of a big value; 0: none
  bool hasty = false;     // little time between steps
  bool password = false;  // "secret", of all nodes
  bool untouched = false; // nothing has been written yet, so that all offsets are 0

  std::size_t lines = 0;  // commands so far

  bool on(Family family) const { return families[static_cast<std::size_t>(family)]; }

  // --- writing steps
  // ------------------------------------------------------------------------------ The next step
  // comes so long after the one before it (once).
  void later(sim::Duration gap) { gap_ = std::max(gap_, gap); }
  // A moment as it comes: mostly none at all, sometimes as long as a link or a timer takes.
  sim::Duration moment();
  Step& add(Step::What what);
  // Commands for a node; nobody waits for their replies.
  void run(std::string_view node, std::vector<std::string> lines, std::string_view client = "main");
  void sleep(sim::Duration time);
  // Waits for a while, and goes on either way.
  void await(Condition::Part what, sim::Duration within);
  void fault(Fault fault);

  // --- people's commands, with what they make of the cast
  // ------------------------------------------
  void follow(std::string_view node, std::string_view master);
  void promote(std::string_view node);

  // --- who ---------------------------------------------------------------------------------------
  Standing& of(std::string_view node);
  std::size_t index(std::string_view node) const;
  const std::string& anybody() { return cast[dice.below(cast.size())].name; }
  std::string other_than(std::string_view node);
  // One that follows nobody; the first node when there is none.
  std::string a_master();
  // One that follows a node; none when there is none.
  std::optional<std::string> a_replica();
  std::vector<std::string> replicas_of(std::string_view master) const;
  // Where a node is reached, as servers know it: FAILOVER takes no names.
  std::string address(std::string_view node) const;
  // Two between whom bytes of replication travel: {master, replica}. Two others when there are
  // none.
  std::pair<std::string, std::string> a_link();
  // All ways to a node and from it, for when nobody hears from it.
  std::vector<Way> ways_around(std::string_view node) const;
  // The top of the tree that `node` is in; itself when that is a circle.
  std::string top_of(std::string_view node) const;

  std::string fresh(std::string_view stem);  // a name that was not used yet

 private:
  sim::Duration gap_{0};
  std::size_t names_ = 0;
};

// --- the parts
// -------------------------------------------------------------------------------------

void draw_families(Script& script);
void draw_setting(Script& script);
void play_episodes(Script& script);
void repair(Script& script);

// One operation: a command, or all those of a transaction. `side` is a letter that values are made
// of, so that two sides of a split write the same lengths and different data.
std::vector<std::string> operation(Script& script, char side = 'v');
std::vector<std::string> operations(Script& script, std::size_t count, char side = 'v');
std::string read_command(Script& script);
// Of about so many bytes.
std::string value_of(std::size_t size, char side);

// A fault of a kind that this run knows, at once or armed; nothing when it knows none. Near the
// link from `master` to `replica`, if they are given.
std::optional<Fault> trouble(Script& script);
std::optional<Fault> trouble_on(Script& script, const std::string& master,
                                const std::string& replica);
// One that strikes while a full resync from `master` to `replica` is on its way.
std::optional<Fault> trouble_in_sync(Script& script, const std::string& master,
                                     const std::string& replica);
// A state of the link between the two that is worth waiting for.
Condition::Part a_phase(Script& script, const std::string& master, const std::string& replica);

Condition condition_of(Condition::Part part);

}  // namespace scenarios
