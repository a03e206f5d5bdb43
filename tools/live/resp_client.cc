#include "tools/live/resp_client.h"

#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <utility>

namespace live {

using asio::error_code;

struct RespClient::Line : std::enable_shared_from_this<Line> {
  explicit Line(asio::io_context& io) : socket(io) {}
  asio::ip::tcp::socket socket;
  std::array<char, 65536> in{};
  std::string out, writing;
  model::ReplyParser parser;
  std::uint64_t unanswered = 0;
  RespClient* owner = nullptr;
  void read();
  void write();
};

std::uint64_t RespClient::unanswered() const {
  return line_ ? line_->unanswered : 0;
}

RespClient::RespClient(asio::io_context& io, std::string address, int port)
    : io_(io), address_(std::move(address)), port_(port) {}

RespClient::~RespClient() {
  hang_up();
}

void RespClient::hang_up() {
  if (!line_) return;
  line_->owner = nullptr;
  error_code ignored;
  line_->socket.close(ignored);
  line_.reset();
}

void RespClient::ask(const std::vector<std::string>& argv) {
  model::append_request(waiting_, argv);
  ++asked_;
}

void RespClient::flush() {
  if (!line_) {
    lost_ = {};
    line_ = std::make_shared<Line>(io_);
    line_->owner = this;
    error_code error;
    // On the loopback device this is done at once, or refused at once.
    line_->socket.connect({asio::ip::make_address(address_), static_cast<std::uint16_t>(port_)},
                          error);
    if (error) {
      hang_up();
      waiting_.clear();
      asked_ = 0;
      lost_ = "refused";
      return;
    }
    line_->socket.set_option(asio::ip::tcp::no_delay(true), error);
    line_->read();
  }
  line_->out += std::exchange(waiting_, {});
  line_->unanswered += std::exchange(asked_, 0);
  line_->write();
}

std::optional<model::Reply> RespClient::take() {
  if (replies_.empty()) return std::nullopt;
  model::Reply reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

void RespClient::Line::read() {
  socket.async_read_some(asio::buffer(in), [self = shared_from_this(), this](
                                               const error_code& error, std::size_t size) {
    if (owner == nullptr) return;
    if (error) {
      owner->lost_ = error == asio::error::eof ? "closed" : "reset";
      owner->hang_up();
      return;
    }
    parser.feed({in.data(), size});
    model::Reply reply;
    while (parser.next(reply) == model::ReplyParser::Got::reply) {
      if (unanswered > 0) --unanswered;
      owner->replies_.push_back(std::move(reply));
      reply = {};
    }
    read();
  });
}

void RespClient::Line::write() {
  if (!writing.empty() || out.empty()) return;
  writing = std::exchange(out, {});
  socket.async_write_some(asio::buffer(writing), [self = shared_from_this(), this](
                                                     const error_code& error, std::size_t size) {
    out.insert(0, writing, size);
    writing.clear();
    if (!error && owner != nullptr) write();
  });
}

}  // namespace live
