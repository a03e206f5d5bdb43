// Whatever is thrown at it, the network keeps its promises. A storm is a list of moves that rapidcheck
// draws and shrinks; what must hold is checked after every occurrence and once more after the calm.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/kernel.h"

namespace sim {
namespace {

using Kind = Occurrence::Kind;

struct Move {
  unsigned what = 0;
  unsigned where = 0;
  unsigned how_much = 0;
};

std::ostream& operator<<(std::ostream& out, const Move& move) {
  return out << '{' << move.what << ", " << move.where << ", " << move.how_much << '}';
}

// What an end writes at a position, so that a reader can tell a byte of another place or connection.
char written(EndId end, std::uint64_t position) {
  return static_cast<char>((number(end) * 37 + position * 11 + (position >> 5)) & 0xff);
}

class Storm {
 public:
  explicit Storm(std::uint64_t seed) : kernel_(Choice::seeded(seed), TraceMode::keep) {
    kernel_.choice().record();
    for (const char* name : {"a", "b", "c"}) kernel_.add_host(name);
  }
  explicit Storm(Choice choice) : kernel_(std::move(choice), TraceMode::keep) {
    kernel_.choice().record();
    for (const char* name : {"a", "b", "c"}) kernel_.add_host(name);
  }

  void make(const Move& move) {
    const HostId one{move.where % 3}, other{move.where / 3 % 3};
    const auto end = some_end(move.where);
    switch (move.what % kMoves) {
      case 0: if (runs(one)) dial(one, other); break;
      case 1: case 2: case 3:
        if (end && runs(kernel_.host_of(*end))) write(*end, move.how_much % 700);
        break;
      case 4: run(Duration{move.how_much % 3000}); break;
      case 5: run(Duration{move.how_much % 40}); break;
      case 6: kernel_.set_link(one, other, profile(move.how_much)); break;
      case 7: kernel_.hold(one, other, static_cast<Hold>(move.how_much % 3), FaultTag{1}); break;
      case 8: if (end) kernel_.hold_connection(*end, move.how_much % 2 == 0, FaultTag{2}); break;
      case 9: kernel_.stall(one); break;
      case 10: kernel_.resume(one); break;
      case 11: if (end) kernel_.set_reading(*end, move.how_much % 2 == 0); break;
      case 12: if (end) kernel_.stop_after(*end, move.how_much % 1000, FaultTag{3}); break;
      case 13: if (end) kernel_.lift(*end); break;
      case 14:
        if (end && runs(kernel_.host_of(*end))) close(*end, CloseHow::fin);
        break;
      // From here on a connection is hurt, and what was written need not arrive.
      case 15:
        if (end && runs(kernel_.host_of(*end))) close(*end, CloseHow::rst);
        break;
      case 16:
        if (end) cut(*end, move.how_much);
        break;
      case 17: crash(one, move.how_much % 2 == 0 ? Farewell::reset : Farewell::silence); break;
      case 18: kernel_.start(one); break;
      default: break;
    }
  }

  void run(Duration duration) {
    const Instant until = kernel_.now() + duration;
    while (take(until)) {
    }
  }

  // Everything that was stopped goes on, and all that can happen does.
  void calm() {
    for (const HostId one : {HostId{0}, HostId{1}, HostId{2}}) {
      kernel_.start(one);
      kernel_.resume(one);
      for (const HostId other : {HostId{0}, HostId{1}, HostId{2}}) {
        kernel_.hold(one, other, Hold::none, FaultTag{1});
      }
    }
    for (EndId end{0}; number(end) < ends_; end = EndId{number(end) + 1}) {
      kernel_.hold_connection(end, false, FaultTag{2});
      kernel_.lift(end);  // and each stop that is still to come when it comes
      kernel_.set_reading(end, true);
    }
    lifting_ = true;
    while (take(kNever)) {
    }
  }

  void check_all_arrived() const {
    for (EndId end{0}; number(end) < ends_; end = EndId{number(end) + 1}) {
      const EndId reader = peer_of(end);
      if (hurt_.contains(end) || hurt_.contains(reader) || closed_.contains(reader)) continue;
      RC_ASSERT(kernel_.delivered(end) == kernel_.sent(end));
      if (closed_.contains(end)) RC_ASSERT(ended_.contains(reader));
    }
  }

  const Kernel& kernel() const { return kernel_; }
  bool operator==(const Storm&) const = default;

 private:
  static constexpr unsigned kMoves = 19;

  bool runs(HostId host) const { return kernel_.up(host) && !kernel_.stalled(host); }

  std::optional<EndId> some_end(unsigned where) const {
    if (ends_ == 0) return std::nullopt;
    return EndId{where % ends_};
  }

