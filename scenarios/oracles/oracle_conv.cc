// CONV: when the calm has ended, all connected nodes of a tree hold the same data under the same
// identity. (Those that are not connected are LIVE's to report.)
//
// A master goes on sending pings, so a replica may lag by what was sent in the second half of the
// calm, as long as that changed no data.
#include "scenarios/oracles/following.h"
#include "scenarios/oracles/oracle_list.h"

namespace scenarios {
namespace {

class Conv final : public Judging<Conv> {
 public:
  Conv() : Judging("CONV", "no replica was connected to its master at the end of a calm") {}

  void saw(const Scene&) override {}

  void calm_ended(const CalmEnd& end, const Ledger& ledger) override {
    for (std::size_t node = 0; node < end.nodes.size(); ++node) {
      const auto top = top_of(node, end);
      if (!top || *top == node || !connected(node, end)) continue;
      if (!trusted(end.nodes[node]) || !trusted(end.nodes[*top])) continue;
      held();
      judge(end, ledger, end.nodes[node], end.nodes[*top], one_history(node, end));
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

  void judge(const CalmEnd& end, const Ledger& ledger, const NodeView& node, const NodeView& top,
             bool one_history) {
    const model::History& ours = node.state->history;
    const model::History& theirs = top.state->history;
    const std::string both =
        std::string(node.name) + " and its top master " + std::string(top.name);
    const bool deadlines = deadlines_agree(end.nodes);
    if (const auto difference = data_difference(*node.state, *top.state, deadlines)) {
      return fail(end.at, node, "data-differ", both + " ended with other data: " + *difference);
    }
    if (!one_history) return;
    if (ours.id == theirs.id &&
        (ours.offset == theirs.offset || lags_by_pings(end, ledger, ours, theirs))) {
      return;
    }
    fail(end.at, node, "identity-differs", both + " ended with equal data at " + place(ours.id, ours.offset) + " and " +
                     place(theirs.id, theirs.offset));
  }

  static bool lags_by_pings(const CalmEnd& end, const Ledger& ledger, const model::History& ours,
                            const model::History& theirs) {
    if (ours.offset > theirs.offset) return false;
    const auto sent = ledger.reached_at(ours.id, ours.offset + 1);
    return sent && *sent >= end.began + (end.at - end.began) / 2;
  }
};

}  // namespace

std::unique_ptr<Oracle> make_conv() {
  return std::make_unique<Conv>();
}

}  // namespace scenarios
