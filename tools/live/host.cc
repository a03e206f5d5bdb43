#include "tools/live/host.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <utility>
#include <variant>
#include <vector>

#include "model/state.h"
#include "scenarios/world/jobs.h"

namespace live {
namespace {

namespace fs = std::filesystem;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kQueue = 64 * 1024;
constexpr std::size_t kReadSize = 16384;
constexpr int kReadsAtOnce = 4;  // then others have their turn
constexpr auto kFarewell = std::chrono::seconds(5);
constexpr std::size_t kMostUnread = 16 * 1024 * 1024;
constexpr std::uint64_t kLargestPayload = std::uint64_t{4} << 30U;
constexpr auto kRetry = std::chrono::milliseconds(100);  // when accept() fails
constexpr std::string_view kDump = "dump.rdb";           // as the server calls it

// A model's instant of zero means "never": clocks begin a second later.
constexpr auto kBegin = std::chrono::seconds(1);

struct Conn {
  explicit Conn(asio::io_context& context) : socket(context), farewell(context) {}
  tcp::socket socket;
  asio::steady_timer farewell;
  Observer::Link link;
  std::string out;
  std::size_t sent = 0;  // of `out`
  bool open = false;     // connected: a dial is not yet
  bool reading = true;   // as the server wants it
  bool read_waits = false, write_waits = false;
  bool was_full = false;  // the server wanted to send more than there was room for
  bool finished = false;  // the peer has ended: nothing more comes
  bool hung_up = false;   // by the server: it is told no more of it
  bool gone = false;
  std::size_t unsent() const { return out.size() - sent; }
};
using ConnPtr = std::shared_ptr<Conn>;

}  // namespace

struct Host::Impl : std::enable_shared_from_this<Impl>, model::Surroundings {
  Impl(Loop& loop, HostOptions given)
      : context(loop.context()),
        options(std::move(given)),
        acceptor(context),
        accept_again(context),
        wake(context),
        stall(context),
        born(Clock::now()),
        random(std::random_device()()) {}

  asio::io_context& context;
  HostOptions options;
  std::vector<Observer*> observers;
  tcp::acceptor acceptor;
  asio::steady_timer accept_again;
  asio::steady_timer wake;
  asio::steady_timer stall;
  std::optional<model::Instant> wake_at;
  Clock::time_point born;
  std::mt19937_64 random;

  std::optional<model::Server> server;
  model::Machine machine;
  model::Effects effects;
  std::map<model::ConnId, ConnPtr> conns;
  std::set<ConnPtr> leaving;  // hung up, with bytes still to go out
  std::set<model::ConnId> dirty;
  std::uint32_t next_conn = 1;
  scenarios::Jobs jobs;
  bool stalled = false;
  model::Effects postponed;                 // what stood behind a Block, until that is over
  std::vector<std::function<void()>> held;  // what happened while it stood still
  bool dead = false;                        // the Host is gone
  std::optional<Ended> ended;
  Clock::time_point disk_probed{};

  // --- surroundings ------------------------------------------------------------------------------

  std::uint64_t below(std::uint64_t bound) override {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
  }

  std::size_t room(model::ConnId id) const override {
    const auto it = conns.find(id);
    if (it == conns.end() || it->second->gone) return kQueue;  // it hears of the end soon enough
    const std::size_t queued = it->second->unsent();
    const std::size_t left = queued < kQueue ? kQueue - queued : 0;
    if (left == 0) it->second->was_full = true;
    return left;
  }

  model::Instant now() const {
    return model::Instant(
        std::chrono::duration_cast<model::Duration>(Clock::now() - born + kBegin));
  }
  Clock::time_point real(model::Instant at) const {
    return born + (at.time_since_epoch() - kBegin);
  }

  // --- one input ---------------------------------------------------------------------------------

  bool running() const { return server && !ended && !dead; }

  template <class Act>
  void input(Act&& act) {
    if (!running()) return;
    effects.clear();
    const auto wall = std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
    const model::Moment moment{now(),   model::WallTime(wall.time_since_epoch()), *this, machine,
                               effects, !observers.empty()};
    act(*server, moment);
    for (Observer* const observer : observers)
      observer->effects(moment.now, effects, server->state());
    carry_out();
  }

