// The proxies of a golden case: on each link "B>A", from replica B to master A, what is done to its
// connections and what becomes of them. In the recordings they are processes between the servers,
// each with a port of its own; here they are words for what the kernel can do to a connection.
//
//      B --to_master--> [ proxy: hold, stall, slow down, stop at a byte, cut ] --> A
//
// What was dialled past a proxy, to the port of the server itself, is no connection of its link.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/golden/case.h"
#include "scenarios/golden/look.h"
#include "scenarios/world/world.h"

namespace scenarios::golden {

// What is done to all that goes one way. Of a link: what each new connection starts with.
struct ProxyManner {
  bool hold = false;   // takes, but does not deliver: the sender is not held up, an end is not told
  bool stall = false;  // does not even take: an end is noticed only when the other side writes
  std::int64_t delay_ms = 0, bytes_per_second = 0, ms_per_byte = 0;  // 0: none
};

// One direction of one connection.
struct ProxyWay {
  ProxyManner manner;
  bool stopped = false;  // stands at the byte that it was to stop at
  std::optional<Fault> armed;
  bool limited = false;  // it was to stop at a byte once
  bool placed = false;   // the kernel knows the byte that `armed` waits for
  struct Delivered {
    sim::Instant at;
    std::uint64_t bytes = 0;  // in all
  };
  std::vector<Delivered> delivered;  // whenever it grew

  bool is_stalled() const { return manner.stall; }
};

struct ProxyConnection {
  sim::EndId end{};              // the replica's
  std::array<ProxyWay, 2> ways;  // see way()
  std::string ended;             // who ended it; empty: open
  bool closed = false;           // on both sides
  std::string closing;           // one side has, and the proxy has not told the other
  std::uint64_t written = 0;     // by that other, when this was last looked at,
  unsigned writes = 0;           // and how often it has written since

  ProxyWay& way(bool to_master) { return ways[to_master ? 0 : 1]; }
  const ProxyWay& way(bool to_master) const { return ways[to_master ? 0 : 1]; }
  // The end that sends in that direction.
  sim::EndId sender(bool to_master) const { return to_master ? end : sim::peer_of(end); }
};

struct ProxyLink {
  std::string replica, master;
  int port = 0;                              // that the proxy listens on
  bool listening = true;                     // else whoever dials is refused
  bool refuse = false;                       // by order, not because the master is down
  bool drops_syn = false;                    // nobody answers who dials
  std::uint32_t receive_buffer = 0;          // towards the replica; 0: as usual
  std::vector<ProxyConnection> connections;  // in order of their beginning
  std::array<ProxyManner, 2> standing;       // see ProxyConnection::way()
  std::vector<std::optional<Fault>> queue;   // one for each next connection

  // The newest that is not closed.
  ProxyConnection* current();
  // By number; below 0: counted from the newest.
  ProxyConnection* at(std::int64_t number);
  const ProxyConnection* at(std::int64_t number) const;
};

class Proxies {
 public:
  // Proxies listen on ports from this one on. Their names go into `labels`.
  Proxies(int first_port, Labels& labels) : next_port_(first_port), labels_(labels) {}

  // Makes it known; results list every link that was ever named.
  ProxyLink& link(World& world, const std::string& name);
  const std::map<std::string, ProxyLink>& links() const { return links_; }

  // What is wrong with the order, if anything is.
  std::optional<std::string> apply(World& world, const Fault& fault);
  // A server was stopped by the case, or answers: the proxies before it do as it does.
  void node_down(World& world, const std::string& name);
  void node_up(World& world, const std::string& name);
  // After each occurrence.
  void noticed(World& world, const sim::Occurrence& occurrence);
  // After whatever else may have ended a connection: which side went first is seen only now.
  void look(World& world);
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

  // The link that a node or raw client has just dialled through.
  ProxyLink* dialled(World& world, const sim::Occurrence& occurrence);
  void began(World& world, const sim::Occurrence& occurrence);
  void found_nobody(World& world, const sim::Occurrence& occurrence);
  void stopped(World& world, const sim::Occurrence& occurrence);
  void watch(World& world, ProxyConnection& connection);
  static void notice_end(World& world, ProxyConnection& connection);
  void arm(World& world, ProxyConnection& connection, const Fault& fault);
  void place_stop(World& world, ProxyConnection& connection, bool to_master);
  static void set_held(World& world, ProxyConnection& connection, bool to_master);
  static void set_welcome(World& world, const ProxyLink& link);
  static void set_pace(World& world, const ProxyLink& link, bool to_master,
                       const ProxyManner& manner);
  static void set(ProxyManner& manner, const Fault& fault);
  static void finish(World& world, ProxyConnection& connection, std::string why,
                     const Fault& fault);
  static void let_go(World& world, ProxyConnection& connection);
  void heal(World& world, ProxyLink& link);
  void change_manner(World& world, ProxyLink& link, ProxyConnection* on, const Fault& fault);

  int next_port_;
  Labels& labels_;
  std::map<std::string, ProxyLink> links_;
  std::vector<Cut> cuts_;
};

}  // namespace scenarios::golden
