#include "scenarios/oracles/following.h"

#include <algorithm>
#include <vector>

#include "model/own_streams.h"

namespace scenarios {

bool shares_its_history(const model::State& replica, const model::State& above) {
  return model::relays(replica) && model::relays(above) && replica.link.master &&
         !replica.link.master->no_offset;
}

bool has_received_all(const model::State& replica, const model::State& above,
                      const model::Session& feed) {
  const model::MasterSession& master = *replica.link.master;
  if (master.no_offset) {  // it counts from -1 on, as the master told no offset
    const model::Offset sent = model::feeds_each(above)
                                   ? feed.feed.own_total
                                   : above.history.offset - feed.feed.snapshot_offset;
    return master.received + 1 == sent;
  }
  return master.id == above.history.id && master.applied == above.history.offset &&
         feed.feed.acked == above.history.offset;
}

constexpr int kWithFunctions = 10;  // the first version of RDB files that has them

Common common_to(std::span<const NodeView> nodes) {
  Common common;
  for (const NodeView& node : nodes) {
    if (node.state == nullptr) continue;
    common.deadlines = common.deadlines && node.state->rules.expire_is_absolute;
    common.libraries = common.libraries && node.state->rules.rdb_version >= kWithFunctions;
  }
  return common;
}

std::optional<std::string> data_difference(const model::State& a, const model::State& b, Common common) {
  if (common.libraries && a.libraries != b.libraries) {
    return "libraries of functions: " + std::to_string(a.libraries.size()) + " and " +
           std::to_string(b.libraries.size()) + ", or of other code";
  }
  if (a.data.digest() == b.data.digest()) return std::nullopt;
  if (common.deadlines) return a.data.difference(b.data);
  const auto without_deadlines = [](model::Keyspace data) {
    for (unsigned db = 0; db < data.databases(); ++db) {
      std::vector<std::string> keys;
      for (const auto& [key, entry] : data.database(db)) {
        if (entry.expires) keys.push_back(key);
      }
      for (const std::string& key : keys) data.set_expiry(db, key, std::nullopt);
    }
    return data;
  };
  return without_deadlines(a.data).difference(without_deadlines(b.data));
}

}  // namespace scenarios
