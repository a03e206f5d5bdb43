#include "scenarios/oracles/ledger.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "model/own_streams.h"
#include "scenarios/oracles/following.h"

namespace scenarios {

using model::LinkEvent;

// --- writing
// --------------------------------------------------------------------------------------

void Ledger::saw(const Scene& scene) {
  const Glance& now = scene.now;
  if (now.id.is_zero()) return;
  if (known(now.id) == nullptr) {
    places_.emplace(now.id, histories_.size());
    histories_.emplace_back(now.id, begin(scene));
    asked_ = histories_.size() - 1;
  }
  History& history = histories_[asked_].second;
  if (history.author != Author{scene.seen.node, now.life}) return;
  if (!trusted(scene.node)) history.trusted = false;
  if (!history.trusted) return;
  if (!history.deadlines_drift && scene.state.data.first_expiry())
    history.deadlines_drift = !common_to(scene.seen.nodes).deadlines;

  // Demoted with this event: what it wrote in it before that is its own as well.
  const bool demoted = scene.same_life() && scene.before.master && !now.master;
  const bool wrote = now.master || (demoted && scene.before.id == now.id);
  if (wrote && now.has_backlog) {
    const model::Backlog& backlog = *scene.state.backlog;
    for (Offset from = std::max(history.end + 1, now.first); from < now.next;) {
      const std::string_view piece = backlog.read(from, std::string_view::npos);
      append(history, from, piece);
      from += static_cast<Offset>(piece.size());
    }
    history.end = std::max(history.end, now.next - 1);
    if (!scene.inside_unit()) note(history, {now.offset, now.digest, scene.at()});
  }
  // As a replica it can only ask to be continued: from here on its data go with its identity.
  if (demoted && scene.before.id == now.id && !scene.before.has_backlog) {
    note(history, {now.offset, now.digest, scene.at()});
  }
}

// A history that is seen for the first time, in the hands of the node that took the event.
Ledger::History Ledger::begin(const Scene& scene) const {
  const Glance& now = scene.now;
  History h;
  // Learnt from somebody that we do not watch: a raw peer.
  if (scene.link_took(LinkEvent::loaded) || scene.link_took(LinkEvent::carry_on)) return h;

  h.author = Author{scene.seen.node, now.life};
  // Before 4.0 an id names a process, which counts anew when it likes (V2, V19).
  h.trusted = trusted(scene.node) && model::relays(scene.state);
  if (!scene.same_life()) {  // from a file: the new history goes on where the file's ended (R10.18)
    h.parent = now.second_id;
    h.fork = now.second_offset - 1;
  } else if (!scene.before.master || now.second_id == scene.before.id) {
    // A promotion: up to here both are the same (R10.4).
    h.parent = scene.before.id;
    h.fork = scene.before.offset;
  }
  if (h.parent && !knows(*h.parent)) {
    const bool untrusted = known(*h.parent) != nullptr;
    if (untrusted) h.trusted = false;
    h.parent.reset();
  }
  if (h.parent) h.deadlines_drift = find(*h.parent)->deadlines_drift;
  if (h.parent) {
    h.end = h.fork;
  } else {
    h.end = now.has_backlog ? now.first - 1 : now.offset;
  }
  return h;
}

void Ledger::append(History& h, Offset from, std::string_view bytes) {
  const auto seal = [&] {
    if (h.tail.empty()) return;
    h.blocks.push_back(
        {h.tail_start, std::make_shared<const std::string>(std::exchange(h.tail, {}))});
    if (h.blocks.size() > kMostBlocks) h.blocks.erase(h.blocks.begin());
  };
  while (!bytes.empty()) {
    const bool follows = h.tail_start + static_cast<Offset>(h.tail.size()) == from;
    if (!follows || h.tail.size() >= kBlock) seal();
    if (h.tail.empty()) h.tail_start = from;
    const std::size_t count = std::min(bytes.size(), kBlock - h.tail.size());
    h.tail.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    from += static_cast<Offset>(count);
  }
}

// The first word on an offset stands: an author that changes its mind is found out by it.
void Ledger::note(History& h, const Point& point) {
  if (h.points.empty() || h.points.back().offset < point.offset) {
    h.points.push_back(point);
    return;
  }
  if (h.points.back().offset == point.offset) return;
  const auto place =
      std::lower_bound(h.points.begin(), h.points.end(), point.offset,
                       [](const Point& p, Offset offset) { return p.offset < offset; });
  if (place->offset != point.offset) h.points.insert(place, point);
}

// --- reading
// --------------------------------------------------------------------------------------

const Ledger::History* Ledger::known(const ReplId& id) const {
  if (asked_ < histories_.size() && histories_[asked_].first == id)
    return &histories_[asked_].second;
  // Mostly it is one of the newest; a run that has many more looks further.
  constexpr std::size_t kNewest = 8;
  const std::size_t all = histories_.size();
  for (std::size_t i = all; i > 0 && all - i < kNewest; --i) {
    if (histories_[i - 1].first != id) continue;
    asked_ = i - 1;
    return &histories_[asked_].second;
  }
  if (all <= kNewest) return nullptr;
  const auto place = places_.find(id);
  if (place == places_.end()) return nullptr;
  asked_ = place->second;
  return &histories_[asked_].second;
}

const Ledger::History* Ledger::find(const ReplId& id) const {
  const History* const history = known(id);
  return history != nullptr && history->trusted ? history : nullptr;
}

const Ledger::History* Ledger::home(const ReplId& id, Offset offset) const {
  const History* h = find(id);
  while (h != nullptr && h->parent && offset <= h->fork) h = find(*h->parent);
  return h;
}

const Ledger::Point* Ledger::point_at(const History& h, Offset offset) {
  const auto place = std::lower_bound(h.points.begin(), h.points.end(), offset,
                                      [](const Point& p, Offset o) { return p.offset < o; });
  return place != h.points.end() && place->offset == offset ? &*place : nullptr;
}

bool Ledger::knows(const ReplId& id) const {
  return find(id) != nullptr;
}

bool Ledger::wrote(const ReplId& id, std::size_t node, std::uint32_t life) const {
  const History* h = find(id);
  return h != nullptr && h->author == Author{node, life};
}

std::optional<std::size_t> Ledger::author(const ReplId& id) const {
  const History* h = find(id);
  return h != nullptr && h->author ? std::optional(h->author->node) : std::nullopt;
}

std::optional<Ledger::ReplId> Ledger::written_in(const ReplId& id, Offset offset) const {
  ReplId name = id;
  for (const History* h = find(id); h != nullptr; h = find(name)) {
    if (!h->parent || offset > h->fork) return name;
    name = *h->parent;
  }
  return std::nullopt;
}

std::optional<Ledger::Offset> Ledger::end(const ReplId& id) const {
  const History* h = find(id);
  return h != nullptr ? std::optional(h->end) : std::nullopt;
}

std::optional<std::uint64_t> Ledger::digest(const ReplId& id, Offset offset) const {
  // At the fork itself the younger history's own word goes first: a master that was promoted
  // without a backlog may have changed its data there (its offset stood still).
  for (const History* h = find(id); h != nullptr; h = h->parent ? find(*h->parent) : nullptr) {
    if (!h->parent || offset >= h->fork) {
      if (h->deadlines_drift) return std::nullopt;
      if (const Point* point = point_at(*h, offset)) return point->digest;
      if (!h->parent || offset > h->fork) return std::nullopt;
    }
  }
  return std::nullopt;
}

std::string_view Ledger::read(const ReplId& id, Offset from, std::size_t most) const {
  const History* young = find(id);
  const History* h = home(id, from);
  if (h == nullptr) return {};
  if (young != h) {  // not past the fork on the way from `h` to the younger one
    for (const History* y = young; y != h; y = find(*y->parent)) {
      most = std::min(most, static_cast<std::size_t>(y->fork - from + 1));
    }
  }
  if (from >= h->tail_start) {
    const auto skip = static_cast<std::size_t>(from - h->tail_start);
    return skip < h->tail.size() ? std::string_view(h->tail).substr(skip, most)
                                 : std::string_view();
  }
  const auto behind = std::upper_bound(h->blocks.begin(), h->blocks.end(), from,
                                       [](Offset o, const Block& b) { return o < b.start; });
  if (behind == h->blocks.begin()) return {};
  const Block& block = *std::prev(behind);
  const auto skip = static_cast<std::size_t>(from - block.start);
  return skip < block.bytes->size() ? std::string_view(*block.bytes).substr(skip, most)
                                    : std::string_view();
}

std::optional<sim::Instant> Ledger::reached_at(const ReplId& id, Offset offset) const {
  const History* h = home(id, offset);
  if (h == nullptr) return std::nullopt;
  const auto place = std::lower_bound(h->points.begin(), h->points.end(), offset,
                                      [](const Point& p, Offset o) { return p.offset < o; });
  return place != h->points.end() ? std::optional(place->at) : std::nullopt;
}

std::optional<Ledger::Offset> Ledger::shared(const ReplId& a, const ReplId& b) const {
  if (!knows(a) || !knows(b)) return std::nullopt;
  // Each line of ancestors goes back in time, and what is shared ends with the lowest fork passed.
  Offset limit_a = std::numeric_limits<Offset>::max();
  for (ReplId x = a;;) {
    Offset limit_b = std::numeric_limits<Offset>::max();
    for (ReplId y = b;;) {
      if (x == y) return std::min(limit_a, limit_b);
      const History* h = find(y);
      if (h == nullptr || !h->parent) break;
      limit_b = std::min(limit_b, h->fork);
      y = *h->parent;
    }
    const History* h = find(x);
    if (h == nullptr || !h->parent) break;
    limit_a = std::min(limit_a, h->fork);
    x = *h->parent;
  }
  return std::numeric_limits<Offset>::min();
}

}  // namespace scenarios
