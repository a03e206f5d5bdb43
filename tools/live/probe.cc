#include "tools/live/probe.h"

#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <deque>
#include <utility>

namespace live {
namespace {

using asio::ip::tcp;
constexpr std::size_t kLongestWords = 120;

// For a person: requests as their words, anything else quoted, cut to a length.
std::string words_of(std::string_view bytes) {
  model::RequestParser parser;
  if (bytes.starts_with('*') && bytes.size() < 4096) {
    parser.feed(bytes);
    std::vector<std::string> argv;
    std::string all;
    while (parser.next(argv) == model::RequestParser::Got::request) {
      if (!all.empty()) all += " | ";
      for (std::size_t i = 0; i < argv.size(); ++i)
        all += (i > 0 ? " " : "") + (argv[i].size() > 60 ? argv[i].substr(0, 60) + "..." : argv[i]);
    }
    if (parser.pending() > 0) all += (all.empty() ? "" : " | ") + model::quoted(parser.pending_bytes());
    return all;
  }
  const std::string text = model::quoted(bytes.substr(0, kLongestWords));
  return bytes.size() <= kLongestWords
             ? text
             : text + "... (" + std::to_string(bytes.size()) + " bytes)";
}

}  // namespace

struct Probe::Impl : std::enable_shared_from_this<Probe::Impl> {
  Impl(Loop& given, Talk& said, std::string who)
      : loop(given), talk(said), name(std::move(who)), socket(loop.context()) {}
  Loop& loop;
  Talk& talk;
  std::string name;
  tcp::socket socket;
  std::string in;
  bool ended = false;
  bool closed = false;
  std::array<char, 65536> buffer{};

