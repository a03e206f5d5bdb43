#include "scenarios/run/conditions.h"

#include <algorithm>

#include "model/info.h"
#include "model/marks.h"
#include "model/data/number.h"
#include "model/own_streams.h"
#include "model/state.h"
#include "scenarios/oracles/following.h"
#include "model/data/text.h"

namespace scenarios {
namespace {

using Value = std::optional<std::string>;
using Word = std::optional<std::string_view>;

std::string_view words(Test::Op op) {
  switch (op) {
    case Test::Op::is:
      return "is";
    case Test::Op::is_not:
      return "is not";
    case Test::Op::less:
      return "is less than";
    case Test::Op::at_most:
      return "is at most";
    case Test::Op::more:
      return "is more than";
    case Test::Op::at_least:
      return "is at least";
    case Test::Op::like:
      return "is like";
    case Test::Op::absent:
      return "is absent";
  }
  return "is";
}

std::string text(const Test& test) {
  std::string out(words(test.op));
  if (test.op != Test::Op::absent) out += ' ' + model::quoted(test.value);
  return out;
}

std::string shown(const Value& value) {
  return value ? "is " + model::quoted(*value) : "is absent";
}

template <class Range, class Name>
std::string joined(const Range& range, std::string_view between, Name&& name) {
  std::string out;
  for (const auto& element : range) {
    if (!out.empty()) out += between;
    out += name(element);
  }
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  return joined(names, ", ", [](const std::string& n) { return n; });
}

}  // namespace

std::string value_text(const model::Value& value) {
  struct Text {
    std::string operator()(const model::String& s) const { return s; }
    std::string operator()(const model::List& l) const {
      return joined(l, ",", [](const std::string& e) { return e; });
    }
    std::string operator()(const model::Set& s) const {
      return joined(s, ",", [](const std::string& e) { return e; });
    }
    std::string operator()(const model::Hash& h) const {
      return joined(h, ",", [](const auto& e) { return e.first + "=" + e.second; });
    }
    std::string operator()(const model::SortedSet& z) const {
      return joined(z, ",", [](const auto& e) { return e.first + "=" + model::text_of(e.second); });
    }
    std::string operator()(const model::Stream& s) const {
      const auto entries = s.range(model::kFirstStreamId, model::kLastStreamId, s.size());
      return joined(entries, ",", [](const model::StreamEntry* entry) {
        return model::text_of(entry->id) + "=" +
               joined(entry->pairs, " ", [](const std::string& word) { return word; });
      });
    }
  };
  return std::visit(Text{}, value);
}

namespace {

// One part of a condition: whether it holds, what it asks for, what is seen instead. The sight is
// missing when only `wanted` is asked.
class Judge {
 public:
  explicit Judge(const Sight* sight) : sight_(sight) {}

  struct Finding {
    bool holds = false;
    std::string wanted, seen;
  };
  bool words = false;  // compose them

