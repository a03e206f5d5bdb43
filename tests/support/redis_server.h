// A real redis-server for a test: live::RedisProcess on a free port, with a client (LiveClient) of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/data/resp.h"
#include "tests/support/live_client.h"
#include "tools/live/redis_process.h"

namespace test_support {

class RedisServer {
 public:
  // `file`: what the server finds as its RDB file at the start; empty: none. `options` as on its
  // command line. Throws std::runtime_error, in a sentence, when there is no redis-server on the
  // PATH or it does not come up; the message ends with what it logged.
  explicit RedisServer(const std::string& file = {}, std::vector<std::string> options = {});
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  model::Reply command(const std::vector<std::string>& argv);
  // SAVE, and the file.
  std::string saved();
  std::string log() { return process_.log(); }
  int port() const { return process_.port(); }

 private:
  void wait_until_ready();
  [[noreturn]] void give_up(const std::string& why);

  live::RedisProcess process_;
  std::optional<LiveClient> client_;
};

}  // namespace test_support
