#include "scenarios/arms/links.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "model/data/number.h"
#include "model/data/text.h"
#include "scenarios/golden/case.h"
#include "scenarios/golden/rdb.h"
#include "scenarios/golden/words.h"

namespace scenarios::arms {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownBytes = 200;

// --- what was asked, and decided -----------------------------------------------------------------

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
    decision.asked = golden::joined(words);
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

// --- what came of it -----------------------------------------------------------------------------

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
    const std::string whole =
        message.words.empty() ? std::string(message.raw) : golden::joined(message.words);
    const std::string text = golden::cut_short(whole, kShownBytes);
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
          return golden::shown(golden::joined(words));
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

// --- what both can speak of ----------------------------------------------------------------------

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

void keep_common(Json& links, Json& others) {
  for (auto& [name, link] : links.items()) {
    if (!others.contains(name)) continue;
    Json& twin = others[name];
    keep_common_streams(link["streams"], twin["streams"]);
    const std::size_t both = std::min(link["payloads"].size(), twin["payloads"].size());
    for (std::size_t i = 0; i < both; ++i) {
      if (link["payloads"][i].is_null() || twin["payloads"][i].is_null())
        link["payloads"][i] = twin["payloads"][i] = nullptr;
    }
  }
}

}  // namespace scenarios::arms
