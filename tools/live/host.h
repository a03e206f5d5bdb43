// A host for one model::Server on real TCP: what the simulated world is to its nodes. Sockets, the clock, a
// directory and timers become inputs; effects become calls of the system.
//
//      socket ready, timer due  ->  one input of the server  ->  effects, carried out in order
//
//      room       what a connection takes is what its queue here has left, 64 KiB at most; the kernel's
//                 buffer comes on top. Who filled the queue is told when it has drained.
//      reading    16 KiB at a time, as Redis reads (R4.12 depends on it)
//      hang up    what was sent still goes out, for five seconds at the most
//      jobs       take the time that the simulated world gives them (scenarios/world/jobs.h): a
//                 millisecond and 100 MB a second, or at_least
//      files      the server's dump.rdb is a file of `dir`, replaced by renaming
//      Block      the loop of this server stands still; others in the same process go on
//
// A peer gets no further than the server's own limits. Two are the host's: from a client that does not
// read its replies no more requests are read while 16 MiB of them wait, and a payload may be no larger
// than what the disk has room for, or 4 GiB.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/effects.h"
#include "model/server.h"
#include "tools/live/address.h"
#include "tools/live/loop.h"

namespace model {
struct State;
}

namespace live {

// Who wants to know what goes over the wire and what the server does. Told in the order of events.
class Observer {
 public:
  virtual ~Observer() = default;
  struct Link {  // a connection of the server's, as long as it lasts
    model::ConnId conn{};
    bool dialled = false;
    Address peer;
  };
  virtual void process(model::Instant, std::string_view /*what*/, std::string_view /*why*/) {}
  // "dial", "accepted", "connected", "refused", "ended", "reset", "closed"
  virtual void connection(model::Instant, const Link&, std::string_view /*what*/) {}
  virtual void received(model::Instant, const Link&, std::string_view /*bytes*/) {}
  virtual void sent(model::Instant, const Link&, std::string_view /*bytes*/, const model::State&) {}
  virtual void effects(model::Instant, const model::Effects&, const model::State&) {}
};

struct HostOptions {
  model::Boot boot;  // without files; config.port is what it listens on in the end
  Address listen;
  std::string dir;   // empty: nothing is loaded and nothing is kept
  std::string file = "dump.rdb";  // what dump.rdb is called there
};

class Host {
 public:
  struct Ended {
    int code = 0;
    std::string why;
  };

  Host(Loop& loop, HostOptions options);
  ~Host();  // as a crash: connections are reset
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void observe(Observer& observer);  // before start(); it must live longer

  // Listens, loads, starts. What went wrong, in a sentence; then it has not started.
  std::optional<std::string> start();

  std::uint16_t port() const;  // that it listens on
  const model::State& state() const;
  const std::optional<Ended>& ended() const;  // the process has ended by itself
  bool idle() const;   // nothing that was sent waits to go out on a connection that is closed
  void terminate();    // SIGTERM

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace live
