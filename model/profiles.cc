// The versions: each a value of Rules, by what differs from the default (V rows of the reference).
#include <algorithm>
#include <array>

#include "model/rules.h"

namespace model {
namespace {

using R = Rules;

// How a release differs from the defaults, a line a difference (V rows of the reference).
constexpr R redis_6_2() {
  R r;
  r.redis_version = "6.2.14";
  r.rdb_version = 9;      // V50
  r.ring_backlog = true;  // V23
  r.shutdown_waits = false;  // V45
  return r;
}

constexpr auto kProfiles = std::to_array<Profile>({
    {"redis-7.0", "redis-server 7.0.15", R{}},
    {"redis-6.2", "redis-server 6.2.14: an exact ring for a backlog, RDB version 9", redis_6_2()},
});

}  // namespace

std::span<const Profile> profiles() {
  return kProfiles;
}

const Profile* find_profile(std::string_view name) {
  const auto found = std::find_if(kProfiles.begin(), kProfiles.end(),
                                  [&](const Profile& profile) { return profile.name == name; });
  return found == kProfiles.end() ? nullptr : &*found;
}

}  // namespace model
