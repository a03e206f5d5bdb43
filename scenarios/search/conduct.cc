#include "scenarios/search/conduct.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "scenarios/search/children.h"

namespace scenarios {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kBlock = 32;
// No child runs ahead of a slow one by more: what waits to be committed is bounded.
constexpr std::uint64_t kFarthestAhead = 4096;

// Runs that are made together, by one child. It is told in which of them a process ended before, and how.
struct Block {
  std::uint64_t first = 0, count = 0;
  std::map<std::uint64_t, Death> deaths;
  std::optional<Death> suspect;  // that run is made alone, to see whether it does so again

  std::string request() const {
    std::string text = suspect ? std::to_string(suspect->item) + " 1\n"
                               : std::to_string(first) + ' ' + std::to_string(count) + '\n';
    if (suspect) return text;
    for (const auto& [index, death] : deaths) {
      text += std::to_string(index) + ' ' + std::to_string(death.beats) + ' ' + death.clause + ' ' +
              death.words + '\n';
    }
    return text;
  }

  // The process of its child has ended.
  void died(const Death& death) {
    if (const auto known = deaths.find(death.item); known != deaths.end()) {
      known->second.beats = 0;  // not even what was before it can be made again
    } else if (suspect && suspect->item == death.item) {
      deaths.emplace(death.item, death);
      suspect.reset();
    } else {
      suspect = death;
    }
  }

  // The run that ended a process does not do so alone: memory is damaged in another.
  void acquit() {
    const Death unrepeatable{"unrepeatable",
                             suspect->words + ", which did not come again when this run was made alone, "
                                              "so that an earlier one has done damage",
                             suspect->item, 0};
    deaths.emplace(suspect->item, unrepeatable);
    suspect.reset();
  }
};

// In a child.
std::string made(const Plan& plan, std::string_view request) {
  std::istringstream lines{std::string(request)};
  std::uint64_t first = 0, count = 0, index = 0;
  lines >> first >> count;
  std::map<std::uint64_t, Death> deaths;
  while (lines >> index) {
    Death& death = deaths[index];
    lines >> death.beats >> death.clause >> std::ws;
    std::getline(lines, death.words);
  }
  Tally tally;
  for (index = first; index < first + count; ++index) {
    const auto death = deaths.find(index);
    tally.add(death == deaths.end() ? run_of(plan, index) : record_of(plan, index, death->second));
  }
  return tally.json();
}

class Work {
 public:
  Work(const Plan& plan, const Budget& budget, std::uint64_t begin)
      : budget_(budget),
        children_(budget.workers, [&plan](std::string_view request) { return made(plan, request); }),
        next_(begin),
        committed_(begin) {
    if (budget_.time) until_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(*budget_.time);
  }

  // False when there will be no more. `more`: something new was committed.
  bool go_on(Tally& tally, bool& more) {
    while (children_.has_room()) {
      const auto block = claim();
      if (!block) break;
      blocks_[block->first] = *block;
      children_.start(block->first, block->request());
    }
    if (!children_.busy() || stopped()) return false;
    constexpr std::chrono::milliseconds kTick{100};
    for (const Answer& answer : children_.wait(kTick)) take(answer);
    more = commit(tally);
    return true;
  }

 private:
  bool stopped() const { return over_ || (budget_.stop != nullptr && *budget_.stop); }

  std::optional<Block> claim() {
    const bool late = until_ && Clock::now() >= *until_;
    if (stopped() || late || next_ >= end_ || next_ - committed_ >= kFarthestAhead) return std::nullopt;
    Block block;
    block.first = next_;
    block.count = std::min(kBlock, end_ - next_);
    next_ += block.count;
    return block;
  }

  void take(const Answer& answer) {
    Block& block = blocks_.at(answer.number);
    if (answer.death) {
      block.died(*answer.death);
    } else if (block.suspect) {
      block.acquit();
    } else {
      auto tally = Tally::from_json(answer.reply);
      if (!tally) throw std::logic_error("a child's tally cannot be read");
      done_.emplace(block.first, std::move(*tally));
      blocks_.erase(answer.number);
      return;
    }
    children_.start(block.first, block.request());
  }

  bool commit(Tally& tally) {
    bool more = false;
    for (auto next = done_.find(committed_); next != done_.end(); next = done_.find(committed_)) {
      committed_ += next->second.runs;
      tally.merge(next->second);
      done_.erase(next);
      more = true;
      if (budget_.until_first_failure && has_news(tally)) over_ = true;
    }
    return more;
  }

  bool has_news(const Tally& tally) const {
    return std::any_of(tally.failures.begin(), tally.failures.end(),
                       [&](const auto& failure) { return !budget_.known.contains(failure.first); });
  }

  const Budget& budget_;
  Children children_;
  std::map<std::uint64_t, Block> blocks_;  // being made, by their first index
  std::map<std::uint64_t, Tally> done_;    // not committed yet, by their first index
  std::uint64_t next_, committed_;
  std::uint64_t end_ = budget_.runs ? budget_.first + *budget_.runs : UINT64_MAX;
  std::optional<Clock::time_point> until_;
  bool over_ = false;
};

}  // namespace

void conduct(const Plan& plan, const Budget& budget, Tally& tally, const Observer& observer) {
  Work work(plan, budget, budget.first + tally.runs);
  bool going = true;
  while (going) {
    bool more = false;
    going = work.go_on(tally, more);
    if (observer) observer(tally, more);
  }
}

}  // namespace scenarios
