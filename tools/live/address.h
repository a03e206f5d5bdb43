// An address to listen on or to dial: an IP address as a person writes it, and a port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace live {

struct Address {
  std::string ip = "127.0.0.1";
  std::uint16_t port = 0;  // listening: 0 takes a free one
  bool operator==(const Address&) const = default;
};

// "127.0.0.1:6379", "[::1]:6379".
std::string text(const Address& address);

// Whether it is reached from this machine alone. What is no IP address is not.
bool is_loopback(std::string_view ip);

// A whole number from 0 to 65535.
std::optional<std::uint16_t> port_number(std::string_view text);

}  // namespace live
