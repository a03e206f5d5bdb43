// What the nodes say to each other, followed on every connection between them, direction by
// direction, as it is sent. Two things come of it: the places in a byte stream that faults and
// tests name, and the messages of the timeline.
//
//   requests  PING  REPLCONF ...  PSYNC ? -1 | REPLCONF ACK 50 ...
//                                            ^ stream
//   answers   +PONG  +OK  +OK  +FULLRESYNC ... $176 <payload> SET k 1 ...
//                              ^ reply         ^ ^ payload   ^ payload_end = stream
//                                              header
//
// A place is known as soon as its first byte, or the header that announces it, has been sent:
// before any of it is delivered. Whoever wants something to happen there has time to say so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/resp.h"
#include "sim/ids.h"
#include "sim/time.h"
#include "sim/trace.h"

namespace scenarios {

// Positions in the bytes that one end of a connection sends, counted from the connection's first.
struct Landmarks {
  std::optional<std::uint64_t> reply;   // the answer to PSYNC or SYNC
  std::optional<std::uint64_t> header;  // the line before the payload
  std::optional<std::uint64_t> payload;
  std::optional<std::uint64_t> payload_end;  // the first byte behind it, and behind its mark
  std::optional<std::uint64_t> stream;       // the first byte of the replication stream
  bool operator==(const Landmarks&) const = default;
};

// One direction of one connection.
class Direction {
 public:
  // `end` belongs to a connection from `host` to `peer`, or the other way round: the side that
  // dialled asks, the other answers.
  Direction(sim::EndId end, sim::HostId host, sim::HostId peer)
      : end_(end),
        host_(host),
        peer_(peer),
        phase_(sim::dialled(end) ? Phase::requests : Phase::answers) {}

  sim::EndId end() const { return end_; }  // the one that sends
  sim::HostId host() const { return host_; }
  sim::HostId peer() const { return peer_; }
  const Landmarks& landmarks() const { return landmarks_; }
  // All that was sent, if the wire keeps bytes.
  const std::string& bytes() const { return bytes_; }

  bool operator==(const Direction&) const = default;

 private:
  friend class Follower;

  // What the next byte belongs to. `requests` is where the dialling side begins and stays until its
  // PSYNC; `answers` is where the other side begins.
  enum class Phase : std::uint8_t { requests, answers, header, payload, marked_payload, stream };

  sim::EndId end_;
  sim::HostId host_, peer_;
  Phase phase_;
  std::uint64_t position_ = 0;  // of the next byte
  std::string bytes_;
  Landmarks landmarks_;

  model::RequestParser parser_;  // requests, stream
  std::uint64_t requests_ = 0;   // that want an answer
  std::string line_;             // answers, header: what has come of a line
  std::uint64_t line_at_ = 0;
  std::uint64_t skip_ = 0;      // bytes of a bulk answer still to pass over
  std::uint64_t elements_ = 0;  // of an answer that are still to come
  std::uint64_t answers_ = 0;   // whole answers
  std::string mark_, tail_;     // behind a payload of unknown size, and the newest bytes of it
};

class Wire {
 public:
  // Count messages from one host to another that are like `glob`, as the timeline prints them; a
  // payload also by its header line. Equal wishes share a number.
  std::size_t watch(sim::HostId from, sim::HostId to, std::string glob);
  std::uint64_t seen(std::size_t watch) const { return watches_[watch].seen; }
  std::optional<std::size_t> find_watch(sim::HostId from, sim::HostId to,
                                        std::string_view glob) const;

  // A connection that is to be followed, named by the end that dialled.
  void opened(sim::EndId end, sim::HostId from, sim::HostId to);

  // `bytes` were taken by the connection from the software at `end`. `payload_size` is the size of
  // the snapshot that `end`'s host is sending, if known: a header with a mark does not tell.
  // Messages go to `trace` if it keeps them. Ends that are not followed are ignored.
  void sent(sim::EndId end, std::string_view bytes, std::uint64_t payload_size, sim::Instant now,
            sim::Trace& trace);

  // From now on, keep what is sent.
  void keep_bytes() { keeps_bytes_ = true; }

  const Direction* find(sim::EndId end) const;
  // Directions from one host to another, oldest connection first.
  std::vector<const Direction*> between(sim::HostId from, sim::HostId to) const;

  // One more than the number of the newest connection that is followed.
  std::uint32_t horizon() const {
    return pairs_.empty() ? 0 : number(pairs_.back().asking.end()) / 2 + 1;
  }
  // Grows whenever a connection or a landmark becomes known.
  std::uint64_t news() const { return news_; }

  bool operator==(const Wire&) const = default;

 private:
  friend class Follower;

  struct Pair {
    Direction asking, answering;
    // The request to be synced that has not been answered, by its number among the asker's
    // requests.
    std::optional<std::uint64_t> open_request{};
    bool by_sync = false;
    bool operator==(const Pair&) const = default;
  };
  struct Watch {
    sim::HostId from, to;
    std::string glob;
    std::uint64_t seen = 0;
    bool operator==(const Watch&) const = default;
  };
  std::optional<std::size_t> pair_of(sim::EndId end) const;

  std::vector<Pair> pairs_;  // in order of their connection's number
  std::vector<Watch> watches_;
  std::uint64_t news_ = 0;
  bool keeps_bytes_ = false;
};

// A request or reply line as the timeline prints it: ids cut to 8 characters, long values to their
// size.
std::string message_text(const std::vector<std::string>& words);
std::string message_text(std::string_view line);

}  // namespace scenarios
