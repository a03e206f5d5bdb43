// A client of a server, by name and connection kept open: requests out, replies kept in the order in
// which they came until somebody takes them. In callbacks, on the io_context that it is given.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/resp.h"

namespace tools::live {

class Client {
 public:
  Client(asio::io_context& io, std::string address, int port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Puts a request behind those not yet written; flush() writes them all at once, over a new
  // connection if the old one is gone.
  void ask(const std::vector<std::string>& argv);
  void flush();

  std::uint64_t unanswered() const { return line_ ? line_->unanswered : 0; }
  std::optional<model::Reply> take();
  // Why the connection is gone, or empty: "refused", "closed", "reset".
  std::string_view lost() const { return lost_; }
  void hang_up();

 private:
  struct Line : std::enable_shared_from_this<Line> {
    explicit Line(asio::io_context& io) : socket(io) {}
    asio::ip::tcp::socket socket;
    std::array<char, 65536> in{};
    std::string out, writing;
    model::ReplyParser parser;
    std::uint64_t unanswered = 0;
    Client* owner = nullptr;
    void read();
    void write();
  };

  asio::io_context& io_;
  std::string address_;
  int port_;
  std::string waiting_;
  std::uint64_t asked_ = 0;
  std::shared_ptr<Line> line_;
  std::deque<model::Reply> replies_;
  std::string_view lost_;
};

}  // namespace tools::live
