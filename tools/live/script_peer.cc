#include "tools/live/script_peer.h"

#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "scenarios/world/script.h"

namespace live {

using asio::error_code;
using Tcp = asio::ip::tcp;

struct ScriptPeer::Session : std::enable_shared_from_this<Session> {
  explicit Session(asio::io_context& io) : socket(io), timer(io) {}
  asio::ip::tcp::socket socket;
  asio::steady_timer timer;
  ScriptPeer* owner = nullptr;
  std::array<char, 65536> in{};
  std::string got, out, writing;
  scenarios::PeerScript script;
  void read();
  void write();
  void speak();
  void end(bool rst);
};

struct ScriptPeer::Sockets {
  explicit Sockets(asio::io_context& io) : acceptor(io) {}
  Tcp::acceptor acceptor;

  static std::shared_ptr<Session> begin(ScriptPeer& owner, Tcp::socket socket) {
    auto session = std::make_shared<Session>(owner.io_);
    session->socket = std::move(socket);
    session->owner = &owner;
    session->script = scenarios::PeerScript(owner.sessions_.size());
    error_code ignored;
    session->socket.set_option(Tcp::no_delay(true), ignored);
    owner.sessions_.push_back(session);
    return session;
  }
};

ScriptPeer::ScriptPeer(asio::io_context& io, const scenarios::Peer& plan, std::string address)
    : io_(io), plan_(plan), address_(std::move(address)), sockets_(std::make_unique<Sockets>(io)) {
  if (!plan_.listens) return;
  error_code error;
  sockets_->acceptor.open(Tcp::v4(), error);
  sockets_->acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  sockets_->acceptor.bind(
      {asio::ip::make_address(address_), static_cast<std::uint16_t>(plan_.port)}, error);
  if (!error) sockets_->acceptor.listen(128, error);
  if (error)
    throw std::runtime_error("the peer " + plan_.name + " cannot listen: " + error.message());
  accept();
}

ScriptPeer::~ScriptPeer() {
  for (const auto& session : sessions_) session->end(true);
}

void ScriptPeer::accept() {
  sockets_->acceptor.async_accept([this](const error_code& error, Tcp::socket socket) {
    if (error) return;
    Sockets::begin(*this, std::move(socket))->read();
    accept();
  });
}

void ScriptPeer::dial(const std::string& address, int port) {
  Tcp::socket socket(io_);
  error_code error;
  socket.connect({asio::ip::make_address(address), static_cast<std::uint16_t>(port)}, error);
  const auto session = Sockets::begin(*this, std::move(socket));
  if (error)
    session->end(true);
  else
    session->read();
}

bool ScriptPeer::send(std::string_view bytes) {
  if (sessions_.empty() || !sessions_.back()->socket.is_open()) return false;
  sessions_.back()->out += bytes;
  sessions_.back()->write();
  return true;
}

bool ScriptPeer::close(bool rst) {
  if (sessions_.empty() || !sessions_.back()->socket.is_open()) return false;
  sessions_.back()->end(rst);
  return true;
}

std::string_view ScriptPeer::got() const {
  return sessions_.empty() ? std::string_view() : std::string_view(sessions_.back()->got);
}

void ScriptPeer::Session::end(bool rst) {
  timer.cancel();
  error_code ignored;
  if (!socket.is_open()) return;
  if (rst) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  if (!rst) socket.shutdown(Tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

void ScriptPeer::Session::read() {
  socket.async_read_some(asio::buffer(in), [self = shared_from_this(), this](
                                               const error_code& error, std::size_t size) {
    if (!socket.is_open()) return;
    if (error) return end(false);
    got.append(in.data(), size);
    if (!owner->plan_.replies.empty()) {
      script.hears({in.data(), size});
      speak();
    }
    read();
  });
}

void ScriptPeer::Session::write() {
  if (!writing.empty() || !socket.is_open()) return;
  if (out.empty()) {
    if (script.end() != scenarios::PeerScript::End::none)
      end(script.end() == scenarios::PeerScript::End::rst);
    return;
  }
  writing = std::exchange(out, {});
  socket.async_write_some(asio::buffer(writing), [self = shared_from_this(), this](
                                                     const error_code& error, std::size_t size) {
    out.insert(0, writing, size);
    writing.clear();
    if (!error) write();
  });
}

// Says what is due, and comes back for what is not.
void ScriptPeer::Session::speak() {
  const auto now = sim::Instant(std::chrono::duration_cast<sim::Duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
  script.speak(owner->plan_.replies, now, out);
  write();
  if (!script.due()) return;
  timer.expires_after(*script.due() - now);
  timer.async_wait([self = shared_from_this(), this](const error_code& error) {
    if (!error) speak();
  });
}

}  // namespace live
