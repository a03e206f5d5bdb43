// The oracles, one file each, and what they share: how a judgement is kept, and the words of
// findings.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/replid.h"
#include "scenarios/oracles/ledger.h"
#include "scenarios/oracles/oracles.h"
#include "scenarios/oracles/scene.h"

namespace scenarios {

// Data, bytes and names against what the author of the history did.
std::unique_ptr<Oracle> make_prefix();
std::unique_ptr<Oracle> make_bytes();
std::unique_ptr<Oracle> make_ident();
std::unique_ptr<Oracle> make_mono();
std::unique_ptr<Oracle> make_atom();
std::unique_ptr<Oracle> make_expire();
std::unique_ptr<Oracle> make_wait();
// The end of a run.
std::unique_ptr<Oracle> make_conv();
std::unique_ptr<Oracle> make_live();
// What a server owes to those it talks to, and to itself.
std::unique_ptr<Oracle> make_mustcont();
std::unique_ptr<Oracle> make_leak();
std::unique_ptr<Oracle> make_proto();
std::unique_ptr<Oracle> make_state();
std::unique_ptr<Oracle> make_role();

// Counts how often the oracle's precondition held, keeps the first finding, and makes the judgement
// of the two: not tested when the precondition never held. `Self` is copied to clone.
template <class Self>
class Judging : public Oracle {
 public:
  std::string_view name() const override { return name_; }

  bool failed() const override { return !finding_.empty() && outcome_ == Outcome::fail; }

  Judgement judgement() const override {
    Judgement j;
    j.oracle = name_;
    j.outcome = Outcome::pass;
    j.finding = finding_;
    j.at = at_;
    j.checked = checked_;
    j.nearest = nearest_;
    if (!finding_.empty()) {
      j.outcome = outcome_;
      j.clause = clause_;
      j.role = role_;
      j.phase = phase_;
    } else if (checked_ == 0) {
      j.outcome = Outcome::not_tested;
      j.finding = never_;
    }
    return j;
  }

  std::unique_ptr<Oracle> clone() const override {
    return std::make_unique<Self>(static_cast<const Self&>(*this));
  }

 protected:
  // `never` completes "not tested: ...".
  Judging(std::string_view name, std::string_view never) : name_(name), never_(never) {}

  void held() { ++checked_; }
  // `clause` is a literal: what did not hold, in a word or two. It did not hold for `node`.
  void fail(sim::Instant at, const NodeView& node, std::string_view clause, std::string finding) {
    if (failed()) return;
    outcome_ = Outcome::fail;
    finding_ = std::move(finding);
    at_ = at;
    clause_ = clause;
    role_ = role_of(node);
    phase_ = phase_of(node);
  }
  void fail(const Scene& scene, std::string_view clause, std::string finding) {
    fail(scene.at(), scene.node, clause, std::move(finding));
  }
  // Something came as near as this. `unit` and `what` are literals: struct Nearest says which.
  void came_near(std::int64_t distance, std::string_view unit, std::string_view what) {
    if (!nearest_ || distance < nearest_->distance) nearest_ = Nearest{distance, unit, what};
  }
  void unsure(sim::Instant at, std::string finding) {
    if (!finding_.empty()) return;
    outcome_ = Outcome::unknown;
    finding_ = std::move(finding);
    at_ = at;
  }

 private:
  std::string_view name_, never_;  // literals
  Outcome outcome_ = Outcome::fail;
  std::string finding_;
  std::string_view clause_, role_, phase_;
  sim::Instant at_{};
  std::uint64_t checked_ = 0;
  std::optional<Nearest> nearest_;
};

// What an oracle remembers of each node, by the node's number.
template <class T>
class PerNode {
 public:
  T& operator[](std::size_t node) {
    if (node >= items_.size()) items_.resize(node + 1);
    return items_[node];
  }
  const T* find(std::size_t node) const { return node < items_.size() ? &items_[node] : nullptr; }

 private:
  std::vector<T> items_;
};

// --- words
// ------------------------------------------------------------------------------------------

std::string grouped(std::int64_t number);                          // "1,134"
std::string short_id(const model::ReplId& id);                     // "3fa0c1d2"
std::string place(const model::ReplId& id, model::Offset offset);  // "offset 1,134 of 3fa0c1d2"
std::string seconds(sim::Duration time);                           // "12.345 s"
std::string seconds(sim::Instant at);                              // since the start of the world

// The name of the history's author, or "its author".
std::string author_name(const Ledger& ledger, const model::ReplId& id,
                        std::span<const NodeView> nodes);

// ": db 0, key ..." when some node holds the data of `digest` at this moment, else nothing.
std::string difference_to(std::uint64_t digest, const model::State& state,
                          std::span<const NodeView> nodes);

}  // namespace scenarios