  Finding operator()(const InfoIs& c) const {
    return value_is(c.test, [&] { return c.field + " of " + c.node; },
                    [&] { return info_field(world(), node(c.node), c.field); });
  }
  Finding operator()(const KeyIs& c) const {
    const auto what = [&] {
      return "key " + model::quoted(c.key) + " of " + c.node +
             (c.db == 0 ? std::string() : " in database " + std::to_string(c.db));
    };
    return value_is(c.test, what, [&] { return key(c); });
  }
  Finding operator()(const LinkStateIs& c) const {
    return word_is(c.test, [&] { return "link state of " + c.node; }, [&]() -> Word {
      const model::State* const s = state(c.node);
      if (s == nullptr || s->is_master()) return std::nullopt;
      return model::name(s->link.state);
    });
  }
  Finding operator()(const RoleStateIs& c) const {
    return word_is(c.test, [&] { return "state that ROLE tells of " + c.node; }, [&]() -> Word {
      const model::State* const s = state(c.node);
      if (s == nullptr || s->is_master()) return std::nullopt;
      return model::role_state(s->link.state);
    });
  }
  Finding operator()(const ReplicaStateIs& c) const {
    const auto what = [&] { return "state of replica " + c.replica + " on " + c.node; };
    return word_is(c.test, what, [&]() -> Word {
      const auto host = world().host_named(c.replica);
      const model::Session* const session =
          host ? world().replica_of(node(c.node), *host) : nullptr;
      if (session == nullptr) return std::nullopt;
      const std::string_view name = model::name(session->feed.state);
      // INFO has one word for both kinds of waiting.
      constexpr std::string_view kBoth = "wait_bgsave";
      const bool waits = model::same_word(name.substr(0, kBoth.size()), kBoth);
      return waits && model::same_word(c.test.value, kBoth) ? kBoth : name;
    });
  }
  Finding operator()(const Synced& c) const {
    return fact([&] { return joined(c.nodes) + " are synced"; },
                [&](std::string& seen) { return synced(c, seen); });
  }
  Finding operator()(const Equal& c) const {
    return fact([&] { return joined(c.nodes) + " hold equal data"; },
                [&](std::string& seen) { return equal(c, seen); });
  }
  Finding operator()(const IsUp& c) const {
    return fact([&] { return c.node + (c.up ? " is up" : " is down"); }, [&](std::string& seen) {
      if (words) seen = c.node + (c.up ? " is down" : " is up");
      return (state(c.node) != nullptr) == c.up;
    });
  }
  Finding operator()(const WireHas& c) const {
    const auto what = [&] {
      return "number of messages like " + model::quoted(c.text) + " from " + c.from + " to " + c.to;
    };
    return value_is(c.times, what, [&]() -> Value {
      const auto from = world().host_named(c.from), to = world().host_named(c.to);
      const auto watch = from && to ? world().wire().find_watch(*from, *to, c.text) : std::nullopt;
      return std::to_string(watch ? world().wire().seen(*watch) : 0);
    });
  }
  Finding operator()(const MarkReached& c) const {
    return fact([&] { return "mark " + c.mark + " is reached"; }, [&](std::string& seen) {
      if (words) seen = "mark " + c.mark + " is not reached";
      const auto all = model::marks();
      const auto it =
          std::find_if(all.begin(), all.end(), [&](const auto& m) { return m.name == c.mark; });
      return it != all.end() && world().reached(it->mark);
    });
  }
  Finding operator()(const RawGot& c) const {
    return value_is(c.test, [&] { return "what " + c.peer + " received"; }, [&]() -> Value {
      const auto host = world().host_named(c.peer);
      return host ? Value(std::string(world().peers().got(*host))) : std::nullopt;
    });
  }
  Finding operator()(const StreamIs& c) const {
    Finding finding;
    if (words) finding.wanted = "the stream of " + c.node + " is " + listed(c.commands);
    if (sight_ == nullptr) return finding;
    std::string problem;
    const std::vector<std::string> commands = stream(c.node, problem);
    const auto like = [&](const std::string& command, const std::string& glob) {
      return passes(*sight_, Test{Test::Op::like, glob}, command);
    };
    finding.holds = problem.empty() && std::equal(commands.begin(), commands.end(),
                                                  c.commands.begin(), c.commands.end(), like);
    if (words) finding.seen = problem.empty() ? "the stream is " + listed(commands) : problem;
    return finding;
  }
  Finding operator()(const Not& c) const {
    Finding finding;
    if (sight_ != nullptr) finding.holds = !holds(*sight_, *c.inner);
    if (words) {
      finding.wanted = "not (" + wanted(*c.inner) + ")";
      finding.seen = wanted(*c.inner);
    }
    return finding;
  }
  Finding operator()(const Any& c) const {
    Finding finding;
    if (sight_ != nullptr) {
      finding.holds = std::any_of(c.inner.begin(), c.inner.end(),
                                  [&](const Condition& inner) { return holds(*sight_, inner); });
    }
    if (words) {
      finding.wanted =
          joined(c.inner, " or ", [](const Condition& i) { return "(" + wanted(i) + ")"; });
      if (sight_ != nullptr) {
        finding.seen =
            joined(c.inner, " and ", [&](const Condition& i) { return seen_instead(*sight_, i); });
      }
    }
    return finding;
  }

 private:
  const World& world() const { return sight_->world; }
  std::size_t node(const std::string& name) const { return *world().node_named(name); }
  const model::State* state(const std::string& name) const { return world().state(node(name)); }

