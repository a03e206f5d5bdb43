#include "scenarios/oracles/oracles.h"

#include <algorithm>
#include <array>

#include "scenarios/oracles/ledger.h"
#include "scenarios/oracles/oracle_list.h"
#include "scenarios/oracles/scene.h"

namespace scenarios {
namespace {

struct Row {
  std::string_view name;
  std::unique_ptr<Oracle> (*make)();
};
constexpr auto kOracles = std::to_array<Row>({
    {"PREFIX", make_prefix},
    {"BYTES", make_bytes},
    {"IDENT", make_ident},
    {"CONV", make_conv},
    {"MONO", make_mono},
    {"ATOM", make_atom},
    {"EXPIRE", make_expire},
    {"WAIT", make_wait},
    {"MUSTCONT", make_mustcont},
    {"LIVE", make_live},
    {"LEAK", make_leak},
    {"PROTO", make_proto},
    {"STATE", make_state},
    {"ROLE", make_role},
});

constexpr auto kNames = [] {
  std::array<std::string_view, kOracles.size()> names;
  std::transform(kOracles.begin(), kOracles.end(), names.begin(),
                 [](const Row& r) { return r.name; });
  return names;
}();

}  // namespace

struct Watch {
  Ledger ledger;
  PerNode<Glance> last;
};

Bench::Bench() : watch_(std::make_unique<Watch>()) {
  for (const Row& row : kOracles) oracles_.push_back(row.make());
}

Bench::Bench(const Bench& other) : watch_(std::make_unique<Watch>(*other.watch_)) {
  for (const auto& oracle : other.oracles_) oracles_.push_back(oracle->clone());
}

Bench& Bench::operator=(const Bench& other) {
  Bench copy(other);
  return *this = std::move(copy);
}

Bench::Bench(Bench&&) noexcept = default;
Bench& Bench::operator=(Bench&&) noexcept = default;
Bench::~Bench() = default;

void Bench::leave_out(std::string_view oracle) {
  std::erase_if(oracles_, [&](const auto& o) { return o->name() == oracle; });
}

void Bench::saw(const Seen& seen) {
  const NodeView& node = seen.nodes[seen.node];
  if (node.state == nullptr) return;
  const Glance now = glance(node);
  Glance& last = watch_->last[seen.node];
  const Scene scene(seen, node, last, now, watch_->ledger);
  watch_->ledger.saw(scene);
  for (const auto& oracle : oracles_) oracle->saw(scene);
  last = now;
}

void Bench::calm_ended(const CalmEnd& end) {
  for (const auto& oracle : oracles_) oracle->calm_ended(end, watch_->ledger);
}

std::vector<Judgement> Bench::judgements() const {
  std::vector<Judgement> result;
  for (const auto& oracle : oracles_) result.push_back(oracle->judgement());
  return result;
}

bool Bench::any_failed() const {
  return std::any_of(oracles_.begin(), oracles_.end(), [](const auto& o) { return o->failed(); });
}

std::optional<Judgement> Bench::first_failure() const {
  std::optional<Judgement> first;
  for (const auto& oracle : oracles_) {
    if (!oracle->failed()) continue;
    Judgement judgement = oracle->judgement();
    if (first && first->at <= judgement.at) continue;
    first = std::move(judgement);
  }
  return first;
}

std::span<const std::string_view> oracle_names() {
  return kNames;
}

}  // namespace scenarios
