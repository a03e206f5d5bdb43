#include "scenarios/search/shrink.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "scenarios/language/loader.h"
#include "scenarios/language/write.h"
#include "scenarios/search/mentions.h"
#include "scenarios/search/numbers.h"
#include "sim/digest.h"

namespace scenarios {
namespace {

class Shrinker {
 public:
  Shrinker(Scenario scenario, const StillFails& still_fails, const ShrinkBudget& budget)
      : best_(std::move(scenario)), still_fails_(still_fails), budget_(budget) {
    settle(best_);
    text_ = write_scenario(best_);
  }

  Shrunk run() {
    bool found = true;
    while (found && !spent()) {
      found = false;
      for (const auto pass : {&Shrinker::steps, &Shrinker::nodes, &Shrinker::lists,
                              &Shrinker::inside_steps, &Shrinker::plainer, &Shrinker::smaller}) {
        found = (this->*pass)() || found;
      }
    }
    return {std::move(best_), runs_, !spent()};
  }

 private:
  bool spent() const { return runs_ >= budget_.runs; }

  // Keeps the change if the failure stays. A change that changes nothing, or that makes something the
  // language does not take, is none; what failed to fail once is not run again.
  template <class Change> bool attempt(Change&& change) {
    if (spent()) return false;
    Scenario candidate = best_;
    change(candidate);
    drop_dangling(candidate);
    return take(std::move(candidate));
  }

  bool take(Scenario candidate) {
    settle(candidate);
    std::string text;
    try {
      text = write_scenario(candidate);
    } catch (const std::logic_error&) {
      return false;
    }
    if (text == text_ || !seen_.insert(sim::digest(text)).second) return false;
    if (!std::holds_alternative<Scenario>(load_scenario(text, candidate.name))) return false;
    ++runs_;
    if (!still_fails_(candidate)) return false;
    best_ = std::move(candidate);
    text_ = std::move(text);
    return true;
  }

  // Pieces of a list are left out, first large ones, at last single items, from the end to the front.
  // `at` finds the list in a scenario; `least` items stay.
  template <class At> bool chunks(At at, std::size_t least = 0) {
    bool found = false;
    for (std::size_t piece = std::max<std::size_t>(at(best_).size() / 2, 1); piece > 0; piece /= 2) {
      std::size_t end = at(best_).size();
      while (end > 0 && !spent()) {
        const std::size_t begin = end > piece ? end - piece : 0;
        const bool enough = at(best_).size() - (end - begin) >= least;
        found = (enough && attempt([&](Scenario& s) {
                   auto& list = at(s);
                   list.erase(list.begin() + static_cast<std::ptrdiff_t>(begin),
                              list.begin() + static_cast<std::ptrdiff_t>(end));
                 })) ||
                found;
        end = std::min(begin, at(best_).size());
      }
    }
    return found;
  }

  bool steps() {
    return chunks([](Scenario& s) -> auto& { return s.steps; });
  }

  bool nodes() {
    bool found = false;
    for (std::size_t i = best_.nodes.size(); i-- > 0;) {
      if (auto smaller = without(best_, best_.nodes[i].name); smaller && !spent())
        found = take(std::move(*smaller)) || found;
    }
    for (std::size_t i = best_.peers.size(); i-- > 0;) {
      if (auto smaller = without(best_, best_.peers[i].name); smaller && !spent())
        found = take(std::move(*smaller)) || found;
    }
    return found;
  }

  // Settings, links, data, and what a node has of its own.
  bool lists() {
    bool found = false;
    std::set<std::string> settings;
    for (const Node& node : best_.nodes) {
      for (const auto& [name, value] : node.config) settings.insert(name);
    }
    for (const std::string& name : settings) {
      found = attempt([&](Scenario& s) {
                for (Node& node : s.nodes)
                  std::erase_if(node.config, [&](const auto& line) { return line.first == name; });
              }) ||
              found;
    }
    found = chunks([](Scenario& s) -> auto& { return s.links; }) || found;
    for (std::size_t i = 0; i < best_.nodes.size(); ++i) {
      found = chunks([i](Scenario& s) -> auto& { return s.nodes[i].data; }) || found;
      found = chunks([i](Scenario& s) -> auto& { return s.nodes[i].config; }) || found;
      found = attempt([i](Scenario& s) {
                s.nodes[i].clock_offset = sim::Duration{0};
                s.nodes[i].clock_drift_ppm = 0;
              }) ||
              found;
      found = attempt([i](Scenario& s) { s.nodes[i].profile = Node().profile; }) || found;
      found = attempt([i](Scenario& s) { s.nodes[i].start = true; }) || found;
      found = attempt([i](Scenario& s) { s.nodes[i].replicaof.clear(); }) || found;
    }
    return found;
  }

