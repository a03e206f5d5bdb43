// Raw peers: hand-written masters and replicas. A peer dials when a step says so, listens under its
// name if it is told to, keeps what it received on its newest connection, and answers requests from
// its script (script.h says what its words mean).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/scenario.h"
#include "scenarios/world/script.h"
#include "sim/ids.h"
#include "sim/kernel.h"

namespace scenarios {

class Peers {
 public:
  // Bytes that a connection has taken, for whoever follows what is sent.
  struct Written {
    sim::EndId end{};
    std::string bytes;
    bool operator==(const Written&) const = default;
  };

  void add(sim::HostId host, const Peer& peer);
  bool has(sim::HostId host) const;

  // --- steps -------------------------------------------------------------------------------------
  sim::EndId dial(sim::Kernel& kernel, sim::HostId peer, sim::HostId to);
  // On its newest connection; false when there is none.
  bool send(sim::Kernel& kernel, sim::HostId peer, std::string_view bytes);
  bool close(sim::Kernel& kernel, sim::HostId peer, sim::CloseHow how);
  // All that came on its newest connection.
  std::string_view got(sim::HostId peer) const;

  // For whoever speaks for a peer that has no script: its connections by number, in order of their
  // beginning.
  std::size_t sessions(sim::HostId peer) const;
  std::string_view got(sim::HostId peer, std::size_t session) const;
  bool send(sim::Kernel& kernel, sim::HostId peer, std::size_t session, std::string_view bytes);
  bool close(sim::Kernel& kernel, sim::HostId peer, std::size_t session, sim::CloseHow how);

  void handle(sim::Kernel& kernel, const sim::Occurrence& occurrence);

  // What was written since the last call.
  std::vector<Written> take_written();

  bool operator==(const Peers&) const = default;

 private:
  struct Session {
    sim::EndId end{};
    bool open = false;
    PeerScript script;
    std::string out, got;
    bool operator==(const Session&) const = default;
  };
  struct RawPeer {
    sim::HostId host{};
    Replies script;
    std::vector<Session> sessions;  // the newest last; dead ones are kept for what they got
    bool operator==(const RawPeer&) const = default;
  };
  RawPeer* find(sim::HostId host);
  const RawPeer* find(sim::HostId host) const;
  void write(sim::Kernel& kernel, Session& session);
  void speak(sim::Kernel& kernel, const RawPeer& peer, Session& session);

  std::vector<RawPeer> peers_;
  std::vector<Written> written_;
};

}  // namespace scenarios
