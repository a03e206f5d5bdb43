// `replsim serve` among real redis-server 7.0.15 processes on the loopback device: each takes the other as
// its master, copies and continues (R3, R4, R5), in chains (R7.40) and over promotions (R10.4). What
// strangers may do to it is in hostile_test.cc.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/live_client.h"
#include "tests/support/redis_server.h"
#include "tests/support/served.h"

namespace {

using test_support::eventually;
using test_support::LiveClient;
using test_support::RedisServer;
using test_support::Served;

// What a shell command prints.
std::string output_of(const std::string& command) {
  std::string all;
  FILE* const pipe = ::popen(("{ " + command + "; } 2>&1").c_str(), "r");
  char buffer[4096];
  while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr) all += buffer;
  if (pipe != nullptr) ::pclose(pipe);
  return all;
}

void fill(LiveClient& client, int keys) {
  for (int i = 0; i < keys; ++i) {
    const std::string n = std::to_string(i);
    client.command({"SET", "key:" + n, std::string(static_cast<std::size_t>(i % 300), 'v') + n});
    client.command({"RPUSH", "list:" + std::to_string(i % 5), n});
    client.command({"ZADD", "zset", std::to_string(i / 4.0), n});
    if (i % 50 == 0) client.command({"PEXPIRE", "key:" + n, "3600000"});
  }
  client.command({"SELECT", "3"});
  client.command({"HSET", "h", "f", "1", "g", "2"});
  client.command({"XADD", "stream", "1-1", "f", "v"});
  client.command({"SELECT", "0"});
}

std::vector<std::string> follow(int port) {
  return {"REPLICAOF", "127.0.0.1", std::to_string(port)};
}

// All that `master` has is at `replica`.
bool same_data(LiveClient& master, LiveClient& replica) {
  return eventually([&] {
    return replica.info("master_link_status") == "up" &&
           replica.info("slave_repl_offset") == master.info("master_repl_offset") &&
           master.text({"DEBUG", "DIGEST"}) == replica.text({"DEBUG", "DIGEST"});
  });
}

