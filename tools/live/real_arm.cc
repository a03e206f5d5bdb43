#include "tools/live/real_arm.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "model/data/number.h"
#include "model/data/text.h"
#include "scenarios/arms/transcript.h"
#include "scenarios/run/conditions.h"
#include "tools/live/real_cluster.h"
#include "tools/live/real_faults.h"
#include "tools/live/real_sight.h"

namespace live {
namespace {

using namespace scenarios;
using arms::Look;
using arms::StepTold;
using arms::Told;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// A wait is looked at so often at first, and later.
constexpr microseconds kOftenLooked{1'000}, kSeldomLooked{8'000};
constexpr sim::Duration kOften{300'000};
// What a busy machine may add to a time that a scenario allows.
constexpr sim::Duration kSlack{3'000'000};
// How long two arms may take to look the same once nothing is on its way, and to settle in the
// calm.
constexpr sim::Duration kToAgree{3'500'000}, kToSettle{40'000'000};
// What was written passes a proxy within this, also on a busy machine.
constexpr sim::Duration kToArrive{2'000'000};
constexpr sim::Duration kReplyWithin{10'000'000};
constexpr std::size_t kLogLines = 12;

std::string in_seconds(sim::Duration time) {
  const std::int64_t ms = time.count() / 1000;
  std::string fraction = std::to_string(ms % 1000 + 1000).substr(1);
  return std::to_string(ms / 1000) + "." + fraction + " s";
}

struct Generator {
  const Load* plan = nullptr;
  sim::Instant began;
  std::uint64_t sent = 0, draws = 0;
  bool on = true;
};

class Arm {
 public:
  Arm(const Scenario& scenario, const Told* simulated, const std::atomic<bool>* stop)
      : scenario_(scenario),
        simulated_(simulated),
        stop_(stop),
        blur_(simulated != nullptr ? arms::blur_of(scenario, *simulated) : arms::Blur{}),
        cluster_(scenario),
        sight_(cluster_, scenario),
        faults_(cluster_, sight_) {}

  Told play() {
    told_.arm = real_server();
    told_.hosts = cluster_.names();
    faults_.lay_links(scenario_);
    told_.wall_began_ms = std::chrono::duration_cast<milliseconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count();
    cluster_.begin();
    sim::Instant before = cluster_.now();
    for (std::size_t i = 0; i < scenario_.steps.size() && !over_; ++i) {
      const Step& step = scenario_.steps[i];
      const sim::Instant due = step.at ? std::max(before, sim::kStart + *step.at)
                                       : before + step.after.value_or(sim::Duration{0});
      let_pass(due);
      if (arms::waits_behind_a_cut(scenario_, i)) let_pass(cluster_.now() + arms::kToNotice);
      step_ = i;
      told_.steps.emplace_back().taken.step = i;
      std::visit(*this, step.what);
      if (!faults_.problem().empty()) {
        told_.problem = faults_.problem();
        break;
      }
      before = cluster_.now();
      now_told().taken.at = before;
      if (!over_) now_told().taken.done = true;
      if (!over_) look_after(step);
      now_told().heard = cluster_.trace().records().size();
    }
    if (scenario_.calm && told_.problem.empty()) calm();
    told_.ended = cluster_.now();
    told_.wire = cluster_.wire();
    told_.trace = cluster_.trace();
    for (std::size_t i = 0; i < cluster_.nodes(); ++i)
      told_.logged.push_back(cluster_.names()[i] + ":\n" + newest_lines(cluster_.process(i).log()));
    return std::move(told_);
  }

  // --- steps
  // --------------------------------------------------------------------------------------

  void operator()(const Run& run) {
    RespClient& client = cluster_.client(node(run.node), run.client);
    const std::size_t all = run.lines.size() * run.repeat;
    std::size_t asked = 0, answered = 0;
    const auto line_of = [&](std::size_t number) {
      return replaced(run.lines[number % run.lines.size()], "{i}",
                      std::to_string(number / run.lines.size()));
    };
    const auto ask = [&](bool flush) {
      cluster_.look_again();
      const Resolved line = sight_.resolve(line_of(asked++));
      const auto argv = line.problem.empty() ? model::split_line(line.text) : std::nullopt;
      if (!argv || argv->empty()) {
        fail(line.problem.empty() ? "cannot be split into words: " + line.text : line.problem,
             true);
        return false;
      }
      client.ask(cluster_.for_node(node(run.node), *argv));
      if (flush) client.flush();
      return true;
    };
    const bool at_once = run.pipelined || !run.await;
    for (std::size_t i = 0; i < (at_once ? all : 1); ++i) {
      if (!ask(i + 1 == all || !at_once)) return;
    }
    if (!run.await) return;
    const sim::Instant end = cluster_.now() + run.within + kSlack;
    while (answered < all) {
      if (auto reply = client.take()) {
        judge(run.replies, answered, run.node + "> " + line_of(answered), *reply);
        ++answered;
        if (asked < all && !ask(true)) return;
        continue;
      }
      if (!client.lost().empty()) {
        const bool told_to =
            model::lower(line_of(answered)).starts_with("shutdown") && client.lost() != "refused";
        if (told_to && ++answered == all) return;
        return fail("the connection was " + std::string(client.lost()) + ": " + line_of(answered),
                    true);
      }
      if (cluster_.now() > end)
        return fail("no reply within " + in_seconds(run.within) + " to: " + line_of(answered),
                    true);
      turn(milliseconds(5));
    }
  }

  void operator()(const CollectReply& collect) {
    RespClient& client = cluster_.client(node(collect.node), collect.client);
    const std::size_t all = std::max<std::size_t>(1, collect.replies.size());
    const sim::Instant end = cluster_.now() + collect.within + kSlack;
    for (std::size_t answered = 0; answered < all;) {
      if (auto reply = client.take()) {
        judge(collect.replies, answered++, collect.client, *reply);
        continue;
      }
      if (!client.lost().empty())
        return fail("the connection was " + std::string(client.lost()) + ": " + collect.client,
                    true);
      if (cluster_.now() > end)
        return fail("no reply to " + collect.client + " on " + collect.node + " within " +
                        in_seconds(collect.within),
                    true);
      turn(milliseconds(5));
    }
  }

  void operator()(const ReplicaOf& replicaof) {
    for (const auto& [name, master] : replicaof.pairs) {
      RespClient& client = cluster_.client(node(name), "main");
      const std::string line = master.empty()
                                   ? "REPLICAOF NO ONE"
                                   : "REPLICAOF " + master + " " + std::to_string(port_of(master));
      client.ask(cluster_.for_node(node(name), *model::split_line(line)));
      client.flush();
      const sim::Instant end = cluster_.now() + kReplyWithin;
      for (;;) {
        if (const auto reply = client.take()) {
          now_told().taken.replies.push_back(cluster_.for_scenario(*reply));
          if (reply->kind == model::Reply::Kind::error)
            return fail(line + " on " + name + " was answered " + reply->text, true);
          break;
        }
        if (!client.lost().empty())
          return fail("the connection was " + std::string(client.lost()) + ": " + line, true);
        if (cluster_.now() > end) return fail("no reply to: " + line, true);
        turn(milliseconds(5));
      }
    }
  }

  void operator()(const Wait& wait) {
    if (come_true(wait.until, wait.within + kSlack)) return;
    if (!wait.needed) {
      now_told().taken.missed = true;
      return;
    }
    fail("waited " + in_seconds(wait.within + kSlack) + " until " + wanted(wait.until) +
             "; seen: " + sight_.seen_instead(wait.until),
         true);
  }

  void operator()(const Expect& expect) {
    cluster_.look_again();
    for (const sim::Instant end = cluster_.now() + kToArrive;
         !sight_.arrived(expect.holds) && cluster_.now() < end;) {
      turn(kOftenLooked);
      cluster_.look_again();
    }
    if (sight_.holds(expect.holds)) return;
    // What a simulated server does in the same instant takes a real one a moment.
    if (come_true(expect.holds, expects_at_once(expect) ? sim::Duration{50'000} : sim::Duration{0}))
      return;
    fail("expected that " + wanted(expect.holds) + "; seen: " + sight_.seen_instead(expect.holds),
         false);
  }

  void operator()(const Throughout& throughout) {
    const sim::Instant end = cluster_.now() + throughout.lasts;
    while (cluster_.now() < end) {
      cluster_.look_again();
      if (sight_.holds(throughout.holds) == throughout.never) {
        const std::string what = wanted(throughout.holds);
        return fail(throughout.never ? "expected never that " + what + "; it came to be"
                                     : "expected all the time that " + what +
                                           "; seen: " + sight_.seen_instead(throughout.holds),
                    false);
      }
      turn(kSeldomLooked);
    }
  }

  void operator()(const Sleep& sleep) { let_pass(cluster_.now() + sleep.time); }
  void operator()(const Heal& heal) { faults_.heal(heal); }
  void operator()(const Checkpoint&) {}
  void operator()(const Remember& remember) {
    cluster_.look_again();
    const auto value = cluster_.info_field(node(remember.node), remember.field);
    if (!value)
      return fail("there is no " + remember.field + " of " + remember.node + " to be remembered",
                  true);
    sight_.remembered[remember.name] = *value;
  }
  void operator()(const Load& load) {
    RespClient& client = cluster_.client(node(load.node), load.client);
    if (load.db > 0) client.ask({"SELECT", std::to_string(load.db)});
    client.flush();
    generators_.push_back({&load, cluster_.now()});
  }
  void operator()(const Tap& tap) {
    cluster_.look_again();
    const auto offset = cluster_.info_field(node(tap.node), "master_repl_offset");
    if (cluster_.info_field(node(tap.node), "repl_backlog_active") != "1")
      return fail(tap.node + " writes no stream: it needs a replica first", true);
    sight_.taps[tap.node] = model::to_integer(*offset).value_or(0);
  }
  void operator()(const Raw& raw) {
    ScriptPeer& peer = cluster_.peer(node(raw.peer));
    if (raw.dial) {
      const std::size_t to = node(*raw.dial);
      peer.dial(cluster_.dial_address(node(raw.peer), to), cluster_.port_of(to));
    } else if (raw.send) {
      cluster_.look_again();
      const Resolved bytes = sight_.resolve(*raw.send);
      if (!bytes.problem.empty()) return fail(bytes.problem, true);
      if (!peer.send(bytes.text)) fail("the peer " + raw.peer + " has no open connection", true);
    } else if (raw.close) {
      if (!peer.close(*raw.close == "rst"))
        fail("the peer " + raw.peer + " has no open connection", true);
    }
  }
  void operator()(const Fault& fault) { faults_.begin(fault); }

 private:
  std::size_t node(const std::string& name) const { return *cluster_.host_named(name); }
  int port_of(const std::string& name) const { return cluster_.port_of(node(name)); }
  StepTold& now_told() { return told_.steps.back(); }

  void fail(const std::string& finding, bool over) {
    if (now_told().taken.finding.empty()) now_told().taken.finding = finding;
    over_ |= over;
  }

  // --- time
  // ---------------------------------------------------------------------------------------

  void turn(microseconds most) {
    if (stop_ != nullptr && *stop_) throw std::runtime_error("interrupted");
    const bool soon = faults_.waits_for_conditions() || faults_.strikes_soon();
    cluster_.turn(soon ? std::min(most, kOftenLooked) : most);
    if (soon) cluster_.look_again();
    faults_.watch();
    for (Generator& generator : generators_) feed(generator);
  }
  void let_pass(sim::Instant until) {
    while (cluster_.now() < until)
      turn(std::min<microseconds>(until - cluster_.now(), milliseconds(10)));
  }

  bool come_true(const Condition& condition, sim::Duration within) {
    const sim::Instant began = cluster_.now();
    for (;;) {
      cluster_.look_again();
      if (sight_.holds(condition)) return true;
      const sim::Duration waited = cluster_.now() - began;
      if (waited >= within) return false;
      turn(waited < kOften ? kOftenLooked : kSeldomLooked);
    }
  }

  // Right after something was done, with nothing between that lets time pass.
  bool expects_at_once(const Expect&) const {
    if (step_ == 0) return true;
    const auto& before = scenario_.steps[step_ - 1].what;
    return !std::holds_alternative<Sleep>(before);
  }

  // --- replies
  // ------------------------------------------------------------------------------------

  void judge(const std::vector<ReplyTest>& tests, std::size_t number, const std::string& line,
             model::Reply reply) {
    reply = cluster_.for_scenario(std::move(reply));
    now_told().taken.replies.push_back(reply);
    if (tests.empty()) return;
    const ReplyTest& test = tests.size() == 1 ? tests.front() : tests[number % tests.size()];
    cluster_.look_again();
    if (!passes(sight_.values(), test, reply))
      fail(line + " was answered " + model::to_text(reply) + ", expected " + wanted(test), false);
  }

  // --- loads
  // --------------------------------------------------------------------------------------

  void feed(Generator& generator) {
    constexpr std::uint64_t kMostUnanswered = 10'000;
    const Load& load = *generator.plan;
    while (generator.on) {
      const auto due = generator.began + sim::Duration(static_cast<std::int64_t>(generator.sent) *
                                                       1'000'000 / std::max(1U, load.per_second));
      if (cluster_.now() < due) return;
      const bool over =
          load.lasts > sim::Duration{0} && cluster_.now() >= generator.began + load.lasts;
      if (over || (load.count && generator.sent >= *load.count)) {
        generator.on = false;
        return;
      }
      RespClient& client = cluster_.client(node(load.node), load.client);
      while (client.take()) {
      }
      const auto draw = [&generator](std::uint64_t below) {  // any even spread will do
        generator.draws = generator.draws * 6364136223846793005ULL + 1442695040888963407ULL;
        return (generator.draws >> 33U) % below;
      };
      const std::string& line = load.lines[draw(load.lines.size())];
      const std::string key = "key:" + std::to_string(draw(std::max(1U, load.keys)));
      ++generator.sent;
      if (client.unanswered() >= kMostUnanswered) continue;
      const auto argv = model::split_line(
          replaced(replaced(line, "{key}", key), "{n}", std::to_string(generator.sent)));
      if (!argv || argv->empty()) continue;
      client.ask(*argv);
      client.flush();
    }
  }

  // --- looks
  // --------------------------------------------------------------------------------------

  static const std::vector<Look>* looks_of(const Told* told, std::size_t step) {
    if (told == nullptr) return nullptr;
    for (const StepTold& one : told->steps) {
      if (one.taken.step == step) return &one.looks;
    }
    return nullptr;
  }

  std::vector<Look> look_at(const std::vector<std::size_t>& nodes) {
    cluster_.look_again();
    std::vector<Look> looks;
    for (const std::size_t n : nodes) {
      if (cluster_.up(n)) looks.push_back(cluster_.look(n));
    }
    return looks;
  }

  bool agree(const std::vector<Look>& mine, const std::vector<Look>& theirs,
             const std::vector<std::string>& waited_for) const {
    return mine.size() == theirs.size() &&
           std::equal(mine.begin(), mine.end(), theirs.begin(), [&](const Look& a, const Look& b) {
             return arms::looks_agree(a, b, told_.hosts, blur_, waited_for);
           });
  }

  std::vector<Look> look_until_agreed(const std::vector<std::size_t>& nodes,
                                      const std::vector<Look>* theirs,
                                      const std::vector<std::string>& waited_for) {
    const sim::Instant end = cluster_.now() + kToAgree;
    for (;;) {
      std::vector<Look> mine = look_at(nodes);
      if (theirs == nullptr || agree(mine, *theirs, waited_for) || cluster_.now() >= end)
        return mine;
      turn(milliseconds(20));
    }
  }

  void look_after(const Step& step) {
    std::vector<std::size_t> nodes;
    const std::vector<std::string> names = arms::looked_at_after(step);
    for (const std::string& name : names) nodes.push_back(node(name));
    if (!nodes.empty())
      now_told().looks = look_until_agreed(nodes, looks_of(simulated_, step_), names);
  }

  // --- calm
  // ---------------------------------------------------------------------------------------

  bool has_reachable_master(std::size_t n) {
    std::size_t at = n;
    for (std::size_t i = 0; i <= cluster_.nodes(); ++i) {
      if (!cluster_.up(at)) return false;
      if (cluster_.info_field(at, "role") == "master") return at != n;
      const auto above = cluster_.follows(at);
      if (!above || *above >= cluster_.nodes()) return false;
      at = *above;
    }
    return false;
  }

  bool settled() {
    cluster_.look_again();
    for (std::size_t i = 0; i < cluster_.nodes(); ++i) {
      if (cluster_.up(i) && cluster_.info_field(i, "rdb_bgsave_in_progress") == "1") return false;
    }
    for (std::size_t i = 0; i < cluster_.nodes(); ++i) {
      if (!has_reachable_master(i)) continue;
      const std::string above = cluster_.names()[*cluster_.follows(i)], name = cluster_.names()[i];
      Condition condition;
      if (blur_.offsets)
        condition.all_of = {InfoIs{name, "master_link_status", {Test::Op::is, "up"}},
                            ReplicaStateIs{above, name, {Test::Op::is, "online"}},
                            Equal{{above, name}}};
      else
        condition.all_of = {Synced{{above, name}}};
      if (!sight_.holds(condition)) return false;
    }
    return true;
  }

  void calm() {
    told_.calm = true;
    for (Generator& generator : generators_) generator.on = false;
    faults_.end_all();
    const sim::Instant end = cluster_.now() + kToSettle;
    while (!(told_.settled = settled()) && cluster_.now() < end) turn(kSeldomLooked);
    std::vector<std::size_t> nodes;
    for (std::size_t i = 0; i < cluster_.nodes(); ++i) nodes.push_back(i);
    told_.end = look_until_agreed(nodes, simulated_ != nullptr ? &simulated_->end : nullptr, {});
  }

  static std::string newest_lines(const std::string& log) {
    std::size_t begin = log.size();
    for (std::size_t lines = 0; begin > 0 && lines <= kLogLines; ++lines) {
      const std::size_t newline = log.rfind('\n', begin - 1);
      if (newline == std::string::npos) return log;
      begin = newline;
    }
    return log.substr(std::min(begin + 1, log.size()));
  }

  const Scenario& scenario_;
  const Told* simulated_;
  const std::atomic<bool>* stop_;
  arms::Blur blur_;
  RealCluster cluster_;
  RealSight sight_;
  RealFaults faults_;
  Told told_;
  std::vector<Generator> generators_;
  std::size_t step_ = 0;
  bool over_ = false;
};

}  // namespace

Told play_on_real_servers(const Scenario& scenario, const Told* simulated,
                          const std::atomic<bool>* stop) {
  try {
    return Arm(scenario, simulated, stop).play();
  } catch (const std::runtime_error& error) {
    Told told;
    told.arm = real_server();
    told.problem = error.what();
    told.broke = true;
    return told;
  }
}

std::string real_server() {
  static const std::string name = [] {
    std::FILE* const out = ::popen("redis-server --version 2>/dev/null", "r");
    std::array<char, 256> line{};
    const bool got =
        out != nullptr && std::fgets(line.data(), static_cast<int>(line.size()), out) != nullptr;
    if (out != nullptr) ::pclose(out);
    const std::string text = got ? line.data() : "";
    const std::size_t at = text.find("v=");
    return at == std::string::npos
               ? std::string()
               : "redis-server " + text.substr(at + 2, text.find(' ', at) - at - 2);
  }();
  return name;
}

}  // namespace live
