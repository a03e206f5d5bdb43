#include "scenarios/golden/case.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& at) {
  return at.is_string() ? bytes_of(at.get<std::string>()) : at.dump();
}

std::vector<std::string> texts_of(const Json& at) {
  if (!at.is_array()) throw std::invalid_argument("expected a list, found " + at.dump());
  std::vector<std::string> out;
  for (const Json& one : at) out.push_back(text_of(one));
  return out;
}

Pairs pairs_of(const Json& at) {
  if (!at.is_object()) throw std::invalid_argument("expected an object, found " + at.dump());
  Pairs out;
  for (const auto& [key, value] : at.items()) out.emplace_back(bytes_of(key), text_of(value));
  return out;
}

// The members of one object, and which of them somebody asked for.
class Members {
 public:
  explicit Members(const Json& at) : at_(at) {
    if (!at.is_object()) throw std::invalid_argument("expected an object, found " + at.dump());
  }

  const Json* find(const char* name) {
    asked_.insert(name);
    const auto it = at_.find(name);
    return it == at_.end() ? nullptr : &*it;
  }
  const Json& need(const char* name) {
    const Json* const value = find(name);
    if (value == nullptr) throw std::invalid_argument(std::string("\"") + name + "\" is missing");
    return *value;
  }
  std::string text(const char* name, std::string usual = {}) {
    const Json* const value = find(name);
    return value == nullptr ? std::move(usual) : text_of(*value);
  }
  // One of these words; the first is meant when there is none.
  std::string word(const char* name, std::initializer_list<const char*> words) {
    const std::string given = text(name, *words.begin());
    if (std::find(words.begin(), words.end(), given) != words.end()) return given;
    std::string known;
    for (const char* one : words) known += (known.empty() ? "" : ", ") + std::string(one);
    throw std::invalid_argument(std::string("\"") + name + "\" is \"" + given +
                                "\"; expected one of " + known);
  }
  bool flag(const char* name, bool usual = false) {
    const Json* const value = find(name);
    return value == nullptr ? usual : value->get<bool>();
  }
  std::int64_t number(const char* name, std::int64_t usual) {
    const Json* const value = find(name);
    return value == nullptr ? usual : value->get<std::int64_t>();
  }
  std::size_t count(const char* name, std::size_t usual = 0) {
    const std::int64_t value = number(name, static_cast<std::int64_t>(usual));
    if (value < 0) throw std::invalid_argument(std::string("\"") + name + "\" is below 0");
    return static_cast<std::size_t>(value);
  }
  std::vector<std::string> texts(const char* name) {
    const Json* const value = find(name);
    return value == nullptr ? std::vector<std::string>() : texts_of(*value);
  }
  std::vector<std::vector<std::string>> commands(const char* name) {
    std::vector<std::vector<std::string>> out;
    if (const Json* const value = find(name)) {
      for (const Json& one : *value) out.push_back(texts_of(one));
    }
    return out;
  }
  Pairs pairs(const char* name) {
    const Json* const value = find(name);
    return value == nullptr ? Pairs() : pairs_of(*value);
  }
  // A number of them, perhaps broken.
  sim::Duration time(const char* name, double unit_us, sim::Duration usual) {
    const Json* const value = find(name);
    return value == nullptr
               ? usual
               : sim::Duration(static_cast<std::int64_t>(value->get<double>() * unit_us));
  }
  sim::Duration seconds(const char* name, sim::Duration usual) { return time(name, 1e6, usual); }
  sim::Duration milliseconds(const char* name, sim::Duration usual) {
    return time(name, 1e3, usual);
  }

  void tell_unread(const std::string& where, std::vector<std::string>& out) const {
    for (const auto& [name, value] : at_.items()) {
      if (!asked_.contains(name)) out.push_back(where + name);
    }
  }

 private:
  const Json& at_;
  std::set<std::string> asked_;
};

// --- steps
// ----------------------------------------------------------------------------------------------

Step::What ask(Members& s) {
  Ask ask{s.text("cmd"), texts_of(s.need("args"))};
  ask.conn = s.text("conn", "main");
  ask.repeat = static_cast<std::uint32_t>(s.count("repeat", 1));
  if (ask.repeat == 0) throw std::invalid_argument("\"repeat\" is 0");
  ask.async = s.flag("async");
  ask.mask_reply = s.flag("mask_reply");
  ask.within = s.seconds("timeout", ask.within);
  return ask;
}

Step::What burst(Members& s) {
  s.need("cmds");
  return Burst{s.text("burst"), s.text("conn", "main"), s.commands("cmds")};
}

Step::What take_reply(Members& s) {
  TakeReply take{s.text("reply"), s.text("conn", "main")};
  take.within = s.seconds("timeout", take.within);
  return take;
}

