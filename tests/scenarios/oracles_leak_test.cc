#include <gtest/gtest.h>

#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using model::FeedEvent;
using model::FeedState;
using model::Snapshot;
using test_support::fails;
using test_support::OracleStage;
using test_support::passes;

OracleStage master() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage["a"].config.save.clear();
  stage.write("a", "k", "1");
  stage.look("a");
  return stage;
}

void start_job(OracleStage& stage, Snapshot::Target target) {
  Snapshot& snapshot = stage["a"].snapshot.emplace();
  snapshot.target = target;
  snapshot.job = model::JobId{1};
  snapshot.payload = model::Blob(std::string(100, 'x'));
  snapshot.relay_end = 100;
}

// The cron turns so often, and each time the server is looked at.
void turn(OracleStage& stage, int times) {
  for (int i = 0; i < times; ++i) {
    stage.pass(std::chrono::milliseconds(1001));
    ++stage["a"].replication_ticks;
    stage.look("a");
  }
}

TEST(OracleLeak, PassesWhileAReplicaWaitsForTheJob) {
  OracleStage stage = master();
  stage.attach("a", 5).feed.state = FeedState::wait_bgsave_end;
  start_job(stage, Snapshot::Target::disk);
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"), passes());
}

TEST(OracleLeak, FindsAJobThatNobodyWaitsFor) {
  OracleStage stage = master();
  start_job(stage, Snapshot::Target::disk);
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"), fails("a makes a snapshot that no replica waits for"));
}

TEST(OracleLeak, LetsASaveBeAndAJobThatHasEnded) {
  OracleStage stage = master();
  start_job(stage, Snapshot::Target::save_only);
  stage.look("a");
  start_job(stage, Snapshot::Target::socket);
  stage["a"].snapshot->ended = model::JobEnd::done;
  stage.look("a");
  start_job(stage, Snapshot::Target::disk);
  stage["a"].config.save = model::Config{}.save;
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"), passes());
}

TEST(OracleLeak, FindsAReplicaThatWaitsForNothing) {
  OracleStage stage = master();
  start_job(stage, Snapshot::Target::disk);
  stage.attach("a", 5).feed.state = FeedState::wait_bgsave_end;
  stage.look("a");
  stage["a"].snapshot.reset();
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"),
              fails("a has a replica that waits for a snapshot, and nobody makes one"));
}

TEST(OracleLeak, FindsAReaderThatHoldsTheSlot) {
  OracleStage stage = master();
  stage["a"].config.repl_timeout = 5;
  start_job(stage, Snapshot::Target::socket);
  model::Session& reader = stage.attach("a", 5);
  reader.feed.state = FeedState::wait_bgsave_end;
  turn(stage, 9);
  reader.feed.file_sent = 50;
  turn(stage, 10);
  EXPECT_THAT(stage.judgement("LEAK"), passes());
  turn(stage, 1);
  EXPECT_THAT(stage.judgement("LEAK"),
              fails("a lets a replica that takes nothing hold up the snapshot for longer than "
                    "repl-timeout, 5 s"));
}

TEST(OracleLeak, FindsABacklogThatOutlivesItsTime) {
  OracleStage stage = master();
  stage["a"].config.repl_backlog_ttl = 3;
  turn(stage, 8);
  EXPECT_FALSE(stage.bench().any_failed());
  turn(stage, 1);
  EXPECT_THAT(
      stage.judgement("LEAK"),
      fails("a keeps its backlog 8 s after its last replica left, repl-backlog-ttl is 3 s"));
}

TEST(OracleLeak, FindsABacklogThatIsTooLongForItsReaders) {
  OracleStage stage = master();
  stage["a"].backlog.emplace(model::Backlog::Kind::blocks, 1, std::int64_t{16384});
  stage["a"].history.offset = 0;
  model::Session& slow = stage.attach("a", 5);
  slow.feed.position = 1;
  stage.stream("a", std::string(100000, 'x'));
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"), passes());
  slow.feed.position = 100001;
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"),
              fails("a holds 100,000 bytes of backlog, 100,000 of them for nobody, "
                    "repl-backlog-size is 16,384"));
}

