// Steps as JSON: the way back from read_step.cc.
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "scenarios/language/write_parts.h"

namespace scenarios::written {
namespace {

void replies(Json& out, const std::vector<ReplyTest>& tests, std::size_t lines) {
  if (tests.empty()) return;
  if (tests.size() == 1) {
    Json reply = of(tests.front());
    if (lines == 1) out["reply"] = std::move(reply);
    else out["reply"]["each"] = std::move(reply);
    return;
  }
  Json& list = out["replies"] = Json::array();
  for (const ReplyTest& test : tests) list.push_back(of(test));
}

struct StepWriter {
  Json operator()(const Run& s) const {
    const Run usual;
    Json out{{"run", one_or_list(s.lines)}, {"on", s.node}};
    if (s.client != usual.client) out["client"] = s.client;
    if (s.repeat != usual.repeat) out["repeat"] = s.repeat;
    if (s.pipelined) out["pipelined"] = true;
    if (!s.await) out["await"] = false;
    if (s.replies.size() > 1 && s.replies.size() != s.lines.size())
      throw std::logic_error("a run step judges one reply for all, or one for each command");
    replies(out, s.replies, s.lines.size());
    if (s.within != usual.within) out["within"] = of(s.within);
    return out;
  }
  Json operator()(const CollectReply& s) const {
    Json out{{"collect", s.client}, {"on", s.node}};
    replies(out, s.replies, 1);
    if (s.within != CollectReply().within) out["within"] = of(s.within);
    return out;
  }
  Json operator()(const ReplicaOf& s) const {
    Json pairs = Json::object();
    for (const auto& [node, master] : s.pairs) put(pairs, node, name_or_null(master));
    return {{"replicaof", pairs}};
  }
  Json operator()(const Wait& s) const {
    Json out{{"wait", of(s.until)}};
    if (s.within != Wait().within) out["within"] = of(s.within);
    if (!s.needed) out["needed"] = false;
    return out;
  }
  Json operator()(const Expect& s) const { return {{"expect", of(s.holds)}}; }
  Json operator()(const Throughout& s) const {
    return {{s.never ? "never" : "always", of(s.holds)}, {"for", of(s.lasts)}};
  }
  Json operator()(const Sleep& s) const { return {{"sleep", of(s.time)}}; }
  Json operator()(const Heal& s) const {
    return {{"heal", s.all ? Json("all") : one_or_list(s.names)}};
  }
  Json operator()(const Checkpoint& s) const { return {{"checkpoint", s.name}}; }
  Json operator()(const Remember& s) const {
    return {{"remember", s.name}, {"node", s.node}, {"field", s.field}};
  }
  Json operator()(const Load& s) const {
    const Load usual;
    Json out{{"load", one_or_list(s.lines)}, {"on", s.node}};
    if (s.client != usual.client) out["client"] = s.client;
    if (s.keys != usual.keys) out["keys"] = s.keys;
    if (s.db != usual.db) out["db"] = s.db;
    if (s.per_second != usual.per_second) out["rate"] = std::to_string(s.per_second) + "/s";
    if (s.count) out["count"] = *s.count;
    if (s.lasts != usual.lasts) out["for"] = of(s.lasts);
    return out;
  }
  Json operator()(const Tap& s) const { return {{"tap", s.node}}; }
  Json operator()(const Raw& s) const {
    Json out{{"raw", s.peer}};
    if (s.dial) out["dial"] = *s.dial;
    if (s.send) out["send"] = *s.send;
    if (s.close) out["close"] = *s.close;
    if (!s.needed) out["needed"] = false;
    return out;
  }
  Json operator()(const Fault& s) const { return of(s); }
};

}  // namespace

Json name_or_null(const std::string& name) { return name.empty() ? Json() : Json(name); }

Json one_or_list(const std::vector<std::string>& texts) {
  return texts.size() == 1 ? Json(texts.front()) : Json(texts);
}

Json of(const Step& step) {
  Json out = std::visit(StepWriter{}, step.what);
  if (step.at) out["at"] = of(*step.at);
  if (step.after) out["after"] = of(*step.after);
  if (!step.why.empty()) out["why"] = step.why;
  return out;
}

}  // namespace scenarios::written
