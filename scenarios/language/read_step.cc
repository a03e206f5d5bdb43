#include "scenarios/language/read_step.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "scenarios/language/nearest.h"
#include "scenarios/language/read_condition.h"
#include "scenarios/language/read_fault.h"

namespace scenarios {
namespace {

using Kind = Value::Kind;

constexpr Range kRepeats{1, 1'000'000};
constexpr Range kKeys{1, 10'000'000};
constexpr Range kDatabases{0, 1'000'000};
constexpr Range kCommands{1, 1'000'000'000};
constexpr std::uint32_t kFastestLoad = 1'000'000;

struct Reader {
  std::string_view verb;
  const Value& subject;  // what stands behind the verb
  Fields& step;
  Names& names;
  Errors& errors;

  std::string a_step() const { return "a " + std::string(verb) + " step"; }
  void node(std::string_view key, std::string& into) const {
    if (const Value* name = step.need(key, a_step())) into = read_node(*name, names, errors);
  }
  void lines(std::vector<std::string>& into) const {
    for (auto& [line, at] : read_texts(subject, errors, "a command as in redis-cli")) {
      check_command(*at, line, names, errors);
      into.push_back(std::move(line));
    }
  }
  void needed_duration(std::string_view key, sim::Duration& into) const {
    step.need(key, a_step());
    step.duration(key, into);
  }
};

// "reply" for one line, or for each with {"each": ...}; "replies" for a reply a line.
std::vector<ReplyTest> read_replies(const Reader& r, std::optional<std::size_t> lines) {
  std::vector<ReplyTest> replies;
  const Value* reply = r.step.get("reply");
  const Value* list = r.step.get("replies");
  if (reply != nullptr && list != nullptr) {
    r.errors.say_about_key(*list, "a step has \"reply\" or \"replies\", not both");
  }
  if (list != nullptr) {
    if (list->kind != Kind::list || (lines && list->children.size() != *lines)) {
      r.errors.expected(*list, lines ? "a list of " + std::to_string(*lines) + " replies, one a command"
                                     : "a list of replies");
      return {};
    }
    for (const Value* item : list->children) replies.push_back(read_reply(*item, r.names, r.errors));
    return replies;
  }
  if (reply == nullptr) return {};
  if (const Value* each = reply->find("each"); each != nullptr && reply->children.size() == 1) {
    return {read_reply(*each, r.names, r.errors)};
  }
  if (lines && *lines > 1) {
    r.errors.say(*reply, "there are " + std::to_string(*lines) +
                             " commands: write \"replies\": [...], or \"reply\": {\"each\": ...}");
  }
  return {read_reply(*reply, r.names, r.errors)};
}

Step::What read_run(const Reader& r) {
  Run run;
  r.node("on", run.node);
  r.lines(run.lines);
  r.step.text("client", run.client);
  r.step.whole("repeat", run.repeat, kRepeats);
  r.step.flag("pipelined", run.pipelined);
  r.step.flag("await", run.await);
  r.step.duration("within", run.within);
  run.replies = read_replies(r, run.lines.size());
  if (!run.await) {
    for (const char* judged : {"reply", "replies"}) {
      if (const Value* reply = r.step.get(judged)) {
        r.errors.say_about_key(*reply, "a step with \"await\": false leaves its reply to a collect step");
      }
    }
    r.names.owed.emplace(run.node, run.client);
  }
  return run;
}

Step::What read_collect(const Reader& r) {
  CollectReply collect;
  r.node("on", collect.node);
  collect.client = read_text(r.subject, r.errors, "the name of a client").value_or("");
  r.step.duration("within", collect.within);
  collect.replies = read_replies(r, std::nullopt);
  if (!collect.node.empty() && !collect.client.empty() &&
      !r.names.owed.contains({collect.node, collect.client})) {
    Words clients;
    for (const auto& [node, client] : r.names.owed) {
      if (r.errors.crowded()) break;
      if (node == collect.node) clients.push_back(client);
    }
    r.errors.expected(r.subject,
                      "a client of " + collect.node + " that ran a step with \"await\": false before",
                      clients);
  }
  return collect;
}

Step::What read_replicaof(const Reader& r) {
  ReplicaOf out;
  if (r.subject.kind != Kind::object || r.subject.children.empty()) {
    r.errors.expected(r.subject, "who follows whom, as {\"b\": \"a\", \"c\": null}");
    return out;
  }
  for (const Value* pair : r.subject.children) {
    check_node_key(*pair, r.names, r.errors);
    std::string master;
    if (pair->kind != Kind::null) master = read_party(*pair, r.names, r.errors);
    if (r.names.peer(master) && !r.names.listening_peers.contains(master)) {
      r.errors.say(*pair, "the peer \"" + master + "\" does not listen, so nobody can follow it");
    }
    out.pairs.emplace_back(pair->key, std::move(master));
  }
  return out;
}

Step::What read_wait(const Reader& r) {
  Wait wait;
  wait.until = read_condition(r.subject, r.names, r.errors);
  r.step.duration("within", wait.within);
  r.step.flag("needed", wait.needed);
  return wait;
}

Step::What read_expect(const Reader& r) { return Expect{read_condition(r.subject, r.names, r.errors)}; }

Step::What read_throughout(const Reader& r) {
  Throughout throughout;
  throughout.never = r.verb == "never";
  throughout.holds = read_condition(r.subject, r.names, r.errors);
  r.needed_duration("for", throughout.lasts);
  return throughout;
}

Step::What read_sleep(const Reader& r) {
  return Sleep{read_duration(r.subject, r.errors).value_or(sim::Duration{0})};
}

Step::What read_heal(const Reader& r) {
  Heal heal;
  if (r.subject.kind == Kind::text && r.subject.text == "all") {
    heal.all = true;
    return heal;
  }
  for (auto& [name, at] : read_texts(r.subject, r.errors, "the name of a fault, or \"all\"")) {
    if (!r.names.faults.contains(name)) {
      Words words{"all"};
      if (!r.errors.crowded()) words.insert(words.end(), r.names.faults.begin(), r.names.faults.end());
      r.errors.expected(*at, "a fault that a step before this one names with \"as\", or \"all\"", words);
    }
    heal.names.push_back(std::move(name));
  }
  return heal;
}

Step::What read_checkpoint(const Reader& r) {
  const auto name = read_text(r.subject, r.errors, "a name for the checkpoint");
  if (name && name->empty()) r.errors.expected(r.subject, "a name for the checkpoint");
  return Checkpoint{name.value_or("")};
}

Step::What read_remember(const Reader& r) {
  Remember remember;
  const std::string what = "a name of letters, digits and '_', beginning with a letter";
  remember.name = read_text(r.subject, r.errors, what).value_or("");
  const auto good = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (r.subject.kind == Kind::text &&
      (remember.name.empty() || std::isalpha(static_cast<unsigned char>(remember.name.front())) == 0 ||
       !std::all_of(remember.name.begin(), remember.name.end(), good))) {
    r.errors.expected(r.subject, what);
  }
  r.node("node", remember.node);
  r.step.need("field", r.a_step());
  r.step.text("field", remember.field);
  if (const Value* field = r.step.get("field")) check_info_field(*field, remember.field, false, r.errors);
  r.names.remembered.insert(remember.name);
  return remember;
}

// "100/s"
std::optional<std::uint32_t> read_rate(const Value& value, Errors& errors) {
  std::uint32_t rate = 0;
  const std::string& text = value.text;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), rate);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (value.kind == Kind::text && problem == std::errc{} && rest == "/s" && rate > 0 &&
      rate <= kFastestLoad)
    return rate;
  errors.expected(value, "a rate, as \"100/s\", from 1/s to " + std::to_string(kFastestLoad) + "/s");
  return std::nullopt;
}

Step::What read_load(const Reader& r) {
  Load load;
  r.node("on", load.node);
  r.lines(load.lines);
  r.step.text("client", load.client);
  r.step.whole("db", load.db, kDatabases);
  r.step.whole("keys", load.keys, kKeys);
  if (const Value* rate = r.step.get("rate"))
    load.per_second = read_rate(*rate, r.errors).value_or(load.per_second);
  r.step.whole("count", load.count, kCommands);
  r.step.duration("for", load.lasts);
  if (const Value* time = r.step.get("for"); time != nullptr && r.step.get("count") != nullptr) {
    r.errors.say_about_key(*time, "a load ends after \"count\" commands or \"for\" a time, not both");
  }
  return load;
}

Step::What read_tap(const Reader& r) {
  Tap tap;
  tap.node = read_node(r.subject, r.names, r.errors);
  r.names.tapped.insert(tap.node);
  return tap;
}

Step::What read_raw(const Reader& r) {
  Raw raw;
  if (r.subject.kind == Kind::text && r.names.peer(r.subject.text)) raw.peer = r.subject.text;
  else
    r.errors.expected(r.subject, "the name of a peer", Words(r.names.peers.begin(), r.names.peers.end()));

  int actions = 0;
  if (const Value* dial = r.step.get("dial")) {
    raw.dial = read_node(*dial, r.names, r.errors);
    ++actions;
  }
  if (const Value* send = r.step.get("send")) {
    raw.send = read_text(*send, r.errors, "the bytes to send, as a text");
    if (raw.send) check_formulas(*send, *raw.send, r.names, r.errors);
    ++actions;
  }
  if (const Value* close = r.step.get("close")) {
    if (read_word(*close, r.errors, {"fin", "rst"})) raw.close = close->text;
    ++actions;
  }
  r.step.flag("needed", raw.needed);
  if (actions != 1)
    r.errors.say(r.step.value(), "a raw step needs exactly one of \"dial\", \"send\" and \"close\"");
  return raw;
}

struct Verb {
  std::string_view name;
  Step::What (*read)(const Reader&);
};
constexpr auto kVerbs = std::to_array<Verb>({
    {"run", read_run},
    {"collect", read_collect},
    {"replicaof", read_replicaof},
    {"wait", read_wait},
    {"expect", read_expect},
    {"never", read_throughout},
    {"always", read_throughout},
    {"sleep", read_sleep},
    {"heal", read_heal},
    {"checkpoint", read_checkpoint},
    {"remember", read_remember},
    {"load", read_load},
    {"tap", read_tap},
    {"raw", read_raw},
});

const Words& all_verbs() {
  static const Words words = [] {
    Words all;
    for (const Verb& verb : kVerbs) all.push_back(verb.name);
    all.insert(all.end(), fault_verbs().begin(), fault_verbs().end());
    return all;
  }();
  return words;
}

bool is_verb(std::string_view word) {
  return std::find(all_verbs().begin(), all_verbs().end(), word) != all_verbs().end();
}

// The key that says what a step does. A restart may say in passing whom the node then follows and what
// becomes of its disk, with words that are verbs elsewhere.
const Value* find_verb(const Value& step, Errors& errors) {
  std::vector<const Value*> verbs;
  for (const Value* field : step.children) {
    const bool of_restart = field->key == "replicaof" || field->key == "disk";
    if (of_restart && step.find("restart") != nullptr) continue;
    if (is_verb(field->key)) verbs.push_back(field);
  }
  if (verbs.size() > 1) {
    errors.say_about_key(*verbs[1], "a step does one thing; this one has both \"" + verbs[0]->key +
                                        "\" and \"" + verbs[1]->key + "\"");
    return nullptr;
  }
  if (verbs.size() == 1) return verbs.front();

  for (const Value* field : step.children) {
    if (nearest_word(field->key, all_verbs()).empty()) continue;
    errors.unknown_key(*field, "a step's verb", all_verbs());
    return nullptr;
  }
  errors.expected(step, "a step with a verb: " + listed(all_verbs()));
  return nullptr;
}

}  // namespace

std::optional<Step> read_step(const Value& value, Names& names, Errors& errors) {
  if (value.kind != Kind::object) {
    errors.expected(value, "a step in { }");
    return std::nullopt;
  }
  const Value* verb = find_verb(value, errors);
  if (verb == nullptr) return std::nullopt;

  Step step;
  step.place = errors.document().place_of(value);
  Fields fields(value, "a " + verb->key + " step", errors);
  fields.get(verb->key);
  fields.text("why", step.why);
  fields.duration("at", step.at);
  fields.duration("after", step.after);
  if (const Value* after = fields.get("after"); after != nullptr && fields.get("at") != nullptr) {
    errors.say_about_key(*after, "a step has \"at\" or \"after\", not both");
  }
  const auto plain =
      std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& v) { return v.name == verb->key; });
  if (plain != kVerbs.end()) {
    step.what = plain->read({verb->key, *verb, fields, names, errors});
  } else {
    Fault fault = read_fault(verb->key, fields, names, errors);
    if (!fault.name.empty()) names.faults.insert(fault.name);
    step.what = std::move(fault);
  }
  fields.finish();
  return step;
}

}  // namespace scenarios
