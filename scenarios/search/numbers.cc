#include "scenarios/search/numbers.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "scenarios/language/write.h"

namespace scenarios {
namespace {

using Kind = Number::Kind;

constexpr std::int64_t kLongestTime = 36'000'000'000;  // ten hours
constexpr std::int64_t kMostOfAnything = 1'000'000;

class Collector {
 public:
  explicit Collector(const Scenario& scenario) : scenario_(scenario) {}

  std::vector<Number> collect() {
    for (std::size_t i = 0; i < scenario_.nodes.size(); ++i) settings(i);
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) step(i);
    return std::move(numbers_);
  }

 private:
  template <class Set>
  void add(std::string pointer, std::string what, Kind kind, std::int64_t value, std::int64_t least,
           Set&& set) {
    Number number;
    number.pointer = std::move(pointer);
    number.what = std::move(what);
    number.kind = kind;
    number.value = value;
    number.least = least;
    number.most = kind == Kind::duration ? kLongestTime : kMostOfAnything;
    number.set = std::forward<Set>(set);
    numbers_.push_back(std::move(number));
  }

  // Where the same setting is the same everywhere it is one number.
  void settings(std::size_t node) {
    for (std::size_t line = 0; line < scenario_.nodes[node].config.size(); ++line) {
      const std::string& name = scenario_.nodes[node].config[line].first;
      const std::string& value = scenario_.nodes[node].config[line].second;
      const bool whole = !value.empty() && value.size() < 10 &&
                         std::all_of(value.begin(), value.end(), [](char c) {
                           return std::isdigit(static_cast<unsigned char>(c)) != 0;
                         });
      if (!whole) continue;
      const auto sets_it = [&](const Node& n) {
        return std::find(n.config.begin(), n.config.end(), std::pair(name, value)) != n.config.end();
      };
      if (std::any_of(scenario_.nodes.begin(),
                      scenario_.nodes.begin() + static_cast<std::ptrdiff_t>(node), sets_it))
        continue;
      const auto nodes = std::count_if(scenario_.nodes.begin(), scenario_.nodes.end(), sets_it);
      const std::string of = nodes > 1 ? "" : " of " + scenario_.nodes[node].name;
      const auto set = [name = name, old = value](Scenario& s, std::int64_t number) {
        for (Node& n : s.nodes) {
          for (auto& [key, text] : n.config) {
            if (key == name && text == old) text = std::to_string(number);
          }
        }
      };
      add("/nodes/" + scenario_.nodes[node].name + "/config/" + name, name + of, Kind::count,
          std::stoll(value), 0, set);
      numbers_.back().most = 1'000'000'000;
      numbers_.back().simpler_is_smaller = false;
    }
  }

  // A duration of the step or of what it holds; `get` gives it, from a step that can be changed.
  template <class Get>
  void duration(std::size_t i, const std::string& field, const std::string& what, sim::Duration value,
                std::int64_t least, Get get) {
    add(pointer(i) + "/" + field, what, Kind::duration, value.count(), least,
        [i, get](Scenario& s, std::int64_t number) { get(s.steps[i]) = sim::Duration(number); });
  }

  void step(std::size_t i) {
    const Step& step = scenario_.steps[i];
    if (step.at) duration(i, "at", "start of " + nth(i), *step.at, 0, [](Step& s) -> auto& { return *s.at; });
    if (step.after) {
      duration(i, "after", "delay before " + nth(i), *step.after, 0,
               [](Step& s) -> auto& { return *s.after; });
    }
    if (const auto* sleep = std::get_if<Sleep>(&step.what)) {
      duration(i, "sleep", "sleep in " + nth(i), sleep->time, 0,
               [](Step& s) -> auto& { return std::get<Sleep>(s.what).time; });
    } else if (const auto* run = std::get_if<Run>(&step.what)) {
      if (run->repeat > 1) {
        add(pointer(i) + "/repeat", "number of repeats of \"" + run->lines.front() + "\"", Kind::count,
            run->repeat, 1, [i](Scenario& s, std::int64_t number) {
              std::get<Run>(s.steps[i].what).repeat = static_cast<std::uint32_t>(number);
            });
      }
    } else if (const auto* load = std::get_if<Load>(&step.what)) {
      if (load->count) {
        add(pointer(i) + "/count", "number of commands of the load on " + load->node, Kind::count,
            *load->count, 1, [i](Scenario& s, std::int64_t number) {
              std::get<Load>(s.steps[i].what).count = static_cast<std::uint32_t>(number);
            });
      } else if (load->lasts > sim::Duration{0}) {
        duration(i, "for", "load on " + load->node + " that lasts", load->lasts, 1,
                 [](Step& s) -> auto& { return std::get<Load>(s.what).lasts; });
      }
    } else if (const auto* fault = std::get_if<Fault>(&step.what)) {
      of_fault(i, *fault);
    }
  }

