#include "tools/live/loop.h"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

namespace live {

Loop::Loop() : context_(std::make_unique<asio::io_context>(1)) {}
Loop::~Loop() = default;

void Loop::run() {
  context_->restart();
  const auto guard = asio::make_work_guard(*context_);
  context_->run();
}

void Loop::stop() { context_->stop(); }

bool Loop::run_until(const std::function<bool()>& done, std::chrono::milliseconds patience) {
  const auto guard = asio::make_work_guard(*context_);
  const auto end = std::chrono::steady_clock::now() + patience;
  if (context_->stopped()) context_->restart();
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    context_->run_one_until(end);
    if (context_->stopped()) return done();
  }
  return true;
}

}  // namespace live
