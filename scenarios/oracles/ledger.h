// What is true, written down from what the authors of histories did.
//
//      3fa0c1d2   by a        1 ............ 100 ............ 160
//                                             |
//      77ab01c9   by b                       101 ..... 143          b was promoted at 100
//
// The author of a history is the node that ran as a master when its id was first seen, in that life
// of its process. Nobody else adds to it. For each history the ledger holds the bytes that the
// author put into its stream, and after each event of the author which data went with which offset,
// as a digest. A history born by a promotion has a parent, and shares everything up to the fork
// with it.
//
// Without a backlog a master's offset stands still while its data change. What its identity means
// then is written down when it can next be used: when the master is made a replica and offers its
// history. (A backlog that is created for a first replica comes with a new history.)
//
// Histories of nodes that cannot be trusted (a raw peer wrote them, or data were touched up) are
// known by name only: all questions about them are answered with "nothing".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/replid.h"
#include "scenarios/oracles/scene.h"

namespace scenarios {

class Ledger {
 public:
  using Offset = model::Offset;
  using ReplId = model::ReplId;

  // Called for each event, or part of one, before the oracles look.
  void saw(const Scene& scene);

  bool knows(const ReplId& id) const;  // and can answer for it
  bool wrote(const ReplId& id, std::size_t node, std::uint32_t life) const;  // is or was its author
  std::optional<std::size_t> author(const ReplId& id) const;

  // The history that this byte was written in: `id` itself, or an ancestor.
  std::optional<ReplId> written_in(const ReplId& id, Offset offset) const;

  // The last byte that exists of this history.
  std::optional<Offset> end(const ReplId& id) const;

  // Of the data that go with this offset; nothing when the author never rested there.
  std::optional<std::uint64_t> digest(const ReplId& id, Offset offset) const;

  // Bytes from `from` on, as far as they lie together and are still held; empty when there are
  // none.
  std::string_view read(const ReplId& id, Offset from, std::size_t most) const;

  // When the author rested at or behind this offset for the first time.
  std::optional<sim::Instant> reached_at(const ReplId& id, Offset offset) const;

  // The last offset up to which two histories are one; the lowest number when they share nothing.
  std::optional<Offset> shared(const ReplId& a, const ReplId& b) const;

 private:
  static constexpr std::size_t kBlock = 16384;         // bytes a block
  static constexpr std::size_t kMostBlocks = 64 * 64;  // 64 MiB a history; then the oldest go

  struct Author {
    std::size_t node = 0;
    std::uint32_t life = 0;
    bool operator==(const Author&) const = default;
  };
  struct Point {  // the author rested here with these data
    Offset offset = 0;
    std::uint64_t digest = 0;
    sim::Instant at{};
  };
  struct Block {  // full, hence shared by copies of the ledger
    Offset start = 0;
    std::shared_ptr<const std::string> bytes;
  };
  struct History {
    std::optional<Author> author;
    bool trusted = false;
    // There were keys with a deadline while deadlines need not agree: its digests say nothing.
    bool deadlines_drift = false;
    std::optional<ReplId> parent;
    Offset fork = 0;  // the last offset that is the parent's
    Offset end = 0;
    std::vector<Block> blocks;
    Offset tail_start = 0;
    std::string tail;           // the newest bytes, less than a block
    std::vector<Point> points;  // by offset
  };

  History begin(const Scene& scene) const;
  const History* known(const ReplId& id) const;  // by name at least
  const History* find(const ReplId& id) const;   // trusted ones only
  // The history in which `offset` of `id` was written: itself or an ancestor.
  const History* home(const ReplId& id, Offset offset) const;
  static void append(History& history, Offset from, std::string_view bytes);
  static void note(History& history, const Point& point);
  static const Point* point_at(const History& history, Offset offset);

  std::vector<std::pair<ReplId, History>> histories_;
  std::map<ReplId, std::size_t> places_;  // of each in the list
  mutable std::size_t asked_ = 0;         // the one asked for last: mostly the next one too
};

}  // namespace scenarios
