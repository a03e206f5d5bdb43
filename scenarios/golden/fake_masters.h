// The scripted masters of golden cases. What they say and how they read is the recorder's own way,
// so that a case with one of them means here what it meant there:
//
//   - parts of a reply, between bars, are sent as they stand; "@rdb" is a payload of 18 bytes,
//     "@close" ends the connection, "@sleep:50" waits 50 ms before anything else happens on it;
//   - what arrives is cut into messages where lines end, so a newline of a replica that empties its
//     data makes the next array a row of lines, each of which is a request.
#pragma once

#include <string>
#include <vector>

#include "scenarios/golden/case.h"
#include "scenarios/world/world.h"

namespace scenarios::golden {

class FakeMasters {
 public:
  // From now on it answers; `host` is a peer without a script.
  void add(sim::HostId host, const FakeMaster& script);

  // After each occurrence, and when something is due.
  void act(World& world);
  sim::Instant due() const;

 private:
  struct Session {
    std::size_t read = 0;               // bytes of what came
    std::vector<std::string> parts;     // of the reply that is being said, the next one last
    sim::Instant asleep = sim::kStart;  // until then
    bool closed = false;
  };
  struct Master {
    sim::HostId host{};
    FakeMaster script;
    std::vector<Session> sessions;
  };

  static void go_on(World& world, const Master& master, std::size_t number, Session& session);
  static bool say(World& world, const Master& master, std::size_t number, Session& session);

  std::vector<Master> masters_;
};

}  // namespace scenarios::golden