  template <class What> static What* as(Scenario& s, std::size_t i) {
    return std::get_if<What>(&s.steps[i].what);
  }
  static Condition* condition_of(Scenario& s, std::size_t i) {
    if (auto* wait = as<Wait>(s, i)) return &wait->until;
    if (auto* expect = as<Expect>(s, i)) return &expect->holds;
    if (auto* throughout = as<Throughout>(s, i)) return &throughout->holds;
    if (auto* fault = as<Fault>(s, i); fault != nullptr && fault->when) return &*fault->when;
    return nullptr;
  }

  // Commands, pairs, names and parts of conditions.
  bool inside_steps() {
    bool found = false;
    for (std::size_t i = 0; i < best_.steps.size(); ++i) {
      if (const auto* run = as<Run>(best_, i)) {
        if (!run->replies.empty())
          found = attempt([i](Scenario& s) { as<Run>(s, i)->replies.clear(); }) || found;
        if (as<Run>(best_, i)->replies.size() <= 1)
          found = chunks([i](Scenario& s) -> auto& { return as<Run>(s, i)->lines; }, 1) || found;
      } else if (as<Load>(best_, i) != nullptr) {
        found = chunks([i](Scenario& s) -> auto& { return as<Load>(s, i)->lines; }, 1) || found;
      } else if (as<ReplicaOf>(best_, i) != nullptr) {
        found = chunks([i](Scenario& s) -> auto& { return as<ReplicaOf>(s, i)->pairs; }, 1) || found;
      } else if (auto* heal = as<Heal>(best_, i); heal != nullptr && !heal->all) {
        found = chunks([i](Scenario& s) -> auto& { return as<Heal>(s, i)->names; }, 1) || found;
      }
      if (condition_of(best_, i) != nullptr) {
        found = chunks([i](Scenario& s) -> auto& { return condition_of(s, i)->all_of; }, 1) || found;
        found = groups_in_conditions(i) || found;
      }
    }
    return found;
  }

  bool groups_in_conditions(std::size_t i) {
    bool found = false;
    for (std::size_t part = 0; part < condition_of(best_, i)->all_of.size(); ++part) {
      const auto nodes = [i, part](Scenario& s) -> std::vector<std::string>* {
        Condition::Part& which = condition_of(s, i)->all_of[part];
        if (auto* synced = std::get_if<Synced>(&which)) return &synced->nodes;
        if (auto* equal = std::get_if<Equal>(&which)) return &equal->nodes;
        return nullptr;
      };
      if (nodes(best_) != nullptr)
        found = chunks([&](Scenario& s) -> auto& { return *nodes(s); }, 2) || found;
    }
    return found;
  }

  // Options go back to what they are if nothing is said.
  bool plainer() {
    bool found = false;
    found = plainer_links() || found;
    for (std::size_t i = 0; i < best_.steps.size(); ++i) {
      found = attempt([i](Scenario& s) { s.steps[i].why.clear(); }) || found;
      found = attempt([i](Scenario& s) { s.steps[i].at.reset(); }) || found;
      found = attempt([i](Scenario& s) { s.steps[i].after.reset(); }) || found;
      if (as<Run>(best_, i) != nullptr) found = plainer_run(i) || found;
      else if (as<Load>(best_, i) != nullptr) found = load_becomes_commands(i) || found;
      else if (as<Wait>(best_, i) != nullptr)
        found = attempt([i](Scenario& s) { as<Wait>(s, i)->within = Wait().within; }) || found;
      else if (as<Fault>(best_, i) != nullptr) found = plainer_fault(i) || found;
    }
    found = attempt([](Scenario& s) { s.calm_within = sim::Duration{0}; }) || found;
    found = attempt([](Scenario& s) { s.leave_out.clear(); }) || found;
    constexpr std::uint64_t kPlainSeeds = 3;
    for (std::uint64_t seed = 1; seed <= kPlainSeeds && best_.seed > kPlainSeeds; ++seed)
      found = attempt([seed](Scenario& s) { s.seed = seed; }) || found;
    return found;
  }

  template <class At> bool plainer_link(At at) {
    bool found = attempt([&](Scenario& s) { at(s) = {}; });
    found = attempt([&](Scenario& s) { at(s).latency = sim::LinkProfile().latency; }) || found;
    found = attempt([&](Scenario& s) { at(s).jitter = {}; }) || found;
    found = attempt([&](Scenario& s) { at(s).bytes_per_second = 0; }) || found;
    found = attempt([&](Scenario& s) { at(s).pieces = {}; }) || found;
    found = attempt([&](Scenario& s) {
              at(s).send_buffer = sim::LinkProfile().send_buffer;
              at(s).receive_buffer = sim::LinkProfile().receive_buffer;
            }) ||
            found;
    return found;
  }
  bool plainer_links() {
    bool found = plainer_link([](Scenario& s) -> auto& { return s.default_link; });
    for (std::size_t i = 0; i < best_.links.size(); ++i)
      found = plainer_link([i](Scenario& s) -> auto& { return s.links[i].profile; }) || found;
    return found;
  }

