// What the words of a fault come to, whoever carries it out: Injector on a world, live::RealFaults
// on processes and proxies.
#pragma once

#include <cstdint>
#include <optional>

#include "scenarios/language/scenario.h"
#include "scenarios/world/wire.h"

namespace scenarios {

// The byte that a fault strikes at, if it waits for one.
const BytePoint* byte_point(const Fault& fault);

// Where in a direction such a point lies, as soon as that can be told. `delivered`: how much of it
// the other end has already.
std::optional<std::uint64_t> position_of(const BytePoint& point, const Landmarks& known,
                                         std::uint64_t delivered);

// Whether it is in force from its strike on, until somebody ends it.
bool lasts(const Fault& fault);

// How many jobs a JobFault strikes; 0: all, as long as it is in force.
std::uint32_t jobs_struck(const Fault& fault);

// A link as it is under `shape`: fields present replace those it has.
void reshape(sim::LinkProfile& profile, const Reshape& shape);

// Whether `which` ends this fault.
bool heals(const Heal& which, const Fault& fault);

}  // namespace scenarios
