// A real redis-server for a test: on a free port of the loopback device, in a directory of its own
// that goes with it. Whatever becomes of the test, the process ends; no other one is touched.
#pragma once

#include <string>
#include <vector>

#include "model/data/resp.h"

namespace test_support {

class RedisServer {
 public:
  // `file`: what the server finds as its RDB file at the start; empty: none. `options` as on its
  // command line. Throws std::runtime_error, in a sentence, when there is no redis-server on the
  // PATH or it does not come up; the message ends with what it logged.
  explicit RedisServer(const std::string& file = {}, std::vector<std::string> options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  model::Reply command(const std::vector<std::string>& argv);
  // SAVE, and the file.
  std::string saved();
  std::string log() const;
  int port() const { return port_; }

 private:
  void start(const std::vector<std::string>& options);
  void wait_until_ready();
  bool connect();
  void stop();
  [[noreturn]] void give_up(const std::string& why);

  std::string folder_;
  int process_ = -1, port_ = 0, socket_ = -1;
  model::ReplyParser replies_;
};

}  // namespace test_support
