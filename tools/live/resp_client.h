// A client of a server, by name and connection kept open: requests out, replies kept in the order
// in which they came until somebody takes them. In callbacks, on the io_context that it is given.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/resp.h"

namespace asio {
class io_context;
}

namespace live {

class RespClient {
 public:
  RespClient(asio::io_context& io, std::string address, int port);
  ~RespClient();
  RespClient(const RespClient&) = delete;
  RespClient& operator=(const RespClient&) = delete;

  // Puts a request behind those not yet written; flush() writes them all at once, over a new
  // connection if the old one is gone.
  void ask(const std::vector<std::string>& argv);
  void flush();

  std::uint64_t unanswered() const;
  std::optional<model::Reply> take();
  // Why the connection is gone, or empty: "refused", "closed", "reset".
  std::string_view lost() const { return lost_; }
  void hang_up();

 private:
  struct Line;

  asio::io_context& io_;
  std::string address_;
  int port_;
  std::string waiting_;
  std::uint64_t asked_ = 0;
  std::shared_ptr<Line> line_;
  std::deque<model::Reply> replies_;
  std::string_view lost_;
};

}  // namespace live
