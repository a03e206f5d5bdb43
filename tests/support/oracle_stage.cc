#include "tests/support/oracle_stage.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "model/data/resp.h"

namespace test_support {

using model::LinkState;

model::ReplId replid(char letter) {
  model::ReplId id;
  id.text.fill(letter);
  return id;
}

OracleStage::OracleStage(std::vector<std::string> names) : names_(std::move(names)) {
  for (const std::string& name : names_) {
    model::State& state = states_.emplace_back();
    views_.push_back({name, &state});
  }
}

std::size_t OracleStage::index(std::string_view node) const {
  const auto place = std::find(names_.begin(), names_.end(), node);
  if (place == names_.end()) throw std::logic_error("no node " + std::string(node));
  return static_cast<std::size_t>(place - names_.begin());
}

void OracleStage::make_master(std::string_view node, char id, Offset offset) {
  model::State& s = (*this)[node];
  s.history.id = replid(id);
  s.history.offset = offset;
  s.backlog.emplace(model::Backlog::Kind::blocks, offset + 1, std::int64_t{1} << 20);
}

void OracleStage::write(std::string_view node, std::string_view key, std::string_view value) {
  put(node, key, value);
  if ((*this)[node].backlog) stream(node, model::request({"SET", key, value}));
}

void OracleStage::put(std::string_view node, std::string_view key, std::string_view value) {
  (*this)[node].data.put(0, key, std::string(value));
}

void OracleStage::stream(std::string_view node, std::string_view bytes) {
  model::State& s = (*this)[node];
  s.backlog->append(bytes);
  s.history.offset += static_cast<Offset>(bytes.size());
}

void OracleStage::full_sync(std::string_view replica, std::string_view master) {
  const model::State& from = (*this)[master];
  model::State& s = (*this)[replica];
  s.data = from.data;
  s.history = model::History{from.history.id, {}, -1, from.history.offset};
  s.backlog.emplace(model::Backlog::Kind::blocks, from.history.offset + 1, std::int64_t{1} << 20);
  s.link = model::Link{};
  s.link.host = master;
  s.link.state = LinkState::connected;
  model::MasterSession& session = s.link.master.emplace();
  session.id = s.history.id;
  session.received = session.applied = s.history.offset;
}

void OracleStage::catch_up(std::string_view replica, std::string_view master) {
  const model::State& from = (*this)[master];
  model::State& s = (*this)[replica];
  for (Offset at = s.backlog->next(); at < from.backlog->next(); at = s.backlog->next()) {
    stream(replica, from.backlog->read(at, std::string_view::npos));
  }
  s.data = from.data;
  if (!s.link.master) return;
  s.link.master->received = s.link.master->applied = s.history.offset;
}

void OracleStage::lose_link(std::string_view replica) {
  model::State& s = (*this)[replica];
  s.link.master.reset();
  model::Resumable& cached = s.link.cached.emplace();
  cached.id = s.history.id;
  cached.applied = s.history.offset;
  s.link.state = LinkState::connect;
}

void OracleStage::promote(std::string_view node, char id) {
  model::State& s = (*this)[node];
  s.link = model::Link{};
  s.history.second_id = s.history.id;
  s.history.second_offset = s.history.offset + 1;
  s.history.id = replid(id);
}

void OracleStage::demote(std::string_view node) {
  model::State& s = (*this)[node];
  if (!s.backlog) {
    s.backlog.emplace(model::Backlog::Kind::blocks, s.history.offset + 1, std::int64_t{1} << 20);
  }
  s.link.host = "somebody";
  lose_link(node);
}

model::Session& OracleStage::attach(std::string_view master, std::uint32_t conn) {
  model::State& s = (*this)[master];
  model::Session& session = s.sessions[model::ConnId{conn}];
  session.conn = model::ConnId{conn};
  session.feed.state = model::FeedState::online;
  s.replicas.push_back(session.conn);
  return session;
}

void OracleStage::meet_client(std::string_view node, std::uint32_t conn) {
  (*this)[node].sessions[model::ConnId{conn}].conn = model::ConnId{conn};
}

void OracleStage::restart(std::string_view node) {
  model::State nothing;
  (*this)[node] = nothing;
  ++view(node).life;
}

void OracleStage::look(std::string_view node, std::vector<model::Effect> effects) {
  show(node, effects, std::nullopt, std::nullopt);
}

void OracleStage::look_from(std::string_view peer, std::uint32_t conn, std::string_view node,
                            std::vector<model::Effect> effects) {
  show(node, effects, conn, index(peer));
}

void OracleStage::point_views() {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (views_[i].state != nullptr) views_[i].state = &states_[i];
  }
}

void OracleStage::show(std::string_view node, const std::vector<model::Effect>& effects,
                       std::optional<std::uint32_t> conn, std::optional<std::size_t> peer,
                       bool conn_ended) {
  point_views();
  scenarios::Seen seen{now_, index(node), effects, views_};
  if (conn) seen.conn = model::ConnId{*conn};
  seen.peer = peer;
  seen.conn_ended = conn_ended;
  bench_.saw(seen);
}

void OracleStage::look_from_client(std::uint32_t conn, std::string_view node,
                                   std::vector<model::Effect> effects) {
  show(node, effects, conn, std::nullopt);
}

void OracleStage::look_at_end(std::uint32_t conn, std::string_view node) {
  show(node, {}, conn, std::nullopt, true);
}

void OracleStage::end_calm(sim::Instant began, std::vector<std::optional<std::size_t>> follows,
                           bool settled, std::vector<sim::Duration> silences) {
  point_views();
  bench_.calm_ended({now_, began, settled, now_, views_, follows, silences});
}

scenarios::Judgement OracleStage::judgement(std::string_view oracle) const {
  for (scenarios::Judgement& judgement : bench_.judgements()) {
    if (judgement.oracle == oracle) return std::move(judgement);
  }
  throw std::logic_error("no oracle " + std::string(oracle));
}

model::Effect link_edge(LinkState from, model::LinkEvent on, LinkState to) {
  return model::Transitioned{model::MachineKind::replica_link, model::ConnId{},
                             static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(to),
                             static_cast<std::uint8_t>(on)};
}

}  // namespace test_support