Step::What follow(Members& s) {
  const Json& of = s.need("of");
  return Follow{s.text("replicaof"), of.is_null() ? std::string() : text_of(of),
                s.text("word", "REPLICAOF")};
}

Step::What wait(Members& s) {
  WaitFor wait;
  wait.node = s.text("wait");
  wait.info = s.pairs("info");
  if (const Json* const slaves = s.find("slave")) {
    for (const auto& [name, wanted] : slaves->items())
      wait.slave.emplace_back(name, pairs_of(wanted));
  }
  wait.noslave = s.text("noslave");
  wait.key = s.text("key");
  wait.nokey = s.text("nokey");
  wait.role_state = s.text("role_state");
  wait.within = s.seconds("timeout", wait.within);
  return wait;
}

Step::What wait_sync(Members& s) {
  WaitSync wait{s.text("wait_sync"), texts_of(s.need("replicas")), s.flag("acked", true)};
  wait.within = s.seconds("timeout", wait.within);
  return wait;
}

Step::What wait_wire(Members& s) {
  WaitWire wait;
  wait.link = s.text("wire_wait");
  wait.what = s.word(
      "what", {"", "reply", "payload", "stream_bytes", "bytes", "contains", "ended", "stalled"});
  if (wait.what == "contains") s.need("text");
  if (wait.what == "bytes" || wait.what == "stream_bytes") s.need("bytes");
  wait.text = s.text("text");
  wait.to_master = s.word("dir", {"m2r", "r2m"}) == "r2m";
  wait.conn = s.number("conn", -1);
  wait.conns = s.count("conns");
  wait.bytes = s.count("bytes");
  wait.within = s.seconds("timeout", wait.within);
  return wait;
}

// What "value" says: nothing and true are 1, false is 0.
std::int64_t value_of(Members& s) {
  const Json* const value = s.find("value");
  if (value == nullptr) return 1;
  if (value->is_boolean()) return value->get<bool>() ? 1 : 0;
  return value->get<std::int64_t>();
}

Step::What fault(Members& s) {
  Fault fault;
  fault.link = s.text("fault");
  s.need("kind");
  fault.kind = s.word("kind", {"cut", "cut_after", "refuse", "accept", "syn_drop", "hold", "stall",
                               "trickle", "rate", "delay", "rcvbuf", "heal"});
  fault.mode = s.word("mode", {"rst", "fin"});
  fault.side = s.word("side", {"both", "replica", "master"});
  fault.base =
      s.word("base", {"start", "now", "reply", "header", "payload", "payload_end", "stream"});
  const std::string way = s.word("dir", {"", "r2m", "m2r"});
  if (way.empty())
    fault.ways = {true, false};
  else
    fault.ways = {way == "r2m"};
  if (s.find("bytes") != nullptr) fault.bytes = s.number("bytes", 0);
  fault.on_next = s.word("when", {"", "next"}) == "next";
  fault.then_stall = s.word("then", {"", "stall"}) == "stall";
  fault.freeze = s.flag("freeze");
  fault.connection_only = s.word("scope", {"link", "conn"}) == "conn";
  fault.drain = s.milliseconds("drain_ms", fault.drain);
  if (fault.kind == "rcvbuf") s.need("value");
  fault.value = value_of(s);
  if (s.find("conn") != nullptr) fault.conn = s.number("conn", 0);
  if (fault.kind == "cut_after" && (fault.bytes || !fault.on_next)) {
    s.need("bytes");
    s.need("dir");
  }
  return fault;
}

Step::What raw(Members& s) {
  return Raw{s.text("raw"), s.text("to"), s.commands("cmds"), s.text("text"), s.flag("close")};
}

Step::What kill(Members& s) {
  return Kill{s.text("kill")};
}
Step::What start(Members& s) {
  return Start{s.text("start"), s.pairs("config")};
}
Step::What shutdown(Members& s) {
  return Shutdown{s.text("shutdown"), s.texts("args")};
}
Step::What wait_exit(Members& s) {
  return WaitExit{s.text("wait_exit")};
}
Step::What rest(Members& s) {
  return Sleep{s.milliseconds("sleep", sim::Duration{0})};
}
Step::What fake(Members& s) {
  s.need("rules");
  return Fake{s.text("fake")};
}

Step::What series(Members& s) {
  return Series{s.text("series"), texts_of(s.need("args")), texts_of(s.need("fields")),
                texts_of(s.need("watch")), static_cast<std::uint32_t>(s.count("repeat"))};
}