  void read() {
    socket.async_read_some(asio::buffer(buffer),
                           [self = shared_from_this()](const asio::error_code& error, std::size_t n) {
                             if (self->closed) return;  // nobody is there to tell
                             self->in.append(self->buffer.data(), n);
                             if (n > 0)
                               self->talk.push_back(self->name + " < " +
                                                    words_of({self->buffer.data(), n}));
                             if (error) {
                               self->talk.push_back(self->name + " < (hangs up)");
                               self->ended = true;
                             } else {
                               self->read();
                             }
                           });
  }
  void begin() {
    asio::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    read();
  }
};

Probe::Probe() = default;

std::unique_ptr<Probe> Probe::dial(Loop& loop, const Address& to, Talk& talk, std::string name) {
  std::unique_ptr<Probe> probe(new Probe());
  probe->impl_ = std::make_shared<Impl>(loop, talk, std::move(name));
  asio::error_code error;
  tcp::resolver resolver(loop.context());
  const auto found = resolver.resolve(to.ip, std::to_string(to.port), error);
  if (error || found.empty()) return nullptr;
  bool done = false;
  probe->impl_->socket.async_connect(
      found.begin()->endpoint(), [impl = probe->impl_, &done, &error](const asio::error_code& failed) {
        if (impl->closed) return;
        error = failed;
        done = true;
      });
  if (!loop.run_until([&] { return done; }, Patience(5000)) || error) {
    probe->impl_->closed = true;
    return nullptr;
  }
  probe->impl_->begin();
  return probe;
}

Probe::~Probe() { close(); }

void Probe::close() {
  if (std::exchange(impl_->closed, true)) return;
  asio::error_code ignored;
  impl_->socket.shutdown(tcp::socket::shutdown_send, ignored);
  impl_->socket.close(ignored);
}

void Probe::send(std::string_view bytes) {
  if (impl_->closed) return;
  impl_->talk.push_back(impl_->name + " > " + words_of(bytes));
  bool done = false;
  const std::string kept(bytes);
  asio::async_write(impl_->socket, asio::buffer(kept),
                    [&done](const asio::error_code&, std::size_t) { done = true; });
  if (impl_->loop.run_until([&] { return done; }, Patience(10'000))) return;
  asio::error_code ignored;
  impl_->socket.cancel(ignored);  // its callback must not outlive `done`
  impl_->loop.run_until([&] { return done; }, Patience(1000));
}

void Probe::say(const std::vector<std::string>& argv) {
  std::string bytes;
  model::append_request(bytes, argv);
  send(bytes);
}

bool Probe::has(std::size_t count, Patience patience) {
  return impl_->loop.run_until(
      [&] { return impl_->in.size() >= count || impl_->ended; }, patience) &&
         impl_->in.size() >= count;
}

std::optional<std::string> Probe::line(Patience patience) {
  std::size_t end = std::string::npos;
  impl_->loop.run_until(
      [&] { return (end = impl_->in.find('\n')) != std::string::npos || impl_->ended; }, patience);
  if (end == std::string::npos) return std::nullopt;
  std::string text = impl_->in.substr(0, end);
  impl_->in.erase(0, end + 1);
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::optional<model::Reply> Probe::reply(Patience patience) {
  std::optional<model::Reply> got;
  const auto look = [&] {
    model::ReplyParser parser;
    parser.feed(impl_->in);
    model::Reply reply;
    if (parser.next(reply) != model::ReplyParser::Got::reply) return false;
    impl_->in.erase(0, impl_->in.size() - parser.pending());
    got = std::move(reply);
    return true;
  };
  impl_->loop.run_until([&] { return look() || impl_->ended; }, patience);
  return got;
}

std::optional<std::string> Probe::bytes(std::size_t count, Patience patience) {
  if (!has(count, patience)) return std::nullopt;
  std::string taken = impl_->in.substr(0, count);
  impl_->in.erase(0, count);
  return taken;
}

std::optional<std::vector<std::string>> Probe::request(Patience patience, std::string* raw) {
  std::optional<std::vector<std::string>> got;
  const auto look = [&] {
    model::RequestParser parser;
    parser.set_unlimited(true);
    parser.feed(impl_->in);
    std::vector<std::string> argv;
    if (parser.next(argv) != model::RequestParser::Got::request) return false;
    if (raw != nullptr) *raw += parser.raw();
    impl_->in.erase(0, parser.raw().size());
    got = std::move(argv);
    return true;
  };
  impl_->loop.run_until([&] { return look() || impl_->ended; }, patience);
  return got;
}

std::string_view Probe::pending() const { return impl_->in; }
bool Probe::ended() const { return impl_->ended; }

bool Probe::ends(Patience patience) {
  return impl_->loop.run_until([&] { return impl_->ended; }, patience);
}

Address Probe::own() const {
  asio::error_code error;
  const auto end = impl_->socket.local_endpoint(error);
  return error ? Address{} : Address{end.address().to_string(), end.port()};
}

Address Probe::peer() const {
  asio::error_code error;
  const auto end = impl_->socket.remote_endpoint(error);
  return error ? Address{} : Address{end.address().to_string(), end.port()};
}

struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
  Impl(Loop& given, Talk& said, std::string who)
      : loop(given), talk(said), name(std::move(who)), acceptor(loop.context()) {}
  Loop& loop;
  Talk& talk;
  std::string name;
  tcp::acceptor acceptor;
  std::uint16_t port = 0;
  bool closed = false;
  std::deque<std::unique_ptr<Probe>> waiting;

  void accept() {
    acceptor.async_accept([self = shared_from_this()](const asio::error_code& error, tcp::socket socket) {
      if (error || self->closed) return;
      std::unique_ptr<Probe> probe(new Probe());
      probe->impl_ = std::make_shared<Probe::Impl>(self->loop, self->talk, self->name);
      probe->impl_->socket = std::move(socket);
      self->talk.push_back(self->name + " < (dials)");
      probe->impl_->begin();
      self->waiting.push_back(std::move(probe));
      self->accept();
    });
  }
};

Listener::Listener(Loop& loop, const std::string& ip, Talk& talk, std::string name)
    : impl_(std::make_shared<Impl>(loop, talk, std::move(name))) {
  asio::error_code error;
  const tcp::endpoint end(asio::ip::make_address(ip, error), 0);
  if (!error) impl_->acceptor.open(end.protocol(), error);
  if (!error) impl_->acceptor.bind(end, error);
  if (!error) impl_->acceptor.listen(16, error);
  if (error) return;
  impl_->port = impl_->acceptor.local_endpoint(error).port();
  impl_->accept();
}

Listener::~Listener() {
  impl_->closed = true;
  asio::error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->waiting.clear();
}

std::uint16_t Listener::port() const { return impl_->port; }
std::size_t Listener::waiting() const { return impl_->waiting.size(); }

std::unique_ptr<Probe> Listener::next(Patience patience) {
  impl_->loop.run_until([&] { return !impl_->waiting.empty(); }, patience);
  if (impl_->waiting.empty()) return nullptr;
  std::unique_ptr<Probe> probe = std::move(impl_->waiting.front());
  impl_->waiting.pop_front();
  return probe;
}

}  // namespace live
