// What strangers may do to `replsim serve`: nothing that ends it, stops it or makes it grow without end. Where
// Redis has a limit the same is done to a real redis-server, and both say the same.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/live_client.h"
#include "tests/support/redis_server.h"
#include "tests/support/served.h"

namespace {

using test_support::eventually;
using test_support::LiveClient;
using test_support::RedisServer;
using test_support::Served;

std::uint64_t next_random(std::uint64_t& state) {
  state = state * 6364136223846793005U + 1442695040888963407U;
  return state >> 33U;
}

std::string random_bytes(std::uint64_t& state, std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(next_random(state));
  return bytes;
}

std::string request(const std::vector<std::string>& argv) {
  std::string bytes;
  model::append_request(bytes, argv);
  return bytes;
}

// --- limits -----------------------------------------------------------------------------------------

struct Limit {
  const char* name;
  std::vector<std::pair<std::string, std::string>> settings;
  std::string bytes;  // what a client sends
  std::string end;    // of what it reads; empty: until the server hangs up
};

void PrintTo(const Limit& limit, std::ostream* out) { *out << limit.name; }

class LiveLimits : public testing::TestWithParam<Limit> {};
INSTANTIATE_TEST_SUITE_P(
    AsInRedis, LiveLimits,
    testing::Values(
        Limit{"InlineRequest", {}, std::string(70'000, 'x'), ""},
        Limit{"CountLine", {}, "*" + std::string(70'000, '1'), ""},
        Limit{"Count", {}, "*2147483648\r\n", ""},
        Limit{"NoDollar", {}, "*1\r\n!3\r\n", ""},
        Limit{"BulkLength", {}, "*1\r\n$536870913\r\n", ""},
        Limit{"NegativeBulkLength", {}, "*1\r\n$-1\r\n", ""},
        Limit{"ProtoMaxBulkLen", {{"proto-max-bulk-len", "1mb"}}, "*2\r\n$4\r\nECHO\r\n$1048577\r\n", ""},
        Limit{"Quotes", {}, "SET a \"b\r\n", ""},
        Limit{"StrangersCount", {{"requirepass", "x"}}, "*11\r\n$4\r\nPING\r\n", ""},
        Limit{"StrangersBulk", {{"requirepass", "x"}}, "*2\r\n$4\r\nECHO\r\n$16385\r\n", ""},
        Limit{"QueryBuffer", {{"client-query-buffer-limit", "1mb"}},
              "*2\r\n$4\r\nECHO\r\n$2000000\r\n" + std::string(1'100'000, 'x'), ""},
        Limit{"MaxClients", {{"maxclients", "1"}}, "PING\r\n", ""},
        Limit{"Timeout", {{"timeout", "1"}}, "PING\r\n", ""},
        Limit{"EmptyLinesAndArrays", {}, "\r\n\r\n*0\r\n*-1\r\nPING\r\n", "PONG\r\n"},
        Limit{"Quit", {}, "PING\r\nQUIT\r\nPING\r\n", ""}),
    [](const auto& limit) { return limit.param.name; });

TEST_P(LiveLimits, Hold) {
  const Limit& limit = GetParam();
  std::vector<std::string> ours;
  for (const auto& [name, value] : limit.settings)
    ours.insert(ours.end(), {"--set", name + " " + value});
  // Each has one client that stays, and is in the way of `maxclients 1` and of nothing else.
  Served model(ours);
  RedisServer real;
  for (const auto& [name, value] : limit.settings)
    ASSERT_EQ(real.command({"CONFIG", "SET", name, value}).text, "OK");
  LiveClient to_model(model.port()), to_real(real.port());
  to_model.send(limit.bytes);
  to_real.send(limit.bytes);
  EXPECT_EQ(to_model.read_until(limit.end), to_real.read_until(limit.end));
  EXPECT_EQ(to_model.hung_up(), to_real.hung_up());
  if (limit.settings.empty() || limit.settings[0].first != "timeout") {
    EXPECT_FALSE(model.text({"PING"}).empty());
  }
}

// Who leaves more replies unread than the limit is closed, and nobody else notices.
TEST(LiveHostile, UnreadRepliesHaveALimit) {
  Served model({"--set", "client-output-buffer-limit normal 1mb 0 0"});
  model.text({"SET", "large", std::string(300'000, 'x')});
  LiveClient greedy(model.port());
  std::string many;
  for (int i = 0; i < 500; ++i) many += request({"GET", "large"});
  greedy.send(many);
  greedy.read_until("");
  EXPECT_TRUE(greedy.hung_up());
  EXPECT_EQ(model.text({"PING"}), "PONG");
}

std::size_t peak_memory_kb(int process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::string word;
  while (status >> word) {
    if (word != "VmHWM:") continue;
    std::size_t kb = 0;
    status >> kb;
    return kb;
  }
  return 0;
}

// Without a limit its requests wait: 5 GB of replies are asked for, and nobody holds them.
TEST(LiveHostile, WhoDoesNotReadIsNotReadFrom) {
  Served model;
  model.text({"SET", "large", std::string(100'000, 'x')});
  LiveClient greedy(model.port());
  std::string some;
  for (int i = 0; i < 500; ++i) some += request({"GET", "large"});
  greedy.send_what_fits(some, 100);
  EXPECT_TRUE(eventually([&] { return model.text({"PING"}) == "PONG"; }));
  EXPECT_LT(peak_memory_kb(model.process()), 400'000U);
}

TEST(LiveHostile, RandomBytesAndHalfRequestsAreSurvived) {
  Served model;
  std::uint64_t state = 20260101;
  const std::vector<std::string> beginnings = {
      "", "*3\r\n$3\r\nSET\r\n", "PSYNC ? -1\r\n", "*2\r\n$5\r\nMULTI\r\n", "REPLCONF ACK ",
      "*3\r\n$8\r\nREPLCONF\r\n$14\r\nlistening-port\r\n", "SYNC\r\n", "\r\n", "*1\r\n$2147483647\r\n",
      "EVAL \"", "*1000000\r\n", "SUBSCRIBE a\r\n", "XADD s * a \"\\x", "RESTORE k 0 "};
  std::vector<std::unique_ptr<LiveClient>> open;
  for (int i = 0; i < 300; ++i) {
    auto stranger = std::make_unique<LiveClient>(model.port());
    stranger->send(beginnings[next_random(state) % beginnings.size()] +
                   random_bytes(state, next_random(state) % 3000));
    if (i % 3 == 0) stranger->send("\r\n");
    if (i % 2 == 0) open.push_back(std::move(stranger));
    if (open.size() > 40) open.clear();
  }
  EXPECT_EQ(model.text({"PING"}), "PONG");
  model.client().command({"FLUSHALL"});
  EXPECT_EQ(model.text({"SET", "k", "v"}), "OK");
}

// Hundreds that send a byte at a time and never finish.
TEST(LiveHostile, SlowClientsHoldUpNobody) {
  Served model;
  std::vector<std::unique_ptr<LiveClient>> slow;
  const std::string bytes = request({"SET", "slow", "value"});
  for (int i = 0; i < 200; ++i) slow.push_back(std::make_unique<LiveClient>(model.port()));
  for (std::size_t at = 0; at + 1 < bytes.size(); ++at) {
    for (const auto& client : slow) client->send(bytes.substr(at, 1));
    EXPECT_EQ(model.text({"PING"}), "PONG");
  }
  EXPECT_EQ(model.text({"EXISTS", "slow"}), "0");
  for (const auto& client : slow) client->send(bytes.substr(bytes.size() - 1));
  for (const auto& client : slow) EXPECT_EQ(client->read_until("\r\n"), "+OK\r\n");
}

// --- a master that misbehaves -----------------------------------------------------------------------

// Listens, and answers whoever comes with these bytes.
class FakeMaster {
 public:
  FakeMaster() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, any, size) == 0 && ::listen(socket_, 16) == 0 &&
        ::getsockname(socket_, any, &size) == 0)
      port_ = ntohs(address.sin_port);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~FakeMaster() { ::close(socket_); }
  FakeMaster(const FakeMaster&) = delete;
  FakeMaster& operator=(const FakeMaster&) = delete;

  int port() const { return port_; }
  // The next one that dials; false when nobody does.
  bool answer(const std::string& bytes) {
    const int conn = ::accept(socket_, nullptr, nullptr);
    if (conn < 0) return false;
    const auto sent = ::send(conn, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(conn, SHUT_WR);
    ::close(conn);
    return sent >= 0;
  }

 private:
  int socket_ = -1, port_ = 0;
};

TEST(LiveHostile, AMasterThatTalksNonsenseIsSurvived) {
  const std::string id(40, 'a');
  const std::string hello = "+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC " + id + " 1\r\n";
  std::uint64_t state = 7;
  const std::vector<std::string> nonsense = {
      random_bytes(state, 5000),
      std::string(300'000, 'x'),                       // a line without an end
      "+PONG\r\n" + std::string(300'000, '+'),
      hello + std::string(300'000, '$'),
      hello + "$99999999999999999999\r\nREDIS0010",
      hello + "$9223372036854775807\r\n" + std::string(200'000, 'x'),
      hello + "$-5\r\n",
      hello + "$EOF:short\r\n",
      hello + "$EOF:" + id + "\r\n" + random_bytes(state, 100'000),
      hello + "+FULLRESYNC\r\n",
      "-ERR no\r\n"};
  Served model;
  FakeMaster master;
  model.client().command({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
  for (const std::string& bytes : nonsense) {
    ASSERT_TRUE(master.answer(bytes));
    EXPECT_EQ(model.text({"PING"}), "PONG");
  }
  EXPECT_EQ(model.text({"REPLICAOF", "NO", "ONE"}), "OK");
  EXPECT_EQ(model.text({"SET", "k", "v"}), "OK");
  EXPECT_LT(peak_memory_kb(model.process()), 400'000U);
}

TEST(LiveHostile, ListensOnLoopbackUnlessToldOtherwise) {
  Served model;
  std::ifstream table("/proc/net/tcp");
  const std::string port = [&] {
    char hex[8];
    std::snprintf(hex, sizeof hex, "%04X", static_cast<unsigned>(model.port()));
    return std::string(hex);
  }();
  std::string line;
  int listeners = 0;
  while (std::getline(table, line)) {
    if (line.find(":" + port + " 00000000:0000 0A") == std::string::npos) continue;
    ++listeners;
    EXPECT_NE(line.find("0100007F:" + port), std::string::npos) << line;
  }
  EXPECT_EQ(listeners, 1);
}

}  // namespace
