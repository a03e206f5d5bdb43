// CONV: when the calm has ended, all connected nodes of a tree hold the same data under the same
// identity. (Those that are not connected are LIVE's to report.)
//
// A master goes on sending pings, so a replica may lag by what was sent in the second half of the
// calm, as long as that changed no data. And a replica that its master had to drop in the calm, since
// more was owed to it than the output limits allow, may never catch up: that is how it is configured.
// So may one that links, timeouts and releases keep from getting there (reach.h).
#include <optional>
#include <string>
#include <utility>

#include "model/own_streams.h"
#include "scenarios/oracles/following.h"
#include "scenarios/oracles/oracle_list.h"
#include "scenarios/oracles/overruns.h"
#include "scenarios/oracles/reach.h"

namespace scenarios {
namespace {

class Conv final : public Judging<Conv> {
 public:
  Conv() : Judging("CONV", "no replica was connected to its master at the end of a calm") {}

  void saw(const Scene& scene) override {
    overruns_.saw(scene);
    reach_.saw(scene);
  }

  void calm_ended(const CalmEnd& end, const Ledger& ledger) override {
    for (std::size_t node = 0; node < end.nodes.size(); ++node) {
      const auto top = top_of(node, end);
      if (!top || *top == node || !connected(node, end)) continue;
      if (!trusted(end.nodes[node]) || !trusted(end.nodes[*top])) continue;
      if (overruns_.above(node, end)) continue;
      if (!relayed_truly(node, end)) continue;
      held();
      auto wrong = wrong_with(end, ledger, end.nodes[node], end.nodes[*top], one_history(node, end));
      if (!wrong) continue;
      if (auto why = reach_.hindrance(node, end)) {
        unsure(end.at, std::move(*why));
      } else {
        fail(end.at, end.nodes[node], wrong->clause, std::move(wrong->finding));
      }
    }
  }

 private:
  // All the way up: `node` has a running top.
  static bool connected(std::size_t node, const CalmEnd& end) {
    for (; end.follows[node]; node = *end.follows[node]) {
      if (end.nodes[node].state->link.state != model::LinkState::connected) return false;
    }
    return true;
  }

  // Every node up to the top relays what it hears, and knows where it is. Before 4.0, and after
  // SYNC, two nodes have only their data to be compared.
  static bool one_history(std::size_t node, const CalmEnd& end) {
    for (; end.follows[node]; node = *end.follows[node]) {
      if (!shares_its_history(*end.nodes[node].state, *end.nodes[*end.follows[node]].state))
        return false;
    }
    return true;
  }

  // Before 4.0 a node on the way writes a stream of its own: what its clients have changed is in it.
  static bool relayed_truly(std::size_t node, const CalmEnd& end) {
    for (node = *end.follows[node]; end.follows[node]; node = *end.follows[node]) {
      if (!model::relays(*end.nodes[node].state) && !trusted(end.nodes[node])) return false;
    }
    return true;
  }

  struct Wrong {
    std::string_view clause;  // a literal
    std::string finding;
  };

  static std::optional<Wrong> wrong_with(const CalmEnd& end, const Ledger& ledger,
                                         const NodeView& node, const NodeView& top,
                                         bool one_history) {
    const model::History& ours = node.state->history;
    const model::History& theirs = top.state->history;
    const std::string both =
        std::string(node.name) + " and its top master " + std::string(top.name);
    const Common common = common_to(end.nodes);
    if (const auto difference = data_difference(*node.state, *top.state, common)) {
      return Wrong{"data-differ", both + " ended with other data: " + *difference};
    }
    if (!one_history) return std::nullopt;
    if (ours.id == theirs.id &&
        (ours.offset == theirs.offset || lags_by_pings(end, ledger, ours, theirs))) {
      return std::nullopt;
    }
    return Wrong{"identity-differs", both + " ended with equal data at " +
                                         place(ours.id, ours.offset) + " and " +
                                         place(theirs.id, theirs.offset)};
  }

  static bool lags_by_pings(const CalmEnd& end, const Ledger& ledger, const model::History& ours,
                            const model::History& theirs) {
    if (ours.offset > theirs.offset) return false;
    if (!ledger.knows(ours.id)) return end.settled;  // nobody can say when it was written
    const auto sent = ledger.reached_at(ours.id, ours.offset + 1);
    return sent && *sent >= end.began + (end.at - end.began) / 2;
  }

  Overruns overruns_;
  Reach reach_;
};

}  // namespace

std::unique_ptr<Oracle> make_conv() {
  return std::make_unique<Conv>();
}

}  // namespace scenarios
