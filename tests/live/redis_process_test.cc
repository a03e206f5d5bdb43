// The driver of redis-server processes: they come up, do as they are told, and never outlive us.
#include "tools/live/redis_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "tools/live/loopback.h"

namespace {

using live::RedisProcess;

constexpr int kMs = 20'000;

bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::unique_ptr<RedisProcess> running(const RedisProcess::Options& options = {}) {
  auto process = std::make_unique<RedisProcess>();
  process->start("127.0.0.1", live::free_port(), options);
  EXPECT_TRUE(process->wait_until_it_listens(kMs)) << process->log();
  return process;
}

bool exists(pid_t id) {
  return ::kill(id, 0) == 0;
}

TEST(RedisProcess, ListensAndIsGoneWithItsFolder) {
  auto process = running();
  const pid_t id = process->id();
  const std::string folder = process->folder();
  EXPECT_TRUE(std::filesystem::exists(folder));
  process.reset();
  EXPECT_FALSE(exists(id));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(RedisProcess, ComesBackWithTheFilesItLeft) {
  auto process = running({{"save", "3600 1"}});
  const int port = process->port();
  process->terminate();
  ASSERT_TRUE(comes_true([&] { return !process->runs(); }));
  EXPECT_EQ(process->ended(), 0);
  process->write_file("note", "kept");
  process->start("127.0.0.1", port, {});
  ASSERT_TRUE(process->wait_until_it_listens(kMs)) << process->log();
  EXPECT_EQ(process->read_file("note"), "kept");
  EXPECT_TRUE(comes_true(
      [&] { return process->logged("Ready to accept connections") == 2; }));  // of both lives
  process->kill();
  EXPECT_FALSE(process->runs());
  process->forget_files();
  EXPECT_EQ(process->read_file("note"), "");
}

TEST(RedisProcess, StandsStillAndGoesOn) {
  auto process = running();
  process->pause();
  EXPECT_TRUE(process->paused());
  EXPECT_TRUE(process->runs());
  process->resume();
  process->terminate();
  EXPECT_TRUE(comes_true([&] { return !process->runs(); }));
}

TEST(RedisProcess, CannotWriteToAFullDisk) {
  auto process = running({{"save", "3600 1"}});
  process->fill_disk(true);
  process->terminate();  // it cannot save, so it stays
  EXPECT_TRUE(comes_true([&] { return process->logged("Error trying to save the DB") > 0; }))
      << process->log();
  EXPECT_TRUE(process->runs());
  process->fill_disk(false);
  process->terminate();
  EXPECT_TRUE(comes_true([&] { return !process->runs(); }));
}

// Not even when nobody can tidy up: somebody starts a server, tells us its id, and is killed.
TEST(RedisProcess, DoesNotOutliveWhoStartedIt) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    RedisProcess process;
    process.start("127.0.0.1", live::free_port(), {});
    process.wait_until_it_listens(kMs);
    const pid_t id = process.id();
    const auto written = ::write(ends[1], &id, sizeof id);
    while (::getppid() > 0 && written > 0) ::pause();
    ::_exit(1);
  }
  pid_t server = 0;
  ASSERT_EQ(::read(ends[0], &server, sizeof server), static_cast<ssize_t>(sizeof server));
  EXPECT_TRUE(exists(server));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(comes_true([&] { return !exists(server); }));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Loopback, SaysWhoIsMeantAndBack) {
  const live::Loopback mine, other;
  EXPECT_NE(mine.inside(0), other.inside(0));
  EXPECT_EQ(mine.for_scenario(mine.seen_from(1, 0) + ":6379, " + mine.inside(2) + "."),
            "10.0.0.1:6379, 10.0.0.3.");
  EXPECT_EQ(mine.for_server(1, "FAILOVER TO 10.0.0.1 6379"),
            "FAILOVER TO " + mine.seen_from(1, 0) + " 6379");
  EXPECT_EQ(mine.for_server(1, "110.0.0.1 10.0.0.300"), "110.0.0.1 10.0.0.300");
  EXPECT_EQ(mine.host_at(mine.seen_from(0, 4)), 4U);
  EXPECT_EQ(mine.host_at("127.0.0.1"), std::nullopt);
}

}  // namespace
