#include "scenarios/run/stepper.h"

#include <algorithm>

#include "model/state.h"
#include "model/data/text.h"
#include "scenarios/run/conditions.h"

namespace scenarios {
namespace {

constexpr std::size_t kFewCommands = 8;  // more are told of in one line

std::string in_seconds(sim::Duration time) {
  std::string text = std::to_string(time.count() / 1'000'000);
  std::string rest = std::to_string(time.count() % 1'000'000 + 1'000'000).substr(1);
  while (!rest.empty() && rest.back() == '0') rest.pop_back();
  return text + (rest.empty() ? "" : "." + rest) + " s";
}

// "a master at 50, b slave at 50, c down"
std::string standing(const World& world) {
  std::string text;
  for (std::size_t i = 0; i < world.nodes(); ++i) {
    if (i > 0) text += ", ";
    text += world.node(i).name;
    const model::State* const s = world.state(i);
    if (s == nullptr) {
      text += " down";
    } else {
      text += s->is_master() ? " master at " : " slave at ";
      text += std::to_string(s->history.offset);
    }
  }
  return text;
}

std::string on(std::string_view line, std::string_view node) {
  return std::string(line) + " on " + std::string(node);
}

}  // namespace

bool Stepper::proceed(Play& play) {
  bool moved = false;
  while (!finished_) {
    if (next_ >= play.world.scenario().steps.size()) {
      finished_ = true;
    } else if (!begun_) {
      const Step& next = step(play);
      const sim::Instant due = next.at ? std::max(ended_, sim::kStart + *next.at)
                                       : ended_ + next.after.value_or(sim::Duration{0});
      deadline_ = due;
      if (play.world.now() < due) return moved;
      begin(play);
      moved = true;
    } else {
      const std::size_t before = next_;
      const std::size_t asked = asked_;
      look(play);
      moved |= asked != asked_;
      if (next_ == before && !finished_) return moved;
      moved = true;
    }
  }
  return moved;
}

void Stepper::done(Play& play) {
  play.log.done(next_, play.world.now());
  ++next_;
  begun_ = false;
  ended_ = play.world.now();
}

void Stepper::fail(Play& play, const std::string& finding, bool over) {
  play.log.failed(next_, finding);
  play.tell_step(step(play).place, "failed", finding);
  play.expectations.failed(play.world.now(), step(play).place, finding);
  finished_ |= over;
}

// --- what steps do when they begin ---------------------------------------------------------------

class Stepper::Begin {
 public:
  Begin(Stepper& stepper, Play& play) : stepper_(stepper), play_(play), step_(stepper.step(play)) {}

  void operator()(const Run& run) {
    stepper_.deadline_ = play_.world.now() + run.within;
    const std::size_t all = stepper_.commands(play_);
    if (all > kFewCommands) {
      tell("run",
           run.node + "> " + run.lines.front() + " ... (" + std::to_string(all) + " commands)");
    }
    const bool at_once = run.pipelined || !run.await;
    for (std::size_t i = 0; i < (at_once ? all : 1); ++i)
      stepper_.ask(play_, i, i + 1 == all || !at_once);
    if (!run.await) stepper_.done(play_);
  }
  void operator()(const ReplicaOf& replicaof) {
    constexpr sim::Duration kWithin{10'000'000};
    stepper_.deadline_ = play_.world.now() + kWithin;
    if (!replicaof.pairs.empty()) stepper_.ask(play_, 0, true);
  }
  void operator()(const CollectReply& collect) {
    stepper_.deadline_ = play_.world.now() + collect.within;
  }
  void operator()(const Wait& wait) {
    stepper_.deadline_ = play_.world.now() + wait.within;
    tell("wait", wanted(wait.until));
  }
  void operator()(const Expect& expect) {
    if (holds(play_.sight(), expect.holds)) {
      play_.expectations.passed();
      tell("expect", wanted(expect.holds));
    } else {
      stepper_.fail(play_,
                    "expected that " + wanted(expect.holds) +
                        "; seen: " + seen_instead(play_.sight(), expect.holds),
                    false);
    }
    stepper_.done(play_);
  }
  void operator()(const Throughout& throughout) {
    stepper_.deadline_ = play_.world.now() + throughout.lasts;
    tell(throughout.never ? "never" : "always",
         wanted(throughout.holds) + " for " + in_seconds(throughout.lasts));
  }
  void operator()(const Sleep& sleep) {
    stepper_.deadline_ = play_.world.now() + sleep.time;
    tell("sleep", in_seconds(sleep.time));
  }
  void operator()(const Heal& heal) {
    play_.injector.heal(play_.world, heal);
    stepper_.done(play_);
  }
  void operator()(const Checkpoint& checkpoint) {
    tell("checkpoint", checkpoint.name + ": " + standing(play_.world));
    stepper_.done(play_);
  }
  void operator()(const Remember& remember) {
    const auto value =
        info_field(play_.world, *play_.world.node_named(remember.node), remember.field);
    if (!value) {
      return stepper_.fail(
          play_, "there is no " + remember.field + " of " + remember.node + " to be remembered",
          true);
    }
    play_.remembered[remember.name] = *value;
    tell("remember", remember.name + " = " + *value);
    stepper_.done(play_);
  }
  void operator()(const Load& load) {
    play_.generators.begin(play_.world, stepper_.next_);
    tell("load", load.node + "> " + std::to_string(load.per_second) + " commands a second");
    stepper_.done(play_);
  }
  void operator()(const Tap& tap) {
    const model::State* const s = play_.world.state(*play_.world.node_named(tap.node));
    if (s == nullptr || !s->backlog) {
      return stepper_.fail(play_, tap.node + " writes no stream: it needs a replica first", true);
    }
    play_.taps[tap.node] = s->history.offset;
    tell("tap", tap.node + " at offset " + std::to_string(s->history.offset));
    stepper_.done(play_);
  }
  void operator()(const Raw& raw) {
    World& world = play_.world;
    const sim::HostId peer = *world.host_named(raw.peer);
    if (raw.dial) {
      tell("raw", raw.peer + " dials " + *raw.dial);
      world.peer_dials(peer, *world.host_named(*raw.dial));
    } else if (raw.send) {
      const Resolved bytes = resolve(play_.sight(), *raw.send);
      tell("raw", raw.peer + " sends " + model::quoted(bytes.text));
      if (!bytes.problem.empty()) {
        return raw.needed ? stepper_.fail(play_, bytes.problem, true) : stepper_.done(play_);
      }
      if (!world.peer_sends(peer, bytes.text)) return no_connection(raw);
    } else if (raw.close) {
      tell("raw", raw.peer + " closes (" + *raw.close + ")");
      const sim::CloseHow how = *raw.close == "rst" ? sim::CloseHow::rst : sim::CloseHow::fin;
      if (!world.peer_closes(peer, how)) return no_connection(raw);
    }
    stepper_.done(play_);
  }
  void operator()(const Fault&) {
    play_.injector.begin(play_.world, stepper_.next_);
    stepper_.done(play_);
  }

