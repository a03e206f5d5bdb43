#include "model/eviction.h"

#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "model/blocking.h"
#include "model/execute.h"
#include "model/propagation.h"

namespace model {
namespace {

struct Victim {
  unsigned db = 0;
  std::string key;
};

// One of all keys, or of all that expire: any is as likely as any other. The real server's LRU and
// LFU look at samples and clocks; what they choose is as good as drawn.
std::optional<Victim> drawn(Turn& t, bool of_expiring) {
  const Keyspace& data = t.s.data;
  std::size_t candidates = 0;
  for (unsigned db = 0; db < data.databases(); ++db)
    candidates += of_expiring ? data.expiring(db) : data.size(db);
  if (candidates == 0) return std::nullopt;
  std::uint64_t left = t.at.around.below(candidates);
  for (unsigned db = 0; db < data.databases(); ++db) {
    for (const auto& [key, entry] : data.database(db)) {
      if (of_expiring && !entry.expires) continue;
      if (left-- == 0) return Victim{db, key};
    }
  }
  return std::nullopt;
}

std::optional<Victim> first_to_expire(const Keyspace& data) {
  std::optional<Victim> first;
  const auto when = data.first_expiry();
  for (unsigned db = 0; when && !first && db < data.databases(); ++db) {
    if (data.first_expiry(db) != when) continue;
    first = Victim{db, data.overdue(db, WallTime::max(), 1).front()};
  }
  return first;
}

std::optional<Victim> choose(Turn& t) {
  const std::string& policy = t.s.config.maxmemory_policy;
  if (policy == "noeviction") return std::nullopt;
  if (policy == "volatile-ttl") return first_to_expire(t.s.data);
  return drawn(t, policy.starts_with("volatile-"));
}

}  // namespace

std::int64_t used_memory(const State& s) {
  constexpr std::int64_t kServerItself = 16;  // something: a limit of 1 byte lets nobody write
  return kServerItself + static_cast<std::int64_t>(s.data.bytes());
}

bool make_room(Turn& t) {
  State& s = t.s;
  if (s.config.maxmemory == 0 || s.loading()) return true;
  if (!s.is_master() && s.config.replica_ignore_maxmemory) return true;
  if (paused_for(s, t.now(), true)) return true;
  while (used_memory(s) > s.config.maxmemory) {
    const std::optional<Victim> victim = choose(t);
    if (!victim) return false;
    t.mark(Mark::key_evicted);
    listen_to_keys(t);
    s.data.erase(victim->db, victim->key);
    if (!s.is_master()) t.effect(WroteAside{});  // before 5.0, or when told to (R7.18)
    tell_key_events(t, true);
    s.stats.evicted_keys += 1;
    open_unit(t);  // one each: several are not wrapped (R7.12)
    propagate(t, {victim->db, {s.config.lazyfree_lazy_eviction ? "UNLINK" : "DEL", victim->key}});
    close_unit(t);
  }
  return true;
}

}  // namespace model
