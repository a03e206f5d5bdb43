#include "tools/live/loopback.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace live {
namespace {

constexpr int kFirstBlock = 2, kBlocks = 252;
constexpr int kLockPort = 16379;
constexpr std::string_view kScenarioNet = "10.0.0.";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The number that begins at `at`, which then stands behind it.
std::optional<std::size_t> number(std::string_view text, std::size_t& at) {
  std::size_t value = 0;
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at]) && at - begin < 3)
    value = value * 10 + static_cast<std::size_t>(text[at++] - '0');
  if (at == begin || value > 255 || (at < text.size() && is_digit(text[at]))) return std::nullopt;
  return value;
}

}  // namespace

sockaddr_in socket_address(const std::string& address, int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address.c_str(), &out.sin_addr);
  return out;
}

int free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = socket_address("127.0.0.1", 0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(probe);
  return bound ? ntohs(address.sin_port) : 0;
}

// The lock is a socket that listens: the kernel lets go of it whatever becomes of us.
Loopback::Loopback() {
  const int first = static_cast<int>(::getpid() % kBlocks);
  for (int i = 0; i < kBlocks && lock_ < 0; ++i) {
    block_ = kFirstBlock + (first + i) % kBlocks;
    const int lock = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = socket_address(address(255, 254), kLockPort);
    if (lock >= 0 && ::bind(lock, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
        ::listen(lock, 1) == 0) {
      lock_ = lock;
    } else if (lock >= 0) {
      ::close(lock);
    }
  }
  if (lock_ < 0) throw std::runtime_error("no addresses of the loopback device are free");
}

Loopback::~Loopback() {
  ::close(lock_);
}

std::string Loopback::address(std::size_t x, std::size_t y) const {
  return "127." + std::to_string(block_) + "." + std::to_string(x) + "." + std::to_string(y);
}

std::string Loopback::for_server(std::size_t who, std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool inside_word = at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.');
    if (!inside_word && text.substr(at).starts_with(kScenarioNet)) {
      std::size_t end = at + kScenarioNet.size();
      const auto host = number(text, end);
      if (host && *host > 0) {
        out += address(who + 1, *host);
        at = end;
        continue;
      }
    }
    out += text[at++];
  }
  return out;
}

std::string Loopback::for_scenario(std::string_view text) const {
  const std::string net = "127." + std::to_string(block_) + ".";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool inside_word = at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.');
    if (!inside_word && text.substr(at).starts_with(net)) {
      std::size_t end = at + net.size();
      const auto x = number(text, end);
      if (x && end < text.size() && text[end] == '.') {
        const auto y = number(text, ++end);
        if (y && *y > 0) {
          out += std::string(kScenarioNet) + std::to_string(*y);
          at = end;
          continue;
        }
      }
    }
    out += text[at++];
  }
  return out;
}

std::optional<std::size_t> Loopback::host_at(std::string_view text) const {
  const std::string named = for_scenario(text);
  if (!named.starts_with(kScenarioNet) || named == text) return std::nullopt;
  std::size_t at = kScenarioNet.size();
  const auto host = number(named, at);
  return host ? std::optional(*host - 1) : std::nullopt;
}

}  // namespace live
