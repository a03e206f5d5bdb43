#include "scenarios/golden/case.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

// The payload that a scripted master of the recordings sends: no fields, no keys, no checksum.
constexpr std::string_view kEmptyRdb{"$18\r\nREDIS0010\xff\0\0\0\0\0\0\0\0", 23};

std::string text(const Json& at) {
  return at.is_string() ? bytes_of(at.get<std::string>()) : at.dump();
}

std::vector<std::string> texts(const Json& at) {
  std::vector<std::string> out;
  for (const Json& one : at) out.push_back(text(one));
  return out;
}

std::vector<std::string> texts_in(const Json& step, const char* name) {
  return step.contains(name) ? texts(step[name]) : std::vector<std::string>();
}

std::vector<std::vector<std::string>> commands(const Json& step, const char* name) {
  std::vector<std::vector<std::string>> out;
  if (!step.contains(name)) return out;
  for (const Json& one : step[name]) out.push_back(texts(one));
  return out;
}

Pairs pairs(const Json& step, const char* name) {
  Pairs out;
  if (!step.contains(name)) return out;
  for (const auto& [key, value] : step[name].items()) out.emplace_back(bytes_of(key), text(value));
  return out;
}

std::string text_in(const Json& step, const char* name, std::string usual = {}) {
  return step.contains(name) ? text(step[name]) : std::move(usual);
}

sim::Duration seconds_in(const Json& step, const char* name, sim::Duration usual) {
  if (!step.contains(name)) return usual;
  return sim::Duration(static_cast<std::int64_t>(step[name].get<double>() * 1e6));
}

sim::Duration milliseconds_in(const Json& step, const char* name, sim::Duration usual) {
  if (!step.contains(name)) return usual;
  return sim::Duration(step[name].get<std::int64_t>() * 1000);
}

Step::What ask(const Json& s) {
  Ask ask{text(s["cmd"]), texts(s["args"])};
  ask.conn = text_in(s, "conn", "main");
  ask.repeat = s.value("repeat", 1U);
  ask.async = s.value("async", false);
  ask.mask_reply = s.value("mask_reply", false);
  ask.within = seconds_in(s, "timeout", ask.within);
  return ask;
}

Step::What burst(const Json& s) {
  return Burst{text(s["burst"]), text_in(s, "conn", "main"), commands(s, "cmds")};
}

Step::What take_reply(const Json& s) {
  TakeReply take{text(s["reply"]), text_in(s, "conn", "main")};
  take.within = seconds_in(s, "timeout", take.within);
  return take;
}

Step::What follow(const Json& s) {
  const bool no_one = s["of"].is_null();
  return Follow{text(s["replicaof"]), no_one ? std::string() : text(s["of"]),
                text_in(s, "word", "REPLICAOF")};
}

Step::What wait(const Json& s) {
  WaitFor wait;
  wait.node = text(s["wait"]);
  wait.info = pairs(s, "info");
  if (s.contains("slave")) {
    for (const auto& [name, wanted] : s["slave"].items())
      wait.slave.emplace_back(name, pairs(s["slave"], name.c_str()));
  }
  wait.noslave = text_in(s, "noslave");
  wait.key = text_in(s, "key");
  wait.nokey = text_in(s, "nokey");
  wait.role_state = text_in(s, "role_state");
  wait.within = seconds_in(s, "timeout", wait.within);
  return wait;
}

Step::What wait_sync(const Json& s) {
  WaitSync wait{text(s["wait_sync"]), texts(s["replicas"]), s.value("acked", true)};
  wait.within = seconds_in(s, "timeout", wait.within);
  return wait;
}

Step::What wait_wire(const Json& s) {
  WaitWire wait;
  wait.link = text(s["wire_wait"]);
  wait.what = text_in(s, "what");
  wait.text = text_in(s, "text");
  wait.to_master = text_in(s, "dir") == "r2m";
  if (s.contains("conn") && s["conn"].get<int>() >= 0) wait.conn = s["conn"].get<std::size_t>();
  wait.conns = s.value("conns", std::size_t{0});
  wait.bytes = s.value("bytes", std::size_t{0});
  wait.within = seconds_in(s, "timeout", wait.within);
  return wait;
}

Step::What fault(const Json& s) {
  Fault fault;
  fault.link = text(s["fault"]);
  fault.kind = text(s["kind"]);
  fault.mode = text_in(s, "mode", "rst");
  fault.side = text_in(s, "side", "both");
  fault.base = text_in(s, "base", "start");
  const std::string way = text_in(s, "dir");
  if (way.empty())
    fault.ways = {true, false};
  else
    fault.ways = {way == "r2m"};
  if (s.contains("bytes")) fault.bytes = s["bytes"].get<std::int64_t>();
  fault.on_next = text_in(s, "when") == "next";
  fault.then_stall = text_in(s, "then") == "stall";
  fault.freeze = s.value("freeze", false);
  fault.connection_only = text_in(s, "scope", "link") == "conn";
  fault.drain = milliseconds_in(s, "drain_ms", fault.drain);
  if (s.contains("value") && s["value"].is_number()) fault.value = s["value"].get<std::int64_t>();
  if (s.contains("conn")) fault.conn = s["conn"].get<std::size_t>();
  return fault;
}

