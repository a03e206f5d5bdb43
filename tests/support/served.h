// `replsim serve` as a process of its own, for a test: on a free port, in a directory that goes with it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/live_client.h"

namespace test_support {

class Served {
 public:
  // Further arguments of the verb. Throws std::runtime_error when it does not come up.
  explicit Served(std::vector<std::string> arguments = {});
  ~Served();  // ends the process, at once
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  int port() const { return port_; }
  int process() const { return process_; }
  const std::string& folder() const { return folder_; }
  LiveClient& client() { return *client_; }
  std::string text(const std::vector<std::string>& argv) { return client_->text(argv); }
  std::string info(std::string_view field) { return client_->info(field); }

  void signal(int number);
  int wait();           // for its end: the exit code, or minus a signal
  void start_again();   // on the same port, from the files that it left
  std::string log() const;

 private:
  void start();

  std::vector<std::string> arguments_;
  std::string folder_;
  int process_ = -1, port_ = 0;
  std::unique_ptr<LiveClient> client_;
};

}  // namespace test_support