  bool plainer_run(std::size_t i) {
    bool found = attempt([i](Scenario& s) { as<Run>(s, i)->pipelined = false; });
    found = attempt([i](Scenario& s) {
              as<Run>(s, i)->client = Run().client;
              as<Run>(s, i)->await = true;
            }) ||
            found;
    // Nobody else need be there for it, even where nobody waits for the reply.
    found = attempt([i](Scenario& s) { as<Run>(s, i)->client = Run().client; }) || found;
    found = attempt([i](Scenario& s) { as<Run>(s, i)->within = Run().within; }) || found;
    found = shorter_values(i) || found;
    found = attempt([i](Scenario& s) { as<Run>(s, i)->repeat = 1; }) || found;
    return found;
  }

  // "APPEND s vvvvvvvvvvvv" with fewer of them.
  bool shorter_values(std::size_t i) {
    bool found = false;
    for (std::size_t line = 0; line < as<Run>(best_, i)->lines.size() && !spent(); ++line) {
      const std::string text = as<Run>(best_, i)->lines[line];
      const std::pair<std::size_t, std::size_t> longest = longest_of_one_letter(text);
      for (std::size_t fewer = 1; fewer < longest.second; fewer = fewer < 3 ? fewer + 1 : fewer * 2) {
        if (!attempt([&](Scenario& s) { as<Run>(s, i)->lines[line].erase(longest.first, longest.second - fewer); })) continue;
        found = true;
        break;
      }
    }
    return found;
  }
  static std::pair<std::size_t, std::size_t> longest_of_one_letter(std::string_view text) {
    std::pair<std::size_t, std::size_t> longest{0, 0};
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find_first_not_of(text[begin], begin), text.size());
      if (end - begin > longest.second) longest = {begin, end - begin};
      begin = end;
    }
    return longest;
  }

  // A load is few commands, if those are enough.
  bool load_becomes_commands(std::size_t i) {
    for (const std::uint32_t count : {1U, 2U, 5U, 20U}) {
      if (attempt([&](Scenario& s) {
            const Load load = *as<Load>(s, i);
            Run run;
            run.node = load.node;
            run.repeat = count;
            run.await = false;
            for (std::string line : load.lines) {
              for (const auto& [word, other] :
                   {std::pair<std::string_view, std::string_view>{"{key}", "key:0"}, {"{n}", "{i}"}}) {
                for (std::size_t at = line.find(word); at != std::string::npos; at = line.find(word))
                  line.replace(at, word.size(), other);
              }
              run.lines.push_back(std::move(line));
            }
            s.steps[i].what = std::move(run);
          }))
        return true;
    }
    bool found = attempt([i](Scenario& s) { as<Load>(s, i)->client = Load().client; });
    found = attempt([i](Scenario& s) { as<Load>(s, i)->keys = 1; }) || found;
    return found;
  }

  bool plainer_fault(std::size_t i) {
    const auto fault = [i](Scenario& s) -> Fault& { return std::get<Fault>(s.steps[i].what); };
    bool found = attempt([&](Scenario& s) { fault(s).after_bytes.reset(); fault(s).times = 1; });
    found = attempt([&](Scenario& s) { fault(s).when.reset(); fault(s).times = 1; }) || found;
    found = attempt([&](Scenario& s) { fault(s).times = 1; }) || found;
    found = attempt([&](Scenario& s) { fault(s).lasts.reset(); }) || found;
    found = attempt([&](Scenario& s) {
              if (fault(s).after_bytes) fault(s).after_bytes->connection = BytePoint().connection;
            }) ||
            found;
    const auto set = [&](auto what, auto&& change) {
      using What = decltype(what);
      if (!std::holds_alternative<What>(fault(best_).what)) return;
      found = attempt([&](Scenario& s) { change(std::get<What>(fault(s).what)); }) || found;
    };
    set(Cut(), [](Cut& f) { f.noticed_by = "both"; });
    set(Cut(), [](Cut& f) { f.how = sim::CloseHow::rst; });
    set(Cut(), [](Cut& f) { f.in_flight = sim::InFlight::lost; });
    set(Crash(), [](Crash& f) { f.silent = false; });
    set(Restart(), [](Restart& f) { f.config.clear(); });
    set(Restart(), [](Restart& f) { f.keep_disk = true; });
    set(Restart(), [](Restart& f) { f.replicaof.reset(); });
    set(Flip(), [](Flip& f) { f.bit = 0; });
    // A link that is slow in neither way is no fault.
    set(Reshape(), [](Reshape& f) { if (f.latency) f.jitter.reset(); });
    set(Reshape(), [](Reshape& f) { if (f.jitter) f.latency.reset(); });
    set(ClockFault(), [](ClockFault& f) { f.drift_ppm.reset(); });
    if (std::holds_alternative<HoldWays>(fault(best_).what)) {
      found = fewer_ways([&](Scenario& s) -> auto& { return std::get<HoldWays>(fault(s).what).ways; }) ||
              found;
    } else if (std::holds_alternative<Reshape>(fault(best_).what)) {
      found = fewer_ways([&](Scenario& s) -> auto& { return std::get<Reshape>(fault(s).what).ways; }) ||
              found;
    }
    return found;
  }

