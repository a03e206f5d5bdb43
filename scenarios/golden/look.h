// What can be seen of a node at one moment, in the form of the golden files.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/world/world.h"

namespace scenarios::golden {

// INFO as name and value, in its order.
using Info = std::vector<std::pair<std::string, std::string>>;
Info info_of(const World& world, std::size_t node);
const std::string* field(const Info& info, std::string_view name);

// "<port:A>" for a port that one of the case's servers listens on.
std::string label_of(const World& world, const std::string& port);

// One replica as INFO tells it.
struct SeenReplica {
  std::string label;
  std::map<std::string, std::string> fields;  // ip, port, state, offset, lag
};
std::vector<SeenReplica> replicas_in(const World& world, const Info& info);

// Replication, counters, replicas and databases; neither ROLE nor keys.
nlohmann::ordered_json tell_info(const World& world, const Info& info);
// ROLE's reply with ports named and replicas in order.
nlohmann::ordered_json tell_role(const World& world, nlohmann::ordered_json reply);

}  // namespace scenarios::golden
