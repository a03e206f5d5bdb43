// What a raw peer says on one connection, wherever that is: simulated, or real TCP. A pure machine: bytes
// and time in, bytes out; its host moves them and tells it when time has passed.
//
//   script  "PSYNC": ["-LOADING wait", "+FULLRESYNC <40 hex> 100|@rdb"]    first, then every later
//   connection
//
// A reply's parts, separated by '|', are sent as they stand. A part that is one line of the protocol (it
// begins with + - or :) gets its line end if it lacks one. The others:
//
//      @rdb          an empty snapshot with its header
//      @badrdb       the same with a wrong checksum
//      @sleep:MS     what follows comes so many milliseconds later
//      @trickle:MS   what follows in this reply is sent a byte at a time, one each MS milliseconds
//      @cut:K        of what follows in this reply K bytes are sent, then the connection is closed
//      @silence      nothing more is said on this connection
//      @close        the connection is closed, in order; @rst: reset
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/data/resp.h"
#include "sim/time.h"

namespace scenarios {

// For the first two words of a request, or its first: a reply for each connection, the last for all later
// ones. As in struct Peer.
using Replies = std::vector<std::pair<std::string, std::vector<std::string>>>;

class PeerScript {
 public:
  enum class End : std::uint8_t { none, fin, rst };

  // `connection`: which of the peer's connections this is, from 0.
  explicit PeerScript(std::size_t connection = 0) : connection_(connection) {}

  void hears(std::string_view bytes) { in_.feed(bytes); }
  // Adds to `out` what is to be said by `now`. To be called after hears(), and at due().
  void speak(const Replies& replies, sim::Instant now, std::string& out);
  // When there is more to say, whatever is heard until then.
  std::optional<sim::Instant> due() const { return due_; }
  // What to do with the connection once everything that was said is sent.
  End end() const { return end_; }

  bool operator==(const PeerScript&) const = default;

 private:
  void take(std::string part, sim::Instant now, std::string& out);
  void emit(std::string_view bytes, std::string& out);

  std::size_t connection_;
  model::RequestParser in_;
  std::deque<std::string> parts_;  // of the reply that is being said
  std::string drops_;              // what is to be said a byte at a time
  sim::Duration between_drops_{0};
  std::optional<std::uint64_t> left_;  // bytes until it is cut
  std::optional<sim::Instant> due_;
  bool silent_ = false;
  End end_ = End::none;
};

}  // namespace scenarios