  static Fault& fault_of(Step& step) { return std::get<Fault>(step.what); }

  void of_fault(std::size_t i, const Fault& fault) {
    const std::string told = described(fault.what);
    if (fault.lasts) {
      duration(i, "for", "\"" + told + "\" that lasts", *fault.lasts, 1,
               [](Step& s) -> auto& { return *fault_of(s).lasts; });
    }
    if (fault.times > 1) {
      add(pointer(i) + "/times", "number of times that \"" + told + "\" strikes", Kind::count,
          fault.times, 1, [i](Scenario& s, std::int64_t number) {
            fault_of(s.steps[i]).times = static_cast<std::uint32_t>(number);
          });
    }
    if (fault.after_bytes && fault.after_bytes->percent) {
      add(pointer(i) + "/after_bytes/count", "percentage at which \"" + told + "\" strikes", Kind::count,
          *fault.after_bytes->percent, 0, [i](Scenario& s, std::int64_t number) {
            fault_of(s.steps[i]).after_bytes->percent = static_cast<std::uint32_t>(number);
          });
      numbers_.back().most = 100;
    } else if (fault.after_bytes && fault.after_bytes->count >= 0) {
      add(pointer(i) + "/after_bytes/count", "number of bytes after which \"" + told + "\" strikes",
          Kind::bytes, fault.after_bytes->count, 0, [i](Scenario& s, std::int64_t number) {
            fault_of(s.steps[i]).after_bytes->count = number;
          });
    }
    if (const auto* slow = std::get_if<SlowLoop>(&fault.what)) {
      duration(i, "by", "\"" + told + "\" by", slow->by, 0,
               [](Step& s) -> auto& { return std::get<SlowLoop>(fault_of(s).what).by; });
    } else if (const auto* job = std::get_if<JobFault>(&fault.what);
               job != nullptr &&
               (job->does == JobFault::Does::takes || job->does == JobFault::Does::ends_late)) {
      duration(i, "time", "time of \"" + told + "\"", job->time, 0,
               [](Step& s) -> auto& { return std::get<JobFault>(fault_of(s).what).time; });
    } else if (const auto* shape = std::get_if<Reshape>(&fault.what)) {
      if (shape->latency) {
        duration(i, "latency", "latency of \"" + told + "\"", *shape->latency, 0,
                 [](Step& s) -> auto& { return *std::get<Reshape>(fault_of(s).what).latency; });
      }
      if (shape->jitter) {
        duration(i, "jitter", "jitter of \"" + told + "\"", *shape->jitter, 0,
                 [](Step& s) -> auto& { return *std::get<Reshape>(fault_of(s).what).jitter; });
      }
    } else if (const auto* clock = std::get_if<ClockFault>(&fault.what);
               clock != nullptr && clock->step > sim::Duration{0}) {
      duration(i, "step", "clock step of " + clock->node, clock->step, 0,
               [](Step& s) -> auto& { return std::get<ClockFault>(fault_of(s).what).step; });
    }
  }

  static std::string pointer(std::size_t i) { return "/steps/" + std::to_string(i); }
  static std::string nth(std::size_t i) { return "step " + std::to_string(i + 1); }

  const Scenario& scenario_;
  std::vector<Number> numbers_;
};

}  // namespace

std::vector<Number> numbers_of(const Scenario& scenario) { return Collector(scenario).collect(); }

std::string in_words(Number::Kind kind, std::int64_t value) {
  if (kind != Kind::duration) return std::to_string(value);
  std::string text = duration_text(sim::Duration(value));
  const std::size_t unit = text.find_first_not_of("-0123456789.");
  return text.insert(unit, " ");
}

}  // namespace scenarios
