#include "model/resync.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "model/applying.h"
#include "model/failover.h"
#include "model/dual_channel.h"
#include "model/feeding.h"
#include "model/link.h"
#include "model/own_streams.h"
#include "model/data/number.h"
#include "model/releases.h"
#include "model/replicas.h"
#include "model/snapshots.h"
#include "model/data/text.h"

namespace model {
namespace {

void mark_grant(Turn& t, const Request& request) {
  const State& s = t.s;
  if (request.from == s.backlog->next()) t.mark(Mark::partial_exact_end);
  if (request.from == s.backlog->first()) t.mark(Mark::partial_first_byte);
  if (!same_id(request.id, s.history.id.view())) {
    t.mark(Mark::partial_by_second_id);
    if (request.from == s.history.second_offset) t.mark(Mark::partial_at_second_limit);
  }
}

void mark_denial(Turn& t, const Request& request, Resync::Why why) {
  using Why = Resync::Why;
  switch (why) {
    case Why::unknown_id:
      return t.mark(Mark::denied_unknown_id);
    case Why::beyond_second_id:
      return t.mark(Mark::denied_beyond_second_id);
    case Why::no_backlog:
      return t.mark(Mark::denied_no_backlog);
    case Why::after_backlog:
      return t.mark(Mark::denied_after_backlog);
    case Why::before_backlog:
      if (request.from == t.s.backlog->first() - 1) t.mark(Mark::denied_one_byte_short);
      return t.mark(Mark::denied_before_backlog);
    case Why::sync_command:
      return t.mark(Mark::sync_without_psync);
    case Why::granted:
    case Why::asked_for_full:
      return;
  }
}

void carry_on(Turn& t, Session& session, const Request& request) {
  State& s = t.s;
  mark_grant(t, request);
  s.stats.sync_partial_ok += 1;
  session.feed = Feed{};
  const bool beside = rdb_channel_of(s, session) != nullptr;
  feed_hears(t, session, beside ? FeedEvent::continued_beside : FeedEvent::continued);
  // With a correct judge() the wanted byte is held; a quirk may grant more than there is.
  session.feed.position = std::clamp(request.from, s.backlog->first(), s.backlog->next());
  // It stands in the last block at once, if there is one; else nowhere yet.
  session.feed.owed_from = s.backlog->histlen() > 0 ? s.backlog->first() : s.backlog->next();
  session.feed.acked_at = t.now();
  s.replicas.push_back(session.conn);
  session.out += "+CONTINUE";
  if (session.announced.psync2 && relays(s)) {  // V3: 2.8 has no other name to tell
    session.out += ' ';
    session.out += s.history.id.view();
  } else {
    t.mark(Mark::partial_without_psync2);
  }
  session.out += "\r\n";
  t.effect(Published{Published::In::carry_on, s.history.id, s.history.offset});
  if (beside) main_channel_attached(t, session);
  recount_good_replicas(t);
}

// One that runs already, or a new one, or none yet (R4.3).
void find_snapshot(Turn& t, Session& session) {
  State& s = t.s;
  if (s.snapshot) {
    const bool shares = s.snapshot->target == Snapshot::Target::disk && !session.announced.rdb_channel;
    if (shares && attach(t, session)) return;
    t.mark(Mark::waited_for_next_snapshot);
    return;
  }
  if (s.config.repl_diskless_sync && session.announced.eof &&
      s.config.repl_diskless_sync_delay > 0) {
    t.mark(Mark::diskless_delay_waited);
    return;
  }
  start_snapshot_for_replicas(t, session.announced);
}

void need_full_resync(Turn& t, Session& session, bool with_sync) {
  State& s = t.s;
  s.stats.sync_full += 1;
  session.feed = Feed{};
  session.feed.came_with_sync = with_sync;
  session.feed.asked_at = s.history.offset;
  if (!s.rules.select_again_for_each_copy) s.stream_db = -1;
  feed_hears(t, session, FeedEvent::needs_full);
  s.replicas.push_back(session.conn);
  if (relays(s) && s.replicas.size() == 1 && !s.backlog) {
    // Writes without a backlog did not count, so the old id must not be used again (R1.3).
    t.mark(Mark::backlog_created_by_first_replica);
    s.history.begin_anew(t.at.around);
    create_backlog(t);
  }
  find_snapshot(t, session);
  create_backlog_after_snapshot(t);
}

void answer_resync(Turn& t, Session& session, const Request& request, Resync::Why why,
                   bool with_sync) {
  State& s = t.s;
  t.effect(Resync{why, session.conn, std::string(request.id), request.from});
  if (why == Resync::Why::granted) {
    if (t.prose()) {
      t.note("resync", who(session) + ": partial from byte " + std::to_string(request.from) + ", " +
                           std::to_string(s.history.offset + 1 - request.from) +
                           " bytes are missing");
    }
    return carry_on(t, session, request);
  }
  mark_denial(t, request, why);
  if (!with_sync && !request.id.starts_with('?')) s.stats.sync_partial_err += 1;
  if (!with_sync && offers_dual_channel(s, session)) {
    t.mark(Mark::dual_channel_offered);
    session.out += "+DUALCHANNELSYNC\r\n";
    return;
  }
  if (t.prose()) t.note("resync", who(session) + ": full, as " + std::string(name(why)));
  need_full_resync(t, session, with_sync);
}

// R3.14 to R3.21, in this order. True when the request may go on.
bool admit(Turn& t, Session& session, Args argv) {
  State& s = t.s;
  ReplyWriter reply(session.out);
  if (session.is_replica()) return false;
  if (argv.size() > 3 && upper(argv[3]) == "FAILOVER") {
    if (s.is_master()) {
      reply.error("ERR PSYNC FAILOVER can't be sent to a master.");
      return false;
    }
    if (!same_id(argv[1], s.history.id.view())) {
      reply.error("ERR PSYNC FAILOVER replid must match my replid.");
      return false;
    }
    t.mark(Mark::promoted_by_psync);
    say_order(t);
    promote(t);
  }
  if (failing_over(s)) {
    t.mark(Mark::psync_refused_failing_over);
    reply.error("NOMASTERLINK Can't SYNC while failing over");
    return false;
  }
  if (!s.is_master() && s.link.state != LinkState::connected) {
    t.mark(Mark::psync_refused_no_master_link);
    reply.error(s.rules.no_master_link);
    return false;
  }
  if (session.unsent() > 0) {
    reply.error("ERR SYNC and PSYNC are invalid with pending output");
    return false;
  }
  if (filtered(session.announced) && !session.announced.eof) {
    reply.error("ERR Filtered replica requires EOF capability");
    return false;
  }
  return true;
}

void take_ack(Turn& t, Session& session, std::string_view text) {
  if (!session.is_replica()) return;
  const auto offset = to_integer(text);
  if (!offset) return;
  Feed& feed = session.feed;
  feed.acked = std::max(feed.acked, *offset);
  feed.acked_at = t.now();
  if (feed.state == FeedState::wait_bgsave_end) reap_snapshot(t);
  if (feed.state == FeedState::bg_rdb_load) {
    feed_hears(t, session, FeedEvent::acknowledged);
    recount_good_replicas(t);
  }
  if (feed.state == FeedState::online) feed.stream_after_ack = false;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \"", at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \"", begin), text.size());
    found.push_back(text.substr(begin, at - begin));
  }
  return found;
}

