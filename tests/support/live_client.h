// A client of any server on the loopback device, for tests with real connections. It blocks, with an end to
// its patience.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/data/resp.h"

namespace test_support {

class LiveClient {
 public:
  // Throws std::runtime_error when nobody listens there.
  explicit LiveClient(int port);
  ~LiveClient();
  LiveClient(const LiveClient&) = delete;
  LiveClient& operator=(const LiveClient&) = delete;

  // Throws when the connection ends before the reply.
  model::Reply command(const std::vector<std::string>& argv);
  std::string text(const std::vector<std::string>& argv) { return command(argv).text; }
  // A field of INFO, or "".
  std::string info(std::string_view field);

  // False when the peer has hung up.
  bool send(std::string_view bytes);
  // The same bytes over and over, until they do not fit any more or have been sent `times`.
  void send_what_fits(std::string_view bytes, int times);
  // What comes until `end` is in it, the peer hangs up, or ten seconds have passed.
  std::string read_until(std::string_view end);
  bool hung_up() const { return hung_up_; }

 private:
  int socket_ = -1;
  bool hung_up_ = false;
  model::ReplyParser replies_;
};

// Asks until `holds` does, for thirty seconds at the most.
template <class Condition>
bool eventually(Condition&& holds);
void pause_between_asking();
bool patience_ends(long long since_ms);
long long milliseconds_now();

template <class Condition>
bool eventually(Condition&& holds) {
  const long long since = milliseconds_now();
  while (!holds()) {
    if (patience_ends(since)) return false;
    pause_between_asking();
  }
  return true;
}

}  // namespace test_support
