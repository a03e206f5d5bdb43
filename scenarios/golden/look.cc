#include "scenarios/golden/look.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/data/number.h"
#include "model/info.h"
#include "model/state.h"

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTold[] = {"role",
                                      "master_link_status",
                                      "master_sync_in_progress",
                                      "slave_read_repl_offset",
                                      "slave_repl_offset",
                                      "slave_read_only",
                                      "connected_slaves",
                                      "min_slaves_good_slaves",
                                      "master_failover_state",
                                      "master_replid",
                                      "master_replid2",
                                      "master_repl_offset",
                                      "second_repl_offset",
                                      "repl_backlog_active",
                                      "repl_backlog_size",
                                      "repl_backlog_first_byte_offset",
                                      "repl_backlog_histlen",
                                      "sync_full",
                                      "sync_partial_ok",
                                      "sync_partial_err",
                                      "expired_keys"};

// "slave" or "db", and a number.
bool is_numbered(std::string_view name, std::string_view word) {
  return name.size() > word.size() && name.starts_with(word) &&
         model::to_integer(name.substr(word.size()));
}

Json tell_database(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (!text.starts_with("avg_ttl")) {
      if (!out.empty()) out += ',';
      out += text.substr(0, comma);
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

}  // namespace

Info info_lines(std::string_view text) {
  Info info;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.starts_with('#')) continue;
    info.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  return info;
}

Info info_of(const World& world, std::size_t node) {
  return info_lines(
      model::info(*world.state(node), model::Instant(world.now().time_since_epoch()), "all"));
}

const std::string* field(const Info& info, std::string_view name) {
  const auto it =
      std::find_if(info.begin(), info.end(), [&](const auto& f) { return f.first == name; });
  return it == info.end() ? nullptr : &it->second;
}

std::map<std::string, std::string> fields_of(std::string_view value) {
  std::map<std::string, std::string> fields;
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view one = value.substr(0, comma);
    const std::size_t equals = std::min(one.find('='), one.size());
    fields[std::string(one.substr(0, equals))] = one.substr(std::min(equals + 1, one.size()));
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return fields;
}

std::string label_of(const Labels& labels, const std::string& port) {
  const auto it = labels.find(port);
  return it == labels.end() ? port : it->second;
}

std::vector<SeenReplica> replicas_in(const Labels& labels, const Info& info) {
  std::vector<SeenReplica> replicas;
  for (const auto& [name, value] : info) {
    if (!is_numbered(name, "slave")) continue;
    SeenReplica seen{{}, fields_of(value)};
    const std::string& port = seen.fields["port"];
    seen.label = label_of(labels, port);
    if (seen.label == port) seen.label = "<port:" + port + ">";
    replicas.push_back(std::move(seen));
  }
  return replicas;
}

Json tell_info(const Labels& labels, const Info& info) {
  Json out;
  for (const std::string_view name : kTold) {
    const std::string* const value = field(info, name);
    if (value == nullptr) continue;
    const auto number = model::to_integer(*value);
    if (number)
      out[std::string(name)] = *number;
    else
      out[std::string(name)] = *value;
  }
  std::vector<Json> replicas;
  for (const SeenReplica& seen : replicas_in(labels, info)) {
    replicas.push_back({{"replica", seen.label},
                        {"state", seen.fields.at("state")},
                        {"offset", model::to_integer(seen.fields.at("offset")).value_or(-1)}});
  }
  std::sort(replicas.begin(), replicas.end(), [](const Json& a, const Json& b) {
    return std::tie(a["replica"], a["state"], a["offset"]) <
           std::tie(b["replica"], b["state"], b["offset"]);
  });
  out["slaves"] = Json(replicas);
  out["ROLE"] = nullptr;  // its place
  out["keyspace"] = Json::object();
  for (const auto& [name, value] : info) {
    if (is_numbered(name, "db")) out["keyspace"][name] = tell_database(value);
  }
  return out;
}

Json tell_role(const Labels& labels, Json reply) {
  if (!reply.is_array()) return reply;
  const auto named = [&](const Json& port) {
    const std::string text = port.get<std::string>();
    return text.substr(0, 1) + label_of(labels, text.substr(1));
  };
  if (reply[0] != "$master") {
    reply[2] = named(reply[2]);
    return reply;
  }
  std::vector<Json> replicas(reply[2].begin(), reply[2].end());
  for (Json& replica : replicas) replica[1] = named(replica[1]);
  std::sort(replicas.begin(), replicas.end());
  reply[2] = Json(replicas);
  return reply;
}

}  // namespace scenarios::golden