TEST(OracleLeak, FindsAReplicaOverItsLimit) {
  OracleStage stage = master();
  stage["a"].backlog.emplace(model::Backlog::Kind::blocks, 1, std::int64_t{16384});
  stage["a"].history.offset = 0;
  stage["a"].config.repl_backlog_size = 16384;
  stage["a"].config.replica_output_limit.hard = 20000;
  model::Session& slow = stage.attach("a", 5);
  slow.feed.position = 2;
  stage.stream("a", std::string(20000, 'x'));
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"), passes());
  EXPECT_EQ(words(*stage.judgement("LEAK").nearest), "a replica stayed below its limit by 1 byte");
  slow.feed.position = 1;
  turn(stage, 5);
  EXPECT_THAT(stage.judgement("LEAK"),
              fails("a owes a replica 20,000 bytes and keeps it, the hard limit is 20,000"));
}

TEST(OracleLeak, FindsThePositionOfAMasterThatIsNotFollowed) {
  OracleStage stage = master();
  stage["a"].link.cached.emplace();
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"),
              fails("a is a master and keeps the position of one that it followed"));
}

TEST(OracleLeak, FindsATransferThatIsOver) {
  OracleStage stage = master();
  stage["a"].link.host = "b";
  stage["a"].link.state = model::LinkState::connect;
  stage["a"].link.transfer.emplace().payload = "12345";
  stage.look("a");
  EXPECT_THAT(stage.judgement("LEAK"),
              fails("a keeps 5 bytes of a transfer while its link is in CONNECT"));
}

TEST(OracleLeak, FindsAPayloadThatWasSent) {
  OracleStage stage = master();
  model::Session& replica = stage.attach("a", 5);
  replica.feed.file = model::Blob(std::string("x"));
  stage.look("a", {model::Transitioned{model::MachineKind::replica_feed, model::ConnId{5},
                                       static_cast<std::uint8_t>(FeedState::send_bulk),
                                       static_cast<std::uint8_t>(FeedState::online),
                                       static_cast<std::uint8_t>(FeedEvent::file_sent)}});
  EXPECT_THAT(stage.judgement("LEAK"), fails("a keeps the payload of a replica that has it all"));
}

TEST(OracleLeak, IsNotTestedWhenNothingIsKept) {
  OracleStage stage = master();
  EXPECT_THAT(stage.judgement("LEAK"),
              test_support::not_tested("no server ever kept anything for somebody else"));
}

OracleStage connected() {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.look("a");
  stage.full_sync("b", "a");
  stage["b"].link.conn = model::ConnId{9};
  stage.look("b");
  return stage;
}

TEST(OracleLeak, FindsALinkThatIsKeptWhenItHasEnded) {
  OracleStage stage = connected();
  stage.look_at_end(9, "b");
  EXPECT_THAT(stage.judgement("LEAK"),
              fails("b goes on with a link in CONNECTED that its master has ended"));
}

TEST(OracleLeak, LetsALoadEndFirst) {
  OracleStage stage = connected();
  stage["b"].link.state = model::LinkState::transfer;
  stage["b"].link.transfer.emplace().load = model::JobId{3};
  stage.look_at_end(9, "b");
  EXPECT_THAT(stage.judgement("LEAK"), passes());
  stage["b"].link.transfer.reset();
  stage["b"].link.state = model::LinkState::connected;
  OracleStage forgets = stage;
  forgets.look("b");
  EXPECT_THAT(forgets.judgement("LEAK"),
              fails("b goes on with a link in CONNECTED that its master has ended"));
  stage["b"].link.conn.reset();
  stage["b"].link.state = model::LinkState::connect;
  stage.look("b");
  EXPECT_THAT(stage.judgement("LEAK"), passes());
}

TEST(OracleLeak, FindsAConnectionThatIsKeptWhenItHasEnded) {
  OracleStage stage = connected();
  stage.meet_client("a", 7);
  stage.look_at_end(7, "a");
  EXPECT_THAT(stage.judgement("LEAK"), fails("a keeps a connection that its peer has ended"));
}

TEST(OracleLeak, SeesAConnectionGo) {
  OracleStage stage = connected();
  stage.look_at_end(7, "a");
  EXPECT_THAT(stage.judgement("LEAK"), passes());
}

}  // namespace