  // `what` composes the words, and is asked only when they are wanted.
  template <class What, class Get>
  Finding value_is(const Test& test, What&& what, Get&& get) const {
    Finding finding;
    if (words) finding.wanted = what() + ' ' + text(test);
    if (sight_ == nullptr) return finding;
    const Value value = get();
    finding.holds = passes(*sight_, test, value);
    if (!words) return finding;
    finding.seen = what() + ' ' + shown(value);
    const std::string problem = resolve(*sight_, test.value).problem;
    if (!problem.empty()) finding.seen += " (" + problem + ")";
    return finding;
  }
  // As value_is, in any letter case.
  template <class What, class Get>
  Finding word_is(const Test& test, What&& what, Get&& get) const {
    Finding finding;
    if (words) finding.wanted = what() + ' ' + text(test);
    if (sight_ == nullptr) return finding;
    const Word word = get();
    if (word && test.op == Test::Op::is && test.value.find("@{") == std::string::npos) {
      finding.holds = model::same_word(*word, test.value);  // nearly always
    } else {
      Test lower = test;
      lower.value = model::lower(test.value);
      finding.holds = passes(*sight_, lower, word ? Value(model::lower(*word)) : std::nullopt);
    }
    if (words) finding.seen = what() + ' ' + shown(word ? Value(std::string(*word)) : std::nullopt);
    return finding;
  }
  template <class What, class Judgement>
  Finding fact(What&& what, Judgement&& judgement) const {
    Finding finding;
    if (words) finding.wanted = what();
    if (sight_ != nullptr) finding.holds = judgement(finding.seen);
    return finding;
  }

  Value key(const KeyIs& c) const {
    const model::State* const s = state(c.node);
    const model::Entry* const entry = s == nullptr ? nullptr : s->data.find(c.db, c.key);
    if (entry == nullptr) return std::nullopt;
    const model::WallTime wall = world().node(node(c.node)).clock.at(world().now());
    if (entry->expires && wall > *entry->expires) return std::nullopt;  // as its clients see it
    return value_text(entry->value);
  }

  // The commands in the stream of a node since it was tapped, as the timeline prints them, but for
  // those that come by themselves: pings and GETACK.
  std::vector<std::string> stream(const std::string& name, std::string& problem) const {
    std::vector<std::string> commands;
    const auto tap = sight_->taps.find(name);
    const model::State* const s = state(name);
    if (tap == sight_->taps.end() || s == nullptr || !s->backlog ||
        !s->backlog->holds(tap->second + 1)) {
      problem = name + " holds no stream from its tap on";
      return commands;
    }
    model::RequestParser parser;
    for (model::Offset at = tap->second + 1; at < s->backlog->next();) {
      const std::string_view piece = s->backlog->read(at, static_cast<std::size_t>(-1));
      parser.feed(piece);
      at += static_cast<model::Offset>(piece.size());
    }
    std::vector<std::string> argv;
    while (parser.next(argv) == model::RequestParser::Got::request) {
      const bool by_itself = !argv.empty() && (model::same_word(argv[0], "ping") ||
                                               model::same_word(argv[0], "replconf"));
      if (!by_itself) commands.push_back(message_text(argv));
    }
    return commands;
  }
  static std::string listed(const std::vector<std::string>& commands) {
    return commands.empty() ? "empty"
                            : joined(commands, ", ", [](const auto& c) { return model::quoted(c); });
  }

  bool synced(const Synced& c, std::string& seen) const;
  bool equal(const Equal& c, std::string& seen) const;

