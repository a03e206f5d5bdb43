#include "tests/support/redis_server.h"

#include <stdexcept>

#include "tools/live/loopback.h"

namespace test_support {
namespace {

constexpr int kListensWithinMs = 30'000;
constexpr const char* kAddress = "127.0.0.1";

// "--name", "value", .. as options of a configuration.
live::RedisProcess::Options options_of(const std::vector<std::string>& words) {
  live::RedisProcess::Options options = {{"save", ""}, {"enable-debug-command", "yes"}};
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string name = words[i].substr(2);
    std::erase_if(options, [&](const auto& option) { return option.first == name; });
    options.emplace_back(name, words[i + 1]);
  }
  return options;
}

}  // namespace

RedisServer::RedisServer(const std::string& file, std::vector<std::string> options) {
  if (!file.empty()) process_.write_file("dump.rdb", file);
  process_.start(kAddress, live::free_port(), options_of(options));
  if (!process_.wait_until_it_listens(kListensWithinMs)) give_up("redis-server does not come up");
  wait_until_ready();
}

void RedisServer::give_up(const std::string& why) {
  const std::string logged = process_.log();
  throw std::runtime_error(why + (logged.empty() ? "" : "\nredis-server said:\n" + logged));
}

void RedisServer::wait_until_ready() {
  try {
    client_.emplace(process_.port());
  } catch (const std::runtime_error& error) {
    give_up(error.what());
  }
  const auto ready = [this] { return command({"PING"}).text == "PONG"; };  // else it is still loading
  if (!eventually(ready)) give_up("redis-server is not ready within 30 s");
}

model::Reply RedisServer::command(const std::vector<std::string>& argv) {
  try {
    return client_->command(argv);
  } catch (const std::runtime_error& error) {
    give_up(error.what());
  }
}

std::string RedisServer::saved() {
  const model::Reply reply = command({"SAVE"});
  if (reply.text != "OK") give_up("SAVE: " + reply.text);
  return process_.read_file("dump.rdb");
}

}  // namespace test_support
