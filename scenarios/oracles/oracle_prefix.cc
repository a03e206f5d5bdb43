// PREFIX: the data of a node that rests at an offset of a history are the data its author had
// there.
//
// An author is judged too, by one rule: with a backlog, its data do not change without a byte in
// the stream. And a load that failed leaves nothing, the old data, or all of the new ones.
#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

// A load under way: what its failure may leave behind.
struct Load {
  std::uint64_t old_digest = 0;
  model::ReplId id;
  model::Offset offset = 0;
};

class Prefix final : public Judging<Prefix> {
 public:
  Prefix() : Judging("PREFIX", "no replica ever rested where its master had rested") {}

  void saw(const Scene& scene) override {
    const bool load_failed = follow_load(scene);
    if (failed() || !trusted(scene.node) || scene.inside_unit()) return;
    if (load_failed) judge_remnant(scene);
    if (!scene.now.has_backlog || scene.now.loading) return;
    if (scene.now.master && scene.ledger.wrote(scene.now.id, scene.seen.node, scene.now.life)) {
      judge_author(scene);
    } else if (scene.changed()) {
      judge_follower(scene);
    }
  }

 private:
  void judge_follower(const Scene& scene) {
    const Glance& now = scene.now;
    const auto expected = scene.expected();
    if (!expected) return;
    held();
    if (*expected == now.digest) return;
    fail(scene, "other-data", std::string(scene.node.name) + " at " + place(now.id, now.offset) +
                         " holds other data than " +
                         author_name(scene.ledger, now.id, scene.seen.nodes) + " had there" +
                         difference_to(*expected, scene.state, scene.seen.nodes));
  }

  void judge_author(const Scene& scene) {
    const Glance& before = scene.before;
    if (!scene.same_life() || !before.master || !before.has_backlog || scene.moved()) return;
    if (before.digest == scene.now.digest) return;
    held();
    fail(scene, "silent-change", std::string(scene.node.name) + " changed its data at " +
                         place(scene.now.id, scene.now.offset) +
                         " and put nothing into its stream");
  }

  // True when a load has just ended without success.
  bool follow_load(const Scene& scene) {
    std::optional<Load>& load = loads_[scene.seen.node];
    const bool went_on = scene.same_life() && scene.before.loading;
    if (scene.now.loading) {
      if (!went_on) {
        const model::Transfer& transfer = *scene.state.link.transfer;
        load = Load{scene.before.digest, scene.state.link.told_id, transfer.offset};
      }
      return false;
    }
    return went_on && !scene.state.exited && !scene.link_took(model::LinkEvent::loaded);
  }

  void judge_remnant(const Scene& scene) {
    const Load& load = *loads_[scene.seen.node];
    held();
    const std::uint64_t left = scene.now.digest;
    if (scene.state.data.size() == 0 || left == load.old_digest) return;
    if (scene.ledger.digest(load.id, load.offset) == left) return;
    fail(scene, "remnant", "the load of " + std::string(scene.node.name) + " failed and left " +
                         grouped(static_cast<std::int64_t>(scene.state.data.size())) +
                         " keys, which are neither its old data nor those of " +
                         place(load.id, load.offset));
  }

  PerNode<std::optional<Load>> loads_;
};

}  // namespace

std::unique_ptr<Oracle> make_prefix() {
  return std::make_unique<Prefix>();
}

}  // namespace scenarios
