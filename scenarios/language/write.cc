#include "scenarios/language/write.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "scenarios/language/write_parts.h"

namespace scenarios {
namespace written {
namespace {

constexpr std::size_t kWidth = 100;

// --- links, nodes, peers ----------------------------------------------------------------------------

// What differs from `usual`.
Json of(const sim::LinkProfile& link, const sim::LinkProfile& usual) {
  Json out = Json::object();
  if (link.latency != usual.latency) out["latency"] = written::of(link.latency);
  if (link.jitter != usual.jitter) out["jitter"] = written::of(link.jitter);
  if (link.bytes_per_second != usual.bytes_per_second)
    out["bandwidth"] = bandwidth(link.bytes_per_second);
  if (link.pieces != usual.pieces)
    out["pieces"] = Json::array({link.pieces.smallest, link.pieces.largest});
  if (link.send_buffer != usual.send_buffer) out["send_buffer"] = size(link.send_buffer);
  if (link.receive_buffer != usual.receive_buffer) out["receive_buffer"] = size(link.receive_buffer);
  return out;
}

// What all nodes have in common at the beginning of a list of theirs.
template <class List> List shared(const std::vector<Node>& nodes, List Node::*list) {
  List common = nodes.empty() ? List() : nodes.front().*list;
  for (const Node& node : nodes) {
    const List& other = node.*list;
    const auto [end, ignored] =
        std::mismatch(common.begin(), common.end(), other.begin(), other.end());
    common.erase(end, common.end());
  }
  return common;
}

template <class List> List rest(const List& all, const List& common) {
  return List(all.begin() + static_cast<std::ptrdiff_t>(common.size()), all.end());
}

// Settings are shared if all nodes name them first, in the same order: a node's own value takes the place
// of the one for all.
ConfigLines shared_settings(const std::vector<Node>& nodes) {
  ConfigLines common = nodes.front().config;
  for (const Node& node : nodes) {
    const auto [end, ignored] =
        std::mismatch(common.begin(), common.end(), node.config.begin(), node.config.end(),
                      [](const auto& one, const auto& other) { return one.first == other.first; });
    common.erase(end, common.end());
  }
  return common;
}
ConfigLines own_settings(const ConfigLines& all, const ConfigLines& common) {
  ConfigLines own;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i >= common.size() || all[i] != common[i]) own.push_back(all[i]);
  }
  return own;
}

struct Common {
  std::string profile = Node().profile;
  ConfigLines config;
  std::vector<std::string> quirks;
};

Common common_of(const std::vector<Node>& nodes) {
  Common common;
  if (nodes.size() < 2) return common;
  const std::string& profile = nodes.front().profile;
  if (std::all_of(nodes.begin(), nodes.end(), [&](const Node& n) { return n.profile == profile; }))
    common.profile = profile;
  common.config = shared_settings(nodes);
  common.quirks = shared(nodes, &Node::quirks);
  return common;
}

Json of(const Node& node, const Common& common) {
  Json out = Json::object();
  if (!node.replicaof.empty()) out["replicaof"] = node.replicaof;
  if (node.profile != common.profile) out["profile"] = node.profile;
  const ConfigLines lines = own_settings(node.config, common.config);
  if (!lines.empty()) out["config"] = config(lines);
  const auto quirks = rest(node.quirks, common.quirks);
  if (!quirks.empty()) out["quirks"] = quirks;
  if (!node.data.empty()) out["data"] = one_or_list(node.data);
  if (!node.start) out["start"] = false;
  if (node.clock_offset != sim::Duration{0}) out["clock"]["offset"] = written::of(node.clock_offset);
  if (node.clock_drift_ppm != 0) out["clock"]["drift_ppm"] = node.clock_drift_ppm;
  return out;
}

Json of(const Peer& peer) {
  Json out = Json::object();
  if (peer.listens) out["listens"] = true;
  for (const auto& [request, replies] : peer.replies)
    put(out["replies"], request, one_or_list(replies));
  return out;
}

Json of(const Link& link, const sim::LinkProfile& usual) {
  Json out = link.both_ways ? Json{{"between", Json::array({link.from, link.to})}}
                            : Json{{"from", link.from}, {"to", link.to}};
  out.update(of(link.profile, usual));
  return out;
}

Json whole(const Scenario& s, const WriteOptions& options) {
  Json out = Json::object();
  if (!options.schema.empty()) out["$schema"] = options.schema;
  out["point"] = s.point;
  if (!s.rules.empty()) out["rules"] = one_or_list(s.rules);
  if (s.seed != Scenario().seed) out["seed"] = s.seed;
  const Common common = common_of(s.nodes);
  if (common.profile != Node().profile) out["profile"] = common.profile;
  if (!common.quirks.empty()) out["quirks"] = common.quirks;
  if (!common.config.empty()) out["config"] = config(common.config);
  if (Json link = of(s.default_link, {}); !link.empty()) out["link"] = std::move(link);
  Json& nodes = out["nodes"] = Json::object();
  for (const Node& node : s.nodes) put(nodes, node.name, of(node, common));
  for (const Peer& peer : s.peers) put(out["peers"], peer.name, of(peer));
  for (const Link& link : s.links) out["links"].push_back(of(link, s.default_link));
  for (const Step& step : s.steps) out["steps"].push_back(written::of(step));
  for (const auto& [oracle, reason] : s.leave_out) out["leave_out"][oracle] = reason;
  if (!s.must_fail.empty()) out["must_fail"] = one_or_list(s.must_fail);
  if (!s.calm) out["calm"] = false;
  else if (s.calm_within != sim::Duration{0}) out["calm"]["within"] = written::of(s.calm_within);
  return out;
}

// --- text -------------------------------------------------------------------------------------------

std::string scalar(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string in_one_line(const Json& value) {
  if (!value.is_structured()) return scalar(value);
  if (value.empty()) return value.is_object() ? "{}" : "[]";
  std::string out;
  for (const auto& [key, child] : value.items()) {
    if (!out.empty()) out += ", ";
    if (value.is_object()) out += scalar(key) + ": ";
    out += in_one_line(child);
  }
  return value.is_object() ? "{ " + out + " }" : "[" + out + "]";
}

// `taken`: what stands before it in its line. Lists of steps and the whole are always broken.
void print(std::string& out, const Json& value, std::size_t indent, std::size_t taken, bool broken) {
  const std::string line = in_one_line(value);
  if (!broken && (taken + line.size() <= kWidth || !value.is_structured() || value.empty())) {
    out += line;
    return;
  }
  out += value.is_object() ? "{" : "[";
  const std::string margin(indent + 2, ' ');
  bool first = true;
  for (const auto& [key, child] : value.items()) {
    out += (first ? "\n" : ",\n") + margin;
    first = false;
    const std::string name = value.is_object() ? scalar(key) + ": " : "";
    out += name;
    const bool a_list = indent == 0 && (key == "steps" || key == "nodes");
    print(out, child, indent + 2, margin.size() + name.size() + 1, a_list && !child.empty());
  }
  out += "\n" + std::string(indent, ' ') + (value.is_object() ? "}" : "]");
}

}  // namespace

Json of(sim::Duration time) { return duration_text(time); }

Json size(std::uint64_t bytes) {
  std::string text = size_text(bytes);
  if (text.ends_with('b')) return text;
  return bytes;
}

Json bandwidth(std::uint64_t bytes_per_second) { return size(bytes_per_second); }

Json config(const ConfigLines& lines) {
  Json out = Json::object();
  for (const auto& [name, value] : lines) put(out, name, value);
  return out;
}

}  // namespace written

