// Inputs and effects: the half of the world that turns occurrences into inputs of servers, and what
// servers want into calls of the kernel.
#include <algorithm>
#include <utility>
#include <variant>

#include "model/own_streams.h"
#include "model/state.h"
#include "scenarios/world/world.h"

namespace scenarios {
namespace {

// A conversation that is on no network: data are given before the run begins.
constexpr model::ConnId kDataConn{0x7fff'ffffU};
constexpr std::size_t kMarkSize = 40;  // behind a diskless payload
constexpr std::size_t kEndless = std::size_t{1} << 30U;

model::Instant model_time(sim::Instant at) {
  return model::Instant(at.time_since_epoch());
}

sim::Instant sim_time(model::Instant at) {
  return at == model::Instant::max() ? sim::kNever : sim::Instant(at.time_since_epoch());
}

}  // namespace

// What a server can ask about in the middle of an input.
class HostAround final : public model::Surroundings {
 public:
  HostAround(World& world, std::size_t index, World::Input& input)
      : world_(world), index_(index), node_(world.nodes_[index]), input_(input) {}

  std::uint64_t below(std::uint64_t bound) override {
    return world_.kernel().choice().below(sim::Purpose::host, bound);
  }
  std::size_t room(model::ConnId conn) const override {
    const auto end = World::end_of(node_, conn);
    return end ? world_.kernel().room(*end) : kEndless;
  }
  void before_order() override { world_.look(index_, input_, true); }