 private:
  void tell(std::string_view what, std::string text) {
    if (!step_.why.empty()) text += "   (" + step_.why + ")";
    play_.tell_step(step_.place, what, text);
  }
  void no_connection(const Raw& raw) {
    if (!raw.needed) return stepper_.done(play_);
    stepper_.fail(play_, "the peer " + raw.peer + " has no open connection", true);
  }

  Stepper& stepper_;
  Play& play_;
  const Step& step_;
};

void Stepper::begin(Play& play) {
  begun_ = true;
  began_ = play.world.now();
  deadline_ = sim::kNever;
  asked_ = answered_ = 0;
  std::visit(Begin(*this, play), step(play).what);
}

// --- what steps wait for -------------------------------------------------------------------------

class Stepper::Look {
 public:
  Look(Stepper& stepper, Play& play) : stepper_(stepper), play_(play) {}

  void operator()(const Run&) { stepper_.take_replies(play_); }
  void operator()(const ReplicaOf&) { stepper_.take_replies(play_); }
  void operator()(const CollectReply& collect) {
    World& world = play_.world;
    const ClientId client =
        world.clients().client(world.host_of(*world.node_named(collect.node)), collect.client);
    const std::size_t all = std::max<std::size_t>(1, collect.replies.size());
    while (stepper_.answered_ < all) {
      const auto reply = world.clients().take(client);
      if (!reply) break;
      stepper_.judge_reply(play_, stepper_.answered_++, collect.client, *reply);
    }
    if (stepper_.answered_ == all) return stepper_.done(play_);
    stepper_.lost(play_, {client, collect.client});
  }
  void operator()(const Wait& wait) {
    if (!holds(play_.sight(), wait.until)) return;
    if (wait.needed) play_.expectations.passed();
    play_.tell_step(stepper_.step(play_).place, "met",
                    "after " + in_seconds(play_.world.now() - stepper_.began_));
    stepper_.done(play_);
  }
  void operator()(const Throughout& throughout) {
    if (holds(play_.sight(), throughout.holds) != throughout.never) return;
    const std::string what = wanted(throughout.holds);
    stepper_.fail(play_,
                  throughout.never ? "expected never that " + what + "; it came to be"
                                   : "expected all the time that " + what +
                                         "; seen: " + seen_instead(play_.sight(), throughout.holds),
                  false);
    stepper_.done(play_);
  }
  void operator()(const auto&) {}

