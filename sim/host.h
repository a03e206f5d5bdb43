// A machine on the network, as far as the kernel is concerned: whether its software can be told things.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/agenda.h"

namespace sim {

struct Host {
  std::string name;
  bool up = true;
  bool unreachable = false;  // only when not up: nothing that is sent here gets an answer
  bool stalled = false;      // only when up
  std::uint32_t incarnation = 0;
  std::vector<Agenda::Due> late;  // what came due while stalled, in order
  bool operator==(const Host&) const = default;
};

}  // namespace sim