std::string duration_text(sim::Duration time) {
  struct Unit {
    std::string_view name;
    std::int64_t microseconds;
    std::int64_t from;  // the shortest time that is told in it
  };
  constexpr std::int64_t kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute;
  static const auto kUnits = std::to_array<Unit>({{"h", kHour, kHour},
                                                  {"m", kMinute, 2 * kMinute},
                                                  {"s", kSecond, kSecond},
                                                  {"ms", 1000, 1000},
                                                  {"us", 1, 1}});
  const std::int64_t count = time.count();
  const std::int64_t size = count < 0 ? -count : count;
  if (size == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (size < unit.from || (unit.microseconds > kSecond && size % unit.microseconds != 0)) continue;
    std::string text = (count < 0 ? "-" : "") + std::to_string(size / unit.microseconds);
    if (const std::int64_t left = size % unit.microseconds; left != 0) {
      std::string fraction = std::to_string(unit.microseconds + left).substr(1);
      fraction.erase(fraction.find_last_not_of('0') + 1);
      text += "." + fraction;
    }
    return text.append(unit.name);
  }
  return "0s";
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kKilo = 1024, kMega = kKilo * 1024;
  if (bytes != 0 && bytes % kMega == 0) return std::to_string(bytes / kMega) + "mb";
  if (bytes != 0 && bytes % kKilo == 0) return std::to_string(bytes / kKilo) + "kb";
  return std::to_string(bytes);
}

std::string write_scenario(const Scenario& scenario, const WriteOptions& options) {
  std::string out;
  written::print(out, written::whole(scenario, options), 0, 0, true);
  return out + "\n";
}

namespace {

// Later lines count: a setting stands where it was first named, with its last value.
void once_each(ConfigLines& lines) {
  ConfigLines kept;
  for (auto& line : lines) {
    const auto earlier = std::find_if(kept.begin(), kept.end(),
                                      [&](const auto& other) { return other.first == line.first; });
    if (earlier == kept.end()) kept.push_back(std::move(line));
    else earlier->second = std::move(line.second);
  }
  lines = std::move(kept);
}

void settle(Condition& condition) {
  std::stable_sort(condition.all_of.begin(), condition.all_of.end(),
                   [](const auto& a, const auto& b) { return a.index() < b.index(); });
}

}  // namespace

void settle(Scenario& scenario) {
  for (Node& node : scenario.nodes) once_each(node.config);
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    Step& step = scenario.steps[i];
    step.place = {"/steps/" + std::to_string(i), 0, 0};
    if (auto* fault = std::get_if<Fault>(&step.what)) {
      fault->text = described(fault->what);
      if (fault->when) settle(*fault->when);
      if (auto* restart = std::get_if<Restart>(&fault->what)) once_each(restart->config);
    } else if (auto* wait = std::get_if<Wait>(&step.what)) {
      settle(wait->until);
    } else if (auto* expect = std::get_if<Expect>(&step.what)) {
      settle(expect->holds);
    } else if (auto* throughout = std::get_if<Throughout>(&step.what)) {
      settle(throughout->holds);
    }
  }
}

}  // namespace scenarios
