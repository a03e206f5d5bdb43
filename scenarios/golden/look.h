// What can be seen of a node at one moment, in the form of the golden files.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/world/world.h"

namespace scenarios::golden {

// INFO as name and value, in its order.
using Info = std::vector<std::pair<std::string, std::string>>;
Info info_lines(std::string_view text);
Info info_of(const World& world, std::size_t node);
const std::string* field(const Info& info, std::string_view name);
// Of a value that has several: "ip=127.0.0.1,port=6380,state=online".
std::map<std::string, std::string> fields_of(std::string_view value);

// Ports of servers, scripted masters and the proxies before them, and what they are called:
// "<port:A>".
using Labels = std::map<std::string, std::string>;
// The port itself when nobody listens there.
std::string label_of(const Labels& labels, const std::string& port);

// One replica as INFO tells it.
struct SeenReplica {
  std::string label;
  std::map<std::string, std::string> fields;  // ip, port, state, offset, lag
};
std::vector<SeenReplica> replicas_in(const Labels& labels, const Info& info);

// Replication, counters, replicas and databases; neither ROLE nor keys.
nlohmann::ordered_json tell_info(const Labels& labels, const Info& info);
// ROLE's reply with ports named and replicas in order.
nlohmann::ordered_json tell_role(const Labels& labels, nlohmann::ordered_json reply);

}  // namespace scenarios::golden
