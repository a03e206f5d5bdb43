#include "model/dual_channel.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/link.h"
#include "model/replicas.h"
#include "model/replid.h"
#include "model/transfer.h"

namespace model {
namespace {

void fails(Turn& t, std::string_view why) {
  if (t.prose()) t.note("resync", "the resync on two channels failed: " + std::string(why));
  link_hears(t, LinkEvent::transfer_failed);
}

// "$ENDOFF:<offset> <replid> <db> <client id>"
bool note_end_offset(Turn& t, std::string_view line) {
  constexpr std::string_view kWord = "$ENDOFF:";
  if (!line.starts_with(kWord)) return false;
  line.remove_prefix(kWord.size());
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  if (words.size() != 4 || words[1].size() != 40) return false;
  Link& link = t.s.link;
  Transfer& transfer = link.transfer.emplace();
  const auto number = [](std::string_view text, auto& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    return error == std::errc() && end == text.data() + text.size();
  };
  if (!number(words[0], transfer.offset) || !number(words[3], link.rdb->client)) {
    link.transfer.reset();
    return false;
  }
  link.told_id = replid_from(words[1]);
  return true;
}

std::optional<std::string> take_line(RdbChannel& channel, std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  if (channel.line.size() + std::min(end, bytes.size()) > 1023) {  // in pieces, as elsewhere
    const std::size_t left = 1023 - channel.line.size();
    channel.line += bytes.substr(0, left);
    bytes.remove_prefix(left);
    return std::exchange(channel.line, {});
  }
  channel.line += bytes.substr(0, end);
  if (end == std::string_view::npos) {
    bytes = {};
    return std::nullopt;
  }
  bytes.remove_prefix(end + 1);
  std::string line = std::exchange(channel.line, {});
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

void take_rdb_line(Turn& t, const std::string& line) {
  Link& link = t.s.link;
  RdbChannel& channel = *link.rdb;
  link.last_io = t.now();
  if (link.state == LinkState::dual_receive_endoff) {
    if (line.empty()) return link_hears(t, LinkEvent::empty_line);
    if (!note_end_offset(t, line)) return fails(t, line);
    return link_hears(t, LinkEvent::end_offset);
  }
  if (line.starts_with('-')) return fails(t, line);
  if (--channel.replies == 0) link_hears(t, LinkEvent::good_line);
}

}  // namespace

bool wants_dual_channel(const State& s) {
  return s.rules.dual_channel && s.config.dual_channel_replication_enabled;
}

bool on_two_channels(const State& s) {
  const LinkState state = s.link.state;
  return state >= LinkState::dual_connecting && state <= LinkState::dual_transfer;
}

bool is_rdb_channel(const State& s, ConnId conn) {
  return s.link.rdb && s.link.rdb->conn == conn;
}

void open_rdb_channel(Turn& t) {
  Link& link = t.s.link;
  t.mark(Mark::dual_channel_begun);
  link.rdb.emplace();
  link.rdb->conn = ConnId{t.s.next_dial++};
  link.last_io = t.now();
  t.effect(Dial{link.rdb->conn, link.host, link.port});
}

void rdb_channel_connected(Turn& t) {
  t.s.link.rdb->open = true;
  link_hears(t, LinkEvent::socket_open);
}

void send_rdb_handshake(Turn& t) {
  const Config& c = t.s.config;
  RdbChannel& channel = *t.s.link.rdb;
  if (!c.masterauth.empty()) {
    channel.out += c.masteruser.empty() ? request({"AUTH", c.masterauth})
                                        : request({"AUTH", c.masteruser, c.masterauth});
    channel.replies += 1;
  }
  const std::int64_t port = c.replica_announce_port != 0 ? c.replica_announce_port : c.port;
  channel.out += request({"REPLCONF", "capa", "eof", "rdb-only", "1", "rdb-channel", "1",
                          "listening-port", std::to_string(port)});
  channel.replies += 1;
}

void send_rdb_sync(Turn& t) {
  t.s.link.rdb->out += request({"SYNC"});
}

void ask_for_stream(Turn& t) {
  Link& link = t.s.link;
  say(t, {"REPLCONF", "set-rdb-client-id", std::to_string(link.rdb->client)});
  begin_transfer(t);
}

void rdb_channel_received(Turn& t, std::string_view bytes) {
  Link& link = t.s.link;
  t.s.stats.net_repl_input_bytes += static_cast<std::int64_t>(bytes.size());
  while (!bytes.empty() && link.rdb && !t.s.exited) {
    if (link.state == LinkState::dual_transfer) {
      if (link.transfer->complete) return;
      std::swap(link.line, link.rdb->line);  // half a header is this connection's, not the main one's
      transfer_receives(t, bytes);
      if (link.rdb) std::swap(link.line, link.rdb->line);
    } else if (const auto line = take_line(*link.rdb, bytes)) {
      take_rdb_line(t, *line);
    }
  }
}

// Behind a whole payload the primary closes it: then it has done its work, though the stream may not be on
// its way yet.
void rdb_channel_lost(Turn& t) {
  Link& link = t.s.link;
  if (link.transfer && (link.transfer->complete || link.transfer->whole)) return close_rdb_channel(t);
  t.mark(Mark::dual_channel_broken);
  link.rdb->open = false;
  link_hears(t, LinkEvent::closed);
}

void close_rdb_channel(Turn& t) {
  Link& link = t.s.link;
  if (!link.rdb) return;
  t.effect(Hangup{link.rdb->conn});
  link.rdb.reset();
}

void flush_rdb_channel(Turn& t) {
  Link& link = t.s.link;
  if (!link.rdb || !link.rdb->open || link.rdb->out.empty()) return;
  const std::size_t count = std::min(link.rdb->out.size(), t.at.around.room(link.rdb->conn));
  if (count == 0) return;
  Effects& out = t.at.out;
  t.effect(Send{link.rdb->conn, out.bytes.size(), count});
  out.bytes.append(link.rdb->out, 0, count);
  link.rdb->out.erase(0, count);
}

void main_channel_received(Turn& t, std::string_view& bytes) {
  Link& link = t.s.link;
  if (link.state != LinkState::dual_transfer) {  // nothing is due before our second PSYNC
    bytes = {};
    return;
  }
  Transfer& transfer = *link.transfer;
  if (transfer.stream_follows) {
    transfer.behind += bytes;
    bytes = {};
    const std::int64_t limit = t.s.config.replica_output_limit.hard;
    if (limit > 0 && static_cast<std::int64_t>(transfer.behind.size()) >= limit) {
      t.mark(Mark::dual_channel_buffer_full);
      t.effect(SetReading{*link.conn, false});
    }
    return;
  }
  const auto line = next_line(t, bytes);
  if (!line) return;
  link.last_io = t.now();
  if (line->empty()) return;
  if (line->starts_with("+OK")) {  // to set-rdb-client-id: PSYNC may not be written on top of it (R3.20)
    return say(t, {"PSYNC", link.told_id.view(), std::to_string(transfer.offset + 1)});
  }
  constexpr std::size_t kWord = 10;  // "+CONTINUE "
  if (!line->starts_with("+CONTINUE")) return fails(t, *line);
  // The primary may have been promoted since it began the copy: what follows is of its new history.
  if (line->size() == kWord + 40 && t.s.rules.continue_teaches_id) {
    link.told_id = replid_from(std::string_view(*line).substr(kWord));
  }
  link_hears(t, LinkEvent::carry_on);
  transfer.stream_follows = true;
  load_if_whole(t);
}

// --- the primary
// ------------------------------------------------------------------------------------

bool offers_dual_channel(const State& s, const Session& replica) {
  return wants_dual_channel(s) && replica.announced.dual_channel && !replica.announced.rdb_channel;
}

Session* rdb_channel_of(State& s, const Session& main) {
  if (main.announced.rdb_client == 0) return nullptr;
  Session* rdb = s.find(ConnId{static_cast<std::uint32_t>(main.announced.rdb_client - 1)});
  return rdb != nullptr && rdb->announced.rdb_channel && rdb->is_replica() ? rdb : nullptr;
}

void main_channel_attached(Turn& t, Session& main) {
  Session* rdb = rdb_channel_of(t.s, main);
  if (rdb == nullptr) return;
  rdb->feed.pins_stream = false;
  if (rdb->feed.state == FeedState::rdb_transmitted) drop_replica(t, *rdb, FeedEvent::dropped);
}

std::string end_offset_line(const State& s, const Session& rdb, Offset offset, int db) {
  return "$ENDOFF:" + std::to_string(offset) + ' ' + std::string(s.history.id.view()) + ' ' +
         std::to_string(db) + ' ' + std::to_string(static_cast<std::int64_t>(rdb.conn) + 1) + "\r\n";
}

}  // namespace model
