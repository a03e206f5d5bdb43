// A raw peer of a scenario on real sockets: dials and says what a step wants, listens under its
// address and answers from its script. What its words mean is told in scenarios/world/script.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/scenario.h"

namespace asio {
class io_context;
}

namespace live {

class ScriptPeer {
 public:
  // Listens at `address`, at the peer's port, if it is one that listens.
  ScriptPeer(asio::io_context& io, const scenarios::Peer& plan, std::string address);
  ~ScriptPeer();
  ScriptPeer(const ScriptPeer&) = delete;
  ScriptPeer& operator=(const ScriptPeer&) = delete;

  void dial(const std::string& address, int port);
  // On its newest connection; false when there is none that is open.
  bool send(std::string_view bytes);
  bool close(bool rst);
  // All that came on its newest connection.
  std::string_view got() const;

 private:
  struct Session;
  struct Sockets;

  void accept();

  asio::io_context& io_;
  const scenarios::Peer& plan_;
  std::string address_;
  std::unique_ptr<Sockets> sockets_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

}  // namespace live
