#include "scenarios/golden/wire.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "model/data/number.h"
#include "model/data/sha1.h"
#include "model/data/text.h"
#include "scenarios/golden/rdb.h"
#include "scenarios/golden/words.h"

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownWhole = 400;  // bytes of a message
constexpr std::size_t kManyMessages = 60, kKept = 20;

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string length_class(std::size_t size) {
  for (const std::size_t limit : {128U, 256U, 512U, 1024U, 4096U, 16384U, 65536U, 1U << 20U}) {
    if (size < limit) return "<" + std::to_string(limit);
  }
  return ">=1MiB";
}

const WireOptions& options_for(const Case& plan, const std::string& link, std::size_t number) {
  static const WireOptions kNone;
  const auto one = plan.wire_options.find(link + "#" + std::to_string(number));
  if (one != plan.wire_options.end()) return one->second;
  const auto all = plan.wire_options.find(link);
  return all == plan.wire_options.end() ? kNone : all->second;
}

class Transcript {
 public:
  Transcript(const World& world, const Labels& labels, const ProxyConnection& connection,
             const WireOptions& options, std::set<std::string>& ids)
      : world_(world),
        labels_(labels),
        connection_(connection),
        options_(options),
        ids_(ids),
        to_master_(Proxies::delivered(world, connection, true)),
        to_replica_(Proxies::delivered(world, connection, false)) {}

  Json tell(std::size_t number) {
    Json out;
    out["conn"] = number;
    out["end"] = options_.end                ? *options_.end
                 : connection_.ended.empty() ? "open"
                                             : connection_.ended;
    Json from_replica = replica_says();
    Json from_master = master_says();
    choose_acks();
    from_replica["handshake"] = handshake_;
    from_replica["acks"] = acks_shown_;
    Json ordered;
    ordered["handshake"] = from_replica["handshake"];
    ordered["acks"] = from_replica["acks"];
    for (const auto& [name, value] : from_replica.items()) {
      if (!ordered.contains(name)) ordered[name] = value;
    }
    out["r2m"] = std::move(ordered);
    out["m2r"] = std::move(from_master);
    return out;
  }

 private:
  // --- what the replica says ---
  Json replica_says() {
    Json out, other = Json::array();
    std::string_view rest = to_master_;
    while (!rest.empty()) {
      if (rest[0] == '\n') {
        rest.remove_prefix(1);
        if (std::find(other.begin(), other.end(), "\n") == other.end()) other.push_back("\n");
        continue;
      }
      const auto message = first_message(rest);
      if (!message) break;
      rest.remove_prefix(message->raw.size());
      note_request(*message, other);
    }
    if (!other.empty()) out["other"] = other;
    if (!rest.empty()) out["partial"] = shown(rest);
    return out;
  }

  void note_request(const Message& message, Json& other) {
    const auto& words = message.words;
    const bool sync = !words.empty() && model::same_word(words[0], "sync");
    if (!asked_) {
      std::string raw(message.raw);
      if (words.size() == 3 && model::same_word(words[1], "listening-port") &&
          is_number(words[2])) {
        const std::string label = label_of(labels_, words[2]);
        for (std::size_t at = 0; (at = raw.find(words[2], at)) != std::string::npos;
             at += label.size()) {
          raw.replace(at, words[2].size(), label);
        }
      }
      handshake_.push_back(shown(raw));
      const bool psync = !words.empty() && model::same_word(words[0], "psync");
      asked_ = psync || sync;
      if (psync && words.size() > 2) {
        ids_.insert(words[1]);
        if (is_number(words[2])) wanted_ = model::to_integer(words[2]);
      }
    } else if (words.size() == 3 && words[0] == "REPLCONF" && words[1] == "ACK" &&
               is_number(words[2])) {
      const std::int64_t ack = model::to_integer(words[2]).value_or(0);
      if (acks_.empty() || acks_.back() != ack) acks_.push_back(ack);
    } else {
      other.push_back(shown(message.raw));
    }
  }

