#include "tests/support/live_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace test_support {
namespace {

constexpr time_t kPatience = 10;  // s, for one answer
constexpr long long kLongPatience = 30'000;

}  // namespace

LiveClient::LiveClient(int port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{kPatience, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return;
  ::close(socket_);
  throw std::runtime_error("nobody listens on port " + std::to_string(port));
}

LiveClient::~LiveClient() { ::close(socket_); }

bool LiveClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      hung_up_ = true;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void LiveClient::send_what_fits(std::string_view bytes, int times) {
  std::size_t at = 0;
  for (int full = 0; times > 0 && full < 20;) {
    const auto sent =
        ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) {
      ++full;
      pause_between_asking();
      continue;
    }
    full = 0;
    at += static_cast<std::size_t>(sent);
    if (at < bytes.size()) continue;
    at = 0;
    --times;
  }
}

std::string LiveClient::read_until(std::string_view end) {
  std::string all;
  while (end.empty() || all.find(end) == std::string::npos) {
    std::array<char, 65536> buffer{};
    const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    hung_up_ = got == 0 || (got < 0 && errno != EAGAIN);
    if (got <= 0) break;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return all;
}

model::Reply LiveClient::command(const std::vector<std::string>& argv) {
  std::string bytes;
  model::append_request(bytes, argv);
  model::Reply reply;
  if (send(bytes)) {
    while (replies_.next(reply) != model::ReplyParser::Got::reply) {
      std::array<char, 65536> buffer{};
      const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (got <= 0) throw std::runtime_error("no reply to " + argv.front());
      replies_.feed({buffer.data(), static_cast<std::size_t>(got)});
    }
    return reply;
  }
  throw std::runtime_error("the server hung up while " + argv.front() + " was sent");
}

std::string LiveClient::info(std::string_view field) {
  const std::string all = "\n" + text({"INFO", "everything"});
  const std::string name = "\n" + std::string(field) + ":";
  const std::size_t at = all.find(name);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size();
  return all.substr(begin, all.find_first_of("\r\n", begin) - begin);
}

long long milliseconds_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool patience_ends(long long since_ms) { return milliseconds_now() - since_ms > kLongPatience; }

void pause_between_asking() { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }

}  // namespace test_support
