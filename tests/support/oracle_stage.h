// Hand-made servers for tests of the oracles: plain states, put into any shape, and shown to a
// bench.
//
//      OracleStage stage({"a", "b"});
//      stage.make_master("a", 'a');         // in history aaaa..., with a backlog
//      stage.write("a", "k", "1");          // its data, its stream and its offset
//      stage.look("a");                     // one event of a
//      stage.full_sync("b", "a");           // b has what a has
//      stage.look("b");
//      stage.judgement("PREFIX")
//
// Nothing moves by itself: what is not said does not happen, right or wrong.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/oracles/oracles.h"

namespace test_support {

model::ReplId replid(char letter);  // forty times the letter

class OracleStage {
 public:
  using Offset = model::Offset;

  explicit OracleStage(std::vector<std::string> names);

  model::State& operator[](std::string_view node) { return states_[index(node)]; }
  scenarios::NodeView& view(std::string_view node) { return views_[index(node)]; }
  std::size_t index(std::string_view node) const;

  // --- shapes -----------------------------------------------------------------------------------
  void make_master(std::string_view node, char id, Offset offset = 0);
  void drop_backlog(std::string_view node) { (*this)[node].backlog.reset(); }
  // SET key value: data, stream, offset. Without a backlog: data alone.
  void write(std::string_view node, std::string_view key, std::string_view value);
  void put(std::string_view node, std::string_view key, std::string_view value);
  void stream(std::string_view node, std::string_view bytes);  // into backlog and offset

  // b is connected to a, holds its data, and has an empty backlog.
  void full_sync(std::string_view replica, std::string_view master);
  // b applies what a has behind b's offset: bytes, data and identity.
  void catch_up(std::string_view replica, std::string_view master);
  // The link of a connected replica is lost and its position kept.
  void lose_link(std::string_view replica);
  // A replica becomes master under a new id.
  void promote(std::string_view node, char id);
  // A master becomes a replica that has no connection yet.
  void demote(std::string_view node);
  // `master` keeps an online replica on connection `conn`.
  model::Session& attach(std::string_view master, std::uint32_t conn);
  // `node` keeps a client's connection `conn`.
  void meet_client(std::string_view node, std::uint32_t conn);
  void restart(std::string_view node);  // a new life with nothing

  // --- events -----------------------------------------------------------------------------------
  void pass(sim::Duration time) { now_ += time; }
  sim::Instant now() const { return now_; }
  void look(std::string_view node, std::vector<model::Effect> effects = {});
  // The input came on connection `conn` from node `peer`.
  void look_from(std::string_view peer, std::uint32_t conn, std::string_view node,
                 std::vector<model::Effect> effects = {});
  // The input came on connection `conn` of a client.
  void look_from_client(std::uint32_t conn, std::string_view node,
                        std::vector<model::Effect> effects = {});
  // The input was the end of connection `conn`.
  void look_at_end(std::uint32_t conn, std::string_view node);
  // The calm, begun at the time given, ends now.
  void end_calm(sim::Instant began, std::vector<std::optional<std::size_t>> follows,
                bool settled = true, std::vector<sim::Duration> silences = {});

  scenarios::Bench& bench() { return bench_; }
  scenarios::Judgement judgement(std::string_view oracle) const;

 private:
  void show(std::string_view node, const std::vector<model::Effect>& effects,
            std::optional<std::uint32_t> conn, std::optional<std::size_t> peer,
            bool conn_ended = false);

  void point_views();  // a copied stage has states of its own

  std::vector<std::string> names_;
  std::deque<model::State> states_;
  std::vector<scenarios::NodeView> views_;
  scenarios::Bench bench_;
  sim::Instant now_{};
};

// The edge that a replica's link takes.
model::Effect link_edge(model::LinkState from, model::LinkEvent on, model::LinkState to);

}  // namespace test_support
