// Conditions, tests and replies as JSON: the way back from read_condition.cc.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "scenarios/language/write_parts.h"

namespace scenarios::written {
namespace {

// The number, if the text is one as the reader writes it: no sign but '-', no leading zeros.
std::optional<Json> whole(const std::string& text) {
  const bool negative = text.starts_with('-');
  const std::string digits = text.substr(negative ? 1 : 0);
  constexpr std::size_t kDigits = 18;
  if (digits.empty() || digits.size() > kDigits) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  if (digits[0] == '0' && (digits.size() > 1 || negative)) return std::nullopt;
  return Json(std::stoll(text));
}

std::string prefix(Test::Op op) {
  switch (op) {
    case Test::Op::is_not: return "!=";
    case Test::Op::less: return "<";
    case Test::Op::at_most: return "<=";
    case Test::Op::more: return ">";
    case Test::Op::at_least: return ">=";
    case Test::Op::like: return "like:";
    case Test::Op::is:
    case Test::Op::absent: break;
  }
  return "";
}

bool looks_like_a_test(const std::string& text) {
  static const auto kBeginnings = std::to_array<std::string_view>({">", "<", "!=", "like:", "is:"});
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view begin) { return text.starts_with(begin); });
}

// Where a test of this node goes: {"info": {"b": ...}}.
Json& at_node(Json& condition, const char* part, const std::string& node) {
  return condition[part][node];
}

void append(Json& condition, const char* part, Json item) {
  Json& place = condition[part];
  if (place.is_null()) place = std::move(item);
  else if (place.is_array()) place.push_back(std::move(item));
  else place = Json::array({std::move(place), std::move(item)});
}

struct PartWriter {
  Json& out;

  void operator()(const InfoIs& p) { put(at_node(out, "info", p.node), p.field, of(p.test)); }
  void operator()(const KeyIs& p) {
    const auto db = out.find("db");
    if (out.contains("keys") && (db == out.end() ? 0U : db->get<unsigned>()) != p.db)
      throw std::logic_error("a condition is about the keys of one database");
    put(at_node(out, "keys", p.node), p.key, of(p.test));
    if (p.db != 0) out["db"] = p.db;
  }
  void operator()(const LinkStateIs& p) { put(out["link"], p.node, of(p.test)); }
  void operator()(const RoleStateIs& p) { put(out["role_state"], p.node, of(p.test)); }
  void operator()(const ReplicaStateIs& p) {
    put(at_node(out, "replicas", p.node), p.replica, of(p.test));
  }
  void operator()(const Synced& p) { put(out, "synced", p.nodes); }
  void operator()(const Equal& p) { put(out, "equal", p.nodes); }
  void operator()(const IsUp& p) { append(out, p.up ? "up" : "down", p.node); }
  void operator()(const WireHas& p) {
    Json wire{{"from", p.from}, {"to", p.to}, {"has", p.text}};
    if (p.times != WireHas().times) wire["times"] = of(p.times);
    append(out, "wire", std::move(wire));
  }
  void operator()(const MarkReached& p) { append(out, "mark", p.mark); }
  void operator()(const RawGot& p) { put(out["got"], p.peer, p.test.value); }
  void operator()(const StreamIs& p) { put(out["stream"], p.node, p.commands); }
  void operator()(const Not& p) { put(out, "not", of(*p.inner)); }
  void operator()(const Any& p) {
    Json list = Json::array();
    for (const Condition& inner : p.inner) list.push_back(of(inner));
    put(out, "any", std::move(list));
  }
};

}  // namespace

void put(Json& object, const std::string& key, Json value) {
  if (object.contains(key)) throw std::logic_error("there is \"" + key + "\" twice in one object");
  object[key] = std::move(value);
}

Json of(const Test& test) {
  if (test.op == Test::Op::absent) return nullptr;
  if (test.op != Test::Op::is) return prefix(test.op) + test.value;
  if (auto number = whole(test.value)) return std::move(*number);
  return looks_like_a_test(test.value) ? "is:" + test.value : test.value;
}

Json of(const ReplyTest& reply) {
  using Kind = ReplyTest::Kind;
  switch (reply.kind) {
    case Kind::text: return reply.text;
    case Kind::integer: return whole(reply.text).value_or(Json::parse(reply.text));
    case Kind::nil: return nullptr;
    case Kind::error: return {{"error", reply.text}};
    case Kind::like: return {{"like", reply.text}};
    case Kind::anything: return {{"anything", true}};
    case Kind::list: break;
  }
  Json list = Json::array();
  for (const ReplyTest& element : reply.elements) list.push_back(of(element));
  return list;
}

Json of(const Condition& condition) {
  Json out = Json::object();
  for (const Condition::Part& part : condition.all_of) std::visit(PartWriter{out}, part);
  return out;
}

}  // namespace scenarios::written
