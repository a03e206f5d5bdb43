// Clients: connections that commands of a scenario travel on. They live on a host of their own,
// which has a link without delay to every node, so that what a client says is heard at once and no
// fault of the network stands between. A connection is known by its node and a name, and stays
// open.
//
// Replies are kept in the order in which they came, until somebody takes them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/resp.h"
#include "sim/ids.h"
#include "sim/kernel.h"

namespace scenarios {

enum class ClientId : std::uint32_t {};

class Clients {
 public:
  Clients() = default;
  explicit Clients(sim::HostId home) : home_(home) {}

  sim::HostId home() const { return home_; }

  // The connection of that name to `node`; a new one is not open yet.
  ClientId client(sim::HostId node, std::string_view name);

  // Puts a request behind those not yet written; flush() writes them all at once, over a new
  // connection if the old one is gone.
  void ask(ClientId client, const std::vector<std::string>& argv);
  void flush(sim::Kernel& kernel, ClientId client);

  // Requests written whose reply has not come. A lost connection forgets them.
  std::uint64_t unanswered(ClientId client) const;
  // The oldest reply that nobody took.
  std::optional<model::Reply> take(ClientId client);
  // Why the connection is gone, or empty: "refused", "closed", "reset".
  std::string_view lost(ClientId client) const;
  // Bytes that wait for room.
  std::size_t unsent(ClientId client) const;

  // Something happened at an end on the clients' host.
  void handle(sim::Kernel& kernel, const sim::Occurrence& occurrence);

  bool operator==(const Clients&) const = default;

 private:
  struct Client {
    sim::HostId node{};
    std::string name;
    std::optional<sim::EndId> end;
    bool open = false;
    std::string out;
    std::uint64_t unanswered = 0;
    model::ReplyParser in;
    std::deque<model::Reply> replies;
    std::string_view lost;
    bool operator==(const Client&) const = default;
  };
  Client& at(ClientId id) { return clients_[static_cast<std::size_t>(id)]; }
  const Client& at(ClientId id) const { return clients_[static_cast<std::size_t>(id)]; }
  static void write(sim::Kernel& kernel, Client& client);
  static void lose(Client& client, std::string_view how);

  sim::HostId home_{};
  std::vector<Client> clients_;
};

}  // namespace scenarios
