// BYTES: a byte that a node holds for a position of a history is the byte that the author wrote
// there.
//
// Only bytes that are new in a backlog are compared; each is compared once.
#include "model/data/resp.h"
#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

using model::Offset;

class BytesOracle final : public Judging<BytesOracle> {
 public:
  BytesOracle() : Judging("BYTES", "no node ever held a byte of another's history") {}

  void saw(const Scene& scene) override {
    const Glance& now = scene.now;
    if (failed() || !trusted(scene.node) || !now.has_backlog || !scene.ledger.knows(now.id)) return;
    if (now.master && scene.ledger.wrote(now.id, scene.seen.node, now.life))
      return judge_author(scene);
    const Offset from = same_backlog(scene) ? std::max(scene.before.next, now.first) : now.first;
    if (from >= now.next) return;
    held();
    compare(scene, from);
  }

 private:
  static bool same_backlog(const Scene& scene) {
    return scene.same_life() && scene.before.has_backlog && scene.before.next <= scene.now.next &&
           !scene.link_took(model::LinkEvent::loaded);
  }

  void judge_author(const Scene& scene) {
    const Glance& before = scene.before;
    if (!scene.same_life() || !before.has_backlog || before.id != scene.now.id) return;
    if (before.next <= scene.now.next) return;
    held();
    fail(scene, "took-back", std::string(scene.node.name) + " took back bytes " + grouped(scene.now.next) +
                         " to " + grouped(before.next - 1) + " of " + short_id(scene.now.id) +
                         ", which it had written");
  }

  void compare(const Scene& scene, Offset from) {
    const model::Backlog& backlog = *scene.state.backlog;
    const model::ReplId& id = scene.now.id;
    while (from < scene.now.next) {
      const std::string_view ours = backlog.read(from, std::string_view::npos);
      const std::string_view truth = scene.ledger.read(id, from, ours.size());
      if (truth.empty()) {
        if (from > *scene.ledger.end(id)) not_written(scene, from);
        return;  // else the ledger has a hole here: more than a backlog's worth came in one event
      }
      if (ours.substr(0, truth.size()) != truth) {
        const auto true_byte = std::mismatch(truth.begin(), truth.end(), ours.begin()).first;
        const auto skip = static_cast<std::size_t>(true_byte - truth.begin());
        return differs(scene, from + static_cast<Offset>(skip), ours.substr(skip),
                       truth.substr(skip));
      }
      from += static_cast<Offset>(truth.size());
    }
  }

  void not_written(const Scene& scene, Offset at) {
    const std::string author = author_name(scene.ledger, scene.now.id, scene.seen.nodes);
    fail(scene, "never-written", std::string(scene.node.name) + " holds byte " + grouped(at) + " of " +
                         short_id(scene.now.id) + ", which ended with byte " +
                         grouped(*scene.ledger.end(scene.now.id)) + " when " + author +
                         " last wrote");
  }

  void differs(const Scene& scene, Offset at, std::string_view ours, std::string_view truth) {
    constexpr std::size_t kShown = 16;
    fail(scene, "other-bytes", std::string(scene.node.name) + " holds other bytes from " + grouped(at) +
                         " of " + short_id(scene.now.id) + " on than " +
                         author_name(scene.ledger, scene.now.id, scene.seen.nodes) +
                         " wrote there: " + model::quoted(ours.substr(0, kShown)) + ", not " +
                         model::quoted(truth.substr(0, kShown)));
  }
};

}  // namespace

std::unique_ptr<Oracle> make_bytes() {
  return std::make_unique<BytesOracle>();
}

}  // namespace scenarios
