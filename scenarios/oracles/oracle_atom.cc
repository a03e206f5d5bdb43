// ATOM: nobody rests inside a transaction, or between the parts of one command's effect (R7.10,
// R7.31): not to be read, not to be promoted, not to be saved.
//
//      a's stream   ... 100 | MULTI  SREM s x  SREM s y  EXEC | 171 ...
//                           ^ 101 to 170 are one unit: an offset of 100 or 170 is a place to rest
//
// The author of a history says which bytes are one unit. A replica that has received all that the
// author wrote cannot have a transaction open, as authors write units whole.
#include <algorithm>
#include <map>
#include <variant>
#include <vector>

#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

using model::Offset;
using model::ReplId;

struct Unit {
  Offset first = 0, last = 0;
};

class Atom final : public Judging<Atom> {
 public:
  Atom() : Judging("ATOM", "no node ever took in a unit of several operations") {}

  void saw(const Scene& scene) override {
    remember(scene);
    if (failed() || !trusted(scene.node) || scene.state.exited) return;
    judge_place(scene);
    judge_open(scene);
  }

 private:
  void remember(const Scene& scene) {
    for (const model::Effect& effect : scene.seen.effects) {
      const auto* unit = std::get_if<model::WroteUnit>(&effect);
      if (unit == nullptr || !scene.ledger.wrote(scene.now.id, scene.seen.node, scene.now.life)) {
        continue;
      }
      std::vector<Unit>& units = units_[scene.now.id];
      if (units.empty() || units.back().last < unit->first)
        units.push_back({unit->first, unit->last});
    }
  }

  void judge_place(const Scene& scene) {
    const Glance& now = scene.now;
    if (units_.empty() || (scene.same_life() && !scene.moved())) return;
    const auto author = scene.ledger.written_in(now.id, now.offset);
    const auto known = author ? units_.find(*author) : units_.end();
    if (known == units_.end() || scene.ledger.wrote(*author, scene.seen.node, now.life)) return;
    const std::vector<Unit>& units = known->second;
    const auto behind = std::upper_bound(units.begin(), units.end(), now.offset,
                                         [](Offset o, const Unit& u) { return o < u.first; });
    if (behind == units.begin()) return;
    const Unit& unit = *std::prev(behind);
    if (scene.same_life() && scene.before.id == now.id && scene.before.offset >= unit.last) return;
    held();
    if (now.offset >= unit.last) return;
    fail(scene, "inside-a-unit",
         std::string(scene.node.name) + " rests at " + place(now.id, now.offset) +
             ", inside bytes " + grouped(unit.first) + " to " + grouped(unit.last) + ", which " +
             author_name(scene.ledger, *author, scene.seen.nodes) +
             " wrote as one unit: what it shows there, nobody ever held");
  }

  void judge_open(const Scene& scene) {
    if (!scene.now.has_master) return;
    const model::MasterSession& master = *scene.state.link.master;
    if (!master.session.multi || master.session.parked || master.session.in.pending() > 0) return;
    held();
    if (scene.ledger.end(scene.now.id) != scene.now.received) return;
    fail(scene, "never-ended",
         std::string(scene.node.name) + " is inside a transaction that " +
             author_name(scene.ledger, scene.now.id, scene.seen.nodes) + " never ended: all of " +
             short_id(scene.now.id) + " up to " + grouped(scene.now.received) +
             " has arrived, and what follows will only be queued");
  }

  std::map<ReplId, std::vector<Unit>> units_;  // by the history that they were written in
};

}  // namespace

std::unique_ptr<Oracle> make_atom() {
  return std::make_unique<Atom>();
}

}  // namespace scenarios
