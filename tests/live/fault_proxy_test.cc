// The fault proxy, each fault with plain sockets on both sides.
#include "tools/live/fault_proxy.h"

#include <gtest/gtest.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "tools/live/loopback.h"

namespace {

using live::FaultProxy;
using live::ProxyConnection;
using live::ProxyManner;
using Tcp = asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kPort = 7001;

// A dialler, a target, and the proxy between them.
class Line : public testing::Test {
 protected:
  Line()
      : target_(io_, {asio::ip::make_address(loopback_.inside(1)), kPort}),
        dialler_(io_),
        accepted_(io_),
        proxy_(io_,
               {loopback_.seen_from(0, 1), loopback_.inside(1), loopback_.seen_from(1, 0), kPort,
                kPort},
               hooks()) {}

  live::ProxyHooks hooks() {
    live::ProxyHooks hooks;
    hooks.said = [this](ProxyConnection&, bool by_dialler, std::string_view bytes) {
      (by_dialler ? asked_ : answered_) += bytes;
    };
    hooks.stopped = [this](ProxyConnection& c, bool) {
      ++stops_;
      if (at_stop_) at_stop_(c);
    };
    return hooks;
  }

  bool until(const std::function<bool()>& condition, milliseconds most = milliseconds(10'000)) {
    const auto end = steady_clock::now() + most;
    while (!condition()) {
      if (steady_clock::now() > end) return false;
      io_.restart();
      io_.run_one_for(milliseconds(2));
    }
    return true;
  }

  Tcp::endpoint way_in() const {
    return {asio::ip::make_address(loopback_.seen_from(0, 1)), kPort};
  }

  void connect() {
    dialler_.connect(way_in());
    bool done = false;
    target_.async_accept(accepted_, [&](const asio::error_code& error) { done = !error; });
    ASSERT_TRUE(until([&] { return done; }));
    read(dialler_, to_dialler_, dialler_end_, from_target_);
    read(accepted_, to_target_, target_end_, from_dialler_);
  }

  static void read(Tcp::socket& socket, std::array<char, 4096>& buffer, asio::error_code& end,
                   std::string& got) {
    socket.async_read_some(asio::buffer(buffer),
                           [&](const asio::error_code& error, std::size_t size) {
                             got.append(buffer.data(), size);
                             if (error)
                               end = error;
                             else
                               read(socket, buffer, end, got);
                           });
  }
  void say(Tcp::socket& socket, std::string_view text) {
    asio::write(socket, asio::buffer(text.data(), text.size()));
  }
  ProxyConnection& connection() { return *proxy_.connections().back(); }

  asio::io_context io_;
  live::Loopback loopback_;
  Tcp::acceptor target_;
  Tcp::socket dialler_, accepted_;
  std::array<char, 4096> to_dialler_{}, to_target_{};
  asio::error_code dialler_end_, target_end_;
  std::string from_target_, from_dialler_, asked_, answered_;
  int stops_ = 0;
  std::function<void(ProxyConnection&)> at_stop_;
  FaultProxy proxy_;
};

TEST_F(Line, PassesBytesAndTellsThem) {
  connect();
  say(dialler_, "question");
  say(accepted_, "answer");
  EXPECT_TRUE(until([&] { return from_dialler_ == "question" && from_target_ == "answer"; }));
  EXPECT_EQ(asked_, "question");
  EXPECT_EQ(answered_, "answer");
  EXPECT_EQ(accepted_.remote_endpoint().address().to_string(), loopback_.seen_from(1, 0));
}

TEST_F(Line, AnEndIsPassedOnBehindTheBytes) {
  connect();
  say(dialler_, "last words");
  dialler_.close();
  EXPECT_TRUE(until([&] { return bool(target_end_); }));
  EXPECT_EQ(from_dialler_, "last words");
  EXPECT_EQ(target_end_, asio::error::eof);
}

TEST_F(Line, IsCutAtExactlyAByteWithAReset) {
  connect();
  at_stop_ = [](ProxyConnection& c) { c.cut({}); };
  connection().stop_at(false, 7);
  say(accepted_, "0123456789");
  EXPECT_TRUE(until([&] { return dialler_end_ && target_end_; }));
  EXPECT_EQ(from_target_, "0123456");
  EXPECT_EQ(dialler_end_, asio::error::connection_reset);
  EXPECT_EQ(target_end_, asio::error::connection_reset);
  EXPECT_EQ(stops_, 1);
}

TEST_F(Line, IsCutWithAFin) {
  connect();
  ProxyConnection::CutPlan plan;
  plan.rst = false;
  connection().cut(plan);
  EXPECT_TRUE(until([&] { return dialler_end_ && target_end_; }));
  EXPECT_EQ(dialler_end_, asio::error::eof);
  EXPECT_EQ(target_end_, asio::error::eof);
}

TEST_F(Line, WhatWaitsIsLostOrDeliveredAtACut) {
  for (const bool delivered : {false, true}) {
    SCOPED_TRACE(delivered);
    from_target_.clear();
    dialler_end_ = target_end_ = {};
    dialler_ = Tcp::socket(io_);
    accepted_ = Tcp::socket(io_);
    connect();
    connection().freeze(false, true);
    say(accepted_, "under way");
    ASSERT_TRUE(until([&] { return connection().read(false) == 9; }));
    ProxyConnection::CutPlan plan;
    plan.deliver_in_flight = delivered;
    connection().cut(plan);
    EXPECT_TRUE(until([&] { return dialler_end_ && target_end_; }));
    EXPECT_EQ(from_target_, delivered ? "under way" : "");
  }
}

TEST_F(Line, WhoIsNotToldHearsOfACutWhenHeWrites) {
  connect();
  ProxyConnection::CutPlan plan;
  plan.tell_target = false;
  connection().cut(plan);
  EXPECT_TRUE(until([&] { return bool(dialler_end_); }));
  EXPECT_FALSE(target_end_);
  say(accepted_, "anybody there?");
  EXPECT_TRUE(until([&] { return bool(target_end_); }));
  EXPECT_EQ(target_end_, asio::error::connection_reset);
}

TEST_F(Line, WhoLostHisPeerSilentlyIsToldOnceItIsBack) {
  connect();
  connection().lose_silently(false);
  say(dialler_, "into a hole");
  EXPECT_FALSE(until([&] { return bool(dialler_end_); }, milliseconds(50)));
  connection().revive();
  say(dialler_, "again");
  EXPECT_TRUE(until([&] { return dialler_end_ == asio::error::connection_reset; }));
}

TEST_F(Line, HoldsOneDirectionAndLosesNothing) {
  connect();
  ProxyManner held;
  held.held = true;
  proxy_.set_manner(false, held);
  say(accepted_, "kept");
  say(dialler_, "passes");
  EXPECT_TRUE(until([&] { return from_dialler_ == "passes" && connection().read(false) == 4; }));
  EXPECT_EQ(from_target_, "");
  proxy_.set_manner(false, {});
  EXPECT_TRUE(until([&] { return from_target_ == "kept"; }));
}

TEST_F(Line, StopsAtAByteAndGoesOn) {
  connect();
  connection().stop_at(true, 3);
  say(dialler_, "abcdef");
  EXPECT_TRUE(until([&] { return connection().stopped(true); }));
  EXPECT_TRUE(until([&] { return from_dialler_ == "abc"; }));
  connection().go_on(true);
  EXPECT_TRUE(until([&] { return from_dialler_ == "abcdef"; }));
}

TEST_F(Line, ThrottlesAndDelays) {
  ProxyManner slow;
  slow.bytes_per_second = 10'000;
  slow.latency = milliseconds(30);
  proxy_.set_manner(true, slow);
  connect();
  const auto began = steady_clock::now();
  say(dialler_, std::string(1'000, 'x'));
  EXPECT_TRUE(until([&] { return from_dialler_.size() == 1'000; }));
  EXPECT_GE(steady_clock::now() - began,
            milliseconds(120));  // 30 to come, 100 less one slice to pass
}

TEST_F(Line, TricklesAByteAtATime) {
  ProxyManner trickle;
  trickle.piece = 1;
  trickle.bytes_per_second = 2'000;
  proxy_.set_manner(true, trickle);
  connect();
  say(dialler_, "drop by drop");
  EXPECT_TRUE(until([&] { return from_dialler_.size() > 2; }));
  EXPECT_LT(from_dialler_.size(), 12U);
  EXPECT_TRUE(until([&] { return from_dialler_ == "drop by drop"; }));
}

TEST_F(Line, ChangesABit) {
  connect();
  connection().flip(false, 2, 0);
  say(accepted_, "aaaa");
  EXPECT_TRUE(until([&] { return from_target_ == "aa`a"; }));
}

TEST_F(Line, WithholdsWhatIsNotDecided) {
  connect();
  connection().withhold_from(false, 2);
  say(accepted_, "1234");
  EXPECT_TRUE(until([&] { return connection().read(false) == 4 && from_target_ == "12"; }));
  connection().withhold_from(false, std::nullopt);
  EXPECT_TRUE(until([&] { return from_target_ == "1234"; }));
}

TEST_F(Line, RefusesAndAcceptsAgain) {
  proxy_.welcome(FaultProxy::Welcome::refuse);
  asio::error_code error;
  dialler_.connect(way_in(), error);
  EXPECT_EQ(error, asio::error::connection_refused);
  dialler_ = Tcp::socket(io_);
  proxy_.welcome(FaultProxy::Welcome::accept);
  proxy_.target_runs(false);
  dialler_.connect(way_in(), error);
  EXPECT_EQ(error, asio::error::connection_refused);
  dialler_ = Tcp::socket(io_);
  proxy_.target_runs(true);
  connect();
}

TEST_F(Line, AcceptsAndStaysSilent) {
  proxy_.welcome(FaultProxy::Welcome::silence);
  dialler_.connect(way_in());
  read(dialler_, to_dialler_, dialler_end_, from_target_);
  say(dialler_, "hello?");
  EXPECT_FALSE(until([&] { return dialler_end_ || !asked_.empty(); }, milliseconds(50)));
}

TEST_F(Line, DropsDialsUntilItNoLongerDoes) {
  proxy_.drop_dials(true);
  bool connected = false;
  dialler_.async_connect(way_in(), [&](const asio::error_code& error) { connected = !error; });
  EXPECT_FALSE(until([&] { return connected; }, milliseconds(100)));
  proxy_.drop_dials(false);
  EXPECT_TRUE(until([&] { return connected; }));  // its kernel tries again after a second
}

}  // namespace
