#include "scenarios/oracles/oracle_list.h"

namespace scenarios {

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string short_id(const model::ReplId& id) {
  return std::string(id.view().substr(0, 8));
}

std::string place(const model::ReplId& id, model::Offset offset) {
  return "offset " + grouped(offset) + " of " + short_id(id);
}

std::string seconds(sim::Duration time) {
  const std::int64_t ms = time.count() / 1000;
  std::string fraction = std::to_string(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return grouped(ms / 1000) + "." + fraction + " s";
}

std::string seconds(sim::Instant at) {
  return seconds(at.time_since_epoch());
}

std::string author_name(const Ledger& ledger, const model::ReplId& id,
                        std::span<const NodeView> nodes) {
  const auto author = ledger.author(id);
  return author && *author < nodes.size() ? std::string(nodes[*author].name) : "its author";
}

std::string difference_to(std::uint64_t digest, const model::State& state,
                          std::span<const NodeView> nodes) {
  for (const NodeView& other : nodes) {
    if (other.state == nullptr || other.state->data.digest() != digest) continue;
    if (const auto words = state.data.difference(other.state->data)) return ": " + *words;
  }
  return "";
}

}  // namespace scenarios
