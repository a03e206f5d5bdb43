// A proxy on the way from one host to another that breaks what passes, on purpose.
//
//      dialler ==near==> [ FaultProxy: hold, slow down, stop at a byte, change a bit, cut ] ==far==> target
//
// It listens where the dialler believes the target to be. What it reads from one side it first tells its
// owner (said), then passes on as its manner for that direction says. Nothing is lost inside a living
// connection; bytes that are not delivered wait here, and then in the buffers of the kernel and of the
// sender, as they would behind a bad line.
//
// Everything happens on the io_context that it is given, in callbacks: nothing here blocks, and there are
// no threads. Positions are those of a byte in what one side sends, counted from its first.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tools::live {

// How bytes of one direction are passed on.
struct ProxyManner {
  bool held = false;  // nothing passes, an end neither
  std::chrono::microseconds latency{0}, jitter{0};
  std::uint64_t bytes_per_second = 0;  // 0: as fast as they come
  std::size_t piece = 0;               // at most so many bytes in one write; 0: as they come
  std::size_t buffer = 512U << 10U;    // bytes that wait here; then the sender must
  bool operator==(const ProxyManner&) const = default;
};

class ProxyConnection;

// Whom a proxy tells. All may be left empty.
struct ProxyHooks {
  std::function<void(ProxyConnection&)> opened;
  std::function<void(ProxyConnection&, bool by_dialler, std::string_view)> said;  // before it passes
  std::function<void(ProxyConnection&, bool by_dialler)> stopped;  // has come to its byte, see stop_at()
  std::function<void(ProxyConnection&)> ended;                     // on both sides
};

class ProxyConnection : public std::enable_shared_from_this<ProxyConnection> {
 public:
  struct CutPlan {
    bool rst = true;  // else FIN
    bool tell_dialler = true, tell_target = true;  // who is not told hears of it when it writes
    bool deliver_in_flight = false;                // what waits here still arrives
  };

  ProxyConnection(asio::io_context& io, std::shared_ptr<ProxyHooks> hooks, std::uint64_t number)
      : hooks_(std::move(hooks)), number_(number), ways_{Way(io), Way(io)} {}

  std::uint64_t number() const { return number_; }  // of its proxy's, from 0
  bool alive() const { return !over_ && !cut_; }
  std::uint64_t delivered(bool by_dialler) const { return way(by_dialler).delivered; }
  std::uint64_t read(bool by_dialler) const { return way(by_dialler).read; }
  bool stopped(bool by_dialler) const { return way(by_dialler).stopped; }

  void set_manner(bool by_dialler, const ProxyManner& manner);
  // Stands still, whatever its manner is.
  void freeze(bool by_dialler, bool on);
  // Delivers nothing from this position on until go_on(); says `stopped` when it is reached.
  void stop_at(bool by_dialler, std::uint64_t position);
  void go_on(bool by_dialler);
  // From this position on nothing is delivered before its fate is known; nothing: all may pass.
  void withhold_from(bool by_dialler, std::optional<std::uint64_t> position);
  void flip(bool by_dialler, std::uint64_t position, unsigned bit);
  void cut(const CutPlan& plan);
  // One side's machine is gone without a word: the other is told nothing, also when it writes, until
  // its address is somebody's again (revive()).
  void lose_silently(bool dialler_is_gone);
  void revive();

 private:
  friend class FaultProxy;
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
    std::string queue;              // read and not delivered
    struct Due {
      std::uint64_t until;          // position behind the bytes
      Clock::time_point at;
    };
    std::deque<Due> due;
    ProxyManner manner;
    std::uint64_t read = 0, delivered = 0, draws = 0;
    std::optional<std::uint64_t> stop, withheld;
    std::map<std::uint64_t, unsigned> flips;
    Clock::time_point free_at{};    // the line is busy until then
    bool reading = false, writing = false, frozen = false, stopped = false, told_stop = false;
    End end = End::none;            // of the sender, behind all bytes
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

class FaultProxy {
 public:
  enum class Welcome : std::uint8_t { accept, refuse, silence };

  struct Route {
    std::string listen, target, source;  // addresses; `source`: where the target sees it come from
    int listen_port = 0, target_port = 0;
  };

  // Listens at once. Throws std::runtime_error, in a sentence, when it cannot.
  FaultProxy(asio::io_context& io, Route route, ProxyHooks hooks);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  void welcome(Welcome what);
  // Whoever dials is not answered at all; the attempt waits, as long as its kernel tries.
  void drop_dials(bool on);
  // While the target does not run whoever dials is refused.
  void target_runs(bool yes);
  // For connections that there are and those to come.
  void set_manner(bool by_dialler, const ProxyManner& manner);
  const ProxyManner& manner(bool by_dialler) const { return manners_[by_dialler ? 0 : 1]; }
  // Size that the kernel's buffers of its sockets have, of later connections; 0: as usual.
  void set_socket_buffer(int bytes) { socket_buffer_ = bytes; }

  // In order of their beginning.
  const std::vector<std::shared_ptr<ProxyConnection>>& connections() const { return connections_; }
  std::uint64_t refused() const { return refused_; }

 private:
  using Tcp = asio::ip::tcp;
  void settle();
  void listen();
  void accept();
  void welcomed(Tcp::socket socket);

  asio::io_context& io_;
  Route route_;
  std::shared_ptr<ProxyHooks> hooks_;
  std::unique_ptr<Tcp::acceptor> acceptor_, full_;
  std::vector<Tcp::socket> fillers_;
  std::array<ProxyManner, 2> manners_;
  std::vector<std::shared_ptr<ProxyConnection>> connections_;
  Welcome welcome_ = Welcome::accept;
  bool target_runs_ = true, drops_ = false;
  int socket_buffer_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace tools::live
