// EXPIRE: nobody is shown a key after its deadline, deadlines are the same everywhere, and only a
// master removes what is overdue (R8.1, R8.5).
//
// A replica may keep overdue keys as long as it hides them: that is no finding.
#include <algorithm>
#include <variant>

#include "model/data/resp.h"
#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

bool any_deadline(const model::Keyspace& data) {
  return data.first_expiry().has_value();
}

std::string after_1970(model::WallTime when) {
  return std::to_string(when.time_since_epoch().count()) + " ms";
}

class Expire final : public Judging<Expire> {
 public:
  Expire() : Judging("EXPIRE", "no key with a deadline was read or replicated") {}

  void saw(const Scene& scene) override {
    if (failed()) return;
    for (const model::Effect& effect : scene.seen.effects) {
      if (const auto* shown = std::get_if<model::ShownExpiring>(&effect)) judge(scene, *shown);
    }
    if (scene.now.master || !trusted(scene.node)) return;
    judge_removal(scene);
    judge_deadlines(scene);
  }

 private:
  void judge(const Scene& scene, const model::ShownExpiring& shown) {
    if (!scene.state.rules.replica_hides_overdue) return;  // V40
    held();
    const std::int64_t left = (shown.deadline - shown.now).count();
    if (left >= 0) return came_near(left, "ms", "a key was read before its deadline by");
    fail(scene, "shown-overdue",
         std::string(scene.node.name) + " showed key " + model::quoted(shown.key) +
             " to a client " + std::to_string(-left) + " ms after its deadline");
  }

  void judge_removal(const Scene& scene) {
    const Glance& before = scene.before;
    if (!scene.same_life() || before.master || scene.now.expired <= before.expired) return;
    if (!scene.state.config.replica_read_only) return;  // R8.8
    fail(scene, "removed-by-replica",
         std::string(scene.node.name) + " removed an overdue key by itself at " +
             place(scene.now.id, scene.now.offset) + ", although it follows a master");
  }

  // Data that are not those of the master at this offset: is a deadline the difference?
  void judge_deadlines(const Scene& scene) {
    if (!scene.changed() || scene.now.loading) return;
    const auto expected = scene.expected();
    if (!expected || !any_deadline(scene.state.data)) return;
    held();
    if (*expected == scene.now.digest) return;
    for (const NodeView& other : scene.seen.nodes) {
      if (other.state == nullptr || other.state->data.digest() != *expected) continue;
      return compare(scene, other);
    }
  }

  void compare(const Scene& scene, const NodeView& other) {
    const model::Keyspace& theirs = other.state->data;
    const unsigned databases = std::min(theirs.databases(), scene.state.data.databases());
    for (unsigned db = 0; db < databases; ++db) {
      for (const auto& [key, entry] : theirs.database(db)) {
        const model::Entry* const ours = scene.state.data.find(db, key);
        if (ours != nullptr && ours->value == entry.value && ours->expires && entry.expires &&
            *ours->expires != *entry.expires) {
          const std::int64_t later = (*ours->expires - *entry.expires).count();
          return fail(
              scene, "other-deadline",
              std::string(scene.node.name) + " lets key " + model::quoted(key) + " live until " +
                  after_1970(*ours->expires) + ", " + std::to_string(later < 0 ? -later : later) +
                  (later < 0 ? " ms before " : " ms after ") + std::string(other.name) + " does");
        }
        if (ours == nullptr && entry.expires && *entry.expires < scene.state.last_wall) {
          return fail(scene, "removed-by-replica",
                      std::string(scene.node.name) + " has lost key " + model::quoted(key) +
                          ", which is overdue but which " + std::string(other.name) +
                          " still had at " + place(scene.now.id, scene.now.offset));
        }
      }
    }
  }
};

}  // namespace

std::unique_ptr<Oracle> make_expire() {
  return std::make_unique<Expire>();
}

}  // namespace scenarios
