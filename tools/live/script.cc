#include "tools/live/script.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <sstream>
#include <variant>
#include <vector>

#include "model/data/number.h"
#include "model/data/resp.h"
#include "model/data/text.h"
#include "scenarios/language/loader.h"
#include "scenarios/run/conditions.h"
#include "scenarios/world/script.h"
#include "tools/live/loop.h"
#include "tools/live/probe.h"

namespace live {

using namespace scenarios;  // the words of steps and conditions

namespace {

constexpr Patience kAnswer{10'000};
constexpr Patience kLookAgain{10};
constexpr std::size_t kMostTalk = 2000;
constexpr std::ptrdiff_t kTalkShown = 16;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

bool can_be_seen(const Condition& condition);
bool can_be_seen(const Condition::Part& part) {
  return std::visit(
      Overloaded{[](const InfoIs&) { return true; }, [](const KeyIs&) { return true; },
                 [](const RoleStateIs&) { return true; }, [](const RawGot&) { return true; },
                 [](const Not& no) { return can_be_seen(*no.inner); },
                 [](const scenarios::Any& any) {
                   for (const Condition& one : any.inner) {
                     if (!can_be_seen(one)) return false;
                   }
                   return true;
                 },
                 [](const auto&) { return false; }},
      part);
}
bool can_be_seen(const Condition& condition) {
  for (const Condition::Part& part : condition.all_of) {
    if (!can_be_seen(part)) return false;
  }
  return true;
}

bool can_be_taken(const Step& step) {
  return std::visit(Overloaded{[](const Run& run) { return run.await; }, [](const Raw&) { return true; },
                               [](const ReplicaOf&) { return true; }, [](const Sleep&) { return true; },
                               [](const Remember&) { return true; },
                               [](const Wait& wait) { return can_be_seen(wait.until); },
                               [](const Expect& expect) { return can_be_seen(expect.holds); },
                               [](const auto&) { return false; }},
                    step.what);
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  return out;
}

// One connection of a raw peer.
class Session {
 public:
  Session(std::unique_ptr<Probe> probe, std::size_t number)
      : probe_(std::move(probe)), script_(number) {}

  const std::string& got() const { return got_; }
  bool open() const { return !closed_ && !probe_->ended(); }
  Probe& probe() { return *probe_; }
  void close(bool rst) {
    rst ? probe_->reset() : probe_->close();
    closed_ = true;
  }

  // What has come is taken and answered; what is due is said.
  void serve(const Peer& plan) {
    if (closed_) return;
    if (const std::size_t waiting = probe_->pending().size(); waiting > 0) {
      const std::string bytes = *probe_->bytes(waiting, Patience(0));
      got_ += bytes;
      script_.hears(bytes);
    }
    const auto now = sim::Instant(std::chrono::duration_cast<sim::Duration>(
        std::chrono::steady_clock::now().time_since_epoch()));
    std::string out;
    script_.speak(plan.replies, now, out);
    if (!out.empty()) probe_->send(out);
    if (script_.end() != PeerScript::End::none) close(script_.end() == PeerScript::End::rst);
  }

 private:
  std::unique_ptr<Probe> probe_;
  PeerScript script_;
  std::string got_;
  bool closed_ = false;
};

class Play {
 public:
  Play(const ScriptOptions& options, const Scenario& scenario, std::ostream& out, bool (*stop)())
      : options_(options), scenario_(scenario), out_(out), stop_(stop) {}

  Played play() {
    for (const Peer& peer : scenario_.peers) {
      plans_.push_back(std::make_unique<Peer>(peer));
      if (peer.listens && options_.port && !first_given_) {
        plans_.back()->port = *options_.port;
        first_given_ = true;
      }
      Player& player = players_[peer.name];
      player.plan = plans_.back().get();
      ports_[peer.name] = player.plan->port;
      if (!peer.listens) continue;
      player.listener = std::make_unique<Listener>(
          loop_, Address{options_.bind, static_cast<std::uint16_t>(player.plan->port)}, talk_, peer.name);
      if (player.listener->port() == 0) {
        failure_ = peer.name + " cannot listen on port " + std::to_string(player.plan->port);
        out_ << failure_ << '\n';
        return Played::cannot_start;
      }
      player.plan->port = ports_[peer.name] = player.listener->port();
      out_ << "ready: " << peer.name << " listens on "
             << text(Address{options_.bind, static_cast<std::uint16_t>(plans_.back()->port)})
             << std::endl;
    }
    const Node& node = scenario_.nodes.front();
    if (!node.replicaof.empty() && !follow(node.replicaof)) return verdict();
    for (const Step& step : scenario_.steps) {
      if (stopped()) return Played::interrupted;
      std::visit([&](const auto& what) { take(what, step.place); }, step.what);
      if (!failure_.empty()) return verdict();
    }
    if (scenario_.steps.empty()) {
      while (!stopped()) serve_peers(Patience(5));
      return Played::interrupted;
    }
    return verdict();
  }

 private:
  bool stopped() const { return stop_ != nullptr && stop_(); }

  Played verdict() {
    if (failure_.empty()) {
      out_ << "pass   " << scenario_.name << '\n';
      return Played::good;
    }
    out_ << "FAIL   " << scenario_.name << "  " << printable(failure_) << '\n';
    const std::size_t shown = std::min<std::size_t>(talk_.size(), kTalkShown);
    for (std::size_t i = talk_.size() - shown; i < talk_.size(); ++i)
      out_ << "       wire  " << printable(talk_[i]) << '\n';
    return Played::differs;
  }

  void fail(const Place& place, const std::string& what) {
    if (failure_.empty())
      failure_ = options_.file + ":" + std::to_string(place.line) + ": " + what;
  }

  // --- peers -------------------------------------------------------------------------------------

  struct Player {
    Peer* plan = nullptr;
    std::unique_ptr<Listener> listener;
    std::vector<std::unique_ptr<Session>> sessions;  // the newest last
    Session* newest() { return sessions.empty() ? nullptr : sessions.back().get(); }
  };

  // Lets `time` pass, and all peers do what there is to do.
  void serve_peers(Patience time) {
    loop_.run_until([] { return false; }, time);
    if (talk_.size() > kMostTalk) talk_.erase(talk_.begin(), talk_.end() - kTalkShown);
    for (auto& [name, player] : players_) {
      while (player.listener && player.listener->waiting() > 0)
        player.sessions.push_back(
            std::make_unique<Session>(player.listener->next(Patience(0)), player.sessions.size()));
      for (const auto& session : player.sessions) session->serve(*player.plan);
    }
  }

  // --- the server --------------------------------------------------------------------------------

  std::optional<model::Reply> ask(const std::vector<std::string>& argv, const std::string& client = "") {
    std::unique_ptr<Probe>& probe = clients_[client];
    Talk& talk = client.empty() ? unheard_ : talk_;
    if (!probe || probe->ended()) {
      probe = Probe::dial(loop_, options_.target, talk, client.empty() ? "look" : client);
      if (!probe) return std::nullopt;
      if (!options_.password.empty()) {
        probe->say({"AUTH", options_.password});
        probe->reply(kAnswer);
      }
    }
    unheard_.clear();
    probe->say(argv);
    const auto end = std::chrono::steady_clock::now() + kAnswer;
    while (std::chrono::steady_clock::now() < end && !probe->ended()) {
      if (auto reply = probe->reply(Patience(2))) return reply;
      serve_peers(Patience(0));
    }
    return std::nullopt;
  }

  std::optional<std::string> info(std::string_view field) {
    const auto reply = ask({"INFO", "everything"});
    if (!reply) return std::nullopt;
    const std::string all = "\n" + reply->text, name = "\n" + std::string(field) + ":";
    const std::size_t at = all.find(name);
    if (at == std::string::npos) return std::nullopt;
    const std::size_t begin = at + name.size();
    return all.substr(begin, all.find_first_of("\r\n", begin) - begin);
  }

  ValueOf values() {
    return [this](std::string_view term) -> std::optional<std::string> {
      if (const auto it = remembered_.find(term); it != remembered_.end()) return it->second;
      const std::size_t dot = term.find('.');
      if (dot == std::string_view::npos) return std::nullopt;
      return info(term.substr(dot + 1));
    };
  }

  bool follow(const std::string& master) {
    std::vector<std::string> argv{"REPLICAOF", "NO", "ONE"};
    if (!master.empty()) argv = {"REPLICAOF", options_.bind, std::to_string(ports_[master])};
    const auto reply = ask(argv, "main");
    if (reply && reply->text.starts_with("OK")) return true;
    failure_ = argv[0] + " is answered " + (reply ? model::to_text(*reply) : "not at all");
    return false;
  }

  std::string got_by(const std::string& peer) {
    Session* const session = players_[peer].newest();
    return session == nullptr ? "" : session->got();
  }

  // --- conditions --------------------------------------------------------------------------------

  bool holds(const Condition& condition, std::string& seen) {
    for (const Condition::Part& part : condition.all_of) {
      const bool good = std::visit([&](const auto& one) { return holds_part(one, seen); }, part);
      if (!good) return false;
    }
    return true;
  }
  bool judged(const Test& test, const std::string& what, const std::optional<std::string>& value,
              std::string& seen) {
    seen = what + (value ? " is " + model::quoted(*value) : " is absent");
    return passes(values(), test, value);
  }
  bool holds_part(const InfoIs& c, std::string& seen) {
    return judged(c.test, c.field, info(c.field), seen);
  }
  bool holds_part(const KeyIs& c, std::string& seen) {
    ask({"SELECT", std::to_string(c.db)});
    const auto reply = ask({"GET", c.key});
    ask({"SELECT", "0"});
    std::optional<std::string> value;
    if (reply && reply->kind != model::Reply::Kind::null) value = reply->text;
    return judged(c.test, "key " + c.key, value, seen);
  }
  bool holds_part(const RoleStateIs& c, std::string& seen) {
    const auto reply = ask({"ROLE"});
    std::optional<std::string> value;
    if (reply && reply->elements.size() == 5) value = reply->elements[3].text;
    return judged(c.test, "the state in ROLE", value, seen);
  }
  bool holds_part(const RawGot& c, std::string& seen) {
    return judged(c.test, "what " + c.peer + " got", got_by(c.peer), seen);
  }
  bool holds_part(const Not& c, std::string& seen) { return !holds(*c.inner, seen); }
  bool holds_part(const scenarios::Any& c, std::string& seen) {
    for (const Condition& one : c.inner) {
      if (holds(one, seen)) return true;
    }
    return false;
  }
  template <class Other>
  bool holds_part(const Other&, std::string&) {
    return false;  // named before the start
  }

  // --- steps -------------------------------------------------------------------------------------

  std::string resolved(std::string words, const Place& place) {
    Resolved found = resolve(values(), words);
    if (!found.problem.empty()) fail(place, found.problem + " in " + words);
    return std::move(found.text);
  }

  void take(const Raw& raw, const Place& place) {
    Player& player = players_[raw.peer];
    if (raw.dial) {
      auto probe = Probe::dial(loop_, options_.target, talk_, raw.peer);
      if (!probe) return fail(place, raw.peer + " is not let in");
      player.sessions.push_back(std::make_unique<Session>(std::move(probe), player.sessions.size()));
      return;
    }
    Session* const session = player.newest();
    if (session == nullptr || !session->open()) return fail(place, raw.peer + " has no connection");
    if (raw.send) {
      const std::string bytes = resolved(*raw.send, place);
      if (failure_.empty()) session->probe().send(bytes);
    }
    if (raw.close) session->close(*raw.close == "rst");
  }

  void take(const Run& run, const Place& place) {
    for (std::uint32_t i = 0; i < run.repeat; ++i) {
      for (std::size_t line = 0; line < run.lines.size(); ++line) {
        std::string words = resolved(run.lines[line], place);
        for (std::size_t at = words.find("{i}"); at != std::string::npos; at = words.find("{i}", at))
          words.replace(at, 3, std::to_string(i));
        const auto argv = model::split_line(words);
        if (!argv || argv->empty()) return fail(place, "cannot be split into words: " + words);
        const auto reply = ask(*argv, run.client);
        if (!reply) return fail(place, words + " is not answered");
        if (run.replies.empty()) continue;
        const ReplyTest& test = run.replies[run.replies.size() == 1 ? 0 : line];
        if (!passes(values(), test, *reply))
          return fail(place, words + ": expected " + wanted(test) + ", came " + model::to_text(*reply));
      }
    }
  }

  void take(const ReplicaOf& order, const Place& place) {
    for (const auto& [node, master] : order.pairs) {
      if (!follow(master)) failure_ = options_.file + ":" + std::to_string(place.line) + ": " + failure_;
    }
  }

  void take(const Wait& wait, const Place& place) {
    std::string seen;
    const auto end = std::chrono::steady_clock::now() + wait.within;
    while (!holds(wait.until, seen)) {
      if (std::chrono::steady_clock::now() >= end || stopped()) {
        if (wait.needed) fail(place, "waited in vain for " + wanted(wait.until) + ": " + seen);
        return;
      }
      serve_peers(kLookAgain);
    }
  }

  void take(const Expect& expect, const Place& place) {
    std::string seen;
    serve_peers(kLookAgain);
    if (!holds(expect.holds, seen)) fail(place, "expected " + wanted(expect.holds) + ": " + seen);
  }

  void take(const Sleep& sleep, const Place&) {
    const auto end = std::chrono::steady_clock::now() + sleep.time;
    while (std::chrono::steady_clock::now() < end && !stopped()) serve_peers(Patience(5));
  }

  void take(const Remember& remember, const Place& place) {
    const auto value = info(remember.field);
    if (!value) return fail(place, "INFO has no field " + remember.field);
    remembered_[remember.name] = *value;
  }

  template <class Other>
  void take(const Other&, const Place&) {}  // named before the start

  const ScriptOptions& options_;
  const Scenario& scenario_;
  std::ostream& out_;
  bool (*stop_)();
  Loop loop_;
  Talk talk_, unheard_;
  std::vector<std::unique_ptr<Peer>> plans_;
  std::map<std::string, Player, std::less<>> players_;
  std::map<std::string, int, std::less<>> ports_;
  std::map<std::string, std::unique_ptr<Probe>> clients_;
  std::map<std::string, std::string, std::less<>> remembered_;
  bool first_given_ = false;
  std::string failure_;
};

}  // namespace

Played play_script(const ScriptOptions& options, std::ostream& out, std::ostream& log, bool (*stop)()) {
  std::ifstream in(options.file, std::ios::binary);
  std::ostringstream json;
  json << in.rdbuf();
  if (!in) {
    log << options.file << ": cannot be read\n";
    return Played::bad_input;
  }
  const std::string base = options.file.substr(options.file.rfind('/') + 1);
  const auto loaded = load_scenario(json.str(), base.substr(0, base.rfind('.')));
  if (const auto* const errors = std::get_if<LoadErrors>(&loaded)) {
    for (const LoadError& error : *errors) log << to_text(error, options.file) << '\n';
    return Played::bad_input;
  }
  const Scenario& scenario = std::get<Scenario>(loaded);
  bool good = true;
  if (scenario.nodes.size() != 1) {
    log << options.file << ": a script has one node, the server under test; this has "
        << scenario.nodes.size() << '\n';
    good = false;
  }
  if (scenario.peers.empty()) {
    log << options.file << ": it has no peers to play\n";
    good = false;
  }
  for (const Step& step : scenario.steps) {
    if (can_be_taken(step)) continue;
    log << options.file << ':' << step.place.line << ": this step cannot be taken against a server on TCP\n";
    good = false;
  }
  if (!good) return Played::bad_input;
  return Play(options, scenario, out, stop).play();
}

}  // namespace live