// One option of REPLCONF; false when an error was replied.
bool take_option(Session& session, const std::string& option, const std::string& value) {
  Announced& a = session.announced;
  ReplyWriter reply(session.out);
  if (option == "LISTENING-PORT") {
    const auto port = to_integer(value);
    if (!port) {
      reply.error("ERR value is not an integer or out of range");
      return false;
    }
    a.port = static_cast<int>(*port);
  } else if (option == "IP-ADDRESS") {
    if (value.size() > 255) {
      reply.error("ERR REPLCONF ip-address provided by replica instance is too long: " +
                  std::to_string(value.size()) + " bytes");
      return false;
    }
    a.ip = value;
  } else if (option == "CAPA") {
    if (upper(value) == "EOF") a.eof = true;
    if (upper(value) == "PSYNC2") a.psync2 = true;
    if (upper(value) == "DUAL-CHANNEL") a.dual_channel = true;
  } else if (option == "RDB-CHANNEL" || option == "SET-RDB-CLIENT-ID") {
    const auto number = to_integer(value);
    if (!number) {
      reply.error("ERR value is not an integer or out of range");
      return false;
    }
    if (option == "RDB-CHANNEL") {
      a.rdb_channel = *number == 1;
    } else {
      a.rdb_client = *number;
    }
  } else if (option == "RDB-ONLY") {
    const auto on = to_integer(value);
    if (!on || *on < 0 || *on > 1) {
      reply.error(on ? "ERR value is out of range, value must between 0 and 1"
                     : "ERR value is not an integer or out of range");
      return false;
    }
    a.rdb_only = *on == 1;
  } else if (option == "RDB-FILTER-ONLY") {
    if (std::count(value.begin(), value.end(), '"') % 2 != 0) {
      reply.error("ERR Missing rdb-filter-only values");
      return false;
    }
    // What is named is kept, all else is left out; an unknown name is noticed when it is too late.
    a.exclude_data = a.exclude_functions = true;
    for (const std::string_view word : words(value)) {
      if (!same_word(word, "functions")) {
        reply.error("ERR Unsupported rdb-filter-only option: " + std::string(word));
        return false;
      }
      a.exclude_functions = false;
    }
  }
  return true;
}

}  // namespace

void serve_psync(Turn& t, Session& session, Args argv) {
  if (!admit(t, session, argv)) return;
  const auto from = to_integer(argv[2]);
  const State& s = t.s;
  if (!from) {
    ReplyWriter(session.out).error("ERR value is not an integer or out of range");
    // An old server goes on as if it could not continue the replica (V48).
    if (!s.rules.bad_offset_means_full) return;
    return answer_resync(t, session, {argv[1], -1}, Resync::Why::unknown_id, false);
  }
  const Request request{argv[1], *from};
  const Backlog* backlog = s.backlog ? &*s.backlog : nullptr;
  answer_resync(t, session, request, judge(s.history, backlog, request, s.rules), false);
}

void serve_sync(Turn& t, Session& session, Args argv) {
  if (!admit(t, session, argv)) return;
  answer_resync(t, session, {"?", -1}, Resync::Why::sync_command, true);
}

void serve_replconf(Turn& t, Session& session, Args argv) {
  ReplyWriter reply(session.out);
  if (argv.size() % 2 == 0) return reply.error("ERR syntax error");
  for (std::size_t i = 1; i + 1 < argv.size(); i += 2) {
    const std::string option = upper(argv[i]);
    if (option == "ACK" && t.s.rules.has_acks) return take_ack(t, session, argv[i + 1]);
    if (option == "GETACK" && t.s.rules.has_acks) {
      if (t.s.link.master) send_ack(t);
      return;
    }
    if (!lists(t.s.rules.replconf_options, lower(argv[i]))) {
      return reply.error("ERR Unrecognized REPLCONF option: " + argv[i]);
    }
    if (!take_option(session, option, argv[i + 1])) return;
  }
  reply.ok();
}

}  // namespace model
