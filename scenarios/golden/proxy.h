// The proxies of a golden case: on each link "B>A", from replica B to master A, what is done to its
// connections and what becomes of them. In the recordings they are processes between the servers;
// here they are words for what the kernel can do to a connection.
//
//      B --to_master--> [ proxy: hold, stall, stop at a byte, cut ] --> A
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/golden/case.h"
#include "scenarios/world/world.h"

namespace scenarios::golden {

// One direction of one connection.
struct ProxyWay {
  bool held = false;     // takes, but does not deliver
  bool stalled = false;  // has stopped at a byte and does not even take
  std::optional<Fault> armed;
  bool limited = false;  // it was to stop at a byte once
  bool placed = false;   // the kernel knows the byte that `armed` waits for
  struct Delivered {
    sim::Instant at;
    std::uint64_t bytes = 0;  // in all
  };
  std::vector<Delivered> delivered;  // whenever it grew
};

struct ProxyConnection {
  sim::EndId end{};              // the replica's
  std::array<ProxyWay, 2> ways;  // see way()
  std::string ended;             // who ended it; empty: open
  bool closed = false;           // on both sides
  std::string closing;           // ended, and the proxy has not told the other side: it is held

  ProxyWay& way(bool to_master) { return ways[to_master ? 0 : 1]; }
  const ProxyWay& way(bool to_master) const { return ways[to_master ? 0 : 1]; }
  // The end that sends in that direction.
  sim::EndId sender(bool to_master) const { return to_master ? end : sim::peer_of(end); }
};

struct ProxyLink {
  std::string replica, master;
  std::vector<ProxyConnection> connections;  // in order of their beginning
  std::array<bool, 2> held{};                // every new connection as well
  std::vector<std::optional<Fault>> queue;   // one for each next connection

  // The newest that is not closed.
  ProxyConnection* current();
};

class Proxies {
 public:
  // Makes it known; results list every link that was ever named.
  ProxyLink& link(const std::string& name);
  const std::map<std::string, ProxyLink>& links() const { return links_; }

  // What is wrong with the order, if anything is.
  std::optional<std::string> apply(World& world, const Fault& fault);
  // After each occurrence.
  void noticed(World& world, const sim::Occurrence& occurrence);
  // Connections that have stopped at a byte are cut a little later.
  sim::Instant due() const;
  void act(World& world);

  // What has been delivered in one direction.
  static std::string_view delivered(const World& world, const ProxyConnection& connection,
                                    bool to_master);

 private:
  struct Cut {
    sim::Instant at;
    std::string link;
    std::size_t connection = 0;
    Fault fault;
  };

  void began(World& world, const sim::Occurrence& occurrence);
  void stopped(World& world, const sim::Occurrence& occurrence);
  void watch(World& world, ProxyConnection& connection);
  void notice_end(World& world, ProxyConnection& connection);
  void arm(World& world, ProxyConnection& connection, const Fault& fault);
  void place_stop(World& world, ProxyConnection& connection, bool to_master);
  static void set_held(World& world, ProxyConnection& connection, bool to_master, bool held);
  static void finish(World& world, ProxyConnection& connection, std::string why,
                     const Fault& fault);
  void heal(World& world, ProxyLink& link);
  void reshape(World& world, const ProxyLink& link, const Fault& fault);

  std::map<std::string, ProxyLink> links_;
  std::vector<Cut> cuts_;
};

}  // namespace scenarios::golden
