#include "scenarios/world/wire.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "model/data/text.h"

namespace scenarios {
namespace {

constexpr std::size_t kIdLength = 40;  // of a replication id, and of the mark behind a payload
constexpr std::size_t kLongWord = 48;  // longer values are told by their size
constexpr std::size_t kManyWords = 12;

bool is_id(std::string_view word) {
  return word.size() == kIdLength && std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool is_plain(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(),
                                      [](char c) { return c > ' ' && c < 0x7f && c != '"'; });
}

void append_word(std::string& out, std::string_view word) {
  if (!out.empty()) out += ' ';
  if (is_id(word)) {
    out += word.substr(0, 8);
  } else if (word.size() > kLongWord) {
    out += '<' + std::to_string(word.size()) + " bytes>";
  } else if (is_plain(word)) {
    out += word;
  } else {
    out += model::quoted(word);
  }
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// One whole REPLCONF ACK and nothing else: what nearly all requests on a link are.
bool is_one_ack(std::string_view bytes) {
  constexpr std::string_view kAck = "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$";
  if (!bytes.starts_with(kAck)) return false;
  bytes.remove_prefix(kAck.size());
  const std::size_t end = bytes.find("\r\n");
  const auto size = number_in(bytes.substr(0, std::min(end, bytes.size())));
  return end != std::string_view::npos && size && *size < bytes.size() &&
         bytes.size() == end + 2 + *size + 2 && bytes.ends_with("\r\n");
}

// REPLCONF ACK and GETACK are never answered (R3.42, R3.43).
bool is_unanswered(const std::vector<std::string>& argv) {
  return argv.size() >= 2 && model::same_word(argv[0], "replconf") &&
         (model::same_word(argv[1], "ack") || model::same_word(argv[1], "getack"));
}

}  // namespace

std::string message_text(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), kManyWords); ++i) append_word(text, words[i]);
  if (words.size() > kManyWords) {
    text += " and " + std::to_string(words.size() - kManyWords) + " words more";
  }
  return text;
}

std::string message_text(std::string_view line) {
  std::string text;
  while (!line.empty()) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    append_word(text, line.substr(0, blank));
    line.remove_prefix(std::min(blank + 1, line.size()));
  }
  return text;
}

// One call of Wire::sent(): the direction, the connection that it belongs to, and where messages
// go.
class Follower {
 public:
  Follower(Wire& wire, Wire::Pair& pair, Direction& way, std::uint64_t payload_size,
           sim::Instant now, sim::Trace& trace)
      : wire_(wire), pair_(pair), way_(way), payload_size_(payload_size), now_(now), trace_(trace) {
    const bool watched =
        std::any_of(wire.watches_.begin(), wire.watches_.end(),
                    [&](const auto& w) { return w.from == way.host() && w.to == way.peer(); });
    wanted_ = trace.keeps() || watched;
  }

  void take(std::string_view bytes) {
    if (wire_.keeps_bytes_) way_.bytes_ += bytes;
    while (!bytes.empty()) bytes.remove_prefix(take_some(bytes));
  }

 private:
  using Phase = Direction::Phase;

  // Takes at least one byte, at most what the phase it is in may have.
  std::size_t take_some(std::string_view bytes) {
    switch (way_.phase_) {
      case Phase::requests:
        return take_requests(bytes);
      case Phase::answers:
        return take_answer(bytes);
      case Phase::header:
        return take_header(bytes);
      case Phase::payload:
        return take_payload(bytes);
      case Phase::marked_payload:
        return take_marked(bytes);
      case Phase::stream:
        return take_stream(bytes);
    }
    return bytes.size();
  }

  // --- the side that dialled ---------------------------------------------------------------------
  std::size_t take_requests(std::string_view bytes) {
    if (!wanted_ && way_.parser_.pending() == 0 && is_one_ack(bytes)) {
      way_.position_ += bytes.size();
      return bytes.size();
    }
    way_.parser_.feed(bytes);
    way_.position_ += bytes.size();
    std::vector<std::string> argv;
    while (way_.parser_.next(argv) == model::RequestParser::Got::request) {
      const std::uint64_t size = way_.parser_.raw().size();
      const std::uint64_t end = way_.position_ - way_.parser_.pending();
      if (wanted_) say(message_text(argv), end - size, size);
      if (!argv.empty()) note_request(argv, end);
    }
    return bytes.size();
  }

  void note_request(const std::vector<std::string>& argv, std::uint64_t end) {
    const bool by_sync = model::same_word(argv[0], "sync");
    if (by_sync || model::same_word(argv[0], "psync")) {
      pair_.open_request = way_.requests_;
      pair_.by_sync = by_sync;
      set(way_.landmarks_.stream, end);
      // A second request on the same connection (after -ERR to PSYNC) is answered from where we
      // are.
      Direction& other = pair_.answering;
      if (other.phase_ == Phase::stream) other.phase_ = Phase::answers;
    }
    if (!is_unanswered(argv)) ++way_.requests_;
  }