Step::What raw(const Json& s) {
  return Raw{text(s["raw"]), text_in(s, "to"), commands(s, "cmds"), text_in(s, "text"),
             s.value("close", false)};
}

Step::What series(const Json& s) {
  return Series{text(s["series"]), texts(s["args"]), texts(s["fields"]), texts(s["watch"]),
                s["repeat"].get<std::uint32_t>()};
}

Step::What checkpoint(const Json& s) {
  Checkpoint look;
  look.nodes = texts_in(s, "nodes");
  if (s.contains("keys") && s["keys"].is_string()) look.keys = Checkpoint::Keys::digest;
  if (s.contains("keys") && s["keys"] == false) look.keys = Checkpoint::Keys::none;
  return look;
}

// In the order in which the recorder looks for them: a step has one of these names.
struct Kind {
  const char* name;
  Step::What (*read)(const Json&);
};
constexpr Kind kKinds[] = {
    {"cmd", ask},
    {"reply", take_reply},
    {"replicaof", follow},
    {"wait_sync", wait_sync},
    {"wire_wait", wait_wire},
    {"wait_exit", [](const Json& s) -> Step::What { return WaitExit{text(s["wait_exit"])}; }},
    {"wait", wait},
    {"fault", fault},
    {"raw", raw},
    {"checkpoint", checkpoint},
    {"kill", [](const Json& s) -> Step::What { return Kill{text(s["kill"])}; }},
    {"start",
     [](const Json& s) -> Step::What {
       return Start{text(s["start"]), pairs(s, "config")};
     }},
    {"shutdown",
     [](const Json& s) -> Step::What {
       return Shutdown{text(s["shutdown"]), texts_in(s, "args")};
     }},
    {"sleep",
     [](const Json& s) -> Step::What {
       return Sleep{milliseconds_in(s, "sleep", sim::Duration{0})};
     }},
    {"fake", [](const Json& s) -> Step::What { return Fake{text(s["fake"])}; }},
    {"burst", burst},
    {"series", series},
};

FakeMaster fake_master(const Json& s) {
  FakeMaster fake{text(s["fake"]), {}};
  for (const auto& [words, answers] : s["rules"].items()) {
    std::vector<std::string> each =
        answers.is_array() ? texts(answers) : std::vector{text(answers)};
    for (std::string& answer : each) {
      for (std::size_t at = answer.find("@rdb"); at != std::string::npos;
           at = answer.find("@rdb")) {
        answer.replace(at, 4, kEmptyRdb);
      }
    }
    fake.rules.emplace_back(words, std::move(each));
  }
  return fake;
}

WireOptions wire_options(const Json& o) {
  WireOptions options;
  if (o.contains("end")) options.end = text(o["end"]);
  if (o.contains("handshake")) options.handshake = o["handshake"].get<std::size_t>();
  options.mask_psync_offset = text_in(o, "psync_offset") == "masked";
  options.newlines = o.value("newlines", false);
  options.summary = text_in(o, "stream") == "summary";
  options.hash_omitted = o.value("hash_omitted", true);
  options.first = o.value("first", std::size_t{0});
  options.acks = text_in(o, "acks");
  return options;
}

// Python's \g<1> and \1 are ECMAScript's $1.
std::string replacement(const std::string& python) {
  static const std::regex kGroup(R"(\\(?:g<)?(\d)>?)");
  return std::regex_replace(std::regex_replace(python, std::regex(R"(\$)"), "$$$$"), kGroup,
                            "$$$1");
}

void read_steps(const Json& input, Case& out) {
  for (const Json& s : input.at("steps")) {
    const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const Kind& k) { return s.contains(k.name); });
    if (kind == std::end(kKinds)) throw std::invalid_argument("an unknown step: " + s.dump());
    Step step{kind->read(s), s.dump(), {}};
    if (s.contains("args") && s["args"].size() > 1) step.key = text(s["args"][1]);
    if (const auto* peer = std::get_if<Raw>(&step.what)) {
      if (std::find(out.raws.begin(), out.raws.end(), peer->name) == out.raws.end())
        out.raws.push_back(peer->name);
    }
    if (std::holds_alternative<Fake>(step.what)) out.fakes.push_back(fake_master(s));
    out.steps.push_back(std::move(step));
  }
}

Case read(const Json& input) {
  Case out;
  out.name = text(input.at("name"));
  for (const auto& [name, spec] : input.at("nodes").items()) {
    out.nodes.push_back({name, pairs(spec, "config"), spec.value("autostart", true)});
  }
  read_steps(input, out);
  out.track = texts_in(input, "track");
  if (input.contains("wire_opts")) {
    for (const auto& [where, options] : input["wire_opts"].items())
      out.wire_options[where] = wire_options(options);
  }
  out.collapse_repeats = input.value("collapse_repeats", false);
  out.mask_digest = input.value("mask_digest", false);
  if (input.contains("mask")) {
    for (const Json& mask : input["mask"])
      out.masks.emplace_back(text(mask.at(0)), replacement(text(mask.at(1))));
  }
  out.pace = milliseconds_in(input, "pace_ms", sim::Duration{0});
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
  try {
    return read(input);
  } catch (const std::exception& error) {
    return NotUnderstood{error.what()};
  }
}

}  // namespace scenarios::golden
