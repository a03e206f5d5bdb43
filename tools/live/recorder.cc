#include "tools/live/recorder.h"

#include <variant>

#include "model/machines.h"
#include "model/state.h"
#include "sim/digest.h"

namespace live {
namespace {

constexpr sim::HostId kServer{0};
constexpr std::size_t kMarkSize = 40;  // behind a diskless payload

// The server's clock begins a second after the origin (host.cc); a trace at it.
sim::Instant trace_time(model::Instant at) {
  return sim::Instant(at.time_since_epoch() - std::chrono::seconds(1));
}

sim::EndId own_end(std::uint32_t connection, bool dialled) {
  return sim::EndId{2 * connection + (dialled ? 0 : 1)};
}

// A header that ends in a mark does not tell how much follows; we know what we send.
std::uint64_t payload_size(const model::State& state) {
  const auto& snapshot = state.snapshot;
  if (!snapshot || snapshot->target != model::Snapshot::Target::socket) return 0;
  return snapshot->payload.size() - kMarkSize;
}

}  // namespace

Recorder::Recorder(const std::string& path)
    : out_(path, std::ios::binary | std::ios::trunc), writer_(out_) {
  add(model::Instant(std::chrono::seconds(1)),
      sim::record::Scenario{"serve", "Real traffic of a served model.", 0});
  add(model::Instant(std::chrono::seconds(1)), sim::record::Host{sim::number(kServer), "server"});
}

void Recorder::finish() {
  writer_.finish();
  out_.close();
}

template <class R>
void Recorder::add(model::Instant at, R record) {
  writer_.add({trace_time(at), std::move(record)});
}

void Recorder::process(model::Instant at, std::string_view what, std::string_view why) {
  add(at, sim::record::Process{sim::number(kServer), std::string(what), std::string(why)});
}

sim::HostId Recorder::host_of(model::Instant at, const Link& link) {
  const std::string name = text(link.peer);
  if (link.dialled) {
    if (const auto known = dialled_.find(name); known != dialled_.end()) return known->second;
  }
  const sim::HostId host{next_host_++};
  if (link.dialled) dialled_.emplace(name, host);
  add(at, sim::record::Host{sim::number(host), name});
  return host;
}

void Recorder::connection(model::Instant at, const Link& link, std::string_view what) {
  auto followed = links_.find(link.conn);
  if (followed == links_.end()) {
    if (what != "dial" && what != "accepted") return;
    const sim::HostId peer = host_of(at, link);
    followed = links_.emplace(link.conn, Followed{next_connection_++, peer, 0, 0}).first;
    wire_.opened(sim::EndId{2 * followed->second.number}, link.dialled ? kServer : peer,
                 link.dialled ? peer : kServer);
  }
  const Followed& one = followed->second;
  add(at, sim::record::Connection{sim::number(own_end(one.number, link.dialled)),
                                  sim::number(kServer), sim::number(one.peer), std::string(what)});
  if (what == "refused" || what == "reset" || what == "closed") links_.erase(followed);
}

// One direction goes on: its bytes and the words in them.
void Recorder::said(model::Instant at, sim::EndId end, std::string_view bytes, std::uint64_t payload,
                    std::uint64_t& position) {
  sim::Trace words(sim::TraceMode::keep);
  wire_.sent(end, bytes, payload, trace_time(at), words);
  for (const sim::Record& record : words.records()) writer_.add(record);
  add(at, sim::record::Delivered{sim::number(end), position, bytes.size(), sim::digest(bytes)});
  position += bytes.size();
}

void Recorder::received(model::Instant at, const Link& link, std::string_view bytes) {
  const auto followed = links_.find(link.conn);
  if (followed == links_.end()) return;
  const sim::EndId theirs = sim::peer_of(own_end(followed->second.number, link.dialled));
  said(at, theirs, bytes, 0, followed->second.received);
}

void Recorder::sent(model::Instant at, const Link& link, std::string_view bytes,
                    const model::State& state) {
  const auto followed = links_.find(link.conn);
  if (followed == links_.end()) return;
  said(at, own_end(followed->second.number, link.dialled), bytes, payload_size(state),
       followed->second.sent);
}

void Recorder::effects(model::Instant at, const model::Effects& effects, const model::State&) {
  for (const model::Effect& effect : effects.list) {
    if (const auto* const edge = std::get_if<model::Transitioned>(&effect)) {
      const bool feed = edge->machine == model::MachineKind::replica_feed;
      add(at, sim::record::Transition{sim::number(kServer),
                                      std::string(model::machine_name(edge->machine)),
                                      feed ? static_cast<std::uint32_t>(edge->instance) : 0,
                                      std::string(model::state_name(edge->machine, edge->from)),
                                      std::string(model::state_name(edge->machine, edge->to)),
                                      std::string(model::event_name(edge->machine, edge->on))});
    } else if (const auto* const mark = std::get_if<model::Reached>(&effect)) {
      add(at, sim::record::Mark{sim::number(kServer), std::string(model::name(mark->mark))});
    } else if (const auto* const note = std::get_if<model::Note>(&effect)) {
      add(at, sim::record::Note{sim::number(kServer), std::string(note->topic), note->text});
    }
  }
}

}  // namespace live
