#include "tools/live/fault_proxy.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <cerrno>
#include <deque>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>

namespace live {
namespace {

using asio::error_code;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// How often the kernel is asked whether all bytes have arrived before a line is cut behind them.
constexpr milliseconds kBetweenLooks{1};
constexpr int kPatience = 300;  // looks

constexpr std::uint64_t kSlicesPerSecond = 200;  // of a line that is slow

void reset(asio::ip::tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

// On the loopback device a sender's kernel takes megabytes that nobody has read. It takes less when
// segments are small and the receiver's window is; both must be said before there is a connection.
void narrow(int socket, int buffer) {
  if (buffer <= 0) return;
  const int segment = buffer < 65536 ? 536 : 1448;
  ::setsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
}

// Bytes that were written and have not arrived in the receiver's kernel.
int underway(asio::ip::tcp::socket& socket) {
  int bytes = 0;
  return ::ioctl(socket.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

// --- one connection
// -------------------------------------------------------------------------------

class Connection final : public ProxyConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& io, std::shared_ptr<ProxyHooks> hooks, std::uint64_t number)
      : hooks_(std::move(hooks)), number_(number), ways_{Way(io), Way(io)} {}

  std::uint64_t number() const override { return number_; }  // of its proxy's, from 0
  bool alive() const override { return !over_ && !cut_; }
  std::uint64_t delivered(bool by_dialler) const override { return way(by_dialler).delivered; }
  std::uint64_t read(bool by_dialler) const override { return way(by_dialler).read; }
  bool stopped(bool by_dialler) const override { return way(by_dialler).stopped; }

  void set_manner(bool by_dialler, const ProxyManner& manner) override;
  void freeze(bool by_dialler, bool on) override;
  void stop_at(bool by_dialler, std::uint64_t position) override;
  void go_on(bool by_dialler) override;
  void withhold_from(bool by_dialler, std::optional<std::uint64_t> position) override;
  void flip(bool by_dialler, std::uint64_t position, unsigned bit) override;
  void cut(const CutPlan& plan) override;
  void lose_silently(bool dialler_is_gone) override;
  void revive() override;

  using Tcp = asio::ip::tcp;
  using Clock = std::chrono::steady_clock;

  enum class End : std::uint8_t { none, fin, rst };
  // What becomes of a side whose other side is gone without its knowing.
  enum class Orphan : std::uint8_t { no, unaware, told_on_write };

  // A direction, with the socket that it comes from.
  struct Way {
    explicit Way(asio::io_context& io) : from(io), timer(io) {}
    Tcp::socket from;
    asio::steady_timer timer;
    std::array<char, 65536> in{};
    std::string queue;  // read and not delivered
    std::string out;    // what is being written: the beginning of the queue
    struct Due {
      std::uint64_t until;  // position behind the bytes
      Clock::time_point at;
    };
    std::deque<Due> due;
    ProxyManner manner;
    std::uint64_t read = 0, delivered = 0, draws = 0;
    std::optional<std::uint64_t> stop, withheld;
    std::map<std::uint64_t, unsigned> flips;
    Clock::time_point free_at{};  // the line is busy until then
    bool reading = false, writing = false, frozen = false, stopped = false, told_stop = false;
    End end = End::none;  // of the sender, behind all bytes
    bool end_passed = false;
    Orphan orphan = Orphan::no;
  };

  Way& way(bool by_dialler) { return ways_[by_dialler ? 0 : 1]; }
  const Way& way(bool by_dialler) const { return ways_[by_dialler ? 0 : 1]; }
  Way& other(const Way& w) { return &w == &ways_[0] ? ways_[1] : ways_[0]; }
  bool is_dialler(const Way& w) const { return &w == &ways_[0]; }

  void start();
  void read_on(Way& w);
  void took(Way& w, std::size_t size);
  void pump(Way& w);
  void pump_at(Way& w, Clock::time_point when);
  void pass_end(Way& w);
  void close_when_delivered(Way& w, bool rst, int patience);
  static void shut(Tcp::socket& socket, bool rst);
  void leave_alone(Way& w, Orphan how);
  void look_over();

  std::shared_ptr<ProxyHooks> hooks_;
  std::uint64_t number_;
  std::array<Way, 2> ways_;
  bool over_ = false, cut_ = false;
};

void Connection::start() {
  for (Way& w : ways_) {
    error_code ignored;
    w.from.set_option(asio::ip::tcp::no_delay(true), ignored);
    read_on(w);
  }
}

void Connection::read_on(Way& w) {
  if (w.reading || !w.from.is_open() || w.end != End::none) return;
  if (w.orphan == Orphan::no && w.queue.size() >= std::max<std::size_t>(1, w.manner.buffer)) return;
  w.reading = true;
  const std::size_t room = w.orphan == Orphan::no
                               ? std::max<std::size_t>(1, w.manner.buffer) - w.queue.size()
                               : w.in.size();
  w.from.async_read_some(
      asio::buffer(w.in.data(), std::min(w.in.size(), room)),
      [self = shared_from_this(), this, &w](const error_code& error, std::size_t size) {
        w.reading = false;
        if (size > 0) took(w, size);
        if (!error) return read_on(w);
        if (!w.from.is_open()) return look_over();  // closed by us
        if (w.orphan != Orphan::no || cut_) {
          shut(w.from, false);
          return look_over();
        }
        w.end = error == asio::error::eof ? End::fin : End::rst;
        pump(w);
      });
}

void Connection::took(Way& w, std::size_t size) {
  if (w.orphan == Orphan::told_on_write) {
    reset(w.from);
    return look_over();
  }
  if (w.orphan == Orphan::unaware || cut_) return;
  w.read += size;
  if (hooks_->said) hooks_->said(*this, is_dialler(w), {w.in.data(), size});
  w.queue.append(w.in.data(), size);
  auto at = Clock::now() + w.manner.latency;
  if (w.manner.jitter.count() > 0)  // spread evenly; chance would help nobody here
    at += microseconds(static_cast<std::int64_t>(++w.draws * 7919 % 1009) *
                       w.manner.jitter.count() / 1009);
  if (!w.due.empty()) at = std::max(at, w.due.back().at);
  w.due.push_back({w.read, at});
  pump(w);
}

void Connection::pump_at(Way& w, Clock::time_point when) {
  w.timer.expires_at(when);
  w.timer.async_wait([self = shared_from_this(), this, &w](const error_code& error) {
    if (!error) pump(w);
  });
}

void Connection::pump(Way& w) {
  Way& to = other(w);
  if (w.writing || w.frozen || w.manner.held || cut_ || !to.from.is_open()) return;
  if (w.stop && w.delivered >= *w.stop) {
    w.stopped = true;
    if (!std::exchange(w.told_stop, true)) {
      asio::post(w.timer.get_executor(), [self = shared_from_this(), this, &w] {
        if (hooks_->stopped) hooks_->stopped(*this, is_dialler(w));
      });
    }
    return;
  }
  if (w.queue.empty()) {
    if (w.end != End::none && !w.end_passed) pass_end(w);
    return;
  }
  const auto now = Clock::now();
  if (w.free_at > now) return pump_at(w, w.free_at);
  std::uint64_t until = w.delivered;
  for (const Way::Due& due : w.due) {
    if (due.at > now) break;
    until = due.until;
  }
  if (until == w.delivered) return pump_at(w, w.due.front().at);
  if (w.stop) until = std::min(until, *w.stop);
  if (w.withheld) until = std::min(until, std::max(*w.withheld, w.delivered));
  if (until == w.delivered) return;
  std::size_t size = static_cast<std::size_t>(until - w.delivered);
  if (w.manner.piece > 0) size = std::min(size, w.manner.piece);
  if (const std::uint64_t rate = w.manner.bytes_per_second; rate > 0) {
    size = std::min<std::size_t>(
        size, static_cast<std::size_t>(std::max<std::uint64_t>(1, rate / kSlicesPerSecond)));
    w.free_at = now + microseconds(static_cast<std::int64_t>(size * 1'000'000 / rate));
  }
  for (const auto& [position, bit] : w.flips) {
    if (position >= w.delivered && position < w.delivered + size) {
      char& byte = w.queue[static_cast<std::size_t>(position - w.delivered)];
      byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << bit));
    }
  }
  w.flips.erase(w.flips.begin(), w.flips.lower_bound(w.delivered + size));
  w.writing = true;
  w.out.assign(w.queue, 0, size);
  to.from.async_write_some(asio::buffer(w.out), [self = shared_from_this(), this, &w, &to](
                                                    const error_code& error, std::size_t written) {
    w.writing = false;
    if (cut_ && !to.from.is_open()) return;
    w.queue.erase(0, written);
    w.delivered += written;
    while (!w.due.empty() && w.due.front().until <= w.delivered) w.due.pop_front();
    if (error) return;  // its own direction hears of it
    read_on(w);
    pump(w);
  });
}

void Connection::pass_end(Way& w) {
  w.end_passed = true;
  Way& to = other(w);
  if (w.end == End::rst) {
    reset(w.from);
    close_when_delivered(to, true, kPatience);
    return;
  }
  error_code ignored;
  to.from.shutdown(Tcp::socket::shutdown_send, ignored);
  if (to.end == End::none) return;  // it may still have something to say
  to.from.close(ignored);
  w.from.close(ignored);
  look_over();
}

// What was written before arrives first: the kernel of the receiver has it, then comes the end.
void Connection::close_when_delivered(Way& w, bool rst, int patience) {
  if (!w.from.is_open()) return look_over();
  if (patience > 0 && underway(w.from) > 0) {
    w.timer.expires_after(kBetweenLooks);
    w.timer.async_wait([self = shared_from_this(), this, &w, rst, patience](const error_code&) {
      close_when_delivered(w, rst, patience - 1);
    });
    return;
  }
  shut(w.from, rst);
  look_over();
}

void Connection::shut(Tcp::socket& socket, bool rst) {
  if (rst) return reset(socket);
  error_code ignored;
  socket.shutdown(Tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

void Connection::look_over() {
  if (over_ || ways_[0].from.is_open() || ways_[1].from.is_open()) return;
  over_ = true;
  for (Way& w : ways_) w.timer.cancel();
  if (hooks_->ended) hooks_->ended(*this);
}

void Connection::set_manner(bool by_dialler, const ProxyManner& manner) {
  Way& w = way(by_dialler);
  w.manner = manner;
  if (over_) return;
  w.free_at = {};
  read_on(w);
  pump(w);
}

void Connection::freeze(bool by_dialler, bool on) {
  Way& w = way(by_dialler);
  w.frozen = on;
  if (!on) pump(w);
}

void Connection::stop_at(bool by_dialler, std::uint64_t position) {
  Way& w = way(by_dialler);
  w.stop = std::max(position, w.delivered);
  w.told_stop = false;
  pump(w);
}

void Connection::go_on(bool by_dialler) {
  Way& w = way(by_dialler);
  w.stop.reset();
  w.stopped = false;
  pump(w);
}

void Connection::withhold_from(bool by_dialler, std::optional<std::uint64_t> position) {
  Way& w = way(by_dialler);
  w.withheld = position;
  if (!position) pump(w);
}

void Connection::flip(bool by_dialler, std::uint64_t position, unsigned bit) {
  way(by_dialler).flips[position] = bit;
}

void Connection::leave_alone(Way& w, Orphan how) {
  w.orphan = how;
  w.queue.clear();
  w.due.clear();
  read_on(w);
}

void Connection::cut(const CutPlan& plan) {
  if (over_ || cut_) return;
  cut_ = true;
  for (Way& w : ways_) {
    w.timer.cancel();
    const bool told = is_dialler(w) ? plan.tell_dialler : plan.tell_target;
    if (!w.from.is_open()) continue;
    if (!told) {
      leave_alone(w, Orphan::told_on_write);
      continue;
    }
    if (plan.deliver_in_flight) {  // what comes towards this side
      Way& towards = other(w);
      error_code ignored;
      std::size_t at = 0;
      while (at < towards.queue.size() && !ignored)
        at += w.from.write_some(asio::buffer(towards.queue.data() + at, towards.queue.size() - at),
                                ignored);
    }
    close_when_delivered(w, plan.rst, kPatience);
  }
  look_over();
}

void Connection::lose_silently(bool dialler_is_gone) {
  if (over_ || cut_) return;
  cut_ = true;
  Way& gone = way(dialler_is_gone);
  Way& left = other(gone);
  gone.timer.cancel();
  left.timer.cancel();
  shut(gone.from, true);
  if (left.from.is_open()) leave_alone(left, Orphan::unaware);
  look_over();
}

void Connection::revive() {
  for (Way& w : ways_) {
    if (w.orphan == Orphan::unaware) w.orphan = Orphan::told_on_write;
  }
}

// --- the proxy
// ------------------------------------------------------------------------------------

asio::ip::tcp::endpoint endpoint(const std::string& address, int port) {
  return {asio::ip::make_address(address), static_cast<std::uint16_t>(port)};
}

}  // namespace

namespace {

// A process that has just been forked holds all our sockets until it has let go of them: what we
// have closed a moment ago may still be taken.
void bind_soon(asio::ip::tcp::acceptor& acceptor, const asio::ip::tcp::endpoint& at,
               error_code& error) {
  for (int i = 0; i < kPatience; ++i) {
    acceptor.bind(at, error);
    if (error != asio::error::address_in_use) return;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace

struct FaultProxy::Impl {
  using Tcp = asio::ip::tcp;
  Impl(asio::io_context& context, Route way, ProxyHooks hooks)
      : io(context),
        route(std::move(way)),
        hooks_(std::make_shared<ProxyHooks>(std::move(hooks))) {}
  void settle();
  void listen();
  void accept();
  void welcomed(Tcp::socket socket);

  asio::io_context& io;
  Route route;
  std::shared_ptr<ProxyHooks> hooks_;
  std::unique_ptr<Tcp::acceptor> acceptor, full;
  std::vector<Tcp::socket> fillers;
  std::array<ProxyManner, 2> manners;
  std::vector<std::shared_ptr<Connection>> connections;
  Welcome welcome = Welcome::accept;
  bool target_runs = true, drops = false;
  int socket_buffer = 65536;
};

// Listens, drops or refuses, as all that was said of it together wants.
void FaultProxy::Impl::settle() {
  const bool wants_dials = welcome != Welcome::refuse && target_runs;
  if (drops != (full != nullptr) || !wants_dials || drops) acceptor.reset();
  if (!drops) {
    full.reset();
    fillers.clear();
  }
  if (drops && full == nullptr) {
    // A listener whose queue is full: the kernel answers no further attempt, and whoever dials
    // tries again for as long as it has patience.
    full = std::make_unique<Tcp::acceptor>(io);
    full->open(Tcp::v4());
    full->set_option(Tcp::acceptor::reuse_address(true));
    error_code error;
    bind_soon(*full, endpoint(route.listen, route.listen_port), error);
    if (!error) full->listen(0, error);
    if (error)
      throw std::runtime_error("the way to " + route.listen +
                               " cannot be closed: " + error.message());
    for (int i = 0; i < 2; ++i) {
      Tcp::socket filler(io);
      error_code ignored;
      filler.open(Tcp::v4(), ignored);
      filler.native_non_blocking(true, ignored);
      const auto to = endpoint(route.listen, route.listen_port);
      if (::connect(filler.native_handle(), to.data(), static_cast<socklen_t>(to.size())) == 0 ||
          errno == EINPROGRESS)
        fillers.push_back(std::move(filler));
    }
    return;
  }
  if (!drops && wants_dials && acceptor == nullptr) listen();
}

void FaultProxy::Impl::listen() {
  acceptor = std::make_unique<Tcp::acceptor>(io);
  error_code error;
  acceptor->open(Tcp::v4(), error);
  acceptor->set_option(Tcp::acceptor::reuse_address(true), error);
  narrow(acceptor->native_handle(), socket_buffer);
  bind_soon(*acceptor, endpoint(route.listen, route.listen_port), error);
  if (!error) acceptor->listen(128, error);
  if (error) {
    throw std::runtime_error("port " + std::to_string(route.listen_port) + " of " + route.listen +
                             " cannot be listened on: " + error.message());
  }
  accept();
}

void FaultProxy::Impl::accept() {
  acceptor->async_accept(
      [this, mine = acceptor.get()](const error_code& error, Tcp::socket socket) {
        if (error) return;  // closed meanwhile, perhaps with all of us
        if (acceptor.get() != mine) return;
        welcomed(std::move(socket));
        accept();
      });
}

void FaultProxy::Impl::welcomed(Tcp::socket socket) {
  auto connection = std::make_shared<Connection>(io, hooks_, connections.size());
  connections.push_back(connection);
  connection->ways_[0].from = std::move(socket);
  connection->ways_[0].manner = manners[0];
  connection->ways_[1].manner = manners[1];
  if (hooks_->opened) hooks_->opened(*connection);
  if (welcome == Welcome::silence) return;  // nobody ever reads what it says
  Tcp::socket& far = connection->ways_[1].from;
  error_code error;
  far.open(Tcp::v4(), error);
  far.set_option(asio::socket_base::reuse_address(true), error);
  narrow(far.native_handle(), socket_buffer);
  if (!route.source.empty()) far.bind(endpoint(route.source, 0), error);
  far.async_connect(endpoint(route.target, route.target_port),
                    [connection](const error_code& failed) {
                      if (!failed) return connection->start();
                      if (connection->ways_[0].from.is_open()) reset(connection->ways_[0].from);
                      error_code ignored;
                      connection->ways_[1].from.close(ignored);
                      connection->look_over();
                    });
}

FaultProxy::FaultProxy(asio::io_context& io, Route route, ProxyHooks hooks)
    : impl_(std::make_unique<Impl>(io, std::move(route), std::move(hooks))) {
  impl_->settle();
}

FaultProxy::~FaultProxy() {
  *impl_->hooks_ = {};
  for (const auto& connection : impl_->connections) {
    for (auto& w : connection->ways_) {
      w.timer.cancel();
      reset(w.from);
    }
  }
}

void FaultProxy::welcome(Welcome what) {
  impl_->welcome = what;
  impl_->settle();
}
void FaultProxy::drop_dials(bool on) {
  impl_->drops = on;
  impl_->settle();
}
void FaultProxy::target_runs(bool yes) {
  impl_->target_runs = yes;
  impl_->settle();
}
void FaultProxy::set_manner(bool by_dialler, const ProxyManner& manner) {
  impl_->manners[by_dialler ? 0 : 1] = manner;
  for (const auto& connection : impl_->connections) connection->set_manner(by_dialler, manner);
}
void FaultProxy::set_socket_buffer(int bytes) {
  impl_->socket_buffer = bytes;
  impl_->acceptor.reset();
  impl_->settle();
}
std::vector<std::shared_ptr<ProxyConnection>> FaultProxy::connections() const {
  return {impl_->connections.begin(), impl_->connections.end()};
}

}  // namespace live