 private:
  World& world_;
  std::size_t index_;
  const NodeProcess& node_;
  World::Input& input_;
};

// --- names of connections ------------------------------------------------------------------------

std::optional<sim::EndId> World::end_of(const NodeProcess& node, model::ConnId conn) {
  if (conn == kDataConn) return std::nullopt;
  const auto n = static_cast<std::uint32_t>(conn);
  if (n < model::Server::kDialled) return sim::EndId{n};
  const auto it = std::find_if(node.dialled.begin(), node.dialled.end(),
                               [&](const NodeProcess::Dialled& d) { return d.conn == conn; });
  if (it == node.dialled.end()) return std::nullopt;
  return it->end;
}

std::optional<model::ConnId> World::conn_of(const NodeProcess& node, sim::EndId end) {
  if (!sim::dialled(end)) return model::ConnId{number(end)};
  const auto it = std::find_if(node.dialled.begin(), node.dialled.end(),
                               [&](const NodeProcess::Dialled& d) { return d.end == end; });
  if (it == node.dialled.end()) return std::nullopt;
  return it->conn;
}

void World::forget(NodeProcess& node, sim::EndId end) {
  std::erase_if(node.dialled, [&](const NodeProcess::Dialled& d) { return d.end == end; });
}

World::Source World::source_of(const NodeProcess& node, sim::EndId end) const {
  const sim::HostId other = kernel_.host_of(sim::peer_of(end));
  Source source;
  source.conn = conn_of(node, end);
  source.client = other == clients_.home();
  if (number(other) < nodes_.size()) source.peer = number(other);
  return source;
}

// --- one input -----------------------------------------------------------------------------------

template <class Act>
void World::input(std::size_t index, const Source& source, Act&& act) {
  NodeProcess& node = nodes_[index];
  carry_out_postponed(index);  // data given before the run wait for nothing
  if (!node.server) return;
  model::Effects& effects = scratch_.effects;
  effects.clear();
  Input input{source, 0, std::nullopt};
  HostAround around(*this, index, input);
  const model::Moment moment{
      model_time(kernel_.now()), node.clock.at(kernel_.now()), around, node.machine, effects,
      kernel_.trace().keeps()};
  act(*node.server, moment);
  look(index, input, false);

  carry_out(index);
  if (!node.server) return;
  schedule_wake(index);
  if (node.slow_by > sim::Duration{0}) {
    ++node.slow_turns;
    occupy(index, node.slow_by);
  }
}

// What a server did since it was last looked at is noted down and shown to the bench: at the end of
// each input, and within one before each order to follow another.
void World::look(std::size_t index, Input& input, bool midway) {
  const std::span<const model::Effect> effects =
      std::span(scratch_.effects.list).subspan(input.shown);
  note_data(index, input, effects, midway);
  note_master(index);
  fill_views(scratch_.views);
  Seen seen{kernel_.now(), index, effects, scratch_.views};
  seen.midway = midway;
  seen.conn = input.source.conn;
  seen.peer = input.source.peer;
  seen.ended_job = input.source.ended_job;
  seen.conn_ended = input.source.conn_ended && !midway;
  bench_.saw(seen);
  input.shown = scratch_.effects.list.size();
}

// A client that changes a replica's data does so behind the protocol, even if it makes a master of it
// in the same transaction. So does a transaction that makes a replica of its master: what it wrote
// before is then in nobody's stream. A full resync repairs it, from a node of which this is not true.
void World::note_data(std::size_t index, Input& input, std::span<const model::Effect> effects,
                      bool midway) {
  NodeProcess& node = nodes_[index];
  const model::State& s = node.server->state();
  const bool aside = std::any_of(effects.begin(), effects.end(), [](const model::Effect& effect) {
    return std::holds_alternative<model::WroteAside>(effect);
  });
  if (aside) node.touched_up = true;
  if (input.unit_at && s.unit.empty()) {
    if (s.history.offset == *input.unit_at) node.touched_up = true;
    input.unit_at.reset();
  }
  if (midway && s.is_master() && s.backlog && !s.unit.empty()) input.unit_at = s.history.offset;
  note_copies(index, input.source, effects);
  for (const model::Effect& effect : effects) note_old_release(index, input.source, effect);
}

// Data that are not what their name says stay so in every copy: in snapshots for others, in files.
void World::note_copies(std::size_t index, const Source& source,
                        std::span<const model::Effect> effects) {
  NodeProcess& node = nodes_[index];
  const bool takes_snapshot =
      std::any_of(effects.begin(), effects.end(), [](const model::Effect& effect) {
        const auto* const job = std::get_if<model::StartJob>(&effect);
        return job != nullptr && job->kind == model::JobKind::snapshot;
      });
  if (takes_snapshot) node.snapshot_touched_up = node.touched_up || node.corrupted_input;
  for (const model::Effect& effect : effects) {
    if (const auto* const edge = std::get_if<model::Transitioned>(&effect)) {
      note_edge(index, *edge);
    } else if (const auto* const file = std::get_if<model::WriteFile>(&effect)) {
      if (file->name == "dump.rdb") node.file_touched_up = from_where(index, source);
    } else if (const auto* const reached = std::get_if<model::Reached>(&effect)) {
      if (reached->mark == model::Mark::flushall_saved_ahead) node.file_touched_up = true;
      if (reached->mark == model::Mark::sync_under_old_id) node.touched_up = true;
    }
  }
}

// Whether what it writes to its file now was touched up: a copy from its master, a snapshot of its
// own, or its data as they are.
bool World::from_where(std::size_t index, const Source& source) const {
  const NodeProcess& node = nodes_[index];
  const model::State& s = node.server->state();
  if (s.link.transfer && node.follows) return copy_from_above(node).touched_up;
  return source.ended_job ? node.snapshot_touched_up : node.touched_up || node.corrupted_input;
}

NodeProcess::Copy World::copy_from_above(const NodeProcess& node) {
  const auto copy = node.follows ? node.copies.find(*node.follows) : node.copies.end();
  return copy != node.copies.end() ? copy->second : NodeProcess::Copy{};
}

void World::note_edge(std::size_t index, const model::Transitioned& edge) {
  NodeProcess& node = nodes_[index];
  const model::State& s = node.server->state();
  if (edge.machine == model::MachineKind::replica_feed &&
      model::FeedEvent{edge.on} == model::FeedEvent::snapshot_started) {
    const auto end = end_of(node, edge.instance);
    const std::size_t peer = end ? number(kernel_.host_of(sim::peer_of(*end))) : nodes_.size();
    if (peer >= nodes_.size()) return;
    nodes_[peer].copies[index] = {node.snapshot_touched_up, s.counts};
  }
  if (edge.machine == model::MachineKind::replica_link &&
      model::LinkEvent{edge.on} == model::LinkEvent::loaded) {
    node.touched_up = copy_from_above(node).touched_up;
    // What a fault changed on this very connection may be still to come, or have been a number in
    // its first line.
    const auto end = s.link.conn ? end_of(node, *s.link.conn) : std::nullopt;
    if (end && node.corrupted_on != sim::peer_of(*end)) node.corrupted_input = false;
    if (node.follows) node.copied_from = {*node.follows, copy_from_above(node).counts};
  }
}

// Two ways in which data part that are no bug of anybody here but of the time: a release does not
// understand what a newer one says, and one before 4.0 counts anew under the same run id, so that it
// takes an old position for a new one (V2, V19). A full resync repairs it.
void World::note_old_release(std::size_t index, const Source& source, const model::Effect& effect) {
  const auto* const reached = std::get_if<model::Reached>(&effect);
  if (reached != nullptr && reached->mark == model::Mark::stream_error_ignored) {
    for (const NodeProcess& other : nodes_) {
      if (other.rules.release > nodes_[index].rules.release) nodes_[index].touched_up = true;
    }
  }
  const auto* const resync = std::get_if<model::Resync>(&effect);
  if (resync == nullptr || resync->why != model::Resync::Why::granted || !source.peer) return;
  if (nodes_[index].corrupted_input) nodes_[*source.peer].corrupted_input = true;  // by its backlog
  if (model::relays(*state(index))) return;
  NodeProcess& peer = nodes_[*source.peer];
  if (peer.copied_from != std::pair(index, state(index)->counts)) peer.corrupted_input = true;
}

void World::note_master(std::size_t index) {
  NodeProcess& node = nodes_[index];
  const model::Link& link = node.server->state().link;
  if (link.host == node.told_host && link.port == node.told_port) return;
  node.told_host = link.host;
  node.told_port = link.port;
  node.follows = follows(index);
}

void World::carry_out(std::size_t index) {
  const model::Effects& effects = scratch_.effects;
  for (std::size_t i = 0; i < effects.list.size(); ++i) {
    std::visit([&](const auto& e) { perform(index, e); }, effects.list[i]);
    if (!nodes_[index].server) return;  // the process has ended
    const auto* const block = std::get_if<model::Block>(&effects.list[i]);
    if (block == nullptr || block->time <= model::Duration{0}) continue;
    nodes_[index].postponed = model::behind(effects, i);
    return;
  }
}

void World::carry_out_postponed(std::size_t index) {
  if (nodes_[index].postponed.list.empty()) return;
  scratch_.effects = std::exchange(nodes_[index].postponed, {});
  carry_out(index);
  if (nodes_[index].server) schedule_wake(index);
}

void World::schedule_wake(std::size_t index) {
  NodeProcess& node = nodes_[index];
  const sim::Instant wanted = sim_time(node.server->next_wake());
  if (wanted == sim::kNever || (node.wake && *node.wake <= wanted)) return;
  node.wake = std::max(wanted, kernel_.now());
  kernel_.schedule(*node.wake,
                   {sim::EventKind::wake, number(node.host), kernel_.incarnation(node.host)});
}

// --- occurrences ---------------------------------------------------------------------------------

std::optional<sim::Occurrence> World::advance(sim::Instant until) {
  std::optional<sim::Occurrence> occurrence = kernel_.next(until);
  if (!occurrence) return occurrence;
  if (number(occurrence->host) < nodes_.size()) {
    handle_node(*occurrence);
  } else if (occurrence->host == clients_.home()) {
    clients_.handle(kernel_, *occurrence);
  } else if (peers_.has(occurrence->host)) {
    peers_.handle(kernel_, *occurrence);
    follow_peers();
  }
  occurrence->bytes = {};
  return occurrence;
}

void World::handle_node(const sim::Occurrence& occurrence) {
  using Kind = sim::Occurrence::Kind;
  const std::size_t index = number(occurrence.host);
  NodeProcess& node = nodes_[index];
  if (!node.server) return;
  switch (occurrence.kind) {
    case Kind::wake:
      if (!node.wake || *node.wake > kernel_.now()) return;  // an earlier wake took its place
      node.wake.reset();
      return input(index, {},
                   [](model::Server& server, const model::Moment& at) { server.tick(at); });
    case Kind::job:
      return handle_job(occurrence.number);
    case Kind::resume:
      return update_stall(index);
    case Kind::step:
    case Kind::fault:
    case Kind::stopped:
      return;
    default:
      return handle_connection(index, occurrence);
  }
}

void World::handle_connection(std::size_t index, const sim::Occurrence& occurrence) {
  using Kind = sim::Occurrence::Kind;
  NodeProcess& node = nodes_[index];
  Source source = source_of(node, occurrence.end);
  source.conn_ended = occurrence.kind == Kind::ended || occurrence.kind == Kind::reset;
  if (!source.conn) return;  // the server has hung up meanwhile
  const model::ConnId conn = *source.conn;
  if (occurrence.kind == Kind::refused || occurrence.kind == Kind::reset)
    forget(node, occurrence.end);
  // The bytes are the kernel's until its next call, and the server asks it for room.
  scratch_.bytes.assign(occurrence.bytes);
  input(index, source, [&](model::Server& server, const model::Moment& at) {
    switch (occurrence.kind) {
      case Kind::accepted: {
        const std::uint32_t other = number(kernel_.host_of(sim::peer_of(occurrence.end)));
        const bool local = source.client || scenario_->one_address;
        const std::string ip = local ? "127.0.0.1" : "10.0.0." + std::to_string(other + 1);
        return server.accepted(at, conn, ip,
                               static_cast<int>(32768 + number(occurrence.end) / 2 % 28232));
      }
      case Kind::connected:
        return server.connected(at, conn);
      case Kind::refused:
        return server.refused(at, conn);
      case Kind::bytes:
        return server.received(at, conn, scratch_.bytes);
      case Kind::ended:
        return server.ended(at, conn);
      case Kind::reset:
        return server.reset(at, conn);
      case Kind::room:
        return server.writable(at, conn);
      default:
        return;
    }
  });
}

void World::handle_job(std::uint64_t number) {
  const auto report = jobs_.report(number, kernel_.now());
  if (!report) return;
  if (report->next) schedule_job(report->node, number, *report->next);
  Source source;
  if (report->end) source.ended_job = report->id;
  input(report->node, source, [&](model::Server& server, const model::Moment& at) {
    if (report->end) return server.job_ended(at, report->id, *report->end);
    server.job_progress(at, report->id, report->bytes);
  });
}

void World::schedule_job(std::size_t node, std::uint64_t job, sim::Instant at) {
  kernel_.schedule(at, {sim::EventKind::job, number(nodes_[node].host), job});
}

// --- starting ------------------------------------------------------------------------------------

bool World::start(std::size_t index) {
  NodeProcess& node = nodes_[index];
  if (node.server) return false;
  node.exit_code.reset();
  if (kernel_.up(node.host)) {
    tell_process(index, "start", "");  // the first: hosts begin up
  } else {
    kernel_.start(node.host);
  }
  ++node.life;
  node.touched_up = node.file_touched_up && node.disk.contains("dump.rdb");
  node.server.emplace(boot(node));
  input(index, {}, [](model::Server& server, const model::Moment& at) { server.start(at); });
  return true;
}

// Runs the data commands on a running master, as a client that is on no network. An error, or
// nothing.
std::optional<std::string> World::give_data(std::size_t index) {
  Source source;
  source.conn = kDataConn;
  source.client = true;
  input(index, source, [](model::Server& server, const model::Moment& at) {
    server.accepted(at, kDataConn, "127.0.0.1", 1);
  });
  std::optional<std::string> problem;
  for (const std::string& line : scenario_->nodes[index].data) {
    const auto argv = model::split_line(line);
    if (!argv || argv->empty()) return "cannot be split into words: " + line;
    std::string request;
    model::append_request(request, *argv);
    data_replies_.clear();
    input(index, source, [&](model::Server& server, const model::Moment& at) {
      server.received(at, kDataConn, request);
    });
    if (data_replies_.starts_with('-') && !problem) {
      problem = line + " was answered " + data_replies_.substr(0, data_replies_.find('\r'));
    }
  }
  data_replies_.clear();
  input(index, source,
        [](model::Server& server, const model::Moment& at) { server.ended(at, kDataConn); });
  return problem;
}

// --- effects -------------------------------------------------------------------------------------

void World::perform(std::size_t index, const model::Dial& dial) {
  NodeProcess& node = nodes_[index];
  const auto somebody = host_at(node.host, dial.host, dial.port);
  const sim::HostId to = somebody.value_or(nowhere_);
  const sim::EndId end = kernel_.dial(node.host, to);
  node.dialled.push_back({dial.conn, end});
  if (scenario_->one_address) ports_dialled_[end] = dial.port;
  if (!somebody) return;
  wire_.opened(end, node.host, to);
  if (peers_.has(to)) node.from_raw = true;
  spread_from_raw();
}

void World::perform(std::size_t index, const model::Send& send) {
  const std::string_view bytes =
      std::string_view(scratch_.effects.bytes).substr(send.from, send.count);
  if (send.conn == kDataConn) {
    data_replies_ += bytes;
    return;
  }
  const auto end = end_of(nodes_[index], send.conn);
  if (!end) return;
  const std::size_t taken = kernel_.send(*end, bytes);
  wire_.sent(*end, bytes.substr(0, taken), payload_size(index), kernel_.now(), kernel_.trace());
}

void World::perform(std::size_t index, const model::Hangup& hangup) {
  NodeProcess& node = nodes_[index];
  const auto end = end_of(node, hangup.conn);
  if (!end) return;
  kernel_.close(*end, sim::CloseHow::fin);
  forget(node, *end);
}

void World::perform(std::size_t index, const model::SetReading& reading) {
  const auto end = end_of(nodes_[index], reading.conn);
  if (end && kernel_.alive(*end)) kernel_.set_reading(*end, reading.on);
}

void World::perform(std::size_t index, const model::StartJob& job) {
  const Jobs::Due due = jobs_.start(index, job, kernel_.now());
  schedule_job(index, due.job, due.at);
}

void World::perform(std::size_t index, const model::KillJob& job) {
  if (const auto due = jobs_.kill(index, job.job, kernel_.now()))
    schedule_job(index, due->job, due->at);
}

void World::perform(std::size_t index, const model::WriteFile& file) {
  if (file.content) {
    nodes_[index].disk[file.name] = file.content;
  } else {
    nodes_[index].disk.erase(file.name);
  }
}

void World::perform(std::size_t index, const model::Block& block) {
  occupy(index, block.time);
}

void World::perform(std::size_t index, const model::Exit& exit) {
  tell_process(index, "exit", exit.why);
  nodes_[index].exit_code = exit.code;
  end_process(index, sim::Farewell::reset);
}

void World::perform(std::size_t index, const model::Transitioned& edge) {
  const bool feed = edge.machine == model::MachineKind::replica_feed;
  kernel_.trace().tell<sim::record::Transition>(
      kernel_.now(), number(nodes_[index].host), model::machine_name(edge.machine),
      feed ? static_cast<std::uint32_t>(edge.instance) : 0U,
      model::state_name(edge.machine, edge.from), model::state_name(edge.machine, edge.to),
      model::event_name(edge.machine, edge.on));
}

void World::perform(std::size_t index, const model::Reached& reached) {
  using model::Mark;
  NodeProcess& node = nodes_[index];
  reached_.set(static_cast<std::size_t>(reached.mark));
  kernel_.trace().tell<sim::record::Mark>(kernel_.now(), number(node.host),
                                          model::name(reached.mark));
  if (reached.mark == Mark::snapshot_failed_to_start && node.machine.fork_fails) {
    jobs_.snapshot_was_refused(index);
    node.machine.fork_fails = jobs_.refuses_snapshot(index);
  }
  const bool by_disk = reached.mark == Mark::transfer_disk_error ||
                       reached.mark == Mark::snapshot_died ||
                       reached.mark == Mark::shutdown_failed ||
                       reached.mark == Mark::snapshot_failed_to_start;
  if (by_disk && node.machine.disk_full) ++node.disk_errors;
}

void World::perform(std::size_t index, const model::Note& note) {
  if (!kernel_.trace().keeps()) return;
  kernel_.trace().add(kernel_.now(),
                      sim::record::Note{number(nodes_[index].host), std::string(note.topic),
                                        with_names(note.text)});
}

// Servers know each other by address; readers know them by name.
std::string World::with_names(std::string text) const {
  constexpr std::string_view kNetwork = "10.0.0.";
  for (std::size_t at = text.find(kNetwork); at != std::string::npos;
       at = text.find(kNetwork, at + 1)) {
    std::size_t end = text.find_first_not_of("0123456789", at + kNetwork.size());
    if (end == std::string::npos) end = text.size();
    const auto host = host_named(text.substr(at, end - at));
    if (!host) continue;
    if (text.substr(end, 1) == ":")
      end = std::min(text.find_first_not_of("0123456789", end + 1), text.size());
    text.replace(at, end - at, name_of(*host));
  }
  return text;
}

// A header that ends in a mark does not tell how much follows; the sender knows.
std::uint64_t World::payload_size(std::size_t index) const {
  const std::optional<model::Snapshot>& snapshot = nodes_[index].server->state().snapshot;
  if (!snapshot || snapshot->target != model::Snapshot::Target::socket) return 0;
  return snapshot->payload.size() - kMarkSize;
}

// Who follows somebody with a history of unknown author has one as well.
void World::spread_from_raw() {
  for (bool more = std::any_of(nodes_.begin(), nodes_.end(),
                               [](const NodeProcess& node) { return node.from_raw; });
       more;) {
    more = false;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto master = follows(i);
      if (nodes_[i].from_raw || !master || !nodes_[*master].from_raw) continue;
      nodes_[i].from_raw = more = true;
    }
  }
}

}  // namespace scenarios
