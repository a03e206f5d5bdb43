// One Redis-style server: master, replica, or both at once, as a pure state machine.
//
//      connections, bytes, time, ends of jobs   ->   Server   ->   effects
//
// It does no I/O, knows no clock and draws no random numbers of its own: each input carries the
// moment. The same class runs in the simulator, in an explorer and on real TCP. It is a value:
// copies run on identically.
//
// Each input is one turn of Redis's event loop (R2.22): what became readable is read and executed,
// then what is to be done before sleeping is done. All of it shows in the effects of that input.
//
// The code behind it, in reading order: state.h (what a server remembers), history.h and backlog.h
// (who may continue from where), machines.h (the state machines); a master: resync, snapshots,
// feeding, replicas; a replica: link, transfer, applying; both: propagation, execute (the gates
// before a command), cron, commands_server, info; changing and ending: failover, shutdown, saving.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "model/data/blob.h"
#include "model/config.h"
#include "model/effects.h"
#include "model/rules.h"
#include "model/types.h"

namespace model {

struct State;

// What of its surroundings a server can ask about in the middle of an input.
class Surroundings : public Chance {
 public:
  // Bytes that the connection's send buffer takes now.
  virtual std::size_t room(ConnId conn) const = 0;
};

// Conditions of the machine, which the server notices when it tries something.
struct Machine {
  bool fork_fails = false;
  bool disk_full = false;  // every write to disk fails
  // The largest payload that can be received: what the disk has room for, and what can be held.
  std::uint64_t payload_room = std::numeric_limits<std::uint64_t>::max();
  bool operator==(const Machine&) const = default;
};

// When and where an input happens.
struct Moment {
  Instant now;
  WallTime wall;
  Surroundings& around;
  const Machine& machine;
  Effects& out;
  bool prose = false;  // compose Notes for people
};

enum class JobEnd : std::uint8_t { done, failed };

// What a process starts from.
struct Boot {
  Rules rules;
  Config config;
  std::string replicaof_host;  // from its configuration; empty: a master
  int replicaof_port = 0;
  std::map<std::string, Blob> files;  // its directory: "dump.rdb"
};

class Server {
 public:
  // Connections that the server opens have ids from here on up; the host names all others below it.
  static constexpr std::uint32_t kDialled = 0x8000'0000U;

  explicit Server(Boot boot);
  Server(const Server&);
  Server& operator=(const Server&);
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  // First of all inputs: load the file if there is one, begin to follow the configured master.
  void start(const Moment& at);

  // --- connections
  // ---------------------------------------------------------------------------------
  void accepted(const Moment& at, ConnId conn, std::string_view peer_ip, int peer_port);
  void connected(const Moment& at, ConnId conn);
  void refused(const Moment& at, ConnId conn);
  void received(const Moment& at, ConnId conn, std::string_view bytes);
  void ended(const Moment& at, ConnId conn);     // the peer closed in good order
  void reset(const Moment& at, ConnId conn);     // the connection is dead
  void writable(const Moment& at, ConnId conn);  // there is room again

  // --- jobs
  // ------------------------------------------------------------------------------------------
  // `bytes` of the job's work are done, in all.
  void job_progress(const Moment& at, JobId job, std::uint64_t bytes);
  void job_ended(const Moment& at, JobId job, JobEnd end);

  // --- time
  // ------------------------------------------------------------------------------------------
  // Calling it early does nothing; calling it late makes late timers fire once, as they do after
  // SIGSTOP.
  void tick(const Moment& at);
  Instant next_wake() const;

  // --- signals
  // ------------------------------------------------------------------------------------------
  void terminate();  // SIGTERM: as SHUTDOWN, at the next cron (R10.19); call tick() by next_wake()

  // --- a look inside, for oracles and reports
  // --------------------------------------------------------
  const State& state() const { return *state_; }

  bool operator==(const Server& other) const;

 private:
  std::unique_ptr<State>
      state_;  // only to keep its parts out of this header; copied with the server
};

}  // namespace model
