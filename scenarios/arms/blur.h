// What cannot be compared in a scenario, and why.
#pragma once

#include <string>

#include "scenarios/arms/told.h"

namespace scenarios::arms {

struct Blur {
  bool offsets = false;   // pings or loads are in the stream
  bool data = false;      // loads are
  bool attempts = false;  // snapshots die, as often as they are tried
  std::string reason;
};
// Whether pings went over any link.
bool has_pings(const Told& told);
Blur blur_of(const Scenario& scenario, const Told& simulated);

}  // namespace scenarios::arms
