#include "scenarios/search/mentions.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>

namespace scenarios {
namespace {

bool drop(std::vector<std::string>& names, const std::string& name) {
  return std::erase(names, name) > 0;
}

// A formula about it: "@{b.master_repl_offset+1}".
bool speaks_of(std::string_view text, const std::string& name) {
  return text.find("@{" + name + ".") != std::string_view::npos;
}
bool speak_of(const std::vector<std::string>& texts, const std::string& name) {
  return std::any_of(texts.begin(), texts.end(), [&](const auto& t) { return speaks_of(t, name); });
}

// Takes `name` out; false if the condition then says nothing, or something else.
class Conditions {
 public:
  explicit Conditions(const std::string& name) : name_(name) {}

  bool keep(Condition& condition) const {
    std::erase_if(condition.all_of, [&](Condition::Part& part) { return !std::visit(*this, part); });
    return !condition.all_of.empty();
  }
  bool operator()(InfoIs& p) const { return p.node != name_ && !speaks_of(p.test.value, name_); }
  bool operator()(KeyIs& p) const { return p.node != name_ && !speaks_of(p.test.value, name_); }
  bool operator()(LinkStateIs& p) const { return p.node != name_; }
  bool operator()(RoleStateIs& p) const { return p.node != name_; }
  bool operator()(ReplicaStateIs& p) const { return p.node != name_ && p.replica != name_; }
  bool operator()(Synced& p) const { return pair(p.nodes); }
  bool operator()(Equal& p) const { return pair(p.nodes); }
  bool operator()(IsUp& p) const { return p.node != name_; }
  bool operator()(WireHas& p) const { return p.from != name_ && p.to != name_; }
  bool operator()(MarkReached&) const { return true; }
  bool operator()(RawGot& p) const { return p.peer != name_ && !speaks_of(p.test.value, name_); }
  bool operator()(StreamIs& p) const { return p.node != name_ && !speak_of(p.commands, name_); }
  bool operator()(Not& p) const {
    Condition inner = *p.inner;
    if (!keep(inner)) return false;
    p.inner = std::make_shared<const Condition>(std::move(inner));
    return true;
  }
  bool operator()(Any& p) const {
    std::erase_if(p.inner, [&](Condition& inner) { return !keep(inner); });
    return !p.inner.empty();
  }

 private:
  bool pair(std::vector<std::string>& nodes) const {
    drop(nodes, name_);
    return nodes.size() > 1;
  }
  const std::string& name_;
};

class Faults {
 public:
  explicit Faults(const std::string& name) : name_(name) {}

  bool operator()(Cut& f) const {
    if (f.noticed_by == name_) f.noticed_by = "both";
    return f.one != name_ && f.other != name_;
  }
  bool operator()(HoldWays& f) const { return ways(f.ways); }
  bool operator()(Freeze& f) const { return way(f.way); }
  bool operator()(Reshape& f) const { return ways(f.ways); }
  bool operator()(Welcoming& f) const { return way(f.way); }
  bool operator()(Restart& f) const {
    if (f.replicaof == name_) f.replicaof = "";
    return f.node != name_;
  }
  bool operator()(Flip& f) const { return way(f.at.way); }
  template <class OfANode> bool operator()(OfANode& f) const { return f.node != name_; }

  bool keep(Fault& fault) const {
    if (!std::visit(*this, fault.what)) return false;
    if (fault.when && !Conditions(name_).keep(*fault.when)) return false;
    return !fault.after_bytes || way(fault.after_bytes->way);
  }

 private:
  bool way(const Way& way) const { return way.from != name_ && way.to != name_; }
  bool ways(std::vector<Way>& ways) const {
    std::erase_if(ways, [&](const Way& one) { return !way(one); });
    return !ways.empty();
  }
  const std::string& name_;
};

class Steps {
 public:
  explicit Steps(const std::string& name) : name_(name) {}

  bool operator()(Run& s) const { return s.node != name_ && !speak_of(s.lines, name_); }
  bool operator()(CollectReply& s) const { return s.node != name_; }
  bool operator()(ReplicaOf& s) const {
    std::erase_if(s.pairs, [&](const auto& p) { return p.first == name_; });
    for (auto& [node, master] : s.pairs) {
      if (master == name_) master.clear();
    }
    return !s.pairs.empty();
  }
  bool operator()(Wait& s) const { return Conditions(name_).keep(s.until); }
  bool operator()(Expect& s) const { return Conditions(name_).keep(s.holds); }
  bool operator()(Throughout& s) const { return Conditions(name_).keep(s.holds); }
  bool operator()(Sleep&) const { return true; }
  bool operator()(Heal&) const { return true; }
  bool operator()(Checkpoint&) const { return true; }
  bool operator()(Remember& s) const { return s.node != name_; }
  bool operator()(Load& s) const { return s.node != name_ && !speak_of(s.lines, name_); }
  bool operator()(Tap& s) const { return s.node != name_; }
  bool operator()(Raw& s) const {
    return s.peer != name_ && s.dial != name_ && !(s.send && speaks_of(*s.send, name_));
  }
  bool operator()(Fault& s) const { return Faults(name_).keep(s); }

 private:
  const std::string& name_;
};

}  // namespace

std::optional<Scenario> without(const Scenario& scenario, const std::string& name) {
  Scenario out = scenario;
  std::erase_if(out.nodes, [&](const Node& n) { return n.name == name; });
  std::erase_if(out.peers, [&](const Peer& p) { return p.name == name; });
  if (out.nodes.empty()) return std::nullopt;
  for (Node& node : out.nodes) {
    if (node.replicaof == name) node.replicaof.clear();
  }
  std::erase_if(out.links, [&](const Link& l) { return l.from == name || l.to == name; });
  std::erase_if(out.steps, [&](Step& step) { return !std::visit(Steps(name), step.what); });
  drop_dangling(out);
  return out;
}

void drop_dangling(Scenario& scenario) {
  std::set<std::string> faults;
  std::set<std::pair<std::string, std::string>> owed;
  std::erase_if(scenario.steps, [&](Step& step) {
    if (auto* heal = std::get_if<Heal>(&step.what); heal != nullptr && !heal->all) {
      std::erase_if(heal->names, [&](const std::string& name) { return !faults.contains(name); });
      return heal->names.empty();
    }
    if (const auto* fault = std::get_if<Fault>(&step.what)) faults.insert(fault->name);
    if (const auto* run = std::get_if<Run>(&step.what); run != nullptr && !run->await)
      owed.emplace(run->node, run->client);
    const auto* collect = std::get_if<CollectReply>(&step.what);
    return collect != nullptr && !owed.contains({collect->node, collect->client});
  });
}

}  // namespace scenarios
