#include "scenarios/arms/transcript.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "model/data/number.h"
#include "model/data/text.h"
#include "scenarios/arms/links.h"
#include "scenarios/golden/varying.h"
#include "scenarios/golden/words.h"

namespace scenarios::arms {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostReplies = 60;
constexpr std::string_view kNet = "10.0.0.";

// "10.0.0.2" -> "b"
std::string with_names(std::string text, const std::vector<std::string>& hosts) {
  for (std::size_t at = 0; (at = text.find(kNet, at)) != std::string::npos;) {
    std::size_t end = at + kNet.size();
    while (end < text.size() && golden::is_digit(text[end])) ++end;
    const auto host = model::to_integer(text.substr(at + kNet.size(), end - at - kNet.size()));
    if (!host || *host < 1 || static_cast<std::size_t>(*host) > hosts.size()) {
      at = end;
      continue;
    }
    const std::string& name = hosts[static_cast<std::size_t>(*host) - 1];
    text.replace(at, end - at, name);
    at += name.size();
  }
  return text;
}

// Ids and times get names, in one walk over the whole.
class Names {
 public:
  Names(const std::vector<std::string>& hosts, const std::string& own_ids)
      : hosts_(hosts), own_ids_(own_ids) {}

  void walk(Json& at, const std::string& name = {}) {
    if (at.is_object()) {
      for (auto& [key, value] : at.items()) walk(value, key);
    } else if (at.is_array()) {
      for (Json& element : at) walk(element, name);
    } else if (at.is_string() && name != "digest") {
      std::string text = with_names(at.get<std::string>(), hosts_);
      text = golden::with_ids_renamed(text, [this](const std::string& id) { return id_name(id); });
      at = golden::with_times_renamed(text, [](const std::string&) { return "<T>"; });
    }
  }

