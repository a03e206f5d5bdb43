#include "tools/live/address.h"

#include <asio/ip/address.hpp>
#include <charconv>

namespace live {

std::string text(const Address& address) {
  const bool six = address.ip.find(':') != std::string::npos;
  return (six ? "[" + address.ip + "]" : address.ip) + ":" + std::to_string(address.port);
}

bool is_loopback(std::string_view ip) {
  asio::error_code error;
  const asio::ip::address address = asio::ip::make_address(std::string(ip), error);
  return !error && address.is_loopback();
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, port);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return port;
}

}  // namespace live
