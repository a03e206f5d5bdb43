// Faults as JSON: the way back from read_fault.cc.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "scenarios/language/write.h"
#include "scenarios/language/write_parts.h"

namespace scenarios::written {
namespace {

using Group = std::vector<std::string>;

// In order of their first appearance.
class Distinct {
 public:
  void add(const std::string& name) {
    if (seen_.insert(name).second) names_.push_back(name);
  }
  const Group& names() const { return names_; }

 private:
  std::set<std::string, std::less<>> seen_;
  Group names_;
};

Json way(const Way& one) { return {{"from", one.from}, {"to", one.to}}; }
Json group(const Group& names) { return names.size() == 1 ? Json(names.front()) : Json(names); }

// Whether these are the ways between all of these groups, in the reader's order.
bool is_product(const std::vector<Way>& ways, const std::vector<Group>& groups, bool both) {
  std::size_t next = 0;
  const auto comes = [&](const std::string& from, const std::string& to) {
    return next < ways.size() && ways[next].from == from && ways[next++].to == to;
  };
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t j = i + 1; j < groups.size(); ++j) {
      for (const std::string& one : groups[i]) {
        for (const std::string& other : groups[j]) {
          if (!comes(one, other) || (both && !comes(other, one))) return false;
        }
      }
    }
  }
  return next == ways.size();
}

// Those that no way parts are of one group. A file may name a million ways: no comparison is made twice.
std::vector<Group> parted(const std::vector<Way>& ways) {
  std::set<std::pair<std::string_view, std::string_view>> apart;
  Distinct everybody;
  for (const Way& one : ways) {
    apart.emplace(one.from, one.to);
    everybody.add(one.from);
    everybody.add(one.to);
  }
  std::vector<Group> groups;
  for (const std::string& name : everybody.names()) {
    const auto own = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return !apart.contains({std::string_view(g.front()), std::string_view(name)});
    });
    if (own == groups.end()) groups.push_back({name});
    else own->push_back(name);
  }
  return groups;
}

// ["a", "b"], [["a"], ["b", "c"]], {"from": "a", "to": "b"}, or a list of the last.
Json between(const std::vector<Way>& ways) {
  const std::vector<Group> groups = parted(ways);
  if (groups.size() >= 2 && is_product(ways, groups, true)) {
    const bool pair = groups.size() == 2 && groups[0].size() == 1 && groups[1].size() == 1;
    if (pair) return Json::array({groups[0].front(), groups[1].front()});
    return groups;
  }
  Distinct from, to;
  for (const Way& one : ways) {
    from.add(one.from);
    to.add(one.to);
  }
  if (is_product(ways, {from.names(), to.names()}, false))
    return {{"from", group(from.names())}, {"to", group(to.names())}};
  Json list = Json::array();
  for (const Way& one : ways) list.push_back(way(one));
  return list;
}

const char* word(BytePoint::Base base) {
  using Base = BytePoint::Base;
  switch (base) {
    case Base::connection: return "connection";
    case Base::now: return "now";
    case Base::reply: return "reply";
    case Base::header: return "header";
    case Base::payload: return "payload";
    case Base::payload_end: return "payload_end";
    case Base::stream: return "stream";
  }
  return "";
}

void byte_point(Json& out, const BytePoint& point, BytePoint::Base usual) {
  using Which = BytePoint::Which;
  if (point.percent) usual = BytePoint::Base::payload;
  if (point.base != usual) out["of"] = word(point.base);
  if (point.percent) out["count"] = std::to_string(*point.percent) + "%";
  else if (point.count != 0) out["count"] = point.count;
  if (point.connection == Which::current) out["connection"] = "current";
  if (point.connection == Which::next) out["connection"] = "next";
}

const char* word(JobFault::Does does) {
  switch (does) {
    case JobFault::Does::fails_to_start: return "fails_to_start";
    case JobFault::Does::dies: return "dies";
    case JobFault::Does::takes: return "takes";
    case JobFault::Does::ends_late: return "ends_late";
    case JobFault::Does::fails: return "fails";
  }
  return "";
}

