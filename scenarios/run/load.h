// Load generators: commands that come by themselves at an even rate, drawn from a list, over a
// client connection of their own. Nobody waits for their replies.
#pragma once

#include <cstdint>
#include <vector>

#include "scenarios/world/clients.h"
#include "scenarios/world/world.h"

namespace scenarios {

class Generators {
 public:
  // The generator of step number `step` of the scenario: its first command comes now.
  void begin(World& world, std::size_t step);
  // A `step` occurrence: it is time for the next command.
  void due(World& world, std::uint64_t generator);
  void stop_all();
  // Commands sent, by all.
  std::uint64_t sent() const;

  bool operator==(const Generators&) const = default;

 private:
  struct Generator {
    std::size_t step = 0;
    ClientId client{};
    sim::Instant began;
    std::uint64_t sent = 0;
    bool on = true;
    bool operator==(const Generator&) const = default;
  };
  std::vector<Generator> generators_;
};

}  // namespace scenarios
