#include "model/applying.h"

#include <string>
#include <utility>
#include <vector>

#include "model/execute.h"
#include "model/feeding.h"
#include "model/link.h"
#include "model/own_streams.h"
#include "model/propagation.h"
#include "model/replicas.h"

namespace model {

void resurrect(Turn& t) {
  State& s = t.s;
  Link& link = s.link;
  Resumable cached = std::move(*link.cached);
  link.cached.reset();
  MasterSession& master = link.master.emplace();
  master.session.from_master = true;
  master.session.authenticated = true;
  master.session.in = std::move(cached.in);
  master.session.in.set_unlimited(true);
  master.session.multi = std::move(cached.multi);
  master.session.db = s.rules.continue_keeps_db ? cached.db : 0;
  master.session.last_heard = t.now();
  master.id = cached.id;
  master.received = master.applied = cached.applied;
  link.down_since.reset();
  if (relays(s) && !s.backlog) {
    t.mark(Mark::backlog_created_by_continue);
    create_backlog(t);
  }
}

// The session is kept as far as it was applied; what came and was not is asked for again (R5.8).
void suspend(Turn& t) {
  Link& link = t.s.link;
  MasterSession master = std::move(*link.master);
  link.master.reset();
  if (feeds_each(t.s)) return drop_all_replicas(t, "the master is lost: all is to be copied anew");
  t.mark(Mark::link_lost_cached);
  if (master.session.multi) {
    t.mark(Mark::link_lost_in_multi);
  } else if (master.session.in.pending() > 0) {
    t.mark(Mark::link_lost_in_command);
  }
  Resumable& cached = link.cached.emplace();
  cached.id = master.id;
  cached.applied = master.applied;
  cached.db = master.session.db;
  if (!t.s.rules.suspends_without_multi) cached.multi = std::move(master.session.multi);
  if (!t.s.rules.suspends_without_parser) cached.in = std::move(master.session.in);
}

void forget_session(Turn& t) {
  t.mark(Mark::link_lost_not_cached);
  t.s.link.master.reset();
  t.s.link.cached.reset();
}

void apply_stream(Turn& t) {
  State& s = t.s;
  Words words(t.at.out);
  std::vector<std::string>& argv = words.argv;
  while (s.link.master && !s.link.master->session.parked.has_value() && !s.link.master->closing) {
    MasterSession& master = *s.link.master;
    const auto got = master.session.in.next(argv);
    if (got == RequestParser::Got::nothing_yet) return;
    if (got == RequestParser::Got::malformed || master.session.in.was_inline()) {
      t.mark(Mark::stream_malformed);
      t.effect(ProtocolBreach{*s.link.conn, got == RequestParser::Got::malformed
                                                ? master.session.in.problem()
                                                : "an inline command in the stream"});
      // To be closed once a reply is out; a master gets none but the acknowledgements.
      master.closing = true;
      return;
    }
    master.unrelayed += master.session.in.raw();
    const bool in_multi = master.session.multi.has_value();
    process_command(t, master.session, argv);
    if (in_multi && s.link.master && !master.session.multi) t.mark(Mark::transaction_applied);
    stream_applied(t);
  }
}

// The applied offset rests on unit boundaries: it waits while a transaction is open (R5.20, R7.31).
void stream_applied(Turn& t) {
  State& s = t.s;
  if (!s.link.master) return;
  MasterSession& master = *s.link.master;
  if (master.session.parked && s.rules.pause_holds_offset) return;
  master.session.out.clear();  // a master is not answered (R7.33)
  if (!relays(s) || !s.rules.applies_before_relay) return master.unrelayed.clear();
  if (master.session.multi && s.rules.offset_waits_for_exec) return;
  master.applied += static_cast<Offset>(master.unrelayed.size());
  relay(t, master.unrelayed);
  master.unrelayed.clear();
}

void relay_unapplied(Turn& t, std::string_view bytes) {
  t.s.link.master->applied += static_cast<Offset>(bytes.size());
  relay(t, bytes);
}

void send_ack(Turn& t) {
  Link& link = t.s.link;
  if (!link.master || link.master->no_offset || !t.s.rules.has_acks) return;
  MasterSession& master = *link.master;
  if (master.closing) return link_hears(t, LinkEvent::stream_malformed);
  const Offset offset = t.s.rules.ack_is_applied ? master.applied : master.received;
  say(t, {"REPLCONF", "ACK", std::to_string(offset)});
  if (!t.s.rules.only_reads_refresh_link) master.session.last_heard = t.now();
}

Offset shown_received(const State& s) {
  if (s.link.master) return s.link.master->received;
  return s.link.cached ? s.link.cached->applied : 1;
}

Offset shown_applied(const State& s) {
  if (s.link.master) return s.link.master->applied;
  return s.link.cached ? s.link.cached->applied : 1;
}

}  // namespace model