 private:
  Stepper& stepper_;
  Play& play_;
};

void Stepper::look(Play& play) {
  std::visit(Look(*this, play), step(play).what);
}

void Stepper::ran_out(Play& play) {
  if (!begun_ || finished_) return;  // it was only to be begun
  const Step& now = step(play);
  const std::string time = in_seconds(play.world.now() - began_);
  if (std::holds_alternative<Sleep>(now.what)) return done(play);
  if (std::holds_alternative<Throughout>(now.what)) {
    play.expectations.passed();
    return done(play);
  }
  if (const auto* wait = std::get_if<Wait>(&now.what)) {
    if (!wait->needed) {
      play.log.missed(next_);
      play.tell_step(now.place, "missed", "in " + time);
      return done(play);
    }
    return fail(play,
                "waited " + time + " until " + wanted(wait->until) +
                    "; seen: " + seen_instead(play.sight(), wait->until),
                true);
  }
  if (const auto* collect = std::get_if<CollectReply>(&now.what)) {
    return fail(play, "no reply to " + collect->client + " on " + collect->node + " within " + time,
                true);
  }
  fail(play, "no reply within " + time + " to: " + command(play, answered_).line, true);
}

// --- commands ------------------------------------------------------------------------------------

std::size_t Stepper::commands(const Play& play) const {
  if (const auto* run = std::get_if<Run>(&step(play).what)) return run->lines.size() * run->repeat;
  return std::get<ReplicaOf>(step(play).what).pairs.size();
}

ClientId Stepper::client(Play& play, std::size_t number) const {
  World& world = play.world;
  const auto* const run = std::get_if<Run>(&step(play).what);
  const std::string& node =
      run != nullptr ? run->node : std::get<ReplicaOf>(step(play).what).pairs[number].first;
  return world.clients().client(world.host_of(*world.node_named(node)),
                                run != nullptr ? std::string_view(run->client) : "main");
}

Stepper::Command Stepper::command(Play& play, std::size_t number) const {
  return {client(play, number), line(play, number)};
}

std::string Stepper::line(const Play& play, std::size_t number) const {
  if (const auto* run = std::get_if<Run>(&step(play).what)) {
    return replaced(run->lines[number % run->lines.size()], "{i}",
                    std::to_string(number / run->lines.size()));
  }
  const std::string& master = std::get<ReplicaOf>(step(play).what).pairs[number].second;
  return master.empty() ? "REPLICAOF NO ONE"
                        : "REPLICAOF " + master + ' ' + std::to_string(play.world.port_of(master));
}

void Stepper::ask(Play& play, std::size_t number, bool flush) {
  std::string line = this->line(play, number);
  std::string problem;
  if (line.find("@{") != std::string::npos) {
    Resolved resolved = resolve(play.sight(), line);
    problem = std::move(resolved.problem);
    line = std::move(resolved.text);
  }
  const auto argv = problem.empty() ? model::split_line(line) : std::nullopt;
  if (!argv || argv->empty())
    return fail(play, problem.empty() ? "cannot be split into words: " + line : problem, true);
  const ClientId asked = client(play, number);
  ++asked_;
  play.world.clients().ask(asked, *argv);
  if (flush) play.world.clients().flush(play.world.kernel(), asked);
}

bool Stepper::take_replies(Play& play) {
  const std::size_t all = commands(play);
  while (answered_ < asked_ && !finished_) {
    Clients& clients = play.world.clients();
    const ClientId oldest = client(play, answered_);
    const auto reply = clients.take(oldest);
    if (!reply) return !clients.lost(oldest).empty() && lost(play, command(play, answered_));
    judge_reply(play, answered_, line(play, answered_), *reply);
    ++answered_;
    if (asked_ < all) ask(play, asked_, true);
  }
  if (finished_ || answered_ < all) return false;
  done(play);
  return true;
}

// A connection that is gone answers no more. One that was told to shut down has done so.
bool Stepper::lost(Play& play, const Command& command) {
  const std::string_view how = play.world.clients().lost(command.client);
  if (how.empty()) return false;
  const bool told_to = model::lower(command.line).starts_with("shutdown") && how != "refused";
  if (told_to && ++answered_ == commands(play)) {
    done(play);
  } else {
    fail(play, "the connection was " + std::string(how) + ": " + command.line, true);
  }
  return true;
}

void Stepper::judge_reply(Play& play, std::size_t number, const std::string& line,
                          const model::Reply& reply) {
  const Step& now = step(play);
  play.log.replied(next_, reply);
  const std::string text = model::to_text(reply);
  std::string_view node;
  const std::vector<ReplyTest>* tests = nullptr;
  bool few = true;
  if (const auto* run = std::get_if<Run>(&now.what)) {
    node = run->node;
    tests = &run->replies;
    few = commands(play) <= kFewCommands;
    if (tests->size() > 1) number %= tests->size();
  } else if (const auto* collect = std::get_if<CollectReply>(&now.what)) {
    node = collect->node;
    tests = &collect->replies;
  } else {
    node = std::get<ReplicaOf>(now.what).pairs[number].first;
    if (reply.kind == model::Reply::Kind::error)
      return fail(play, on(line, node) + " was answered " + text, true);
  }
  if (few) {
    constexpr std::size_t kLong = 120;
    std::string told;
    told.reserve(node.size() + line.size() + kLong + 16);
    told.append(node).append("> ").append(line).append("  ->  ").append(text, 0, kLong);
    if (text.size() > kLong) told += "...";
    play.tell_step(now.place, "reply", told);
  }
  if (tests == nullptr || tests->empty()) return;
  const ReplyTest& test = tests->size() == 1 ? tests->front() : (*tests)[number];
  if (passes(play.sight(), test, reply)) {
    play.expectations.passed();
  } else {
    fail(play, on(line, node) + " was answered " + text + ", expected " + wanted(test), false);
  }
}

}  // namespace scenarios