  void dial(HostId from, HostId to) {
    const EndId end = kernel_.dial(from, to);
    RC_ASSERT(number(end) == ends_);
    ends_ += 2;
  }

  void write(EndId end, std::size_t count) {
    std::string bytes;
    const std::uint64_t from = kernel_.sent(end);
    for (std::size_t i = 0; i < count; ++i) bytes.push_back(written(end, from + i));
    const std::size_t room = kernel_.room(end);
    const std::size_t taken = kernel_.send(end, bytes);
    RC_ASSERT(taken <= count);
    RC_ASSERT(taken >= std::min(room, count) || dead_.contains(end) || !open_.contains(end) ||
              taken == 0);  // 0: it has just found out that the connection is dead
    RC_ASSERT(kernel_.sent(end) == from + taken);
  }

  void close(EndId end, CloseHow how) {
    if (!open_.contains(end) && !dialled(end)) return;  // its software does not know it
    kernel_.close(end, how);
    closed_.insert(end);
    if (how == CloseHow::rst) hurt_.insert(end);
    if (!open_.contains(end)) hurt_.insert(end);  // gave up dialling
  }

  void cut(EndId end, unsigned how) {
    kernel_.cut(end, static_cast<CloseHow>(how % 2), static_cast<Notice>(how / 2 % 4),
                static_cast<InFlight>(how / 8 % 2), FaultTag{4});
    hurt_.insert(end);
  }

  void crash(HostId host, Farewell farewell) {
    kernel_.crash(host, farewell);
    for (EndId end{0}; number(end) < ends_; end = EndId{number(end) + 1}) {
      if (kernel_.host_of(end) != host) continue;
      hurt_.insert(end);
      if (open_.contains(end) || dialled(end)) dead_.insert(end);
    }
  }