  // Whole pairs first: both ways between two is plainer than one way among many.
  template <class At> bool fewer_ways(At at) {
    bool found = false;
    for (std::size_t i = at(best_).size(); i-- > 0 && !spent();) {
      if (i >= at(best_).size() || at(best_).size() < 3) continue;
      const Way gone = at(best_)[i];
      found = attempt([&](Scenario& s) {
                std::erase_if(at(s), [&](const Way& w) {
                  return w == gone || w == Way{gone.to, gone.from};
                });
              }) ||
              found;
    }
    if (at(best_).size() != 2) found = chunks(at, 1) || found;
    return found;
  }

  // Rounder and smaller numbers: fewer digits that count, then less.
  bool smaller() {
    bool found = false;
    for (std::size_t i = 0; i < numbers_of(best_).size() && !spent(); ++i) {
      const std::vector<Number> numbers = numbers_of(best_);
      if (!numbers[i].simpler_is_smaller) continue;
      for (const std::int64_t value : plainer_than(numbers[i])) {
        if (!attempt([&](Scenario& s) { numbers[i].set(s, value); })) continue;
        found = true;
        break;
      }
    }
    return found;
  }

  // In order: the plainest first.
  static std::vector<std::int64_t> plainer_than(const Number& number) {
    const std::int64_t value = number.value;
    std::vector<std::int64_t> values{number.least};
    for (std::int64_t step = 1; step <= value && step < INT64_MAX / 10; step *= 10) {
      const bool coarse = value / step < 10;
      if (number.kind == Number::Kind::duration && step < 1000 && value >= 1'000'000) continue;
      for (std::int64_t digit = 1; digit < 10 && digit * step < value; ++digit) {
        if (digit == 1 || digit == 2 || digit == 5 || coarse) values.push_back(digit * step);
      }
      const std::int64_t down = value / step * step;
      const std::int64_t up = down + step;
      for (const std::int64_t rounded : {down, up}) {
        if (digits_that_count(rounded) < digits_that_count(value)) values.push_back(rounded);
      }
    }
    const auto order = [](std::int64_t v) { return std::pair(digits_that_count(v), v); };
    std::erase_if(values, [&](std::int64_t v) {
      return v < number.least || v > number.most || order(v) >= order(value);
    });
    std::sort(values.begin(), values.end(), [&](auto a, auto b) { return order(a) < order(b); });
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  }
  static int digits_that_count(std::int64_t value) {
    int digits = 0;
    while (value != 0 && value % 10 == 0) value /= 10;
    for (; value != 0; value /= 10) ++digits;
    return digits;
  }

  Scenario best_;
  std::string text_;
  const StillFails& still_fails_;
  ShrinkBudget budget_;
  std::uint64_t runs_ = 0;
  std::set<std::uint64_t> seen_;  // what was tried
};

}  // namespace

Shrunk shrink(Scenario scenario, const StillFails& still_fails, const ShrinkBudget& budget) {
  return Shrinker(std::move(scenario), still_fails, budget).run();
}

StillFails fails_with(std::string key) {
  // An event without end is waited for again and again: not for as long as in a campaign.
  constexpr std::chrono::milliseconds kLongestEvent{1000};
  return [key = std::move(key), sandbox = std::make_shared<Sandbox>(kLongestEvent)](const Scenario& scenario) {
    ++pulse().beats;
    const auto finding = sandbox->finding(scenario);
    return finding && finding->key == key;
  };
}

std::size_t size_in_events(const Scenario& scenario) {
  std::size_t events = 0;
  for (const Step& step : scenario.steps) {
    if (const auto* run = std::get_if<Run>(&step.what)) events += run->lines.size();
    else if (const auto* follow = std::get_if<ReplicaOf>(&step.what)) events += follow->pairs.size();
    else ++events;
  }
  return events;
}

}  // namespace scenarios
