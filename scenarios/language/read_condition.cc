#include "scenarios/language/read_condition.h"

#include <algorithm>
#include <array>
#include <utility>

#include "model/machines.h"
#include "model/marks.h"
#include "scenarios/language/nearest.h"

namespace scenarios {
namespace {

using Kind = Value::Kind;
using Op = Test::Op;

struct Prefix {
  std::string_view text;
  Op op;
};
constexpr auto kPrefixes = std::to_array<Prefix>({{">=", Op::at_least},
                                                  {"<=", Op::at_most},
                                                  {"!=", Op::is_not},
                                                  {">", Op::more},
                                                  {"<", Op::less},
                                                  {"like:", Op::like},
                                                  {"is:", Op::is}});

const Words kRoleStates = {"none", "connect", "connecting", "handshake", "sync", "connected"};
const Words kReplicaStates = {"wait_bgsave", "send_bulk", "bg_rdb_load", "online"};

Words link_states() {
  Words words;
  for (const model::LinkEdge& edge : model::link_edges()) {
    for (const std::string_view state : {model::name(edge.from), model::name(edge.to)}) {
      if (std::find(words.begin(), words.end(), state) == words.end()) words.push_back(state);
    }
  }
  return words;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() <= 18 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

Test read_state(const Value& value, const Names& names, Errors& errors, const Words& states) {
  const Test test = read_test(value, names, errors);
  const bool exact = test.op == Op::is || test.op == Op::is_not;
  if (exact && value.kind != Kind::object &&
      std::find(states.begin(), states.end(), test.value) == states.end()) {
    errors.expected(value, listed(states), states);
  }
  return test;
}

class ConditionReader {
 public:
  ConditionReader(const Value& value, const Names& names, Errors& errors)
      : fields_(value, "a condition", errors), names_(names), errors_(errors) {
    condition_.place = errors.document().place_of(value);
  }

  Condition read() {
    if (!fields_.is_object()) return std::move(condition_);
    by_node("info", [&](const std::string& node, const Value& tests) {
      for (const Value* field : members(tests, "a test for each field of INFO")) {
        check_info_field(*field, field->key, true, errors_);
        add(InfoIs{node, field->key, read_test(*field, names_, errors_)});
      }
    });
    keys();
    by_node("link", [&](const std::string& node, const Value& test) {
      add(LinkStateIs{node, read_state(test, names_, errors_, link_states())});
    });
    by_node("role_state", [&](const std::string& node, const Value& test) {
      add(RoleStateIs{node, read_state(test, names_, errors_, kRoleStates)});
    });
    by_node("replicas", [&](const std::string& node, const Value& tests) {
      for (const Value* replica : members(tests, "a state for each replica")) {
        if (!names_.node(replica->key) && !names_.peer(replica->key)) {
          errors_.unknown_key(*replica, "the name of a node or peer", names_.party_words(errors_));
        }
        add(ReplicaStateIs{node, replica->key, read_state(*replica, names_, errors_, kReplicaStates)});
      }
    });
    if (const Value* nodes = fields_.get("synced")) add(Synced{read_nodes(*nodes, names_, errors_, 2)});
    if (const Value* nodes = fields_.get("equal")) add(Equal{read_nodes(*nodes, names_, errors_, 2)});
    for (const bool up : {true, false}) {
      if (const Value* nodes = fields_.get(up ? "up" : "down")) {
        for (std::string& node : read_nodes(*nodes, names_, errors_, 1)) add(IsUp{std::move(node), up});
      }
    }
    wire();
    mark();
    got();
    stream();
    inner();
    fields_.finish();
    if (condition_.all_of.empty() && fields_.value().children.empty()) {
      errors_.expected(fields_.value(),
                       "a condition with at least one part, as {\"synced\": [\"a\", \"b\"]}");
    }
    return std::move(condition_);
  }

 private:
  void add(Condition::Part part) { condition_.all_of.push_back(std::move(part)); }

  const std::vector<const Value*>& members(const Value& value, std::string_view what) {
    static const std::vector<const Value*> kNone;
    if (value.kind == Kind::object && !value.children.empty()) return value.children;
    errors_.expected(value, std::string(what) + ", in { }");
    return kNone;
  }

  template <class Do>
  void by_node(std::string_view part, Do&& each) {
    const Value* value = fields_.get(part);
    if (value == nullptr) return;
    for (const Value* member : members(*value, "something for each node")) {
      check_node_key(*member, names_, errors_);
      each(member->key, *member);
    }
  }

  void keys() {
    unsigned db = 0;
    constexpr std::int64_t kMostDatabases = 1'000'000;
    fields_.whole("db", db, {0, kMostDatabases});
    by_node("keys", [&](const std::string& node, const Value& tests) {
      const auto found = names_.nodes.find(node);
      if (found != names_.nodes.end() && db >= found->second) {
        errors_.say(*fields_.get("db"), "node \"" + node + "\" has " + std::to_string(found->second) +
                                            " databases, from 0 to " + std::to_string(found->second - 1));
      }
      for (const Value* key : members(tests, "a test for each key")) {
        add(KeyIs{node, db, key->key, read_test(*key, names_, errors_)});
      }
    });
    if (const Value* db_field = fields_.get("db"); db_field != nullptr && fields_.get("keys") == nullptr) {
      errors_.say_about_key(*db_field, "\"db\" says where \"keys\" are; there are none in this condition");
    }
  }

  void wire() {
    const Value* value = fields_.get("wire");
    if (value == nullptr) return;
    const std::vector<const Value*> one{value};
    for (const Value* item : value->kind == Kind::list ? value->children : one) {
      Fields fields(*item, "a wire condition", errors_);
      WireHas part;
      if (const Value* from = fields.need("from", "a wire condition"))
        part.from = read_party(*from, names_, errors_);
      if (const Value* to = fields.need("to", "a wire condition"))
        part.to = read_party(*to, names_, errors_);
      if (const Value* has = fields.need("has", "a wire condition")) {
        part.text = read_text(*has, errors_, "a glob over messages, as \"PSYNC *\"").value_or("");
      }
      if (const Value* times = fields.get("times")) {
        part.times = read_test(*times, names_, errors_);
        if (part.times.op == Op::absent || part.times.op == Op::like || !is_number(part.times.value)) {
          errors_.expected(*times, "a count, as 2 or \">=1\"");
        }
      }
      fields.finish();
      add(std::move(part));
    }
  }

  void mark() {
    const Value* value = fields_.get("mark");
    if (value == nullptr) return;
    Words known;
    for (const model::MarkName& mark : model::marks()) known.push_back(mark.name);
    for (auto& [name, at] : read_texts(*value, errors_, "the name of a mark")) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        errors_.expected(*at, "the name of a mark", known);
      }
      add(MarkReached{std::move(name)});
    }
  }

