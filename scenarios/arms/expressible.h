// What of a scenario a real redis-server 7.0.15 cannot be made to do or to show, before anything is
// started. Two kinds: steps that cannot be taken, after which the run would be another one, so that
// the scenario is not played at all; and parts of conditions that cannot be seen, without which it
// is played.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/scenario.h"

namespace scenarios::arms {

struct Untaken {
  Place place;
  std::string what;    // "clock of a": the step or setting, in short
  std::string reason;  // a sentence
};

struct Expressible {
  std::vector<Untaken> untaken;  // empty: it can be played
  std::vector<Untaken> unseen;
};
Expressible expressible(const Scenario& scenario);

// Scenarios that need what no machine here has, whatever their steps are: the list is beside that
// of known differences.
std::optional<std::string_view> beyond_this_machine(std::string_view scenario);

// The state of a link to the master as ROLE of a real server tells it; nothing when ROLE has one
// word for several and the wire does not tell either.
std::optional<std::string> role_word_of(const std::string& link_state);

// Why a part of a condition cannot be seen on a real server, or nothing.
std::optional<std::string> unseen_reason(const Condition::Part& part);

}  // namespace scenarios::arms