  static LinkProfile profile(unsigned how) {
    constexpr std::array<std::uint64_t, 4> kRates = {0, 0, 100'000, 3'000'017};
    constexpr std::array<std::uint32_t, 4> kBuffers = {262144, 1, 100, 333};
    return {.latency = Duration{how % 7 * 100},
            .jitter = Duration{how / 7 % 3 * 300},
            .bytes_per_second = kRates[how / 21 % 4],
            .pieces = {.smallest = how / 84 % 3, .largest = how / 84 % 3 * 20},
            .send_buffer = kBuffers[how / 252 % 4],
            .receive_buffer = kBuffers[how / 1008 % 4]};
  }

  bool take(Instant until) {
    const Instant before = kernel_.now();
    const auto happened = kernel_.next(until);
    RC_ASSERT(kernel_.now() >= before);
    if (!happened) return false;
    RC_ASSERT(kernel_.now() <= std::max(until, before));
    check(*happened);
    return true;
  }

  void check(const Occurrence& happened) {
    const EndId end = happened.end;
    if (happened.kind == Kind::stopped) {
      if (lifting_) kernel_.lift(end);
      return;
    }
    RC_ASSERT(runs(happened.host));
    RC_ASSERT(kernel_.host_of(end) == happened.host);
    RC_ASSERT(kernel_.host_of(peer_of(end)) == happened.peer);
    RC_ASSERT(!closed_.contains(end));
    RC_ASSERT(!dead_.contains(end));
    switch (happened.kind) {
      case Kind::accepted: RC_ASSERT(!dialled(end)); RC_ASSERT(open_.insert(end).second); break;
      case Kind::connected: RC_ASSERT(dialled(end)); RC_ASSERT(open_.insert(end).second); break;
      case Kind::refused:
        RC_ASSERT(dialled(end));
        RC_ASSERT(!open_.contains(end));
        dead_.insert(end);
        hurt_.insert(end);
        break;
      case Kind::bytes: {
        RC_ASSERT(open_.contains(end));
        RC_ASSERT(!ended_.contains(end));
        RC_ASSERT(!happened.bytes.empty());
        const std::uint64_t until = kernel_.delivered(peer_of(end));
        RC_ASSERT(until <= kernel_.sent(peer_of(end)));
        const std::uint64_t from = until - happened.bytes.size();
        for (std::size_t i = 0; i < happened.bytes.size(); ++i) {
          RC_ASSERT(happened.bytes[i] == written(peer_of(end), from + i));
        }
        RC_ASSERT(from == read_[end]);
        read_[end] = until;
        break;
      }
      case Kind::ended: RC_ASSERT(open_.contains(end)); RC_ASSERT(ended_.insert(end).second); break;
      case Kind::reset:
        RC_ASSERT(open_.contains(end));
        RC_ASSERT(!kernel_.alive(end));
        dead_.insert(end);
        if (!closed_.contains(peer_of(end))) RC_ASSERT(is_hurt(end));
        break;
      case Kind::room:
        RC_ASSERT(open_.contains(end));
        RC_ASSERT(happened.number > 0);
        RC_ASSERT(happened.number == kernel_.room(end));
        break;
      default: RC_FAIL("nothing else was scheduled");
    }
  }

  bool is_hurt(EndId end) const { return hurt_.contains(end) || hurt_.contains(peer_of(end)); }

  Kernel kernel_;
  std::uint32_t ends_ = 0;
  std::set<EndId> open_, ended_, closed_, dead_, hurt_;
  std::map<EndId, std::uint64_t> read_;
  bool lifting_ = false;
};

using Moves = std::vector<Move>;

rc::Gen<Moves> moves() {
  const auto any = rc::gen::inRange(0U, 1U << 16);
  return rc::gen::scale(2.0, rc::gen::container<Moves>(rc::gen::build<Move>(
      rc::gen::set(&Move::what, any), rc::gen::set(&Move::where, any),
      rc::gen::set(&Move::how_much, any))));
}

Storm through(Storm storm, const Moves& list) {
  storm.make({0, 1, 0});  // a dials b, so that there is something to hurt
  storm.run(Duration{5000});
  for (const Move& move : list) storm.make(move);
  return storm;
}

RC_GTEST_PROP(NetworkStorm, BytesArriveInOrderOnceAndAllThatCan, (std::uint64_t seed)) {
  Storm storm = through(Storm(seed), *moves());
  storm.calm();
  storm.check_all_arrived();
}

RC_GTEST_PROP(NetworkStorm, TheSameStormTwiceIsTheSameWorld, (std::uint64_t seed)) {
  const Moves list = *moves();
  RC_ASSERT(through(Storm(seed), list) == through(Storm(seed), list));
}

RC_GTEST_PROP(NetworkStorm, ACopyRunsOnIdentically, (std::uint64_t seed)) {
  Storm storm = through(Storm(seed), *moves());
  Storm copy = storm;
  RC_ASSERT(copy == storm);
  const Moves rest = *moves();
  for (const Move& move : rest) storm.make(move);
  storm.calm();
  for (const Move& move : rest) copy.make(move);
  copy.calm();
  RC_ASSERT(copy == storm);
  RC_ASSERT(copy.kernel().trace().hash() == storm.kernel().trace().hash());
}

RC_GTEST_PROP(NetworkStorm, ItsRecordedChoicesReplayIt, (std::uint64_t seed)) {
  const Moves list = *moves();
  const Storm storm = through(Storm(seed), list);
  std::vector<std::uint64_t> values;
  for (const Drawn& drawn : storm.kernel().choice().recorded()) values.push_back(drawn.value);
  const Storm again = through(Storm(Choice::listed(values)), list);
  RC_ASSERT(again.kernel().trace() == storm.kernel().trace());
}

// However the stream is broken up, and wherever the stop is.
RC_GTEST_PROP(NetworkStop, IsExactToTheByte, (std::uint64_t seed)) {
  Kernel kernel(Choice::seeded(seed), TraceMode::hash_only);
  const HostId a = kernel.add_host("a"), b = kernel.add_host("b");
  kernel.set_link(a, b, {.jitter = Duration{*rc::gen::inRange(0, 300)},
                         .bytes_per_second = *rc::gen::element<std::uint64_t>(0, 1'000'000),
                         .pieces = {.smallest = 1, .largest = *rc::gen::inRange(0U, 30U)},
                         .receive_buffer = *rc::gen::inRange(1U, 300U)});
  const EndId end = kernel.dial(a, b);
  while (kernel.next(kNever)) {
  }
  const auto position = *rc::gen::inRange<std::uint64_t>(0, 500);
  kernel.stop_after(end, position, FaultTag{1});
  std::string text;
  for (std::uint64_t i = 0; i < 500; ++i) text.push_back(written(end, i));
  std::string read;
  std::size_t at = 0;
  bool stopped = false;
  const auto run = [&] {
    while (true) {
      if (at < text.size()) {
        const auto step = *rc::gen::inRange<std::size_t>(1, 100);
        at += kernel.send(end, std::string_view(text).substr(at, step));
      }
      const auto happened = kernel.next(kNever);
      if (!happened) break;
      if (happened->kind == Kind::bytes) read += happened->bytes;
      if (happened->kind == Kind::stopped) {
        RC_ASSERT(happened->end == end);
        RC_ASSERT(read == text.substr(0, position));
        stopped = true;
      }
    }
  };
  run();
  RC_ASSERT(stopped);
  RC_ASSERT(read == text.substr(0, position));
  kernel.lift(end);
  run();
  RC_ASSERT(read == text);
}

}  // namespace
}  // namespace sim
