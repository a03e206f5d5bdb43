// A part of the loopback device for one run. 127.0.0.0/8 is all this machine: a run takes one block
// of 65536 addresses, 127.B.x.y, and hands out addresses that say who is meant, so that servers,
// proxies and what they tell about each other can all keep the port that the scenario says:
//
//      127.B.0.y    the server or peer y itself
//      127.B.x.y    what x is told that y's address is: the proxy on the way from x to y, and, at
//                   the same time, where connections from y to x seem to come from
//
// x and y count hosts from 1, as 10.0.0.1 does in scenarios. Other runs, also those of other
// programs, have other blocks: a lock is held on the block as long as the object lives.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace live {

sockaddr_in socket_address(const std::string& address, int port);

class Loopback {
 public:
  // Throws std::runtime_error, in a sentence, when no block is free.
  Loopback();
  ~Loopback();
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  // Hosts count from 0 here.
  std::string inside(std::size_t host) const { return address(0, host + 1); }
  std::string seen_from(std::size_t who, std::size_t host) const {
    return address(who + 1, host + 1);
  }

  // Texts of a scenario, where host n is 10.0.0.<n+1>, as `who` must read them, and the way back.
  std::string for_server(std::size_t who, std::string_view text) const;
  std::string for_scenario(std::string_view text) const;
  // The host that an address of this block means.
  std::optional<std::size_t> host_at(std::string_view address) const;

 private:
  std::string address(std::size_t x, std::size_t y) const;

  int block_ = 0, lock_ = -1;
};

// A port of the loopback device that was free a moment ago.
int free_port();

}  // namespace live