struct Way {
  const char* name;
  const char* diskless;  // repl-diskless-sync of the master
  const char* load;      // repl-diskless-load of the replica
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class LiveWays : public testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(All, LiveWays,
                         testing::Values(Way{"Disk", "no", "disabled"},
                                         Way{"Diskless", "yes", "disabled"},
                                         Way{"Swapdb", "yes", "swapdb"},
                                         Way{"OnEmptyDb", "yes", "on-empty-db"}),
                         [](const auto& way) { return way.param.name; });

// A full resync, writes, a link that is cut on the master's side, writes meanwhile, a partial resync.
void full_then_partial(LiveClient& master, LiveClient& replica, int master_port) {
  fill(master, 400);
  replica.command(follow(master_port));
  ASSERT_TRUE(same_data(master, replica));
  EXPECT_EQ(master.info("sync_full"), "1");
  fill(master, 50);
  ASSERT_TRUE(same_data(master, replica));
  for (int cut = 1; cut <= 3; ++cut) {
    EXPECT_EQ(master.text({"CLIENT", "KILL", "TYPE", "replica"}), "1");
    master.command({"SELECT", std::to_string(cut)});  // the database must be told anew
    master.command({"INCR", "counter"});
    ASSERT_TRUE(same_data(master, replica));
    EXPECT_TRUE(eventually([&] { return master.info("sync_partial_ok") == std::to_string(cut); }));
  }
  EXPECT_EQ(master.info("sync_full"), "1");
  EXPECT_EQ(replica.text({"CLIENT", "KILL", "TYPE", "master"}), "1");
  master.command({"INCR", "counter"});
  EXPECT_TRUE(same_data(master, replica));
  EXPECT_EQ(master.info("sync_full"), "1");
}

TEST_P(LiveWays, ARealReplicaCopiesAndContinuesFromTheModel) {
  Served model({"--set", "repl-diskless-sync " + std::string(GetParam().diskless)});
  RedisServer real({}, {"--repl-diskless-load", GetParam().load});
  LiveClient replica(real.port());
  full_then_partial(model.client(), replica, model.port());
}

TEST_P(LiveWays, TheModelCopiesAndContinuesFromARealMaster) {
  RedisServer real({}, {"--repl-diskless-sync", GetParam().diskless, "--repl-diskless-sync-delay", "0"});
  Served model({"--set", "repl-diskless-load " + std::string(GetParam().load)});
  LiveClient master(real.port());
  full_then_partial(master, model.client(), real.port());
}

// real -> model -> real: the stream is passed on byte for byte, so that the last one has the first one's
// offsets, and can be continued by either (R7.40).
TEST(LiveServe, StandsInAChain) {
  RedisServer top({}, {"--repl-diskless-sync-delay", "0"});
  Served middle;
  RedisServer bottom;
  LiveClient first(top.port()), last(bottom.port());
  fill(first, 100);
  middle.client().command(follow(top.port()));
  ASSERT_TRUE(same_data(first, middle.client()));
  last.command(follow(middle.port()));
  ASSERT_TRUE(same_data(middle.client(), last));
  fill(first, 30);
  ASSERT_TRUE(same_data(first, middle.client()));
  ASSERT_TRUE(same_data(middle.client(), last));
  EXPECT_EQ(last.info("master_replid"), first.info("master_replid"));
  // The last one goes past the middle without a second copy.
  last.command(follow(top.port()));
  first.command({"SET", "k", "v"});
  ASSERT_TRUE(same_data(first, last));
  EXPECT_EQ(first.info("sync_full"), "1");
  EXPECT_EQ(first.info("sync_partial_ok"), "1");
}

// The model becomes the master; the other replica of the old one continues by the second id (R10.4).
TEST(LiveServe, IsPromotedAndARealSiblingResumes) {
  Served model;
  RedisServer sibling;
  LiveClient other(sibling.port());
  {
    RedisServer old({}, {"--repl-diskless-sync-delay", "0"});
    LiveClient master(old.port());
    fill(master, 100);
    model.client().command(follow(old.port()));
    other.command(follow(old.port()));
    ASSERT_TRUE(same_data(master, model.client()));
    ASSERT_TRUE(same_data(master, other));
    master.command({"SET", "last", "words"});
    ASSERT_TRUE(same_data(master, model.client()));
    ASSERT_TRUE(same_data(master, other));
  }
  model.client().command({"REPLICAOF", "NO", "ONE"});
  model.client().command({"SET", "first", "word"});
  other.command(follow(model.port()));
  ASSERT_TRUE(same_data(model.client(), other));
  EXPECT_EQ(model.info("sync_full"), "0");
  EXPECT_EQ(model.info("sync_partial_ok"), "1");
  EXPECT_EQ(other.info("master_replid"), model.info("master_replid"));
}

TEST(LiveServe, RedisCliTalksToIt) {
  Served model;
  const std::string cli = "redis-cli -p " + std::to_string(model.port()) + " ";
  EXPECT_EQ(output_of(cli + "SET greeting 'hello there'"), "OK\n");
  EXPECT_EQ(output_of(cli + "GET greeting"), "hello there\n");
  EXPECT_EQ(output_of("printf 'MULTI\\nINCR n\\nEXEC\\n' | " + cli), "OK\nQUEUED\n1\n");
  EXPECT_NE(output_of(cli + "--rdb " + model.folder() + "/copy.rdb").find("Transfer finished"),
            std::string::npos);
  EXPECT_EQ(output_of(cli + "--bigkeys").find("rror"), std::string::npos);
}

// A tool of Redis writes through one and the other holds the same in the end.
void benchmark(LiveClient& master, LiveClient& replica, int port) {
  replica.command(follow(port));
  ASSERT_TRUE(same_data(master, replica));
  const std::string said = output_of(
      "redis-benchmark -p " + std::to_string(port) +
      " -n 3000 -r 500 -c 20 -P 4 -d 64 -q -t set,incr,lpush,sadd,hset,zadd,mset | tr '\\r' '\\n'");
  EXPECT_NE(said.find("MSET (10 keys): "), std::string::npos) << said;
  EXPECT_TRUE(same_data(master, replica));
  EXPECT_EQ(master.info("sync_full"), "1");
  EXPECT_NE(master.text({"DBSIZE"}), "0");
}

TEST(LiveServe, TakesABenchmarkThroughARealMaster) {
  RedisServer real({}, {"--repl-diskless-sync-delay", "0"});
  Served model;
  LiveClient master(real.port());
  benchmark(master, model.client(), real.port());
}

TEST(LiveServe, PassesABenchmarkOnToARealReplica) {
  Served model;
  RedisServer real;
  LiveClient replica(real.port());
  benchmark(model.client(), replica, model.port());
}

// SIGTERM saves as SHUTDOWN does, and what is saved comes back with its history (R10.17, R10.18): a real
// replica that waited goes on without a second copy.
TEST(LiveServe, ComesBackFromItsFile) {
  Served model;
  RedisServer real;
  LiveClient replica(real.port());
  fill(model.client(), 100);
  replica.command(follow(model.port()));
  ASSERT_TRUE(same_data(model.client(), replica));
  const std::string digest = model.text({"DEBUG", "DIGEST"});
  model.signal(SIGTERM);
  ASSERT_EQ(model.wait(), 0) << model.log();
  model.start_again();
  EXPECT_EQ(model.text({"DEBUG", "DIGEST"}), digest);
  ASSERT_TRUE(same_data(model.client(), replica));
  EXPECT_EQ(model.info("sync_full"), "0");
  EXPECT_EQ(model.info("sync_partial_ok"), "1");
}

TEST(LiveServe, EndsInGoodOrder) {
  Served model;
  model.signal(SIGINT);
  EXPECT_EQ(model.wait(), 0) << model.log();
}

TEST(LiveServe, WritesWhatHappenedAsATrace) {
  Served model;
  const std::string trace = model.folder() + "/trace.jsonl";
  Served recorded({"--record", trace, "--set", "repl-diskless-sync no"});
  RedisServer real;
  LiveClient replica(real.port());
  fill(recorded.client(), 20);
  replica.command(follow(recorded.port()));
  ASSERT_TRUE(same_data(recorded.client(), replica));
  recorded.signal(SIGTERM);
  ASSERT_EQ(recorded.wait(), 0);
  std::ifstream in(trace);
  std::string all((std::istreambuf_iterator<char>(in)), {});
  for (const char* part : {"\"PSYNC ", "+FULLRESYNC ", "REPLCONF listening-port", "replica-feed", "SEND_BULK"})
    EXPECT_NE(all.find(part), std::string::npos) << part;
  EXPECT_NE(output_of(std::string(REPLSIM_PROGRAM) + " diagram --master --trace " + trace)
                .find("digraph"),
            std::string::npos);
}

// --- settings ---------------------------------------------------------------------------------------

struct Refusal {
  const char* file;
  const char* says;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.file; }

class LiveServeRefuses : public testing::TestWithParam<Refusal> {};
INSTANTIATE_TEST_SUITE_P(
    All, LiveServeRefuses,
    testing::Values(
        Refusal{"repl-backlog-sice 1mb\n", ":1: repl-backlog-sice is no setting (did you mean "
                                           "repl-backlog-size?)"},
        Refusal{"# fine\nrepl-timeout soon\n", ":2: repl-timeout: argument couldn't be parsed"},
        Refusal{"requirepass \"half\n", ":1: the quotes do not match"},
        Refusal{"bind 0.0.0.0\n", ":1: bind 0.0.0.0 is no loopback address: say --bind 0.0.0.0"},
        Refusal{"include /nowhere/at/all.conf\n", ":1: /nowhere/at/all.conf cannot be read"},
        Refusal{"replicaof somewhere\n", ":1: replicaof takes a host and a port"}));

TEST_P(LiveServeRefuses, AFileWithMistakes) {
  Served folder;
  const std::string path = folder.folder() + "/redis.conf";
  std::ofstream(path) << GetParam().file;
  const std::string said =
      output_of(std::string(REPLSIM_PROGRAM) + " serve --port 0 --config " + path + "; echo $?");
  EXPECT_NE(said.find(path + GetParam().says), std::string::npos) << said;
  EXPECT_TRUE(said.ends_with("\n2\n")) << said;
}

TEST(LiveServe, ReadsRedisConf) {
  Served other;
  const std::string path = other.folder() + "/redis.conf", more = other.folder() + "/more.conf";
  std::ofstream(path) << "# as Debian has it\nport 6379\nbind 127.0.0.1 -::1\nrequirepass \"a b\\x21\"\n"
                         "save 900 1\nsave 300 10\nappendfsync everysec\ninclude "
                      << more << "\nclient-output-buffer-limit pubsub 32mb 8mb 60\n";
  std::ofstream(more) << "REPL-BACKLOG-SIZE 2mb\n";
  Served model({"--config", path, "--set", "maxmemory-policy allkeys-lru"});
  EXPECT_EQ(model.text({"PING"}), "NOAUTH Authentication required.");
  EXPECT_EQ(model.text({"AUTH", "a b!"}), "OK");
  const auto get = [&](const char* name) {
    return model.client().command({"CONFIG", "GET", name}).elements.at(1).text;
  };
  EXPECT_EQ(get("repl-backlog-size"), "2097152");
  EXPECT_EQ(get("save"), "900 1 300 10");
  EXPECT_EQ(get("maxmemory-policy"), "allkeys-lru");
  EXPECT_NE(model.log().find(path + ":7: appendfsync is ignored"), std::string::npos) << model.log();
  EXPECT_NE(model.log().find(":3: bind -::1 is ignored"), std::string::npos) << model.log();
}

}  // namespace
