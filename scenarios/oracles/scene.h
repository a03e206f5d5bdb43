// One event as oracles are shown it: the node that took the input, the few numbers of it that tell
// whether anything is worth a closer look, before and after, and the ledger to hold them against.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/machines.h"
#include "model/replid.h"
#include "scenarios/oracles/oracles.h"

namespace scenarios {

class Ledger;

// What a node showed after the last event that concerned it. Small: it is kept for each node and
// compared after each event.
struct Glance {
  bool seen = false;
  std::uint32_t life = 0;
  bool master = false;
  bool loading = false;  // its old data are going or gone, the new ones are not there yet
  model::LinkState link{};
  model::ReplId id, second_id;
  model::Offset second_offset = -1;
  model::Offset offset = 0;
  bool has_backlog = false;
  model::Offset first = 0, next = 0;  // of the backlog
  std::int64_t backlog_size = 0;      // as configured
  bool has_master = false;
  model::Offset received = 0, applied = 0;  // of the live session with its master
  bool held = false;                        // a pause holds a command of it
  std::uint64_t digest = 0;
  std::int64_t expired = 0;  // overdue keys that it removed
  model::JobId snapshot{};   // none: no snapshot is made
  bool snapshot_ended = false;
  std::size_t snapshot_size = 0;                // with its mark
  std::optional<model::Instant> writes_paused;  // until then
  std::int64_t replication_ticks = 0;  // turns of the replication cron
  bool failing_over = false;  // waits for a replica to have everything,
  bool pings_held = false;    // and has a time limit: then nothing at all is written
};
Glance glance(const NodeView& node);  // of a node that runs

struct Scene {
  // The node runs.
  Scene(const Seen& an_event, const NodeView& a_node, const Glance& was, const Glance& is,
        const Ledger& truth);

  const Seen& seen;
  const NodeView& node;
  const model::State& state;
  const Glance& before;  // of the same node, possibly in an earlier life
  const Glance& now;
  const Ledger& ledger;

  sim::Instant at() const { return seen.at; }
  // The process is the one that was seen before: what it remembered then it may be held to.
  bool same_life() const { return before.seen && before.life == now.life; }
  bool moved() const { return before.id != now.id || before.offset != now.offset; }
  // Anything that its data or their identity hang on.
  bool changed() const {
    return !same_life() || moved() || before.digest != now.digest ||
           before.has_backlog != now.has_backlog || before.loading != now.loading;
  }
  // A command has changed data, and what it puts into the stream is not there yet: an order came in
  // the middle of a transaction.
  bool inside_unit() const;
  // The digest of the data that go with its identity; nothing when nobody knows.
  std::optional<std::uint64_t> expected() const;
  // Its link to its master took an edge with this event, or the feed of one of its replicas did.
  bool link_took(model::LinkEvent event) const {
    return ((link_events_ >> static_cast<unsigned>(event)) & 1U) != 0;
  }
  bool feed_took_edge() const { return feed_edge_; }
  // The replicas whose feeds took this edge, as far as they are still connected.
  std::vector<model::ConnId> feeds_that_took(model::FeedEvent event) const;

 private:
  std::uint32_t link_events_ = 0;  // a bit for each
  bool feed_edge_ = false;
  mutable bool asked_ = false;  // the ledger, by expected()
  mutable std::optional<std::uint64_t> expected_;
};

// Whether a node can be held to what it says: its history and its data came from nodes that we
// watch, over connections that nobody tampered with.
bool trusted(const NodeView& node);

// Of a failure's key (judgement.h): literals.
std::string_view role_of(const NodeView& node);
std::string_view phase_of(const NodeView& node);

// The node of the tree that `node` is in which follows nobody; nothing when the way there leads in
// a circle, over a process that does not run, or to a node that is no master.
std::optional<std::size_t> top_of(std::size_t node, const CalmEnd& end);

}  // namespace scenarios