  // --- the side that answers ---------------------------------------------------------------------
  // Collects a line; true when it is whole. Keepalive newlines before it are passed over.
  bool take_line(std::string_view bytes, std::size_t& taken) {
    taken = 0;
    if (way_.line_.empty()) {
      while (taken < bytes.size() && (bytes[taken] == '\n' || bytes[taken] == '\r')) ++taken;
      way_.line_at_ = way_.position_ + taken;
    }
    const std::size_t newline = bytes.find('\n', taken);
    const std::size_t stop = newline == std::string_view::npos ? bytes.size() : newline + 1;
    way_.line_ += bytes.substr(taken, stop - taken);
    way_.position_ += stop;
    taken = stop;
    if (newline == std::string_view::npos) return false;
    while (!way_.line_.empty() && (way_.line_.back() == '\n' || way_.line_.back() == '\r')) {
      way_.line_.pop_back();
    }
    return true;
  }

  std::size_t take_answer(std::string_view bytes) {
    if (way_.skip_ > 0) {
      const std::uint64_t taken = std::min<std::uint64_t>(way_.skip_, bytes.size());
      way_.skip_ -= taken;
      way_.position_ += taken;
      return static_cast<std::size_t>(taken);
    }
    std::size_t taken = 0;
    if (!take_line(bytes, taken) || way_.line_.empty()) return taken;
    const std::string line = std::exchange(way_.line_, std::string());
    if (pair_.open_request && way_.elements_ == 0 && answers_sync(line)) {
      answer_to_sync(line);
    } else {
      ordinary_answer(line);
    }
    return taken;
  }

  // Whether a line at the start of an answer is the one to PSYNC or SYNC.
  bool answers_sync(std::string_view line) const {
    if (line.starts_with("+FULLRESYNC") || line.starts_with("+CONTINUE")) return !pair_.by_sync;
    return way_.answers_ == *pair_.open_request;
  }

  void answer_to_sync(std::string_view line) {
    set(way_.landmarks_.reply, way_.line_at_);
    pair_.open_request.reset();
    ++way_.answers_;
    if (line.starts_with("$ENDOFF:")) {  // on an RDB channel the payload's header follows
      if (wanted_) say(message_text(line), way_.line_at_, way_.position_ - way_.line_at_);
      way_.phase_ = Phase::header;
      return;
    }
    if (line.starts_with('$')) return begin_payload(line);  // SYNC has no line of its own
    if (wanted_) say(message_text(line), way_.line_at_, way_.position_ - way_.line_at_);
    if (line.starts_with("+FULLRESYNC")) {
      way_.phase_ = Phase::header;
    } else if (line.starts_with("+CONTINUE")) {
      begin_stream();
    }
  }

  void ordinary_answer(std::string_view line) {
    if (wanted_) say(message_text(line), way_.line_at_, way_.position_ - way_.line_at_);
    if (way_.elements_ > 0) --way_.elements_;
    if (line.starts_with('*')) way_.elements_ += number_in(line.substr(1)).value_or(0);
    if (line.starts_with('$')) {
      if (const auto size = number_in(line.substr(1))) way_.skip_ = *size + 2;
    }
    if (way_.elements_ == 0) ++way_.answers_;
  }

  std::size_t take_header(std::string_view bytes) {
    std::size_t taken = 0;
    if (!take_line(bytes, taken) || way_.line_.empty()) return taken;
    const std::string line = std::exchange(way_.line_, std::string());
    if (line.starts_with('$')) {
      begin_payload(line);
    } else {
      if (wanted_) say(message_text(line), way_.line_at_, way_.position_ - way_.line_at_);
      way_.phase_ = Phase::answers;
    }
    return taken;
  }

  void begin_payload(std::string_view line) {
    set(way_.landmarks_.header, way_.line_at_);
    set(way_.landmarks_.payload, way_.position_);
    const std::uint64_t header = way_.position_ - way_.line_at_;
    if (line.starts_with("$EOF:")) {
      way_.mark_ = line.substr(5);
      way_.tail_.clear();
      way_.phase_ = Phase::marked_payload;
      if (payload_size_ > 0)
        set(way_.landmarks_.payload_end, way_.position_ + payload_size_ + kIdLength);
      if (wanted_) {
        say(payload_size_ > 0
                ? "payload of " + std::to_string(payload_size_) + " bytes up to a mark"
                : std::string("payload up to a mark"),
            way_.line_at_, header, line);
      }
      return;
    }
    const std::uint64_t size = number_in(line.substr(1)).value_or(0);
    way_.skip_ = size;
    way_.phase_ = Phase::payload;
    set(way_.landmarks_.payload_end, way_.position_ + size);
    if (wanted_)
      say("payload of " + std::to_string(size) + " bytes", way_.line_at_, header + size, line);
    if (size == 0) begin_stream();
  }

  std::size_t take_payload(std::string_view bytes) {
    const std::uint64_t taken = std::min<std::uint64_t>(way_.skip_, bytes.size());
    way_.skip_ -= taken;
    way_.position_ += taken;
    if (way_.skip_ == 0) begin_stream();
    return static_cast<std::size_t>(taken);
  }

