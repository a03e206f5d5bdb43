// The event loop that everything in this room runs on: one thread, callbacks. Servers, peers and probes
// of one process share one, so that a test can have all of them beside each other.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace asio {
class io_context;
}

namespace live {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  asio::io_context& context() { return *context_; }

  void run();   // until stop()
  void stop();  // may be called from a callback
  // Runs callbacks until `done` holds, which is asked before the first and after each; false when
  // `patience` ends first.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds patience);

 private:
  std::unique_ptr<asio::io_context> context_;
};

}  // namespace live
