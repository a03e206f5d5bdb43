// The simulated arm: a run as any other, looked at.
#pragma once

#include "scenarios/arms/told.h"

namespace scenarios::arms {

Told simulate(const Scenario& scenario);

}  // namespace scenarios::arms