  void got() {
    const Value* value = fields_.get("got");
    if (value == nullptr) return;
    for (const Value* peer : members(*value, "a glob for each peer")) {
      if (!names_.peer(peer->key)) {
        errors_.unknown_key(*peer, "the name of a peer", Words(names_.peers.begin(), names_.peers.end()));
      }
      const auto glob = read_text(*peer, errors_, "a glob over what the peer received, as \"*PSYNC*\"");
      if (glob) check_formulas(*peer, *glob, names_, errors_);
      add(RawGot{peer->key, {Op::like, glob.value_or("")}});
    }
  }

  void stream() {
    by_node("stream", [&](const std::string& node, const Value& commands) {
      StreamIs part{node, {}};
      if (commands.kind != Kind::list) {
        errors_.expected(commands, "a list of globs, one for each command, as [\"SELECT 0\", \"SET k *\"]");
      }
      for (const Value* item : commands.children) {  // none at all: nothing entered the stream
        const auto command = read_text(*item, errors_, "a glob over a command, as \"SET k *\"");
        if (command) check_formulas(*item, *command, names_, errors_);
        part.commands.push_back(command.value_or(""));
      }
      if (!names_.tapped.contains(node)) {
        errors_.say_about_key(commands, "the stream of \"" + node + "\" is looked at from a step {\"tap\": \"" +
                                            node + "\"} on, and there is none before this one");
      }
      add(std::move(part));
    });
  }

