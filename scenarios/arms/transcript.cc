#include "scenarios/arms/transcript.h"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "model/data/number.h"
#include "model/data/text.h"
#include "scenarios/golden/case.h"
#include "scenarios/golden/rdb.h"
#include "scenarios/golden/words.h"

namespace scenarios::arms {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kIdLength = 40, kTimeLength = 13, kMostReplies = 60, kShownBytes = 200;
constexpr std::int64_t kUsualPingPeriod = 10;  // s
constexpr std::string_view kNet = "10.0.0.";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

template <class Is, class Name>
std::string renamed(const std::string& text, Is is, std::size_t length, Name name) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is(text[end])) ++end;
    if (end == at) {
      out += text[at++];
      continue;
    }
    const std::string run = text.substr(at, end - at);
    out += run.size() == length ? name(run) : run;
    at = end;
  }
  return out;
}

// "10.0.0.2" -> "b"
std::string with_names(std::string text, const std::vector<std::string>& hosts) {
  for (std::size_t at = 0; (at = text.find(kNet, at)) != std::string::npos;) {
    std::size_t end = at + kNet.size();
    while (end < text.size() && is_digit(text[end])) ++end;
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
      text =
          renamed(text, is_hex, kIdLength, [this](const std::string& id) { return id_name(id); });
      at = renamed(text, is_digit, kTimeLength, [](const std::string& time) {
        return time[0] == '1' ? std::string("<T>") : time;
      });
    }
  }

 private:
  std::string id_name(const std::string& id) {
    if (id == std::string(kIdLength, '0') || own_ids_.find(id) != std::string::npos) return id;
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
    if (!name.starts_with("slave") || name.size() < 6 || !is_digit(name[5])) continue;
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

// --- links
// ------------------------------------------------------------------------------------------

struct Decision {
  std::string asked, answered;
  std::string id;                      // of the stream that follows
  std::optional<std::int64_t> offset;  // of its first byte
  std::optional<std::size_t> stream;   // where it begins in what the master said
  std::string payload;                 // whole, of a full resync
  bool full = false;
};

// Come back later: how often depends on who was ready first.
bool only_puts_off(std::string_view answer) {
  return answer.starts_with("-NOMASTERLINK") || answer.starts_with("-LOADING");
}

std::string line_of(std::string_view raw) {
  return std::string(raw.substr(0, std::min(raw.find_first_of("\r\n"), raw.size())));
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// Whether a refusal was told before, with nothing but refusals since: who is refused may ask again
// at once, thousands of times, and how often depends on how long the reason lasts.
bool is_refused_again(const Json& decisions, const Json& one) {
  const auto is_refusal = [](const Json& decision) {
    return decision["answered"].get_ref<const std::string&>().starts_with('-');
  };
  for (std::size_t i = decisions.size(); i-- > 0 && is_refusal(decisions[i]);) {
    if (decisions[i] == one) return true;
  }
  return false;
}

// The requests to be synced on one connection, each with its answer.
std::vector<Decision> decisions_on(std::string_view asked, std::string_view answered) {
  std::vector<Decision> out;
  std::vector<std::pair<std::size_t, std::vector<std::string>>>
      wishes;  // number among answered requests
  std::size_t number = 0;
  while (!asked.empty()) {
    if (asked[0] == '\n') {
      asked.remove_prefix(1);
      continue;
    }
    const auto message = golden::first_message(asked);
    if (!message) break;
    asked.remove_prefix(message->raw.size());
    const auto& words = message->words;
    if (words.empty()) continue;
    const bool ack = words.size() > 1 && model::same_word(words[0], "replconf") &&
                     (model::same_word(words[1], "ack") || model::same_word(words[1], "getack"));
    if (ack) continue;
    if (model::same_word(words[0], "psync") || model::same_word(words[0], "sync"))
      wishes.emplace_back(number, words);
    ++number;
  }
  const std::string_view all = answered;
  number = 0;
  for (const auto& [which, words] : wishes) {
    for (; number < which; ++number) {  // answers before
      while (!answered.empty() && (answered[0] == '\n' || answered[0] == '\r'))
        answered.remove_prefix(1);
      const auto message = golden::first_message(answered);
      if (!message || message->raw.starts_with("+FULLRESYNC") ||
          message->raw.starts_with("+CONTINUE"))
        break;
      answered.remove_prefix(message->raw.size());
    }
    while (!answered.empty() && (answered[0] == '\n' || answered[0] == '\r'))
      answered.remove_prefix(1);
    Decision decision;
    decision.asked = joined(words);
    if (answered.find("\r\n") == std::string_view::npos) break;  // no answer
    decision.answered = line_of(answered);
    if (decision.answered.starts_with('$')) decision.answered = "(payload)";
    const std::vector<std::string> reply = golden::split_words(decision.answered);
    if (decision.answered.starts_with("+FULLRESYNC") || decision.answered == "(payload)") {
      decision.full = true;
      if (reply.size() > 2) {
        decision.id = reply[1];
        if (const auto offset = model::to_integer(reply[2])) decision.offset = *offset + 1;
      }
      const std::size_t begin = all.size() - answered.size();
      const golden::Parts parts = golden::parts_of(answered);
      if (parts.payload && parts.payload_end && *parts.payload_end >= *parts.payload)
        decision.payload = answered.substr(*parts.payload, *parts.payload_end - *parts.payload);
      if (parts.stream) decision.stream = begin + *parts.stream;
      out.push_back(std::move(decision));
      break;
    }
    if (decision.answered.starts_with("+CONTINUE")) {
      decision.id = reply.size() > 1 ? reply[1] : words.size() > 1 ? words[1] : "";
      if (words.size() > 2) decision.offset = model::to_integer(words[2]);
      decision.stream = all.size() - answered.size() + answered.find("\r\n") + 2;
      out.push_back(std::move(decision));
      break;
    }
    if (!only_puts_off(decision.answered)) out.push_back(std::move(decision));
  }
  return out;
}

// Everything that one history brought over a link, by offset.
struct Stream {
  std::string id;
  std::map<std::int64_t, std::string> commands;
  std::vector<std::pair<std::int64_t, std::int64_t>>
      covered;                        // [from, until), joined where they touch
  std::vector<std::string> in_order;  // without what comes by itself

  void cover(std::int64_t from, std::int64_t until) {
    for (auto& [begin, end] : covered) {
      if (from > end || until < begin) continue;
      begin = std::min(begin, from);
      end = std::max(end, until);
      return;
    }
    covered.emplace_back(from, until);
  }
};

bool comes_by_itself(const std::vector<std::string>& words) {
  return !words.empty() &&
         (model::same_word(words[0], "ping") || model::same_word(words[0], "replconf"));
}

void follow(Stream& stream, const Decision& decision, std::string_view answered) {
  std::int64_t at = *decision.offset;
  const std::int64_t begin = at;
  std::string_view rest = answered.substr(*decision.stream);
  while (!rest.empty()) {
    const auto message = rest[0] == '\n'
                             ? golden::Message{golden::Message::Kind::line, rest.substr(0, 1), {}}
                             : golden::first_message(rest).value_or(golden::Message{});
    if (message.raw.empty()) break;
    const std::string text = golden::cut_short(
        message.words.empty() ? std::string(message.raw) : joined(message.words), kShownBytes);
    if (!stream.commands.contains(at)) {
      stream.commands.emplace(at, text);
      if (!comes_by_itself(message.words)) stream.in_order.push_back(text);
    }
    at += static_cast<std::int64_t>(message.raw.size());
    rest.remove_prefix(message.raw.size());
  }
  stream.cover(begin, at);
}

Json tell_link(const std::vector<std::pair<std::string_view, std::string_view>>& talks,
               const Blur& blur) {
  Json decisions = Json::array(), payloads = Json::array();
  std::vector<Stream> streams;
  for (const auto& [asked, answered] : talks) {
    for (const Decision& decision : decisions_on(asked, answered)) {
      Json one{{"asked", golden::shown(decision.asked)},
               {"answered", golden::shown(decision.answered)}};
      if (blur.offsets) {
        const auto blurred = [](const std::string& line) {
          std::vector<std::string> words = golden::split_words(line);
          if (words.size() > 2 && model::to_integer(words[2]).value_or(-1) >= 0) words[2] = "*";
          return golden::shown(joined(words));
        };
        one["asked"] = blurred(decision.asked);
        one["answered"] = blurred(decision.answered);
      }
      const bool again = !decisions.empty() && decisions.back() == one;
      if (!again && !is_refused_again(decisions, one)) decisions.push_back(one);
      if (decision.full) {
        Json payload;
        if (!decision.payload.empty()) golden::tell_rdb(payload, decision.payload);
        if (blur.offsets && payload.contains("rdb")) {
          for (Json& aux : payload["rdb"]["aux"]) {
            if (aux.is_array() && aux.size() > 1 && aux[0] == "repl-offset") aux[1] = "*";
          }
        }
        if (!again)
          payloads.push_back(payload);
        else if (!payload.is_null() && !payloads.empty())
          payloads.back() = payload;  // the one that came through
      }
      if (!decision.stream || !decision.offset) continue;
      auto it = std::find_if(streams.begin(), streams.end(),
                             [&](const Stream& s) { return s.id == decision.id; });
      if (it == streams.end()) {
        streams.push_back({});
        it = streams.end() - 1;
        it->id = decision.id;
      }
      follow(*it, decision, answered);
    }
  }
  Json out{{"decisions", decisions}, {"payloads", payloads}, {"streams", Json::array()}};
  if (blur.data) {
    out["payloads"] = Json::array();
    return out;
  }
  for (const Stream& stream : streams) {
    Json one{{"id", golden::shown(stream.id)}};
    if (blur.offsets) {
      one["in_order"] = Json::array();
      for (const std::string& command : stream.in_order)
        one["in_order"].push_back(golden::shown(command));
    } else {
      one["covered"] = Json::array();
      for (const auto& [from, until] : stream.covered) one["covered"].push_back({from, until});
      one["commands"] = Json::array();
      for (const auto& [at, text] : stream.commands)
        one["commands"].push_back({{"at", at}, {"is", golden::shown(text)}});
    }
    out["streams"].push_back(std::move(one));
  }
  return out;
}

Json tell_links(const Told& told, const Blur& blur) {
  Json out = Json::object();
  for (std::uint32_t from = 0; from < told.hosts.size(); ++from) {
    for (std::uint32_t to = 0; to < told.hosts.size(); ++to) {
      if (from == to) continue;
      std::vector<std::pair<std::string_view, std::string_view>> talks;
      for (const Direction* way : told.wire.between(sim::HostId{from}, sim::HostId{to})) {
        if (!sim::dialled(way->end())) continue;
        talks.emplace_back(way->bytes(), told.wire.find(sim::peer_of(way->end()))->bytes());
      }
      Json link = tell_link(talks, blur);
      if (!link["decisions"].empty())
        out[told.hosts[from] + ">" + told.hosts[to]] = std::move(link);
    }
  }
  return out;
}

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

// --- what both can speak of
// -------------------------------------------------------------------------

bool covers(const Json& stream, std::int64_t at) {
  for (const Json& piece : stream["covered"]) {
    if (at >= piece[0].get<std::int64_t>() && at < piece[1].get<std::int64_t>()) return true;
  }
  return false;
}

void keep_covered(Json& stream, const Json& other) {
  Json kept = Json::array();
  for (const Json& command : stream["commands"]) {
    if (covers(other, command["at"].get<std::int64_t>())) kept.push_back(command);
  }
  stream["commands"] = std::move(kept);
}

void keep_common_streams(Json& one, Json& other) {
  std::vector<Json> left, right;
  for (Json& stream : one) {
    for (Json& twin : other) {
      if (stream["id"] != twin["id"]) continue;
      if (stream.contains("in_order")) {
        const std::size_t both = std::min(stream["in_order"].size(), twin["in_order"].size());
        for (Json* list : {&stream["in_order"], &twin["in_order"]}) {
          while (list->size() > both) list->erase(list->size() - 1);
        }
      } else {
        keep_covered(stream, twin);
        keep_covered(twin, stream);
        stream.erase("covered");
        twin.erase("covered");
      }
      left.push_back(stream);
      right.push_back(twin);
    }
  }
  one = Json(left);
  other = Json(right);
  if (left.empty()) one = other = Json::array();
}

}  // namespace

bool has_pings(const Told& told) {
  const auto& records = told.trace.records();
  return std::any_of(records.begin(), records.end(), [](const sim::Record& record) {
    const auto* const message = std::get_if<sim::record::Message>(&record.what);
    return message != nullptr && message->text == "ping";
  });
}

Blur blur_of(const Scenario& scenario, const Told& simulated) {
  Blur blur;
  for (const Step& step : scenario.steps) {
    if (std::holds_alternative<Load>(step.what)) {
      return {true, true, false,
              "random commands are in the stream: offsets and data are each arm's own"};
    }
  }
  for (const Step& step : scenario.steps) {
    const auto* const fault = std::get_if<Fault>(&step.what);
    const auto* const job = fault == nullptr ? nullptr : std::get_if<JobFault>(&fault->what);
    blur.attempts |= job != nullptr && job->does == JobFault::Does::dies;
  }
  if (blur.attempts)
    blur.reason = "how often a snapshot is tried while its jobs die is each arm's own";
  std::int64_t shortest = std::numeric_limits<std::int32_t>::max();
  for (const Node& node : scenario.nodes) {
    std::int64_t period = kUsualPingPeriod;
    for (const auto& [name, value] : node.config) {
      if (name == "repl-ping-replica-period") period = model::to_integer(value).value_or(period);
    }
    shortest = std::min(shortest, period);
  }
  blur.offsets =
      shortest * 1'000'000 <= simulated.ended.time_since_epoch().count() || has_pings(simulated);
  if (blur.offsets) blur.reason = "pings are in the stream: offsets are each arm's own";
  return blur;
}

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

void keep_common(Json& one, Json& other) {
  for (auto& [name, link] : one["links"].items()) {
    if (!other["links"].contains(name)) continue;
    Json& twin = other["links"][name];
    keep_common_streams(link["streams"], twin["streams"]);
    const std::size_t both = std::min(link["payloads"].size(), twin["payloads"].size());
    for (std::size_t i = 0; i < both; ++i) {
      if (link["payloads"][i].is_null() || twin["payloads"][i].is_null())
        link["payloads"][i] = twin["payloads"][i] = nullptr;
    }
  }
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