Step::What checkpoint(Members& s) {
  Checkpoint look;
  s.find("checkpoint");
  look.nodes = s.texts("nodes");
  if (const Json* const keys = s.find("keys")) {
    if (keys->is_boolean())
      look.keys = keys->get<bool>() ? Checkpoint::Keys::all : Checkpoint::Keys::none;
    else if (*keys == "digest")
      look.keys = Checkpoint::Keys::digest;
    else
      throw std::invalid_argument("\"keys\" is " + keys->dump() +
                                  "; expected true, false or \"digest\"");
  }
  return look;
}

// In the order in which the recorder looks for them: a step has one of these names.
struct Kind {
  const char* name;
  Step::What (*read)(Members&);
};
constexpr Kind kKinds[] = {
    {"cmd", ask},
    {"reply", take_reply},
    {"replicaof", follow},
    {"wait_sync", wait_sync},
    {"wire_wait", wait_wire},
    {"wait_exit", wait_exit},
    {"wait", wait},
    {"fault", fault},
    {"raw", raw},
    {"checkpoint", checkpoint},
    {"kill", kill},
    {"start", start},
    {"shutdown", shutdown},
    {"sleep", rest},
    {"fake", fake},
    {"burst", burst},
    {"series", series},
};

// --- names
// ----------------------------------------------------------------------------------------------

// Whoever a step talks to or of must be there.
class Names {
 public:
  explicit Names(const Case& plan) : plan_(plan) {}

  void operator()(const Ask& s) const { node(s.node); }
  void operator()(const Burst& s) const { node(s.node); }
  void operator()(const TakeReply& s) const { node(s.node); }
  void operator()(const Follow& s) const {
    node(s.node);
    if (!s.of.empty() && !is_node(s.of)) fake(s.of);
  }
  void operator()(const WaitFor& s) const { node(s.node); }
  void operator()(const WaitSync& s) const {
    node(s.master);
    for (const std::string& replica : s.replicas) node(replica);
  }
  void operator()(const WaitWire& s) const { link(s.link); }
  void operator()(const Fault& s) const { link(s.link); }
  void operator()(const Raw& s) const {
    if (!s.to.empty() && !is_node(s.to)) fake(s.to);
  }
  void operator()(const Fake&) const {}
  void operator()(const Kill& s) const { node(s.node); }
  void operator()(const Shutdown& s) const { node(s.node); }
  void operator()(const Start& s) const { node(s.node); }
  void operator()(const WaitExit& s) const { node(s.node); }
  void operator()(const Series& s) const { node(s.node); }
  void operator()(const Sleep&) const {}
  void operator()(const Checkpoint& s) const {
    for (const std::string& name : s.nodes) node(name);
  }

 private:
  bool is_node(const std::string& name) const {
    return std::any_of(plan_.nodes.begin(), plan_.nodes.end(),
                       [&](const Node& n) { return n.name == name; });
  }
  bool is_fake(const std::string& name) const {
    return std::any_of(plan_.fakes.begin(), plan_.fakes.end(),
                       [&](const FakeMaster& f) { return f.name == name; });
  }
  void node(const std::string& name) const {
    if (!is_node(name)) throw std::invalid_argument("there is no node \"" + name + "\"");
  }
  void fake(const std::string& name) const {
    if (!is_fake(name))
      throw std::invalid_argument("there is no node or scripted master \"" + name + "\"");
  }
  void link(const std::string& name) const {
    const std::size_t mark = name.find('>');
    const std::string replica = name.substr(0, mark);
    const std::string master = mark == std::string::npos ? "" : name.substr(mark + 1);
    const bool from = is_node(replica) ||
                      std::find(plan_.raws.begin(), plan_.raws.end(), replica) != plan_.raws.end();
    if (!from || (!is_node(master) && !is_fake(master)))
      throw std::invalid_argument("there is no link \"" + name + "\"; expected \"REPLICA>MASTER\"");
  }

  const Case& plan_;
};

// --- the whole
// ------------------------------------------------------------------------------------------

FakeMaster fake_master(const Json& s) {
  FakeMaster fake{text_of(s["fake"]), {}};
  for (const auto& [words, answers] : s["rules"].items()) {
    fake.rules.emplace_back(bytes_of(words),
                            answers.is_array() ? texts_of(answers) : std::vector{text_of(answers)});
    if (fake.rules.back().second.empty())
      throw std::invalid_argument("the rule for " + words + " has no reply");
  }
  return fake;
}

