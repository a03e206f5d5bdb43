#include "scenarios/search/script.h"

#include <algorithm>

namespace scenarios {

// --- writing steps -------------------------------------------------------------------------------

sim::Duration Script::moment() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const std::size_t none = hasty ? 8 : 3;
  switch (dice.weighted<int>(
      {{none, 0}, {3, 1}, {3, 2}, {3, 3}, {hasty ? 0U : 2U, 4}, {hasty ? 0U : 1U, 5}})) {
    case 0:
      return sim::Duration{0};
    case 1:
      return milliseconds(dice.pick({1, 2, 5, 10, 20}));
    case 2:
      return delay * dice.pick({1, 2, 3});
    case 3:
      return milliseconds(dice.pick({50, 100, 200, 500, 900}));
    case 4:
      return seconds(dice.pick({1, 2, 3}));
    default:
      return timeout > seconds(20) ? seconds(5) : timeout + seconds(dice.pick({0, 1, 2}));
  }
}

Step& Script::add(Step::What what) {
  Step& step = scenario.steps.emplace_back();
  step.what = std::move(what);
  if (gap_ > sim::Duration{0}) step.after = gap_;
  gap_ = sim::Duration{0};
  return step;
}

void Script::run(std::string_view node, std::vector<std::string> commands,
                 std::string_view client) {
  if (commands.empty()) return;
  lines += commands.size();
  if (password) commands.insert(commands.begin(), "AUTH secret");
  Run run;
  run.node = node;
  run.client = client;
  run.lines = std::move(commands);
  run.await = false;
  add(std::move(run));
}

void Script::sleep(sim::Duration time) {
  if (time > sim::Duration{0}) add(Sleep{time});
}

void Script::await(Condition::Part what, sim::Duration within) {
  Wait wait{condition_of(std::move(what)), within, false};
  add(std::move(wait));
}

void Script::fault(Fault fault) {
  add(std::move(fault));
}

// --- people's commands ---------------------------------------------------------------------------

void Script::follow(std::string_view node, std::string_view master) {
  run(node, {"REPLICAOF " + std::string(master) + " 6379"}, "admin");
  of(node).follows = master;
}

void Script::promote(std::string_view node) {
  run(node, {"REPLICAOF NO ONE"}, "admin");
  of(node).follows.clear();
}

// --- who -----------------------------------------------------------------------------------------

std::size_t Script::index(std::string_view node) const {
  const auto it =
      std::find_if(cast.begin(), cast.end(), [&](const Standing& s) { return s.name == node; });
  return it == cast.end() ? 0 : static_cast<std::size_t>(it - cast.begin());
}

Standing& Script::of(std::string_view node) {
  return cast[index(node)];
}

std::string Script::other_than(std::string_view node) {
  const std::size_t own = index(node);
  const std::size_t drawn = dice.below(cast.size() - 1);
  return cast[drawn < own ? drawn : drawn + 1].name;
}

std::string Script::a_master() {
  std::vector<std::string> masters;
  // Those that are followed count double: most of what is written should go somewhere.
  for (const Standing& one : cast) {
    if (!one.follows.empty() || !one.up) continue;
    masters.push_back(one.name);
    if (!replicas_of(one.name).empty()) masters.insert(masters.begin(), one.name);
  }
  return masters.empty() ? cast.front().name : dice.pick(masters);
}

std::optional<std::string> Script::a_replica() {
  std::vector<std::string> replicas;
  for (const Standing& one : cast) {
    if (!one.follows.empty()) replicas.push_back(one.name);
  }
  if (replicas.empty()) return std::nullopt;
  return dice.pick(replicas);
}

std::vector<std::string> Script::replicas_of(std::string_view master) const {
  std::vector<std::string> replicas;
  for (const Standing& one : cast) {
    if (one.follows == master && one.name != master) replicas.push_back(one.name);
  }
  return replicas;
}

std::pair<std::string, std::string> Script::a_link() {
  if (const auto replica = a_replica()) {
    const std::string master = of(*replica).follows;
    const bool a_node = std::any_of(cast.begin(), cast.end(),
                                    [&](const Standing& one) { return one.name == master; });
    if (a_node && master != *replica) return {master, *replica};
  }
  const std::string one = cast.front().name;
  return {one, other_than(one)};
}

std::string Script::address(std::string_view node) const {
  return "10.0.0." + std::to_string(index(node) + 1) + " 6379";
}

std::vector<Way> Script::ways_around(std::string_view node) const {
  std::vector<Way> ways;
  for (const Standing& other : cast) {
    if (other.name == node) continue;
    ways.push_back({std::string(node), other.name});
    ways.push_back({other.name, std::string(node)});
  }
  return ways;
}

std::string Script::top_of(std::string_view node) const {
  std::string at(node);
  for (std::size_t hops = 0; hops <= cast.size(); ++hops) {
    const auto it =
        std::find_if(cast.begin(), cast.end(), [&](const Standing& one) { return one.name == at; });
    if (it == cast.end()) return std::string(node);
    if (it->follows.empty()) return at;
    at = it->follows;
  }
  return std::string(node);
}

std::string Script::fresh(std::string_view stem) {
  return std::string(stem) + std::to_string(++names_);
}

Condition condition_of(Condition::Part part) {
  Condition condition;
  condition.all_of.push_back(std::move(part));
  return condition;
}

}  // namespace scenarios
