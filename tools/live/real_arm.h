// The real arm: the steps of a scenario, taken on redis-server processes. What simulated nodes told
// of the same scenario may be given; then, where both are looked at, the real servers get a moment
// to come to the same state before the look counts.
#pragma once

#include <atomic>
#include <string>

#include "scenarios/arms/told.h"
#include "scenarios/language/scenario.h"

namespace live {

// Told::problem says what kept it from being played to the end, if anything did; that is nothing
// that the servers did wrong. Once `stop` is true everything ends.
scenarios::arms::Told play_on_real_servers(const scenarios::Scenario& scenario,
                                           const scenarios::arms::Told* simulated,
                                           const std::atomic<bool>* stop = nullptr);

// "redis-server 7.0.15", as the program on the PATH says; empty: there is none.
std::string real_server();

}  // namespace live
