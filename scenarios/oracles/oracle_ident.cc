// IDENT: whatever identity a node publishes is true of the data it has.
//
//   id and offset   in a request to resume, in a snapshot, after a restart: the data are those that
//   the
//                   author had there; in +FULLRESYNC: they are where the snapshot was taken
//   second id       its history and ours are one up to the byte before second_offset
//   +CONTINUE       what was asked for and what is sent lie in one history
//   sub-replicas    none stays attached that knows us by an id we no longer have
#include <algorithm>
#include <variant>

#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

using model::Offset;
using model::Published;
using model::ReplId;
using model::Resync;

// As masters read ids: in any letter case. Nothing for "?" and other words that are no id.
std::optional<ReplId> id_of(std::string_view text) {
  ReplId id;
  if (text.size() != id.text.size()) return std::nullopt;
  std::transform(text.begin(), text.end(), id.text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return id;
}

bool receives_our_data(model::FeedState state) {
  return state == model::FeedState::wait_bgsave_end || state == model::FeedState::send_bulk ||
         state == model::FeedState::bg_rdb_load || state == model::FeedState::online;
}

class Ident final : public Judging<Ident> {
 public:
  Ident() : Judging("IDENT", "nobody published an identity that was known") {}

  void saw(const Scene& scene) override {
    if (failed() || !trusted(scene.node) || scene.state.exited) return;
    for (const model::Effect& effect : scene.seen.effects) {
      if (const auto* published = std::get_if<Published>(&effect)) judge(scene, *published);
      if (const auto* resync = std::get_if<Resync>(&effect)) judge(scene, *resync);
    }
    judge_second_id(scene);
    judge_attached(scene);
  }

 private:
  void judge(const Scene& scene, const Published& published) {
    switch (published.in) {
      case Published::In::psync_request:
        return compare(scene, published, "request", "asks to be continued from");
      case Published::In::snapshot:
        if (published.offset == scene.now.offset) compare(scene, published, "snapshot", "takes a snapshot at");
        return;
      case Published::In::restart:
        // A master erases what is overdue before anybody sees it, and says so in its stream.
        if (!scene.now.master || published.offset == scene.now.offset) {
          compare(scene, published, "restart", "restarts at");
        }
        return;
      case Published::In::full_resync:
        return judge_baseline(scene, published);
      case Published::In::carry_on:
        return;  // judged with what was asked, in Resync
    }
  }

  // The data of this moment are those that belong to what was published.
  void compare(const Scene& scene, const Published& published, std::string_view clause,
               std::string_view does) {
    const auto expected = scene.ledger.digest(published.id, published.offset);
    if (!expected || scene.inside_unit()) return;
    held();
    if (*expected == scene.now.digest) return;
    fail(scene, clause, std::string(scene.node.name) + " " + std::string(does) + " " +
                         place(published.id, published.offset) + " but does not hold what " +
                         author_name(scene.ledger, published.id, scene.seen.nodes) + " had there" +
                         difference_to(*expected, scene.state, scene.seen.nodes));
  }

  void judge_baseline(const Scene& scene, const Published& published) {
    if (!scene.state.snapshot) return;
    held();
    const Offset taken = scene.state.snapshot->offset;
    if (published.id == scene.now.id && published.offset == taken) return;
    fail(scene, "baseline", std::string(scene.node.name) + " announces a full resync at " +
                         place(published.id, published.offset) +
                         ", but the snapshot was taken at " + place(scene.now.id, taken));
  }

  void judge(const Scene& scene, const Resync& resync) {
    if (resync.why != Resync::Why::granted) return;
    const auto asked = id_of(resync.id);
    if (!asked) return;
    const auto shared = scene.ledger.shared(*asked, scene.now.id);
    if (!shared) return;
    held();
    if (resync.wanted - 1 <= *shared) {
      if (*asked != scene.now.id)
        came_near(*shared + 1 - resync.wanted, "bytes",
                  "a replica was continued before the fork by");
      return;
    }
    fail(scene, "continued-over-fork", std::string(scene.node.name) + " continues a replica from " +
                         place(*asked, resync.wanted - 1) + " with its own " +
                         short_id(scene.now.id) + ", but " + parting(*shared));
  }

  static std::string parting(Offset shared) {
    return shared < 0 ? "the two share nothing" : "the two part at " + grouped(shared);
  }

  // Judged when somebody can be continued by it: a master without a backlog may write on with its
  // offset standing still, and a replica serves nobody before it is connected.
  static bool second_id_counts(const Glance& node) {
    return !node.second_id.is_zero() && node.has_backlog && (node.master || node.has_master);
  }

  void judge_second_id(const Scene& scene) {
    const Glance& now = scene.now;
    const Glance& before = scene.before;
    if (!second_id_counts(now)) return;
    if (scene.same_life() && second_id_counts(before) && before.id == now.id &&
        before.second_id == now.second_id && before.second_offset == now.second_offset) {
      return;
    }
    const Offset limit = now.second_offset - 1;
    const auto shared = scene.ledger.shared(now.id, now.second_id);
    if (!shared) return;
    held();
    const std::string claim = std::string(scene.node.name) + " takes " + short_id(now.second_id) +
                              " and " + short_id(now.id) + " for one up to " + grouped(limit);
    if (limit > *shared) return fail(scene, "second-id", claim + ", but " + parting(*shared));
    const auto ours = scene.ledger.digest(now.id, limit);
    const auto theirs = scene.ledger.digest(now.second_id, limit);
    if (ours && theirs && *ours != *theirs) {
      fail(scene, "second-id", claim + ", but their data differ there" +
                           difference_to(*theirs, scene.state, scene.seen.nodes));
    }
  }

  // A node whose id changes drops all replicas, so that they ask again and learn the new one
  // (R7.43).
  void judge_attached(const Scene& scene) {
    if (!scene.same_life() || scene.before.id == scene.now.id) return;
    for (const model::ConnId conn : scene.state.replicas) {
      const auto session = scene.state.sessions.find(conn);
      if (session == scene.state.sessions.end() || session->second.close_soon) continue;
      if (!receives_our_data(session->second.feed.state) || came_now(scene, conn)) continue;
      held();
      return fail(scene, "kept-replica",
                  std::string(scene.node.name) + " is now in " + short_id(scene.now.id) +
                      " and kept a replica attached that knows it as " + short_id(scene.before.id));
    }
  }

  static bool came_now(const Scene& scene, model::ConnId conn) {
    return std::any_of(
        scene.seen.effects.begin(), scene.seen.effects.end(), [&](const model::Effect& e) {
          const auto* edge = std::get_if<model::Transitioned>(&e);
          return edge != nullptr && edge->machine == model::MachineKind::replica_feed &&
                 edge->instance == conn && model::FeedState{edge->from} == model::FeedState::none;
        });
  }
};

}  // namespace

std::unique_ptr<Oracle> make_ident() {
  return std::make_unique<Ident>();
}

}  // namespace scenarios