 private:
  std::string id_name(const std::string& id) {
    if (id == std::string(golden::kIdLength, '0') || own_ids_.find(id) != std::string::npos)
      return id;
    return "R" + std::to_string(names_.try_emplace(id, names_.size() + 1).first->second);
  }
  const std::vector<std::string>& hosts_;
  const std::string& own_ids_;  // a text that has the ids that the scenario itself writes out
  std::map<std::string, std::size_t> names_;
};

// --- looks
// ------------------------------------------------------------------------------------------

bool is_offset(std::string_view field) {
  return field.ends_with("_offset") || field == "repl_backlog_histlen";
}

// "ip=10.0.0.2,port=6379,state=online,..." -> its replica is known by its name.
void name_replicas(golden::Info& info, const std::vector<std::string>& hosts) {
  for (auto& [name, value] : info) {
    if (!name.starts_with("slave") || name.size() < 6 || !golden::is_digit(name[5])) continue;
    const std::size_t comma = value.find(','), port = value.find("port=");
    if (comma == std::string::npos || port == std::string::npos || !value.starts_with("ip="))
      continue;
    const std::string host = with_names(value.substr(3, comma - 3), hosts);
    const std::size_t end = std::min(value.find(',', port), value.size());
    value.replace(port, end - port, "port=" + host);
  }
}

// `others`: the nodes that were waited for, of which alone it is known that nothing was on its way
// to or from them; empty: all.
Json tell_look(const Look& look, const std::vector<std::string>& hosts, const Blur& blur,
               const std::set<std::string>& others) {
  golden::Info info = look.info;
  name_replicas(info, hosts);
  Json out = golden::tell_info({}, info);
  Json role = golden::told(look.role);
  bool strangers = false;
  const auto is_stranger = [&](const std::string& name) {
    return !others.empty() && !others.contains(name);
  };
  std::vector<Json> kept;
  for (const Json& replica : out["slaves"]) {
    const std::string port = replica["replica"].get<std::string>();  // "<port:b>"
    if (is_stranger(port.substr(6, port.size() - 7)))
      strangers = true;
    else
      kept.push_back(replica);
  }
  out["slaves"] = Json(kept);
  if (kept.empty()) out["slaves"] = Json::array();
  if (role.is_array() && role.size() > 2 && role[2].is_array()) {
    std::vector<Json> replicas;
    for (const Json& replica : role[2]) {
      if (!is_stranger(with_names(replica[0].get<std::string>().substr(1), hosts)))
        replicas.push_back(replica);
    }
    std::sort(replicas.begin(), replicas.end());
    role[2] = replicas.empty() ? Json::array() : Json(replicas);
  }
  if (!others.empty() && (strangers || others.size() < hosts.size())) {
    for (const char* name :
         {"connected_slaves", "sync_full", "sync_partial_ok", "sync_partial_err"})
      out[name] = "*";
  }
  if (blur.attempts) out["sync_full"] = out["sync_partial_err"] = "*";
  if (role.is_array() && role.size() > 4) {  // which of these comes and goes by itself
    const std::string state = role[3].get<std::string>();
    if (state == "$connect" || state == "$connecting" || state == "$handshake")
      role[3] = "(no link)";
  }
  out["ROLE"] = role;
  out["digest"] = look.digest;
  if (!blur.offsets) return out;
  for (auto& [name, value] : out.items()) {
    if (is_offset(name)) value = "*";
  }
  for (Json& replica : out["slaves"]) replica["offset"] = "*";
  if (out["ROLE"].is_array()) {
    Json& told = out["ROLE"];
    if (told[0] == "$master") {
      told[1] = "*";
      for (Json& replica : told[2]) replica[2] = "*";
    } else if (told.size() > 4) {
      told[4] = "*";
    }
  }
  if (blur.data) {
    out["digest"] = "*";
    out["keyspace"] = "*";
    out["expired_keys"] = "*";
  }
  return out;
}

// --- steps
// ------------------------------------------------------------------------------------------

// Commands whose replies are about time, chance or the machine: what they are is compared, not what
// they say.
constexpr std::string_view kVague[] = {
    "ttl",         "pttl",   "time",     "info",    "randomkey", "spop",    "srandmember",
    "client",      "object", "memory",   "debug",   "lastsave",  "role",    "hrandfield",
    "zrandmember", "wait",   "failover", "latency", "slowlog",   "command", "scan"};

std::string kind_of(const model::Reply& reply) {
  using Kind = model::Reply::Kind;
  switch (reply.kind) {
    case Kind::simple:
      return "(status)";
    case Kind::error:
      return "(error)";
    case Kind::integer:
      return "(integer)";
    case Kind::bulk:
      return "(bulk)";
    case Kind::array:
      return "(array)";
    default:
      return "(nil)";
  }
}

bool is_vague(const std::string& line) {
  const std::string word = model::lower(line.substr(0, line.find(' ')));
  return std::find(std::begin(kVague), std::end(kVague), word) != std::end(kVague);
}

// What a scenario that says what it expects lets pass is judged by that, not by being the same.
bool is_loose(const ReplyTest& test) {
  using Kind = ReplyTest::Kind;
  return test.kind == Kind::anything || test.kind == Kind::like || test.kind == Kind::error ||
         std::any_of(test.elements.begin(), test.elements.end(), is_loose);
}

Json tell_replies(const Step& step, const std::vector<model::Reply>& replies) {
  Json out = Json::array();
  const auto* const run = std::get_if<Run>(&step.what);
  const auto* const collect = std::get_if<CollectReply>(&step.what);
  const std::vector<ReplyTest> none;
  const std::vector<ReplyTest>& tests = run != nullptr       ? run->replies
                                        : collect != nullptr ? collect->replies
                                                             : none;
  for (std::size_t i = 0; i < std::min(replies.size(), kMostReplies); ++i) {
    const std::string line = run != nullptr ? run->lines[i % run->lines.size()] : std::string();
    const ReplyTest* const test =
        tests.empty() ? nullptr : &tests[tests.size() == 1 ? 0 : i % tests.size()];
    const bool loose = test != nullptr && is_loose(*test) && test->kind != ReplyTest::Kind::error;
    if (is_vague(line) || loose || collect != nullptr)
      out.push_back(kind_of(replies[i]));
    else
      out.push_back(golden::told(replies[i]));
  }
  if (replies.size() > kMostReplies) out.push_back(std::to_string(replies.size()) + " in all");
  return out;
}

Json tell_step(const Step& step, const StepTold& told, const Told& all, const Blur& blur) {
  Json out;
  out["outcome"] = !told.taken.finding.empty() ? "not as expected"
                   : !told.taken.done          ? "not done"
                   : told.taken.missed         ? "did not come true, which was not needed"
                                               : "as expected";
  if (!told.taken.replies.empty() && !blur.data)
    out["replies"] = tell_replies(step, told.taken.replies);
  const std::vector<std::string> waited_for = looked_at_after(step);
  const std::set<std::string> others(waited_for.begin(), waited_for.end());
  for (const Look& look : told.looks)
    out["look"][look.node] = tell_look(look, all.hosts, blur, others);
  return out;
}

// What the scenario itself says on a wire: ids in it are not of any run.
std::string own_texts(const Scenario& scenario) {
  std::string out;
  for (const Peer& peer : scenario.peers) {
    for (const auto& [word, replies] : peer.replies) {
      for (const std::string& reply : replies) out += reply + "\n";
    }
  }
  for (const Step& step : scenario.steps) {
    if (const auto* raw = std::get_if<Raw>(&step.what)) out += raw->send.value_or("") + "\n";
    if (const auto* run = std::get_if<Run>(&step.what)) {
      for (const std::string& line : run->lines) out += line + "\n";
    }
  }
  return out;
}

}  // namespace