WireOptions wire_options(const Json& o, const std::string& where,
                         std::vector<std::string>& unread) {
  Members members(o);
  WireOptions options;
  if (const Json* const end = members.find("end")) options.end = text_of(*end);
  if (members.find("handshake") != nullptr) options.handshake = members.count("handshake");
  options.mask_psync_offset = members.word("psync_offset", {"", "masked"}) == "masked";
  options.newlines = members.flag("newlines");
  options.summary = members.word("stream", {"", "summary"}) == "summary";
  options.hash_omitted = members.flag("hash_omitted", true);
  options.first = members.count("first");
  options.acks = members.word("acks", {"", "last", "all"});
  members.tell_unread(where, unread);
  return options;
}

// Python's \g<1> and \1 are ECMAScript's $1; \n, \r and \t are what they are everywhere.
std::string replacement(const std::string& python) {
  static const std::regex kGroup(R"(\\(?:g<)?(\d)>?)");
  std::string out =
      std::regex_replace(std::regex_replace(python, std::regex(R"(\$)"), "$$$$"), kGroup, "$$$1");
  for (const auto& [code, byte] : {std::pair("\\n", '\n'), {"\\r", '\r'}, {"\\t", '\t'}}) {
    for (std::size_t at = 0; (at = out.find(code, at)) != std::string::npos;)
      out.replace(at, 2, 1, byte);
  }
  return out;
}

// Where the reader is, for whoever is told that it cannot go on.
struct Place {
  std::string where;
};

void read_steps(const Json& steps, Case& out, Place& place) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Json& s = steps[i];
    place.where = "steps[" + std::to_string(i) + "] " + s.dump();
    const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const Kind& k) { return s.contains(k.name); });
    if (kind == std::end(kKinds)) throw std::invalid_argument("an unknown step");
    Members members(s);
    Step step{kind->read(members), s.dump(), {}};
    members.tell_unread("steps[" + std::to_string(i) + "].", out.unread);
    if (s.contains("args") && s["args"].size() > 1) step.key = text_of(s["args"][1]);
    if (const auto* peer = std::get_if<Raw>(&step.what)) {
      if (std::find(out.raws.begin(), out.raws.end(), peer->name) == out.raws.end())
        out.raws.push_back(peer->name);
    }
    if (std::holds_alternative<Fake>(step.what)) out.fakes.push_back(fake_master(s));
    out.steps.push_back(std::move(step));
  }
  for (std::size_t i = 0; i < out.steps.size(); ++i) {
    place.where = "steps[" + std::to_string(i) + "] " + out.steps[i].text;
    std::visit(Names(out), out.steps[i].what);
  }
  place.where.clear();
}

Case read(const Json& input, Place& place) {
  Case out;
  Members members(input);
  out.name = text_of(members.need("name"));
  // Words about the case, and an option that the recorder no longer has.
  for (const char* words : {"title", "covers", "mask_acks"}) members.find(words);
  for (const auto& [name, spec] : members.need("nodes").items()) {
    place.where = "nodes." + name;
    Members node(spec);
    out.nodes.push_back({name, node.pairs("config"), node.flag("autostart", true)});
    node.tell_unread(place.where + ".", out.unread);
  }
  read_steps(members.need("steps"), out, place);
  out.track = members.texts("track");
  if (const Json* const options = members.find("wire_opts")) {
    for (const auto& [where, each] : options->items())
      out.wire_options[where] = wire_options(each, "wire_opts." + where + ".", out.unread);
  }
  out.collapse_repeats = members.flag("collapse_repeats");
  out.mask_digest = members.flag("mask_digest");
  if (const Json* const masks = members.find("mask")) {
    for (const Json& mask : *masks)
      out.masks.emplace_back(text_of(mask.at(0)), replacement(text_of(mask.at(1))));
  }
  out.pace = members.milliseconds("pace_ms", sim::Duration{0});
  members.tell_unread("", out.unread);
  static const std::regex kId("[0-9a-f]{40}");
  const std::string whole = input.dump();
  for (std::sregex_iterator it(whole.begin(), whole.end(), kId), end; it != end; ++it) {
    out.literal_ids.push_back(it->str());
  }
  return out;
}

}  // namespace

std::string bytes_of(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c >= 0xc0 && i + 1 < utf8.size()) {  // U+0080 to U+00FF
      out += static_cast<char>((c & 0x03U) << 6U | (static_cast<unsigned char>(utf8[++i]) & 0x3fU));
    } else {
      out += utf8[i];
    }
  }
  return out;
}

std::string shown(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (c < 0x80) {
      out += byte;
    } else {
      out += static_cast<char>(0xc0U | c >> 6U);
      out += static_cast<char>(0x80U | (c & 0x3fU));
    }
  }
  return out;
}

std::variant<Case, NotUnderstood> read_case(const nlohmann::ordered_json& input) {
  Place place;
  try {
    return read(input, place);
  } catch (const std::exception& error) {
    return NotUnderstood{place.where, error.what()};
  }
}

}  // namespace scenarios::golden
