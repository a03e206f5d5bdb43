#include "tools/live/client.h"

#include <asio/buffer.hpp>
#include <utility>

namespace tools::live {

using asio::error_code;

Client::Client(asio::io_context& io, std::string address, int port)
    : io_(io), address_(std::move(address)), port_(port) {}

Client::~Client() {
  hang_up();
}

void Client::hang_up() {
  if (!line_) return;
  line_->owner = nullptr;
  error_code ignored;
  line_->socket.close(ignored);
  line_.reset();
}

void Client::ask(const std::vector<std::string>& argv) {
  model::append_request(waiting_, argv);
  ++asked_;
}

void Client::flush() {
  if (!line_) {
    lost_ = {};
    line_ = std::make_shared<Line>(io_);
    line_->owner = this;
    error_code error;
    // On the loopback device this is done at once, or refused at once.
    line_->socket.connect({asio::ip::make_address(address_), static_cast<std::uint16_t>(port_)}, error);
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

std::optional<model::Reply> Client::take() {
  if (replies_.empty()) return std::nullopt;
  model::Reply reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

void Client::Line::read() {
  socket.async_read_some(
      asio::buffer(in), [self = shared_from_this(), this](const error_code& error, std::size_t size) {
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

void Client::Line::write() {
  if (!writing.empty() || out.empty()) return;
  writing = std::exchange(out, {});
  socket.async_write_some(asio::buffer(writing), [self = shared_from_this(), this](const error_code& error, std::size_t size) {
    out.insert(0, writing, size);
    writing.clear();
    if (!error && owner != nullptr) write();
  });
}

}  // namespace tools::live