  // The payload ends where its newest 40 bytes are the mark.
  std::size_t take_marked(std::string_view bytes) {
    const std::size_t had = way_.tail_.size();
    way_.tail_ += bytes;
    const std::size_t found = way_.mark_.empty() ? std::string::npos : way_.tail_.find(way_.mark_);
    if (found == std::string::npos) {
      way_.position_ += bytes.size();
      const std::size_t keep = std::min(way_.tail_.size(), way_.mark_.size());
      way_.tail_.erase(0, way_.tail_.size() - keep);
      return bytes.size();
    }
    const std::size_t taken = found + way_.mark_.size() - had;
    way_.position_ += taken;
    way_.tail_.clear();
    way_.landmarks_.payload_end = way_.position_;
    begin_stream();
    return taken;
  }

  void begin_stream() {
    way_.phase_ = Phase::stream;
    way_.parser_.clear();
    way_.parser_.set_unlimited(true);
    set(way_.landmarks_.stream, way_.position_);
  }

  std::size_t take_stream(std::string_view bytes) {
    way_.position_ += bytes.size();
    if (!wanted_) return bytes.size();
    way_.parser_.feed(bytes);
    std::vector<std::string> argv;
    while (way_.parser_.next(argv) == model::RequestParser::Got::request) {
      const std::uint64_t size = way_.parser_.raw().size();
      say(message_text(argv), way_.position_ - way_.parser_.pending() - size, size);
    }
    return bytes.size();
  }

  // --- out ---------------------------------------------------------------------------------------
  void set(std::optional<std::uint64_t>& landmark, std::uint64_t position) {
    landmark = position;
    ++wire_.news_;
  }

  // `line`: the words as they stand on the wire, where the timeline has others.
  void say(std::string text, std::uint64_t from, std::uint64_t count, std::string_view line = {}) {
    for (Wire::Watch& watch : wire_.watches_) {
      if (watch.from != way_.host() || watch.to != way_.peer()) continue;
      const bool heard =
          model::matches(watch.glob, text) || (!line.empty() && model::matches(watch.glob, line));
      watch.seen += heard ? 1 : 0;
    }
    if (trace_.keeps()) {
      trace_.add(now_, sim::record::Message{number(way_.end()), number(way_.host()),
                                            number(way_.peer()), std::move(text), from, count});
    }
  }

  Wire& wire_;
  Wire::Pair& pair_;
  Direction& way_;
  std::uint64_t payload_size_;
  sim::Instant now_;
  sim::Trace& trace_;
  bool wanted_ = false;
};

std::size_t Wire::watch(sim::HostId from, sim::HostId to, std::string glob) {
  if (const auto known = find_watch(from, to, glob)) return *known;
  watches_.push_back({from, to, std::move(glob)});
  return watches_.size() - 1;
}

std::optional<std::size_t> Wire::find_watch(sim::HostId from, sim::HostId to,
                                            std::string_view glob) const {
  const auto it = std::find_if(watches_.begin(), watches_.end(), [&](const Watch& w) {
    return w.from == from && w.to == to && w.glob == glob;
  });
  if (it == watches_.end()) return std::nullopt;
  return static_cast<std::size_t>(it - watches_.begin());
}

void Wire::opened(sim::EndId end, sim::HostId from, sim::HostId to) {
  constexpr std::size_t kUsual = 8;  // a pair is large: not to be moved again and again
  if (pairs_.empty()) pairs_.reserve(kUsual);
  pairs_.push_back({Direction(end, from, to), Direction(sim::peer_of(end), to, from)});
  ++news_;
}

std::optional<std::size_t> Wire::pair_of(sim::EndId end) const {
  const std::uint32_t connection = number(end) / 2;
  const auto it = std::lower_bound(
      pairs_.begin(), pairs_.end(), connection,
      [](const Pair& pair, std::uint32_t n) { return number(pair.asking.end()) / 2 < n; });
  if (it == pairs_.end() || number(it->asking.end()) / 2 != connection) return std::nullopt;
  return static_cast<std::size_t>(it - pairs_.begin());
}

const Direction* Wire::find(sim::EndId end) const {
  const auto pair = pair_of(end);
  if (!pair) return nullptr;
  return sim::dialled(end) ? &pairs_[*pair].asking : &pairs_[*pair].answering;
}

std::vector<const Direction*> Wire::between(sim::HostId from, sim::HostId to) const {
  std::vector<const Direction*> found;
  for (const Pair& pair : pairs_) {
    if (pair.asking.host() == from && pair.asking.peer() == to) found.push_back(&pair.asking);
    if (pair.answering.host() == from && pair.answering.peer() == to)
      found.push_back(&pair.answering);
  }
  return found;
}

void Wire::sent(sim::EndId end, std::string_view bytes, std::uint64_t payload_size,
                sim::Instant now, sim::Trace& trace) {
  const auto followed = pair_of(end);
  if (!followed) return;
  Pair& pair = pairs_[*followed];
  Direction& way = sim::dialled(end) ? pair.asking : pair.answering;
  Follower(*this, pair, way, payload_size, now, trace).take(bytes);
}

}  // namespace scenarios
