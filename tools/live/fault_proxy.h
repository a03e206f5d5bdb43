// A proxy on the way from one host to another that breaks what passes, on purpose.
//
//      dialler ==near==> [ FaultProxy: hold, slow down, stop at a byte, change a bit, cut ]
//      ==far==> target
//
// It listens where the dialler believes the target to be. What it reads from one side it first
// tells its owner (said), then passes on as its manner for that direction says. Nothing is lost
// inside a living connection; bytes that are not delivered wait here, and then in the buffers of
// the kernel and of the sender, as they would behind a bad line.
//
// Everything happens on the io_context that it is given, in callbacks: nothing here blocks, and
// there are no threads. Positions are those of a byte in what one side sends, counted from its
// first.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asio {
class io_context;
}

namespace live {

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
  std::function<void(ProxyConnection&, bool by_dialler, std::string_view)>
      said;  // before it passes
  std::function<void(ProxyConnection&, bool by_dialler)>
      stopped;                                  // has come to its byte, see stop_at()
  std::function<void(ProxyConnection&)> ended;  // on both sides
};

class ProxyConnection {
 public:
  struct CutPlan {
    bool rst = true;                               // else FIN
    bool tell_dialler = true, tell_target = true;  // who is not told hears of it when it writes
    bool deliver_in_flight = false;                // what waits here still arrives
  };

  virtual ~ProxyConnection() = default;

  virtual std::uint64_t number() const = 0;  // of its proxy's, from 0
  virtual bool alive() const = 0;
  virtual std::uint64_t delivered(bool by_dialler) const = 0;
  virtual std::uint64_t read(bool by_dialler) const = 0;
  virtual bool stopped(bool by_dialler) const = 0;

  virtual void set_manner(bool by_dialler, const ProxyManner& manner) = 0;
  // Stands still, whatever its manner is.
  virtual void freeze(bool by_dialler, bool on) = 0;
  // Delivers nothing from this position on until go_on(); says `stopped` when it is reached.
  virtual void stop_at(bool by_dialler, std::uint64_t position) = 0;
  virtual void go_on(bool by_dialler) = 0;
  // From this position on nothing is delivered before its fate is known; nothing: all may pass.
  virtual void withhold_from(bool by_dialler, std::optional<std::uint64_t> position) = 0;
  virtual void flip(bool by_dialler, std::uint64_t position, unsigned bit) = 0;
  virtual void cut(const CutPlan& plan) = 0;
  // One side's machine is gone without a word: the other is told nothing, also when it writes,
  // until its address is somebody's again (revive()).
  virtual void lose_silently(bool dialler_is_gone) = 0;
  virtual void revive() = 0;
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
  // About as many bytes may wait in the kernel's buffers on each side, of later connections; 0: as
  // many as the kernel likes.
  void set_socket_buffer(int bytes);

  // In order of their beginning.
  std::vector<std::shared_ptr<ProxyConnection>> connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace live
