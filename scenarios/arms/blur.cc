#include "scenarios/arms/blur.h"

#include <algorithm>
#include <limits>

#include "model/data/number.h"

namespace scenarios::arms {
namespace {

constexpr std::int64_t kUsualPingPeriod = 10;  // s

}  // namespace

bool has_pings(const Told& told) {
  const auto& records = told.trace.records();
  return std::any_of(records.begin(), records.end(), [](const sim::Record& record) {
    const auto* const message = std::get_if<sim::record::Message>(&record.what);
    return message != nullptr && message->text == "ping";
  });
}

Blur blur_of(const Scenario& scenario, const Told& simulated) {
  Blur blur;
  for (const Step& step : scenario.steps) {
    if (std::holds_alternative<Load>(step.what)) {
      return {true, true, false,
              "random commands are in the stream: offsets and data are each arm's own"};
    }
  }
  for (const Step& step : scenario.steps) {
    const auto* const fault = std::get_if<Fault>(&step.what);
    const auto* const job = fault == nullptr ? nullptr : std::get_if<JobFault>(&fault->what);
    blur.attempts |= job != nullptr && job->does == JobFault::Does::dies;
  }
  if (blur.attempts)
    blur.reason = "how often a snapshot is tried while its jobs die is each arm's own";
  std::int64_t shortest = std::numeric_limits<std::int32_t>::max();
  for (const Node& node : scenario.nodes) {
    std::int64_t period = kUsualPingPeriod;
    for (const auto& [name, value] : node.config) {
      if (name == "repl-ping-replica-period") period = model::to_integer(value).value_or(period);
    }
    shortest = std::min(shortest, period);
  }
  blur.offsets =
      shortest * 1'000'000 <= simulated.ended.time_since_epoch().count() || has_pings(simulated);
  if (blur.offsets) blur.reason = "pings are in the stream: offsets are each arm's own";
  return blur;
}

}  // namespace scenarios::arms
