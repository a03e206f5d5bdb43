#include "scenarios/arms/expressible.h"

#include <algorithm>

#include "model/data/number.h"
#include "model/data/text.h"
#include "scenarios/arms/log_marks.h"

namespace scenarios::arms {
namespace {

constexpr std::int64_t kDeafening = 200'000;  // us
constexpr std::string_view kRelease = "redis-7.0";

class Search {
 public:
  explicit Search(const Scenario& scenario) : scenario_(scenario) {}

  Expressible run() {
    if (const auto reason = beyond_this_machine(scenario_.name))
      cannot("the whole", std::string(*reason));
    for (const Node& node : scenario_.nodes) look_at(node);
    for (const Step& step : scenario_.steps) {
      place_ = step.place;
      std::visit(*this, step.what);
    }
    return std::move(out_);
  }

  void operator()(const Wait& wait) {
    see(wait.until);
    if (wait.needed && all_unseen(wait.until))
      cannot("wait until " + name_of(wait.until), *unseen_reason(wait.until.all_of.front()));
  }
  void operator()(const Expect& expect) { see(expect.holds); }
  void operator()(const Throughout& throughout) { see(throughout.holds); }
  void operator()(const Fault& fault) {
    if (fault.when && all_unseen(*fault.when))
      cannot(fault.text,
             "it waits for a condition that " + *unseen_reason(fault.when->all_of.front()));
    if (fault.when) {
      for (const Condition::Part& part : fault.when->all_of) {
        const auto* const link = std::get_if<LinkStateIs>(&part);
        if (link == nullptr || unseen_reason(part)) continue;
        const std::string word = model::lower(link->test.value);
        if (word != "connected" && word != "transfer")
          cannot(fault.text,
                 "it waits for the link of " + link->node + " to be " + link->test.value +
                     ", which comes and goes faster than a real server can be looked at");
      }
    }
    std::visit(*this, fault.what);
  }
  void operator()(const ClockFault& clock) {
    cannot("clock of " + clock.node, "all servers here have the clock of this machine");
  }
  void operator()(const SlowLoop& slow) {
    cannot("slow_loop of " + slow.node, "nothing makes each turn of a real event loop longer");
  }
  void operator()(const JobFault& job) {
    using Does = JobFault::Does;
    const std::string what =
        std::string(job.job == JobFault::Job::snapshot ? "snapshot" : "load") + " of " + job.node;
    switch (job.does) {
      case Does::takes:
        return;  // by a delay for each key
      case Does::dies:
        if (job.job == JobFault::Job::snapshot) return;  // its child is killed
        break;
      case Does::fails_to_start:
        return cannot(what + " fails to start",
                      "a fork cannot be made to fail without limits on this whole machine");
      case Does::ends_late:
        return cannot(what + " ends late", "a child that was killed is gone at once");
      case Does::fails:
        break;
    }
    cannot(what + " fails", "a real load fails only of what is in the file");
  }
  void operator()(const auto&) {}

 private:
  void cannot(std::string what, std::string reason) {
    out_.untaken.push_back({place_, std::move(what), std::move(reason)});
  }

  void look_at(const Node& node) {
    place_ = node.place;
    if (node.profile != kRelease)
      cannot(node.name + " is " + node.profile, "the server here is redis-server 7.0.15");
    for (const auto& [name, value] : node.config) {
      if (name == "maxmemory" && value != "0")
        cannot(
            "maxmemory of " + node.name,
            "the model counts memory by a formula of its own, a real server what it has allocated");
    }
    for (const auto& [name, value] : node.config) {
      if (name == "key-load-delay" && model::to_integer(value).value_or(0) > kDeafening)
        cannot("key-load-delay of " + node.name,
               "between two keys a real server sleeps, and answers nobody for so long");
    }
    if (node.clock_offset != sim::Duration{0} || node.clock_drift_ppm != 0)
      cannot("clock of " + node.name, "all servers here have the clock of this machine");
  }

  void see(const Condition& condition) {
    for (const Condition::Part& part : condition.all_of) {
      const auto reason = unseen_reason(part);
      if (!reason) continue;
      std::string what = "a part of a condition";
      if (const auto* mark = std::get_if<MarkReached>(&part)) what = "mark " + mark->mark;
      if (const auto* link = std::get_if<LinkStateIs>(&part))
        what = "link state " + link->test.value + " of " + link->node;
      out_.unseen.push_back({place_, what, *reason});
    }
  }
  static bool all_unseen(const Condition& condition) {
    return std::all_of(condition.all_of.begin(), condition.all_of.end(),
                       [](const Condition::Part& part) { return unseen_reason(part).has_value(); });
  }
  static std::string name_of(const Condition& condition) {
    if (const auto* mark = std::get_if<MarkReached>(&condition.all_of.front()))
      return "mark " + mark->mark;
    if (const auto* link = std::get_if<LinkStateIs>(&condition.all_of.front()))
      return "link of " + link->node + " is " + link->test.value;
    return "a condition";
  }

  const Scenario& scenario_;
  Place place_;
  Expressible out_;
};

}  // namespace

std::optional<std::string> role_word_of(const std::string& link_state) {
  const std::string word = model::lower(link_state);
  if (word == "connected") return "connected";
  if (word == "transfer") return "sync";
  if (word == "connecting") return "connecting";
  if (word == "connect") return "connect";
  if (word == "receive_psync_reply") return "handshake";  // and the wire has the request
  return std::nullopt;
}

std::optional<std::string> unseen_reason(const Condition::Part& part) {
  if (const auto* mark = std::get_if<MarkReached>(&part)) {
    if (log_line_of(mark->mark)) return std::nullopt;
    return "a real server says nothing of this path, neither to a client nor in its log";
  }
  if (const auto* link = std::get_if<LinkStateIs>(&part)) {
    if (link->test.op == Test::Op::absent || role_word_of(link->test.value)) return std::nullopt;
    return "ROLE of a real server does not tell this state from others";
  }
  if (const auto* no = std::get_if<Not>(&part)) {
    for (const Condition::Part& inner : no->inner->all_of) {
      if (const auto reason = unseen_reason(inner)) return reason;
    }
  }
  if (const auto* any = std::get_if<Any>(&part)) {
    for (const Condition& one : any->inner) {
      for (const Condition::Part& inner : one.all_of) {
        if (const auto reason = unseen_reason(inner)) return reason;
      }
    }
  }
  return std::nullopt;
}

Expressible expressible(const Scenario& scenario) {
  return Search(scenario).run();
}

}  // namespace scenarios::arms
