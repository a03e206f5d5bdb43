#include "scenarios/run/fault_plan.h"

#include <algorithm>

namespace scenarios {
namespace {

// Whether there is something to undo, whatever the scenario says of how long.
struct Lasting {
  bool operator()(const Cut&) const { return false; }
  bool operator()(const Crash&) const { return false; }
  bool operator()(const Restart&) const { return false; }
  bool operator()(const Stop&) const { return false; }
  bool operator()(const Resume&) const { return false; }
  bool operator()(const Flip&) const { return false; }
  bool operator()(const ClockFault& clock) const { return clock.drift_ppm.has_value(); }
  bool operator()(const auto&) const { return true; }
};

std::optional<std::uint64_t> base_of(BytePoint::Base base, const Landmarks& known,
                                     std::uint64_t delivered) {
  using Base = BytePoint::Base;
  switch (base) {
    case Base::connection:
      return 0;
    case Base::now:
      return delivered;
    case Base::reply:
      return known.reply;
    case Base::header:
      return known.header;
    case Base::payload:
      return known.payload;
    case Base::payload_end:
      return known.payload_end;
    case Base::stream:
      return known.stream;
  }
  return std::nullopt;
}

}  // namespace

const BytePoint* byte_point(const Fault& fault) {
  if (const auto* flip = std::get_if<Flip>(&fault.what)) return &flip->at;
  return fault.after_bytes ? &*fault.after_bytes : nullptr;
}

std::optional<std::uint64_t> position_of(const BytePoint& point, const Landmarks& known,
                                         std::uint64_t delivered) {
  if (point.percent) {
    if (!known.payload || !known.payload_end) return std::nullopt;
    return *known.payload + (*known.payload_end - *known.payload) * *point.percent / 100;
  }
  const auto base = base_of(point.base, known, delivered);
  if (!base) return std::nullopt;
  const std::int64_t position = static_cast<std::int64_t>(*base) + point.count;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, position));
}

bool lasts(const Fault& fault) {
  return std::visit(Lasting{}, fault.what) || fault.lasts.has_value();
}

std::uint32_t jobs_struck(const Fault& fault) {
  if (fault.when || fault.after_bytes) return 1;
  return fault.lasts ? 0 : std::max(1U, fault.times);
}

void reshape(sim::LinkProfile& profile, const Reshape& shape) {
  profile.latency = shape.latency.value_or(profile.latency);
  profile.jitter = shape.jitter.value_or(profile.jitter);
  profile.bytes_per_second = shape.bytes_per_second.value_or(profile.bytes_per_second);
  profile.pieces = shape.pieces.value_or(profile.pieces);
}

bool heals(const Heal& which, const Fault& fault) {
  if (which.all) return true;
  return !fault.name.empty() &&
         std::find(which.names.begin(), which.names.end(), fault.name) != which.names.end();
}

}  // namespace scenarios