  const Sight* sight_;
};

bool Judge::synced(const Synced& c, std::string& seen) const {
  const std::string& name = c.nodes.front();
  const model::State* const master = state(name);
  const auto say = [&](const auto&... parts) {
    if (words) (seen.append(parts), ...);
    return false;
  };
  if (master == nullptr) return say(name, " is down");
  for (std::size_t i = 1; i < c.nodes.size(); ++i) {
    const std::string& other = c.nodes[i];
    const model::State* const s = state(other);
    if (s == nullptr) return say(other, " is down");
    const auto followed = world().follows(node(other));
    if (!followed) return say(other, " does not follow ", name);
    if (s->link.state != model::LinkState::connected) {
      return say("the link of ", other, " is ", model::name(s->link.state));
    }
    const std::string& above = world().node(*followed).name;
    const model::State* const direct = state(above);  // the link may not have noticed yet
    if (direct == nullptr) return say(above, " is down");
    const bool counts_alike = shares_its_history(*s, *direct) && model::relays(*master);
    if (counts_alike && s->history.id != master->history.id)
      return say(other, " is in another history than ", name);
    if (counts_alike && s->history.offset != master->history.offset) {
      return say(other, " is at offset ", std::to_string(s->history.offset), ", ", name, " at ",
                 std::to_string(master->history.offset));
    }
    const model::Session* const feed = world().replica_of(*followed, world().host_of(node(other)));
    if (feed == nullptr) return say(above, " does not know its replica ", other);
    if (feed->feed.state != model::FeedState::online)
      return say(other, " is not online on ", above);
    if (!counts_alike) {
      if (!has_received_all(*s, *direct, *feed))
        return say(other, " lacks bytes that ", above, " sent");
      const auto difference = data_difference(*master, *s, common_to(world().views()));
      if (difference) return say(name, " and ", other, " differ: ", *difference);
      continue;
    }
    if (feed->feed.acked != master->history.offset) {
      return say(other, " has acknowledged ", std::to_string(feed->feed.acked), " of ",
                 std::to_string(master->history.offset));
    }
  }
  return true;
}

bool Judge::equal(const Equal& c, std::string& seen) const {
  const model::State* const first = state(c.nodes.front());
  for (const std::string& name : c.nodes) {
    const model::State* const s = state(name);
    if (s == nullptr || first == nullptr) {
      if (words) seen = (s == nullptr ? name : c.nodes.front()) + " is down";
      return false;
    }
    const auto difference = data_difference(*first, *s, common_to(world().views()));
    if (!difference) continue;
    if (words) seen = c.nodes.front() + " and " + name + " differ: " + *difference;
    return false;
  }
  return true;
}

void watch_in(World& world, const Condition& condition) {
  for (const Condition::Part& part : condition.all_of) {
    if (const auto* message = std::get_if<WireHas>(&part)) {
      const auto from = world.host_named(message->from), to = world.host_named(message->to);
      if (from && to) world.wire().watch(*from, *to, message->text);
    } else if (const auto* no = std::get_if<Not>(&part)) {
      watch_in(world, *no->inner);
    } else if (const auto* any = std::get_if<Any>(&part)) {
      for (const Condition& inner : any->inner) watch_in(world, inner);
    }
  }
}

}  // namespace

bool holds(const Sight& sight, const Condition& condition) {
  const Judge judge(&sight);
  return std::all_of(condition.all_of.begin(), condition.all_of.end(),
                     [&](const Condition::Part& part) { return std::visit(judge, part).holds; });
}

std::string wanted(const Condition& condition) {
  Judge judge(nullptr);
  judge.words = true;
  return joined(condition.all_of, " and ",
                [&](const auto& part) { return std::visit(judge, part).wanted; });
}

std::string seen_instead(const Sight& sight, const Condition& condition) {
  Judge judge(&sight);
  judge.words = true;
  std::string out;
  for (const Condition::Part& part : condition.all_of) {
    const Judge::Finding finding = std::visit(judge, part);
    if (finding.holds) continue;
    if (!out.empty()) out += ", ";
    out += finding.seen;
  }
  return out;
}

void watch_messages(World& world, const Scenario& scenario) {
  for (const Step& step : scenario.steps) {
    if (const auto* wait = std::get_if<Wait>(&step.what)) watch_in(world, wait->until);
    if (const auto* expect = std::get_if<Expect>(&step.what)) watch_in(world, expect->holds);
    if (const auto* throughout = std::get_if<Throughout>(&step.what))
      watch_in(world, throughout->holds);
    const auto* const fault = std::get_if<Fault>(&step.what);
    if (fault != nullptr && fault->when) watch_in(world, *fault->when);
  }
}

}  // namespace scenarios
