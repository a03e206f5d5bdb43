#include "scenarios/language/loader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "model/config.h"
#include "model/releases.h"
#include "model/rules.h"
#include "scenarios/language/naming.h"
#include "scenarios/language/read_config.h"
#include "scenarios/language/read_step.h"

namespace scenarios {
namespace {

using Kind = Value::Kind;

constexpr std::size_t kMostNodes = 20'000;
constexpr std::int32_t kMostDrift = 500'000;
constexpr Range kBuffer{1, 1'000'000'000};
constexpr std::int64_t kLargestPiece = 1'000'000'000;

class ScenarioReader {
 public:
  ScenarioReader(const Value& root, std::string name, Errors& errors)
      : top_(root, "a scenario", errors), errors_(errors) {
    scenario_.name = std::move(name);
  }

  Scenario read() {
    if (!top_.is_object()) return {};
    top_.get("$schema");
    point();
    rules();
    seed();
    if (const Value* link = top_.get("link")) {
      Fields fields(*link, "a link", errors_);
      profile_of_link(fields, scenario_.default_link);
      fields.finish();
    }
    names();
    nodes();
    peers();
    links();
    steps();
    verdict();
    top_.finish();
    return std::move(scenario_);
  }

 private:
  void point() {
    const Value* point = top_.need("point", "a scenario");
    top_.text("point", scenario_.point);
    if (point != nullptr && point->kind == Kind::text &&
        point->text.find_first_not_of(" \t\n") == std::string::npos) {
      errors_.expected(*point, "a sentence that says what the scenario shows");
    }
  }

  // "R5.1" of the rules of behaviour, "V21" of the differences between versions.
  static bool is_rule(std::string_view name) {
    if (name.size() < 2 || (name[0] != 'R' && name[0] != 'V')) return false;
    return std::all_of(name.begin() + 1, name.end(), [](char c) {
      return (c >= '0' && c <= '9') || c == '.' || c == 'a';
    });
  }

  void rules() {
    const Value* rules = top_.get("rules");
    if (rules == nullptr) return;
    for (auto& [name, at] : read_texts(*rules, errors_, "the name of a rule, as \"R5.1\"")) {
      if (!is_rule(name)) errors_.expected(*at, "the name of a rule, as \"R5.1\"");
      scenario_.rules.push_back(std::move(name));
    }
  }

  void seed() {
    const Value* seed = top_.get("seed");
    if (seed == nullptr) return;
    if (seed->kind == Kind::integer && !seed->negative) scenario_.seed = seed->magnitude;
    else errors_.expected(*seed, "a whole number from 0 to 18446744073709551615");
  }

  // Everybody's name, before anything refers to one.
  void names() {
    for (const Value* node : members(top_.need("nodes", "a scenario"), "nodes by their names")) {
      check_name(*node, errors_);
      names_.nodes.emplace(node->key, model::Config().databases);
    }
    if (const Value* nodes = top_.get("nodes"); nodes != nullptr && nodes->kind == Kind::object) {
      if (nodes->children.empty()) errors_.expected(*nodes, "at least one node");
      if (nodes->children.size() > kMostNodes) {
        errors_.say(*nodes, "there are more than " + std::to_string(kMostNodes) + " nodes");
      }
    }
    for (const Value* peer : members(top_.get("peers"), "peers by their names")) {
      check_name(*peer, errors_);
      if (names_.node(peer->key)) {
        errors_.say_about_key(*peer, "\"" + peer->key + "\" is the name of a node already");
      }
      names_.peers.insert(peer->key);
      const Value* listens = peer->find("listens");
      if (listens != nullptr && listens->boolean) names_.listening_peers.insert(peer->key);
    }
  }

  // --- nodes --------------------------------------------------------------------------------------

  void nodes() {
    ConfigLines everywhere;
    model::Config common;
    if (const Value* config = top_.get("config")) read_config(*config, everywhere, common, errors_);
    Node like_all;
    like_all.config = std::move(everywhere);
    profile_and_quirks(top_, like_all);
    if (names_.nodes.size() > kMostNodes) return;
    for (const Value* node : members(top_.get("nodes"), ""))
      scenario_.nodes.push_back(node_of(*node, like_all, common));
    check_somebody_has(top_.get("config"));
  }

  // What is said of every node counts for those whose release has it: at least one.
  void check_somebody_has(const Value* config) {
    if (config == nullptr || config->kind != Kind::object || scenario_.nodes.empty()) return;
    for (const Value* member : config->children) {
      const model::Setting* setting = model::find_setting(member->key);
      if (setting == nullptr) continue;
      const auto has = [&](const Node& node) {
        return model::has_setting(model::find_profile(node.profile)->rules, setting->name);
      };
      if (std::none_of(scenario_.nodes.begin(), scenario_.nodes.end(), has)) {
        errors_.say_about_key(*member, scenario_.nodes.front().profile + " has no setting \"" +
                                           member->key + "\"");
      }
    }
  }

  Node node_of(const Value& value, Node node, model::Config config) {
    Fields fields(value, "a node", errors_);
    node.name = value.key;
    node.place = errors_.document().place_of_key(value);
    profile_and_quirks(fields, node);
    if (const Value* own = fields.get("config")) {
      read_config(*own, node.config, config, errors_, model::find_profile(node.profile));
    }
    names_.nodes[node.name] = config.databases;
    if (const Value* master = fields.get("replicaof"); master != nullptr && master->kind != Kind::null) {
      node.replicaof = master_of(*master, node.name);
    }
    if (const Value* data = fields.get("data")) {
      for (auto& [line, at] : read_texts(*data, errors_, "a command as in redis-cli")) {
        check_command(*at, line, names_, errors_);
        node.data.push_back(std::move(line));
      }
    }
    fields.flag("start", node.start);
    if (const Value* clock = fields.get("clock")) {
      Fields parts(*clock, "a clock", errors_);
      parts.duration("offset", node.clock_offset, true);
      parts.whole("drift_ppm", node.clock_drift_ppm, {-kMostDrift, kMostDrift});
      parts.finish();
    }
    fields.finish();
    return node;
  }

  void profile_and_quirks(Fields& fields, Node& node) {
    if (const Value* profile = fields.get("profile")) {
      Words known;
      for (const model::Profile& one : model::profiles()) known.push_back(one.name);
      if (const auto chosen = read_word(*profile, errors_, known)) node.profile = known[*chosen];
    }
    const Value* quirks = fields.get("quirks");
    if (quirks == nullptr || (quirks->kind == Kind::list && quirks->children.empty())) return;
    Words known;
    for (const model::Quirk& quirk : model::quirks()) known.push_back(quirk.name);
    for (auto& [name, at] : read_texts(*quirks, errors_, "the name of a quirk")) {
      if (model::find_quirk(name) == nullptr) {
        errors_.expected(*at, "the name of a quirk", known);
      } else if (std::find(node.quirks.begin(), node.quirks.end(), name) == node.quirks.end())
        node.quirks.push_back(name);
    }
  }

  std::string master_of(const Value& value, std::string_view node) {
    std::string master = read_party(value, names_, errors_);
    if (!master.empty() && master == node) {
      errors_.say(value, "a node cannot start as a replica of itself (a replicaof step can make it try)");
    }
    if (names_.peer(master) && !names_.listening_peers.contains(master)) {
      errors_.say(value, "the peer \"" + master + "\" does not listen, so nobody can follow it");
    }
    return master;
  }

  // --- peers --------------------------------------------------------------------------------------

  void peers() {
    for (const Value* value : members(top_.get("peers"), "")) {
      Fields fields(*value, "a peer", errors_);
      Peer peer;
      peer.name = value->key;
      peer.place = errors_.document().place_of_key(*value);
      fields.flag("listens", peer.listens);
      for (const Value* reply : members(fields.get("replies"), "replies by the request's first words")) {
        std::vector<std::string> texts;
        for (auto& [text, at] : read_texts(*reply, errors_, "a reply as bytes of the wire, as \"+OK\"")) {
          check_formulas(*at, text, names_, errors_);
          texts.push_back(std::move(text));
        }
        peer.replies.emplace_back(reply->key, std::move(texts));
      }
      fields.finish();
      scenario_.peers.push_back(std::move(peer));
    }
  }

  // --- links --------------------------------------------------------------------------------------

  void profile_of_link(Fields& fields, sim::LinkProfile& profile) {
    fields.duration("latency", profile.latency);
    fields.duration("jitter", profile.jitter);
    if (const Value* bandwidth = fields.get("bandwidth")) {
      profile.bytes_per_second = read_bandwidth(*bandwidth, errors_).value_or(profile.bytes_per_second);
    }
    fields.size("send_buffer", profile.send_buffer, kBuffer);
    fields.size("receive_buffer", profile.receive_buffer, kBuffer);
    if (const Value* pieces = fields.get("pieces")) profile.pieces = pieces_of(*pieces);
  }

  sim::Pieces pieces_of(const Value& value) {
    const auto& ends = value.children;
    if (value.kind != Kind::list || ends.size() != 2) {
      errors_.expected(value, "the smallest and the largest piece in bytes, as [1, 16]");
      return {};
    }
    const auto smallest = read_whole(*ends[0], errors_, {1, kLargestPiece});
    const auto largest = read_whole(*ends[1], errors_, {1, kLargestPiece});
    if (!smallest || !largest) return {};
    if (*smallest > *largest) errors_.say(value, "the smallest piece is larger than the largest");
    return {static_cast<std::uint32_t>(*smallest), static_cast<std::uint32_t>(*largest)};
  }

  void links() {
    const Value* links = top_.get("links");
    if (links == nullptr) return;
    if (links->kind != Kind::list) return errors_.expected(*links, "a list of links");
    std::set<std::pair<std::string, std::string>> described;
    for (const Value* value : links->children) {
      Fields fields(*value, "a link", errors_);
      if (!fields.is_object()) continue;
      Link link;
      link.place = errors_.document().place_of(*value);
      link.profile = scenario_.default_link;
      ends_of(fields, link);
      profile_of_link(fields, link.profile);
      fields.finish();
      bool again = !described.emplace(link.from, link.to).second;
      if (link.both_ways) again = !described.emplace(link.to, link.from).second || again;
      if (again && link.from != link.to && !link.from.empty() && !link.to.empty()) {
        errors_.say(*value,
                    "the link from \"" + link.from + "\" to \"" + link.to + "\" is described twice");
      }
      scenario_.links.push_back(std::move(link));
    }
  }

  void ends_of(Fields& fields, Link& link) {
    const Value* between = fields.get("between");
    const Value* from = fields.get("from");
    const Value* to = fields.get("to");
    link.both_ways = between != nullptr;
    if (between != nullptr) {
      if (from != nullptr || to != nullptr) {
        errors_.say(fields.value(), "a link has \"between\", or \"from\" and \"to\", not both");
      }
      if (between->kind != Kind::list || between->children.size() != 2) {
        return errors_.expected(*between, "two nodes, as [\"a\", \"b\"]");
      }
      from = between->children[0];
      to = between->children[1];
    } else if (from == nullptr || to == nullptr) {
      return errors_.say(fields.value(),
                         "a link needs \"between\": [\"a\", \"b\"], or both \"from\" and \"to\"");
    }
    link.from = read_party(*from, names_, errors_);
    link.to = read_party(*to, names_, errors_);
    if (!link.from.empty() && link.from == link.to) {
      errors_.say(fields.value(), "the node \"" + link.from + "\" has no link to itself");
    }
  }

  // --- steps and verdict --------------------------------------------------------------------------

  void steps() {
    const Value* steps = top_.get("steps");
    if (steps == nullptr) return;
    if (steps->kind != Kind::list) return errors_.expected(*steps, "a list of steps");
    take_steps(*steps);
  }

  // A block {"repeat": 3, "steps": [...]} stands for its steps so many times.
  void take_steps(const Value& list) {
    for (const Value* value : list.children) {
      if (value->find("steps") != nullptr) {
        take_block(*value);
      } else if (auto step = read_step(*value, names_, errors_)) {
        scenario_.steps.push_back(std::move(*step));
      }
    }
  }

  void take_block(const Value& block) {
    constexpr Range kRounds{1, 1000};
    constexpr std::size_t kMostSteps = 100'000;
    Fields fields(block, "a block of steps", errors_);
    std::uint32_t rounds = 1;
    fields.need("repeat", "a block of steps");
    fields.whole("repeat", rounds, kRounds);
    std::string why;
    fields.text("why", why);
    const Value& steps = *fields.get("steps");
    fields.finish();
    if (steps.kind != Kind::list) return errors_.expected(steps, "a list of steps");
    for (std::uint32_t round = 0; round < rounds && !errors_.crowded(); ++round) {
      take_steps(steps);
      if (scenario_.steps.size() > kMostSteps) {
        return errors_.say(block, "more than " + std::to_string(kMostSteps) + " steps in all");
      }
    }
  }

  void verdict() {
    for (const Value* oracle :
         members(top_.get("leave_out"), "a reason for each oracle that is left out")) {
      if (!is_oracle(oracle->key)) errors_.unknown_key(*oracle, "the name of an oracle", oracle_words());
      const auto reason = read_text(*oracle, errors_, "the reason why it is left out");
      if (reason && reason->empty()) errors_.expected(*oracle, "the reason why it is left out");
      scenario_.leave_out[oracle->key] = reason.value_or("");
    }
    if (const Value* must_fail = top_.get("must_fail")) {
      for (auto& [name, at] : read_texts(*must_fail, errors_, "the name of an oracle")) {
        if (!is_oracle(name)) errors_.expected(*at, "the name of an oracle", oracle_words());
        if (scenario_.leave_out.contains(name))
          errors_.say(*at, "\"" + name + "\" is left out, so it cannot fail");
        scenario_.must_fail.push_back(std::move(name));
      }
    }
    if (const Value* calm = top_.get("calm")) {
      if (calm->kind == Kind::boolean) {
        scenario_.calm = calm->boolean;
      } else if (calm->kind == Kind::object) {
        Fields fields(*calm, "a calm", errors_);
        fields.need("within", "a calm in { }");
        fields.duration("within", scenario_.calm_within);
        fields.finish();
      } else {
        errors_.expected(*calm, "true, false or {\"within\": \"30s\"}");
      }
    }
  }

  static bool is_oracle(std::string_view name) {
    return std::find(oracle_words().begin(), oracle_words().end(), name) != oracle_words().end();
  }

  const std::vector<const Value*>& members(const Value* value, std::string_view what) {
    static const std::vector<const Value*> kNone;
    if (value == nullptr) return kNone;
    if (value->kind == Kind::object) return value->children;
    if (!what.empty()) errors_.expected(*value, std::string(what) + ", in { }");
    return kNone;
  }

  Fields top_;
  Errors& errors_;
  Names names_;
  Scenario scenario_;
};

}  // namespace

std::variant<Scenario, LoadErrors> load_scenario(std::string_view json, std::string name) {
  LoadErrors found;
  Document document(json);
  if (!document.parse(found)) return found;
  Errors errors(document);
  Scenario scenario = ScenarioReader(document.root(), std::move(name), errors).read();
  // What is wrong as JSON is not complained about a second time.
  std::set<std::pair<std::size_t, std::size_t>> told;
  for (const LoadError& error : found) told.emplace(error.place.line, error.place.column);
  for (LoadError& error : errors.take()) {
    if (!told.contains({error.place.line, error.place.column})) found.push_back(std::move(error));
  }
  if (found.empty()) return scenario;

  std::stable_sort(found.begin(), found.end(), [](const LoadError& a, const LoadError& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
  if (errors.left_out() > 0) {
    found.push_back({.place = found.back().place,
                     .expected = {},
                     .found = {},
                     .nearest = {},
                     .problem = "and " + std::to_string(errors.left_out()) + " more errors"});
  }
  return found;
}

std::string to_text(const LoadError& error, std::string_view file) {
  std::string out(file);
  out += ": ";
  if (error.place.line > 0) {
    out.pop_back();
    out += std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + ": ";
  }
  constexpr std::size_t kLongestPointer = 300;
  const std::string& pointer = error.place.pointer;
  if (pointer.size() > kLongestPointer) out += pointer.substr(0, kLongestPointer) + "...: ";
  else if (!pointer.empty()) out += pointer + ": ";
  return out + error.problem;
}

}  // namespace scenarios