struct FaultWriter {
  Json operator()(const Cut& f) const {
    Json out{{"cut", Json::array({f.one, f.other})}};
    if (f.how == sim::CloseHow::fin) out["how"] = "fin";
    if (f.noticed_by != "both" && !f.noticed_by.empty()) out["noticed_by"] = f.noticed_by;
    if (f.in_flight == sim::InFlight::delivered) out["in_flight"] = "delivered";
    return out;
  }
  Json operator()(const HoldWays& f) const {
    return {{f.what == sim::Hold::data ? "clog" : "partition", between(f.ways)}};
  }
  Json operator()(const Freeze& f) const { return {{"freeze", way(f.way)}}; }
  Json operator()(const Reshape& f) const {
    const bool slow = f.latency || f.jitter;
    if ((slow ? 1 : 0) + (f.pieces ? 1 : 0) > 1 || (slow && f.bytes_per_second) ||
        (f.pieces && f.pieces != sim::Pieces{1, 1}) || !(slow || f.pieces || f.bytes_per_second))
      throw std::logic_error("a fault slows, throttles or trickles, one of them");
    Json out{{slow ? "slow" : f.pieces ? "trickle" : "throttle", between(f.ways)}};
    if (f.latency) out["latency"] = of(*f.latency);
    if (f.jitter) out["jitter"] = of(*f.jitter);
    if (f.bytes_per_second) out["bandwidth"] = bandwidth(*f.bytes_per_second);
    return out;
  }
  Json operator()(const Welcoming& f) const {
    return {{f.what == sim::Welcome::silence ? "silence" : "refuse", way(f.way)}};
  }
  Json operator()(const Crash& f) const {
    Json out{{"crash", f.node}};
    if (f.silent) out["silent"] = true;
    return out;
  }
  Json operator()(const Restart& f) const {
    Json out{{"restart", f.node}};
    if (!f.keep_disk) out["disk"] = "lose";
    if (!f.config.empty()) out["config"] = config(f.config);
    if (f.replicaof) out["replicaof"] = name_or_null(*f.replicaof);
    return out;
  }
  Json operator()(const Stop& f) const { return {{"stop", f.node}}; }
  Json operator()(const Pause& f) const { return {{"pause", f.node}}; }
  Json operator()(const Resume& f) const { return {{"resume", f.node}}; }
  Json operator()(const SlowLoop& f) const { return {{"slow_loop", f.node}, {"by", of(f.by)}}; }
  Json operator()(const JobFault& f) const {
    const bool load = f.job == JobFault::Job::load;
    Json out{{"job", f.node}, {"which", load ? "load" : "snapshot"}, {"does", word(f.does)}};
    if (f.does == JobFault::Does::takes || f.does == JobFault::Does::ends_late) out["time"] = of(f.time);
    return out;
  }
  Json operator()(const DiskFault& f) const {
    return {{"disk", f.node}, {"does", f.does == DiskFault::Does::full ? "full" : "write_error"}};
  }
  Json operator()(const ClockFault& f) const {
    Json out{{"clock", f.node}};
    if (f.step != sim::Duration{0} || !f.drift_ppm) out["step"] = of(f.step);
    if (f.drift_ppm) out["drift_ppm"] = *f.drift_ppm;
    return out;
  }
  Json operator()(const Flip& f) const {
    Json out{{"flip", way(f.at.way)}};
    byte_point(out, f.at, BytePoint::Base::payload);
    if (f.bit != 0) out["bit"] = f.bit;
    return out;
  }
};

// --- words for the timeline -----------------------------------------------------------------------

std::string in_words(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_null()) return "nobody";
  if (value.is_number()) return value.dump();
  if (value.contains("from") && value.contains("to"))
    return in_words(value["from"]) + " > " + in_words(value["to"]);
  const bool groups = value.is_array() && !value.empty() && !value.front().is_string();
  std::string out;
  for (const auto& [key, child] : value.items()) {
    if (!out.empty()) out += groups ? " | " : " ";
    out += value.is_object() ? key + "=" + in_words(child) : in_words(child);
  }
  return out;
}

}  // namespace

Json of(const Fault::What& what) { return std::visit(FaultWriter{}, what); }

Json of(const Fault& fault) {
  Json out = of(fault.what);
  if (fault.when) out["when"] = of(*fault.when);
  if (fault.after_bytes) {
    Json point = way(fault.after_bytes->way);
    byte_point(point, *fault.after_bytes, BytePoint::Base::connection);
    out["after_bytes"] = std::move(point);
  }
  if (fault.lasts) out["for"] = of(*fault.lasts);
  if (fault.times != 1) out["times"] = fault.times;
  if (!fault.name.empty()) out["as"] = fault.name;
  return out;
}

}  // namespace scenarios::written

namespace scenarios {

std::string described(const Fault::What& fault) {
  const written::Json step = written::of(fault);
  std::string out, details;
  for (const auto& [key, value] : step.items()) {
    if (out.empty()) {  // the verb
      out = key + " " + written::in_words(value);
      continue;
    }
    const bool plain = value.is_string() && key != "replicaof";
    details += (details.empty() ? "" : ", ") + (plain ? "" : key + " ") + written::in_words(value);
  }
  return details.empty() ? out : out + " (" + details + ")";
}

}  // namespace scenarios
