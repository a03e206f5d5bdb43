#include "tests/support/redis_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include "tools/live/loopback.h"

namespace test_support {
namespace {

constexpr int kListensWithinMs = 30'000;
constexpr const char* kAddress = "127.0.0.1";

// "--name", "value", .. as options of a configuration.
live::RedisProcess::Options options_of(const std::vector<std::string>& words) {
  live::RedisProcess::Options options = {{"save", ""}, {"enable-debug-command", "yes"}};
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string name = words[i].substr(2);
    std::erase_if(options, [&](const auto& option) { return option.first == name; });
    options.emplace_back(name, words[i + 1]);
  }
  return options;
}

}  // namespace

RedisServer::RedisServer(const std::string& file, std::vector<std::string> options) {
  if (!file.empty()) process_.write_file("dump.rdb", file);
  process_.start(kAddress, live::free_port(), options_of(options));
  if (!process_.wait_until_it_listens(kListensWithinMs)) give_up("redis-server does not come up");
  wait_until_ready();
}

RedisServer::~RedisServer() {
  if (socket_ >= 0) ::close(socket_);
}

void RedisServer::give_up(const std::string& why) {
  const std::string logged = process_.log();
  throw std::runtime_error(why + (logged.empty() ? "" : "\nredis-server said:\n" + logged));
}

void RedisServer::wait_until_ready() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = live::socket_address(kAddress, process_.port());
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    give_up("redis-server does not take connections");
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kListensWithinMs);
  while (command({"PING"}).text != "PONG") {  // it is still loading
    if (std::chrono::steady_clock::now() > end) give_up("redis-server is not ready within 30 s");
  }
}

model::Reply RedisServer::command(const std::vector<std::string>& argv) {
  std::string bytes;
  model::append_request(bytes, argv);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) give_up("redis-server hung up while " + argv.front() + " was sent");
    at += static_cast<std::size_t>(sent);
  }
  model::Reply reply;
  while (replies_.next(reply) != model::ReplyParser::Got::reply) {
    std::array<char, 65536> buffer{};
    const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got <= 0) give_up("redis-server hung up instead of answering " + argv.front());
    replies_.feed({buffer.data(), static_cast<std::size_t>(got)});
  }
  return reply;
}

std::string RedisServer::saved() {
  const model::Reply reply = command({"SAVE"});
  if (reply.text != "OK") give_up("SAVE: " + reply.text);
  return process_.read_file("dump.rdb");
}

}  // namespace test_support
