// Work in child processes: whatever becomes of a child, its parent hears of it and goes on.
#include "scenarios/search/children.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace scenarios;
using std::chrono::milliseconds;

std::string serve(std::string_view request) {
  pulse().beats = 7;
  if (request == "abort") std::abort();
  if (request == "kill") raise(SIGKILL);
  if (request == "fpe") raise(SIGFPE);
  if (request == "exit") _exit(3);
  if (request == "throw") throw std::runtime_error("thrown");
  if (request == "loop") {
    for (volatile int i = 0;;) i = 1 - i;
  }
  if (request == "pid") return std::to_string(getpid());
  return std::string(request);
}

TEST(Children, AnswerOrDie) {
  Children one(1, serve, milliseconds(200));
  EXPECT_EQ(one.ask("hello").reply, "hello");
  const std::string large(300'000, 'x');
  EXPECT_EQ(one.ask(large).reply, large);
  for (const auto& [request, clause] : std::vector<std::pair<std::string, std::string>>{
           {"abort", "aborted"}, {"kill", "killed"}, {"fpe", "bad-arithmetic"}, {"exit", "ended"}, {"loop", "endless"}}) {
    const Answer answer = one.ask(request);
    ASSERT_TRUE(answer.death) << request;
    EXPECT_EQ(answer.death->clause, clause);
    EXPECT_EQ(answer.death->beats, 7U) << "as far as it came";
    EXPECT_EQ(one.ask("again").reply, "again") << "a fresh one takes its place";
  }
  EXPECT_THROW(one.ask("throw"), std::runtime_error);
  EXPECT_EQ(one.ask("").reply, "");
}

TEST(Children, AreReusedAsLongAsTheyLive) {
  Children one(1, serve);
  const std::string first = one.ask("pid").reply;
  EXPECT_EQ(one.ask("pid").reply, first);
  one.ask("exit");
  EXPECT_NE(one.ask("pid").reply, first);
}

// A lock of the parent's on a file would outlive it otherwise.
TEST(Children, KeepNothingOfTheParentsOpen) {
  const std::string path = testing::TempDir() + "children_lock_" + std::to_string(getpid());
  const int held = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(flock(held, LOCK_EX | LOCK_NB), 0);
  Children one(1, serve);
  EXPECT_EQ(one.ask("x").reply, "x");
  close(held);
  const int again = open(path.c_str(), O_RDWR);
  EXPECT_EQ(flock(again, LOCK_EX | LOCK_NB), 0);
  close(again);
  unlink(path.c_str());
}

TEST(Children, DoEachPieceOfWorkOnce) {
  std::vector<std::string> got(20);
  std::size_t dead = 0;
  in_children(
      3, got.size(),
      [](std::size_t i) {
        if (i % 7 == 3) std::abort();
        return std::to_string(i * i);
      },
      [&](std::size_t i, const Answer& answer) {
        EXPECT_EQ(got[i], "");
        got[i] = answer.death ? "dead" : answer.reply;
        dead += answer.death ? 1 : 0;
      });
  EXPECT_EQ(dead, 3U);
  EXPECT_EQ(got[19], "361");
  EXPECT_EQ(got[3], "dead");
}

}  // namespace