  void inner() {
    if (const Value* value = fields_.get("not")) {
      add(Not{std::make_shared<const Condition>(read_condition(*value, names_, errors_))});
    }
    if (const Value* value = fields_.get("any")) {
      Any any;
      if (value->kind != Kind::list || value->children.empty()) {
        errors_.expected(*value, "a list of conditions");
      } else {
        for (const Value* item : value->children)
          any.inner.push_back(read_condition(*item, names_, errors_));
      }
      add(std::move(any));
    }
  }

  Fields fields_;
  const Names& names_;
  Errors& errors_;
  Condition condition_;
};

std::string digits(const Value& integer) {
  return (integer.negative ? "-" : "") + std::to_string(integer.magnitude);
}

}  // namespace

Condition read_condition(const Value& value, const Names& names, Errors& errors) {
  return ConditionReader(value, names, errors).read();
}

Test read_test(const Value& value, const Names& names, Errors& errors) {
  switch (value.kind) {
    case Kind::null: return {Op::absent, {}};
    case Kind::integer: return {Op::is, digits(value)};
    case Kind::text: break;
    default:
      errors.expected(value,
                      "a test: null, a whole number, or a text as \"up\", \">=3\", \"!=x\", \"like:*x*\"");
      return {};
  }
  Test test{Op::is, value.text};
  for (const Prefix& prefix : kPrefixes) {
    if (!value.text.starts_with(prefix.text)) continue;
    test = {prefix.op, value.text.substr(prefix.text.size())};
    break;
  }
  check_formulas(value, test.value, names, errors);
  const bool compares =
      test.op == Op::less || test.op == Op::at_most || test.op == Op::more || test.op == Op::at_least;
  if (compares && !is_number(test.value) && test.value.find("@{") == std::string::npos) {
    errors.expected(
        value, "a number behind the comparison, as \">=3\" (a text that begins so is written \"is:...\")");
  }
  return test;
}

ReplyTest read_reply(const Value& value, const Names& names, Errors& errors) {
  using Is = ReplyTest::Kind;
  switch (value.kind) {
    case Kind::null: return {Is::nil, {}, {}};
    case Kind::integer: return {Is::integer, digits(value), {}};
    case Kind::text: check_formulas(value, value.text, names, errors); return {Is::text, value.text, {}};
    case Kind::list: {
      ReplyTest list{Is::list, {}, {}};
      for (const Value* item : value.children) list.elements.push_back(read_reply(*item, names, errors));
      return list;
    }
    case Kind::object: break;
    default:
      errors.expected(value,
                      "a reply: a text, a whole number, null, a list, {\"error\": ...} or {\"like\": ...}");
      return {};
  }
  ReplyTest reply;
  Fields fields(value, "a reply", errors);
  for (const auto& [word, kind] : {std::pair{"error", Is::error}, std::pair{"like", Is::like}}) {
    const Value* text = fields.get(word);
    if (text == nullptr) continue;
    reply.kind = kind;
    reply.text = read_text(*text, errors).value_or("");
    check_formulas(*text, reply.text, names, errors);
  }
  bool anything = false;
  fields.flag("anything", anything);
  fields.finish();
  if (value.children.size() != 1)
    errors.expected(value, "one of {\"error\": ...}, {\"like\": ...} or {\"anything\": true}");
  return reply;
}

}  // namespace scenarios
