// A raw peer of a scenario on real sockets: dials and says what a step wants, listens under its address
// and answers from its script. What its words mean is told in scenarios/world/peers.h.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/resp.h"
#include "scenarios/language/scenario.h"

namespace tools::live {

class RawPeer {
 public:
  // Listens at `address`, at the peer's port, if it is one that listens.
  RawPeer(asio::io_context& io, const scenarios::Peer& plan, std::string address);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void dial(const std::string& address, int port);
  // On its newest connection; false when there is none that is open.
  bool send(std::string_view bytes);
  bool close(bool rst);
  // All that came on its newest connection.
  std::string_view got() const;

 private:
  struct Session : std::enable_shared_from_this<Session> {
    explicit Session(asio::io_context& io) : socket(io), timer(io) {}
    asio::ip::tcp::socket socket;
    asio::steady_timer timer;
    RawPeer* owner = nullptr;
    std::size_t number = 0;
    std::array<char, 65536> in{};
    std::string got, out, writing;
    std::string rest;  // parts of an answer that are still to come
    bool close_after = false;
    model::RequestParser parser;
    void read();
    void write();
    void answer();
    void say(std::string_view parts);
    void end(bool rst);
  };
  void accept();
  std::shared_ptr<Session> begin(asio::ip::tcp::socket socket);

  asio::io_context& io_;
  const scenarios::Peer& plan_;
  std::string address_;
  asio::ip::tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

}  // namespace tools::live