  // The once-a-second ACK may or may not repeat the offset that a link began with; after a payload
  // up to a mark it is always sent.
  void choose_acks() {
    acks_shown_ = Json::array();
    if (options_.acks == "last") {
      acks_shown_ = Json{{"last", acks_.empty() ? Json() : Json(acks_.back())}};
      return;
    }
    for (const std::int64_t ack : acks_) {
      if (options_.acks == "all" || up_to_mark_ || ack != offset_) acks_shown_.push_back(ack);
    }
  }

  // --- what the master says ---
  Json master_says() {
    Json out{{"handshake", Json::array()}};
    const std::string_view m = to_replica_;
    const Parts parts = parts_of(m);
    std::size_t at =
        take_answers(out, parts.payload ? *parts.header : parts.stream.value_or(m.size()));
    if (options_.mask_psync_offset && asked_) mask_offset();
    if (options_.handshake) {
      Json few = Json::array();
      for (std::size_t i = 0; i < std::min(*options_.handshake, out["handshake"].size()); ++i)
        few.push_back(out["handshake"][i]);
      few.push_back("<more, or cut short: a race>");
      out["handshake"] = few;
      out.erase("partial");
    }
    if (parts.payload) {
      out["payload"] = tell_payload(parts);
      at = parts.payload_end ? *parts.stream : m.size();
    }
    if (at < m.size() || parts.stream) tell_stream(out, at);
    if (newlines_ && options_.newlines) out["newlines_before_payload"] = "one or more";
    return out;
  }

  std::size_t take_answers(Json& out, std::size_t end) {
    std::size_t at = 0;
    while (at < end) {
      if (to_replica_[at] == '\n') {
        newlines_ = true;
        ++at;
        continue;
      }
      const auto message = first_message(to_replica_.substr(at));
      if (!message || at + message->raw.size() > end) {
        out["partial"] = shown(to_replica_.substr(at));
        return to_replica_.size();
      }
      out["handshake"].push_back(shown(message->raw));
      const std::vector<std::string> words = split_words(message->raw);
      if (message->raw.starts_with("+FULLRESYNC") && words.size() >= 3) {
        ids_.insert(words[1]);
        offset_ = model::to_integer(words[2]);
      } else if (message->raw.starts_with("+CONTINUE")) {
        if (message->raw.starts_with("+CONTINUE ") && words.size() >= 2) ids_.insert(words[1]);
        if (wanted_) offset_ = *wanted_ - 1;
      }
      at += message->raw.size();
    }
    return at;
  }

  // The last argument of PSYNC, if it is a number.
  void mask_offset() {
    static const std::regex kLast(R"(\$\d+\r\n\d+\r\n$)");
    handshake_.back() =
        std::regex_replace(handshake_.back().get<std::string>(), kLast, "$$<n>\r\n<varies>\r\n");
  }

  Json tell_payload(const Parts& parts) {
    Json out;
    up_to_mark_ = to_replica_.substr(*parts.header).starts_with("$EOF:");
    out["header"] = up_to_mark_ ? "$EOF:<40 random hex>\r\n" : "$<length>\r\n";
    if (!parts.payload_end) {
      out["delivered"] = "incomplete";
      if (connection_.way(false).limited)
        out["delivered_bytes"] = to_replica_.size() - *parts.payload;
      return out;
    }
    const std::string_view body = to_replica_.substr(
        *parts.payload, *parts.payload_end - std::min(*parts.payload, *parts.payload_end));
    out["length_class"] = length_class(body.size());
    tell_rdb(out, body);
    if (up_to_mark_) out["trailer"] = "<the same 40 bytes>";
    return out;
  }