  void carry_out() {
    for (std::size_t i = 0; i < effects.list.size(); ++i) {
      std::visit([&](const auto& e) { perform(e); }, effects.list[i]);
      if (ended) break;
      if (!std::holds_alternative<model::Block>(effects.list[i])) continue;
      postponed = model::behind(effects, i);
      break;
    }
    for (const model::ConnId id : std::exchange(dirty, {})) {
      if (const auto it = conns.find(id); it != conns.end()) {
        const ConnPtr conn = it->second;
        write(conn);
        read_on(conn);
      }
    }
    if (ended) return leave();
    schedule_wake();
  }

  // Runs `act` as soon as the server's loop turns.
  void enter(std::function<void()> act) {
    if (dead) return;
    if (stalled) {
      held.push_back(std::move(act));
    } else {
      act();
    }
  }

  void schedule_wake() {
    const model::Instant wanted = server->next_wake();
    if (wanted == model::Instant::max() || (wake_at && *wake_at <= wanted)) return;
    wake_at = wanted;
    wake.expires_at(real(wanted));
    wake.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (error) return;  // another time took its place
      self->enter([self] {
        self->wake_at.reset();
        self->look_at_disk();
        self->input([](model::Server& s, const model::Moment& at) { s.tick(at); });
      });
    });
  }

  // --- effects -----------------------------------------------------------------------------------

  void perform(const model::Dial& dial) {
    auto conn = std::make_shared<Conn>(context);
    conn->link = {dial.conn, true, {dial.host, static_cast<std::uint16_t>(dial.port)}};
    conns.emplace(dial.conn, conn);
    tell(conn, "dial");
    asio::error_code error;
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(dial.host, std::to_string(dial.port),
                                        tcp::resolver::numeric_service, error);
    if (error || found.empty()) {
      asio::post(context, [self = shared_from_this(), conn] {
        self->enter([self, conn] { self->refuse(conn); });
      });
      return;
    }
    conn->socket.async_connect(
        found.begin()->endpoint(), [self = shared_from_this(), conn](const asio::error_code& failed) {
          self->enter([self, conn, failed] {
            if (conn->gone || conn->hung_up) return;
            if (failed) return self->refuse(conn);
            self->set_up(conn);
            self->tell(conn, "connected");
            self->input([&](model::Server& s, const model::Moment& at) {
              s.connected(at, conn->link.conn);
            });
            self->read_on(conn);
          });
        });
  }

  void refuse(const ConnPtr& conn) {
    if (conn->gone || conn->hung_up) return;
    tell(conn, "refused");
    forget(conn);
    input([&](model::Server& s, const model::Moment& at) { s.refused(at, conn->link.conn); });
  }

  void perform(const model::Send& send) {
    const auto it = conns.find(send.conn);
    if (it == conns.end() || it->second->gone) return;
    Conn& conn = *it->second;
    const std::string_view bytes = std::string_view(effects.bytes).substr(send.from, send.count);
    conn.out += bytes;
    if (conn.unsent() >= kQueue) conn.was_full = true;
    dirty.insert(send.conn);
  }

  void perform(const model::Hangup& hangup) {
    const auto it = conns.find(hangup.conn);
    if (it == conns.end()) return;
    const ConnPtr conn = it->second;
    conns.erase(it);
    conn->hung_up = true;
    tell(conn, "closed");
    if (conn->gone || !conn->open) return forget(conn);
    write(conn);
    if (conn->gone) return;
    if (conn->unsent() == 0) return close(conn);
    leaving.insert(conn);
    conn->farewell.expires_after(kFarewell);
    conn->farewell.async_wait([self = shared_from_this(), conn](const asio::error_code& error) {
      if (!error) self->forget(conn);
    });
  }

  void perform(const model::SetReading& reading) {
    const auto it = conns.find(reading.conn);
    if (it == conns.end()) return;
    it->second->reading = reading.on;
    dirty.insert(reading.conn);
  }

  void perform(const model::StartJob& job) { expect(jobs.start(0, job, sim_now())); }

  void perform(const model::KillJob& job) {
    if (const auto due = jobs.kill(0, job.job, sim_now())) expect(*due);
  }

  void perform(const model::WriteFile& file) {
    if (options.dir.empty() || file.name != kDump) return;
    const fs::path path = fs::path(options.dir) / options.file;
    std::error_code error;
    if (!file.content) {
      fs::remove(path, error);
      return;
    }
    const fs::path temporary = fs::path(options.dir) / ("temp-" + options.file);
    {
      std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
      out << file.content.view();
      out.close();
      machine.disk_full = !out;
    }
    if (!machine.disk_full) fs::rename(temporary, path, error);
    if (error) machine.disk_full = true;
    if (!machine.disk_full) return;
    fs::remove(temporary, error);
    for (Observer* const observer : observers)
      observer->process(now(), "disk", "cannot write " + path.string());
  }

  void perform(const model::Block& block) {
    stalled = true;
    stall.expires_after(block.time);
    stall.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error) self->go_on();
    });
  }

  void carry_out_postponed() {
    if (!running() || postponed.list.empty()) return;
    effects = std::exchange(postponed, {});
    carry_out();
  }

  void go_on() {
    stalled = false;
    carry_out_postponed();
    if (stalled) return;
    auto waiting = std::exchange(held, {});
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (stalled) {  // again: the rest waits on
        held.insert(held.end(), waiting.begin() + static_cast<std::ptrdiff_t>(i), waiting.end());
        return;
      }
      waiting[i]();
    }
    for (const auto& [id, conn] : std::map(conns)) read_on(conn);
  }

  void perform(const model::Exit& exit) { ended = Ended{exit.code, exit.why}; }

  template <class Fact>
  void perform(const Fact&) {}  // for observers

  // --- jobs --------------------------------------------------------------------------------------

  sim::Instant sim_now() const { return sim::Instant(now().time_since_epoch()); }

  void expect(const scenarios::Jobs::Due& due) {
    auto timer = std::make_shared<asio::steady_timer>(context);
    timer->expires_at(real(model::Instant(due.at.time_since_epoch())));
    timer->async_wait([self = shared_from_this(), timer, job = due.job](const asio::error_code& error) {
      if (!error) self->enter([self, job] { self->report(job); });
    });
  }

  void report(std::uint64_t job) {
    const auto report = jobs.report(job, sim_now());
    if (!report) return;
    if (report->next) expect({job, *report->next});
    if (report->end) probe_disk();
    input([&](model::Server& s, const model::Moment& at) {
      if (report->end) return s.job_ended(at, report->id, *report->end);
      s.job_progress(at, report->id, report->bytes);
    });
  }

  // --- the disk ----------------------------------------------------------------------------------

  // Whether a file can be put there, tried with an empty one; and how much fits.
  void probe_disk() {
    disk_probed = Clock::now();
    machine.payload_room = kLargestPayload;
    if (options.dir.empty()) return;
    const fs::path probe = fs::path(options.dir) / ("temp-probe-" + options.file);
    machine.disk_full = !std::ofstream(probe).put('\n').flush();
    std::error_code ignored;
    fs::remove(probe, ignored);
    struct statvfs disk {};
    if (::statvfs(options.dir.c_str(), &disk) == 0)
      machine.payload_room = std::min<std::uint64_t>(
          kLargestPayload, static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize);
  }

  void look_at_disk() {
    if (Clock::now() - disk_probed > std::chrono::seconds(machine.disk_full ? 1 : 10)) probe_disk();
  }

  std::optional<std::string> load_files() {
    const fs::path path = fs::path(options.dir) / options.file;
    std::error_code error;
    if (options.dir.empty()) return std::nullopt;
    if (!fs::is_directory(options.dir, error)) return options.dir + " is no folder";
    if (!fs::exists(path, error)) return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return path.string() + " cannot be read";
    options.boot.files.emplace(std::string(kDump), model::Blob(std::move(text).str()));
    return std::nullopt;
  }

  // --- connections -------------------------------------------------------------------------------

  void tell(const ConnPtr& conn, std::string_view what) {
    for (Observer* const observer : observers) observer->connection(now(), conn->link, what);
  }

  void set_up(const ConnPtr& conn) {
    asio::error_code ignored;
    conn->socket.non_blocking(true, ignored);
    conn->socket.set_option(tcp::no_delay(true), ignored);
    conn->socket.set_option(asio::socket_base::keep_alive(true), ignored);
    conn->open = true;
  }

  std::optional<std::string> listen() {
    asio::error_code error;
    const auto ip = asio::ip::make_address(options.listen.ip, error);
    if (error) return options.listen.ip + " is no IP address";
    const tcp::endpoint endpoint(ip, options.listen.port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(511, error);
    if (error) return "cannot listen on " + text(options.listen) + ": " + error.message();
    options.listen.port = acceptor.local_endpoint(error).port();
    options.boot.config.port = options.listen.port;
    return std::nullopt;
  }

  void accept() {
    acceptor.async_accept([self = shared_from_this()](const asio::error_code& error,
                                                      tcp::socket socket) {
      if (self->dead || error == asio::error::operation_aborted) return;
      if (error) {  // too many files are open, say
        self->accept_again.expires_after(kRetry);
        self->accept_again.async_wait([self](const asio::error_code& stopped) {
          if (!stopped && !self->dead) self->accept();
        });
        return;
      }
      auto conn = std::make_shared<Conn>(self->context);
      conn->socket = std::move(socket);
      self->enter([self, conn] { self->take(conn); });
      if (self->acceptor.is_open()) self->accept();
    });
  }

  void take(const ConnPtr& conn) {
    if (!running()) return;
    asio::error_code error;
    const tcp::endpoint peer = conn->socket.remote_endpoint(error);
    if (error) return;  // gone already
    set_up(conn);
    conn->link = {model::ConnId{next_conn++}, false, {peer.address().to_string(), peer.port()}};
    conns.emplace(conn->link.conn, conn);
    tell(conn, "accepted");
    input([&](model::Server& s, const model::Moment& at) {
      s.accepted(at, conn->link.conn, conn->link.peer.ip, conn->link.peer.port);
    });
    read_on(conn);
  }

  // Whether the server has more replies for it than anybody should leave unread.
  bool does_not_listen(const Conn& conn) const {
    const auto it = server->state().sessions.find(conn.link.conn);
    return it != server->state().sessions.end() && it->second.unsent() > kMostUnread;
  }

  void read_on(const ConnPtr& conn) {
    if (!running() || !conn->open || !conn->reading || conn->read_waits || conn->finished ||
        conn->gone || conn->hung_up || does_not_listen(*conn)) {
      return;
    }
    conn->read_waits = true;
    conn->socket.async_wait(tcp::socket::wait_read,
                            [self = shared_from_this(), conn](const asio::error_code& error) {
                              conn->read_waits = false;
                              if (error) return;  // closed by us
                              self->enter([self, conn] { self->readable(conn); });
                            });
  }

  void readable(const ConnPtr& conn) {
    std::array<char, kReadSize> buffer;
    for (int i = 0; i < kReadsAtOnce && running() && conn->reading && !conn->gone &&
                    !conn->hung_up && !stalled && !does_not_listen(*conn);
         ++i) {
      asio::error_code error;
      const std::size_t count = conn->socket.read_some(asio::buffer(buffer), error);
      if (error == asio::error::would_block || error == asio::error::try_again) break;
      if (error) return read_failed(conn, error == asio::error::eof);
      const std::string_view bytes(buffer.data(), count);
      for (Observer* const observer : observers) observer->received(now(), conn->link, bytes);
      input([&](model::Server& s, const model::Moment& at) {
        s.received(at, conn->link.conn, bytes);
      });
      if (count < kReadSize) break;
    }
    read_on(conn);
  }

  void read_failed(const ConnPtr& conn, bool in_order) {
    conn->finished = true;
    tell(conn, in_order ? "ended" : "reset");
    if (!in_order) forget(conn);
    input([&](model::Server& s, const model::Moment& at) {
      in_order ? s.ended(at, conn->link.conn) : s.reset(at, conn->link.conn);
    });
  }

  void write(const ConnPtr& conn) {
    if (!conn->open || conn->gone || conn->write_waits) return;
    while (conn->unsent() > 0) {
      asio::error_code error;
      const std::string_view rest = std::string_view(conn->out).substr(conn->sent);
      const std::size_t count =
          conn->socket.write_some(asio::buffer(rest.data(), rest.size()), error);
      if (error == asio::error::would_block || error == asio::error::try_again)
        return write_later(conn);
      if (error) return write_failed(conn);
      for (Observer* const observer : observers)
        observer->sent(now(), conn->link, rest.substr(0, count), server->state());
      conn->sent += count;
    }
    conn->out.clear();
    conn->sent = 0;
    if (!std::exchange(conn->was_full, false) || conn->hung_up) return;
    asio::post(context, [self = shared_from_this(), conn] {
      self->enter([self, conn] {
        if (conn->gone || conn->hung_up) return;
        self->input([&](model::Server& s, const model::Moment& at) {
          s.writable(at, conn->link.conn);
        });
        self->read_on(conn);
      });
    });
  }

  void write_later(const ConnPtr& conn) {
    conn->write_waits = true;
    conn->socket.async_wait(tcp::socket::wait_write,
                            [self = shared_from_this(), conn](const asio::error_code& error) {
                              conn->write_waits = false;
                              if (error || conn->gone || self->dead) return;
                              self->write(conn);
                              if (conn->hung_up && conn->unsent() == 0) self->close(conn);
                            });
  }

  // Not in the middle of an input.
  void write_failed(const ConnPtr& conn) {
    conn->out.clear();
    conn->sent = 0;
    if (conn->hung_up) return forget(conn);
    if (std::exchange(conn->finished, true)) return;
    asio::post(context, [self = shared_from_this(), conn] {
      self->enter([self, conn] {
        if (conn->gone || conn->hung_up) return;
        self->tell(conn, "reset");
        self->forget(conn);
        self->input([&](model::Server& s, const model::Moment& at) {
          s.reset(at, conn->link.conn);
        });
      });
    });
  }

  // In good order. What came and nobody read would turn that into a reset, and take what was sent with
  // it: it is read.
  void close(const ConnPtr& conn) {
    asio::error_code ignored;
    std::array<char, kReadSize> buffer;
    for (int i = 0; i < kReadsAtOnce; ++i) {
      if (conn->socket.read_some(asio::buffer(buffer), ignored) == 0 || ignored) break;
    }
    conn->socket.shutdown(tcp::socket::shutdown_send, ignored);
    forget(conn);
  }

  void forget(const ConnPtr& conn) {
    conn->gone = true;
    asio::error_code ignored;
    conn->farewell.cancel();
    conn->socket.close(ignored);
    leaving.erase(conn);
    const auto it = conns.find(conn->link.conn);
    if (it != conns.end() && it->second == conn) conns.erase(it);
  }

  // --- beginning and end -------------------------------------------------------------------------

  std::optional<std::string> start() {
    if (auto problem = load_files()) return problem;
    if (auto problem = listen()) return problem;
    probe_disk();
    for (Observer* const observer : observers) observer->process(now(), "start", "");
    server.emplace(std::move(options.boot));
    input([](model::Server& s, const model::Moment& at) { s.start(at); });
    if (ended) return ended->why;
    accept();
    return std::nullopt;
  }

  // The process has ended. What was sent still goes out, unless it died.
  void leave() {
    for (Observer* const observer : observers)
      observer->process(now(), ended->code == 0 ? "exit" : "crash", ended->why);
    asio::error_code ignored;
    acceptor.close(ignored);
    wake.cancel();
    for (const auto& [id, conn] : std::map(conns)) reset(conn);
  }

  void reset(const ConnPtr& conn) {
    asio::error_code ignored;
    if (conn->open) conn->socket.set_option(asio::socket_base::linger(true, 0), ignored);
    forget(conn);
  }

  void shut() {
    dead = true;
    asio::error_code ignored;
    acceptor.close(ignored);
    accept_again.cancel();
    wake.cancel();
    stall.cancel();
    held.clear();
    for (const auto& [id, conn] : std::map(conns)) reset(conn);
    for (const ConnPtr& conn : std::set(leaving)) forget(conn);
  }
};

Host::Host(Loop& loop, HostOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {}

Host::~Host() { impl_->shut(); }

void Host::observe(Observer& observer) { impl_->observers.push_back(&observer); }
std::optional<std::string> Host::start() { return impl_->start(); }
std::uint16_t Host::port() const { return impl_->options.listen.port; }
const model::State& Host::state() const { return impl_->server->state(); }
const std::optional<Host::Ended>& Host::ended() const { return impl_->ended; }

bool Host::idle() const { return impl_->leaving.empty(); }

void Host::terminate() {
  if (!impl_->running()) return;
  impl_->server->terminate();
  impl_->schedule_wake();
}

}  // namespace live
