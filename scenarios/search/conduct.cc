#include "scenarios/search/conduct.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace scenarios {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kBlock = 16;
// No worker runs ahead of a slow one by more: what waits to be committed is bounded.
constexpr std::uint64_t kFarthestAhead = 4096;

class Work {
 public:
  Work(const Plan& plan, const Budget& budget, std::uint64_t begin)
      : plan_(plan), budget_(budget), next_(begin), committed_(begin), until_(deadline()) {}

  // In a worker's thread, until there is no more to do.
  void run() {
    while (const auto first = claim()) {
      const std::uint64_t end = std::min(*first + kBlock, end_);
      Tally tally;
      for (std::uint64_t index = *first; index < end && !stopped(); ++index)
        tally.add(run_of(plan_, index));
      const std::scoped_lock lock(mutex_);
      if (tally.runs == end - *first) done_.emplace(*first, std::move(tally));  // whole blocks only
      news_.notify_all();
    }
    const std::scoped_lock lock(mutex_);
    --working_;
    news_.notify_all();
  }

  void begin(unsigned workers) { working_ = workers; }

  // In the caller's thread. False when there will be no more.
  bool commit(Tally& tally, bool& more) {
    std::unique_lock lock(mutex_);
    constexpr auto kTick = std::chrono::milliseconds(100);
    news_.wait_for(lock, kTick, [&] { return working_ == 0 || done_.contains(committed_); });
    more = false;
    for (auto next = done_.find(committed_); next != done_.end(); next = done_.find(committed_)) {
      committed_ += next->second.runs;
      tally.merge(next->second);
      done_.erase(next);
      more = true;
      if (budget_.until_first_failure && !tally.failures.empty()) over_ = true;
    }
    room_.notify_all();
    return working_ > 0;
  }

  std::exception_ptr problem() const { return problem_; }
  void failed(std::exception_ptr problem) {
    const std::scoped_lock lock(mutex_);
    problem_ = std::move(problem);
    over_ = true;
    --working_;
    news_.notify_all();
    room_.notify_all();
  }

 private:
  std::optional<Clock::time_point> deadline() const {
    if (!budget_.time) return std::nullopt;
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(*budget_.time);
  }
  bool stopped() const {
    return over_.load(std::memory_order_relaxed) ||
           (budget_.stop != nullptr && budget_.stop->load(std::memory_order_relaxed));
  }

  std::optional<std::uint64_t> claim() {
    std::unique_lock lock(mutex_);
    while (next_ - committed_ >= kFarthestAhead && !stopped())
      room_.wait_for(lock, std::chrono::milliseconds(100));
    const bool late = until_ && Clock::now() >= *until_;
    if (stopped() || late || next_ >= end_) return std::nullopt;
    const std::uint64_t first = next_;
    next_ += std::min(kBlock, end_ - next_);
    return first;
  }

  const Plan& plan_;
  const Budget& budget_;
  std::mutex mutex_;
  std::condition_variable news_, room_;
  std::map<std::uint64_t, Tally> done_;  // not committed yet, by their first index
  std::uint64_t next_, committed_;
  std::uint64_t end_ = budget_.runs ? budget_.first + *budget_.runs : UINT64_MAX;
  std::optional<Clock::time_point> until_;
  unsigned working_ = 0;
  std::atomic<bool> over_ = false;
  std::exception_ptr problem_;
};

}  // namespace

void conduct(const Plan& plan, const Budget& budget, Tally& tally, const Observer& observer) {
  Work work(plan, budget, budget.first + tally.runs);
  const unsigned workers = std::max(1U, budget.workers);
  work.begin(workers);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < workers; ++i) {
    threads.emplace_back([&work] {
      try {
        work.run();
      } catch (...) {
        work.failed(std::current_exception());
      }
    });
  }
  bool going = true;
  while (going) {
    bool more = false;
    going = work.commit(tally, more);
    if (observer) observer(tally, more);
  }
  threads.clear();
  if (work.problem()) std::rethrow_exception(work.problem());
}

void in_parallel(unsigned workers, std::size_t count,
                 const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr problem;
  std::mutex mutex;
  const auto loop = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::scoped_lock lock(mutex);
      problem = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < std::min<std::size_t>(workers, count); ++i) threads.emplace_back(loop);
    loop();
  }
  if (problem) std::rethrow_exception(problem);
}

}  // namespace scenarios