  void tell_stream(Json& out, std::size_t from) {
    const std::string_view m = to_replica_;
    std::vector<Json> entries;
    std::size_t at = from;
    while (at < m.size()) {
      // A lone newline is a byte of the stream like any other here.
      const auto message = m[at] == '\n' ? Message{Message::Kind::line, m.substr(at, 1), {}}
                                         : first_message(m.substr(at)).value_or(Message{});
      if (message.raw.empty()) break;
      const std::size_t end = at + message.raw.size();
      Json entry;
      if (offset_) {
        entry["from"] = *offset_ + 1 + static_cast<std::int64_t>(at - from);
        entry["to"] = *offset_ + static_cast<std::int64_t>(end - from);
      }
      entry["raw"] = shown(message.raw.size() <= kShownWhole ? std::string(message.raw)
                                                             : cut_short(message.raw, 60));
      entry["_t"] = delivered_at(end);
      if (message.kind == Message::Kind::array && message.words.size() > 1)
        entry["_k"] = shown(cut_short(message.words[1]));
      entries.push_back(std::move(entry));
      at = end;
    }
    if (options_.summary) {
      out["stream"] = "<not recorded: how much of it got through depends on kernel buffers>";
      return;
    }
    if (options_.first > 0) {
      entries.resize(std::min(options_.first, entries.size()));
      entries.emplace_back("<and so on>");
      out["stream"] = entries;
      return;
    }
    if (entries.size() > kManyMessages) leave_out_middle(entries);
    out["stream"] = Json(entries);
    out["stream_bytes"] = at - from;
    if (at < m.size()) {
      out["stream_partial"] =
          Json{{"bytes", m.size() - at}, {"raw", shown(m.substr(at, kShownWhole))}};
    }
  }

  void leave_out_middle(std::vector<Json>& entries) const {
    const auto first = entries.begin() + kKept, last = entries.end() - kKept;
    std::string all;
    for (auto it = first; it != last; ++it) all += bytes_of((*it)["raw"].get<std::string>());
    Json gap{{"omitted", last - first}};
    if (options_.hash_omitted) gap["sha1_of_omitted"] = model::hex(model::sha1(all)).substr(0, 16);
    *first = std::move(gap);
    entries.erase(first + 1, last);
  }

  std::int64_t delivered_at(std::size_t position) const {
    for (const ProxyWay::Delivered& step : connection_.way(false).delivered) {
      if (step.bytes >= position) return wall_us(step.at);
    }
    return wall_us(world_.now());
  }

  const World& world_;
  const Labels& labels_;
  const ProxyConnection& connection_;
  const WireOptions& options_;
  std::set<std::string>& ids_;
  std::string_view to_master_, to_replica_;

  Json handshake_ = Json::array();
  Json acks_shown_;
  std::vector<std::int64_t> acks_;
  bool asked_ = false, newlines_ = false, up_to_mark_ = false;
  std::optional<std::int64_t> wanted_;  // the byte asked for
  std::optional<std::int64_t> offset_;  // where the stream begins
};

// Equal neighbours become one.
Json collapsed(const Json& connections) {
  Json out = Json::array();
  Json before;
  for (const Json& connection : connections) {
    Json same = connection;
    same.erase("conn");
    if (!out.empty() && same == before) {
      out.back()["attempts"] = "one or more";
      continue;
    }
    before = same;
    out.push_back(connection);
    out.back()["conn"] = out.size() - 1;
  }
  return out;
}

}  // namespace

std::int64_t wall_us(sim::Instant at) {
  return WallClock::kEpochMs * 1000 + at.time_since_epoch().count();
}

Json tell_wire(const World& world, const Labels& labels, const Proxies& proxies, const Case& plan,
               std::set<std::string>& ids) {
  Json out = Json::object();
  for (const auto& [name, link] : proxies.links()) {
    Json connections = Json::array();
    for (std::size_t i = 0; i < link.connections.size(); ++i) {
      const ProxyConnection& connection = link.connections[i];
      connections.push_back(
          Transcript(world, labels, connection, options_for(plan, name, i), ids).tell(i));
    }
    out[name] = plan.collapse_repeats ? collapsed(connections) : connections;
  }
  return out;
}

}  // namespace scenarios::golden