Json transcript(const Scenario& scenario, const Told& told, const Blur& blur) {
  Json out{{"steps", Json::array()}};
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    Json result;
    for (const StepTold& step : told.steps) {
      if (step.taken.step == i) result = tell_step(scenario.steps[i], step, told, blur);
    }
    if (result.is_null()) result = {{"outcome", "not begun"}};
    out["steps"].push_back(std::move(result));
  }
  out["end"] = Json::object();
  for (const Look& look : told.end) out["end"][look.node] = tell_look(look, told.hosts, blur, {});
  if (told.calm) out["settled"] = told.settled;
  out["links"] = tell_links(told, blur);
  const std::string own = own_texts(scenario);
  Names(told.hosts, own).walk(out);
  return out;
}

bool looks_agree(const Look& one, const Look& other, const std::vector<std::string>& hosts,
                 const Blur& blur, const std::vector<std::string>& waited_for) {
  const std::set<std::string> others(waited_for.begin(), waited_for.end());
  Json a = tell_look(one, hosts, blur, others), b = tell_look(other, hosts, blur, others);
  for (Json* look : {&a, &b}) {
    look->erase("master_replid");
    look->erase("master_replid2");
    const std::string none;
    Names(hosts, none).walk(*look);
  }
  return a == b;
}

std::vector<std::string> heard(const Told& told, std::size_t until, std::size_t most) {
  std::vector<std::string> lines;
  const auto& records = told.trace.records();
  const auto name = [&](std::uint32_t host) {
    return host < told.hosts.size() ? told.hosts[host] : std::string("client");
  };
  for (std::size_t i = std::min(until, records.size()); i-- > 0 && lines.size() < most;) {
    std::string text;
    if (const auto* message = std::get_if<sim::record::Message>(&records[i].what)) {
      if (message->text.starts_with("REPLCONF ACK")) continue;
      text = name(message->host) + " -> " + name(message->peer) + "  " + message->text;
    } else if (const auto* fault = std::get_if<sim::record::Fault>(&records[i].what)) {
      text = "fault " + fault->what + ": " + fault->text;
    } else {
      continue;
    }
    const std::int64_t ms = records[i].at.time_since_epoch().count() / 1000;
    std::string fraction = std::to_string(ms % 1000 + 1000).substr(1);
    lines.push_back(std::to_string(ms / 1000) + "." + fraction + "  " + text);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace scenarios::arms
