// The bench as a whole, and the ledger under it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/state.h"
#include "scenarios/oracles/ledger.h"
#include "scenarios/oracles/oracle_list.h"
#include "tests/support/judged.h"
#include "tests/support/oracle_stage.h"

namespace {

using scenarios::Bench;
using scenarios::Glance;
using scenarios::Ledger;
using scenarios::NodeView;
using test_support::OracleStage;
using test_support::replid;

TEST(OracleBench, NamesItsOraclesInTheOrderOfItsJudgements) {
  const Bench bench;
  std::vector<std::string_view> judged;
  const auto judgements = bench.judgements();
  for (const auto& judgement : judgements) judged.push_back(judgement.oracle);
  EXPECT_THAT(judged, testing::ElementsAreArray(scenarios::oracle_names().begin(),
                                                scenarios::oracle_names().end()));
}

TEST(OracleBench, LeavesOutWhatItIsTold) {
  Bench bench;
  bench.leave_out("CONV");
  for (const auto& judgement : bench.judgements()) EXPECT_NE(judgement.oracle, "CONV");
  EXPECT_EQ(bench.judgements().size(), scenarios::oracle_names().size() - 1);
}

TEST(OracleBench, IsAValue) {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  const Bench before = stage.bench();
  stage.full_sync("b", "a");
  stage.put("b", "k", "2");
  stage.look("b");
  EXPECT_TRUE(stage.bench().first_failure());
  EXPECT_FALSE(before.first_failure());
  stage.bench() = before;
  stage.full_sync("b", "a");
  stage.look("b");
  EXPECT_THAT(stage.judgement("PREFIX"), test_support::passes());
}

TEST(OracleBench, KeepsTheFirstFailure) {
  OracleStage stage({"a"});
  stage.make_master("a", 'a');
  stage.pass(std::chrono::seconds(1));
  stage.look("a", {model::Impossible{"first"}});
  stage.pass(std::chrono::seconds(1));
  stage.look("a", {model::Impossible{"second"}});
  ASSERT_TRUE(stage.bench().first_failure());
  EXPECT_EQ(stage.bench().first_failure()->finding, "a: first");
  EXPECT_EQ(stage.bench().first_failure()->at, sim::Instant(std::chrono::seconds(1)));
}

TEST(OracleBench, GivesAFailureAKeyOfFewWords) {
  OracleStage stage({"a", "b"});
  stage.make_master("a", 'a');
  stage.write("a", "k", "1");
  stage.look("a");
  stage.full_sync("b", "a");
  stage.look("b");
  stage["b"].history.offset = 20;
  stage.look("b");
  EXPECT_TRUE(stage.bench().any_failed());
  EXPECT_EQ(failure_key(stage.judgement("MONO")), "MONO/went-back/replica/streaming");
  stage.attach("b", 5);
  EXPECT_EQ(scenarios::role_of(stage.view("b")), "relay");
  EXPECT_EQ(failure_key(stage.judgement("CONV")), "CONV");
}

TEST(OracleBench, NamesThePhaseOfANode) {
  OracleStage stage({"a"});
  const auto phase_in = [&](model::LinkState state) {
    stage["a"].link.state = state;
    return scenarios::phase_of(stage.view("a"));
  };
  using model::LinkState;
  EXPECT_EQ(phase_in(LinkState::none), "serving");
  EXPECT_EQ(phase_in(LinkState::connecting), "connecting");
  EXPECT_EQ(phase_in(LinkState::receive_psync_reply), "handshake");
  EXPECT_EQ(phase_in(LinkState::transfer), "transfer");
  stage["a"].link.transfer.emplace().complete = true;
  EXPECT_EQ(phase_in(LinkState::transfer), "loading");
  EXPECT_EQ(phase_in(LinkState::connected), "streaming");
  stage.view("a").state = nullptr;
  EXPECT_EQ(scenarios::role_of(stage.view("a")), "down");
  EXPECT_EQ(scenarios::phase_of(stage.view("a")), "");
}

TEST(OracleBench, CountsANearMissInWords) {
  EXPECT_EQ(words(scenarios::Nearest{1, "bytes", "short by"}), "short by 1 byte");
  EXPECT_EQ(words(scenarios::Nearest{0, "ms", "near by"}), "near by 0 ms");
}

TEST(OracleWords, AreForPeople) {
  EXPECT_EQ(scenarios::grouped(0), "0");
  EXPECT_EQ(scenarios::grouped(999), "999");
  EXPECT_EQ(scenarios::grouped(-1234), "-1,234");
  EXPECT_EQ(scenarios::grouped(1234567), "1,234,567");
  EXPECT_EQ(scenarios::seconds(sim::Duration(12'345'678)), "12.345 s");
  EXPECT_EQ(scenarios::seconds(sim::Duration(1'002'000)), "1.002 s");
}

// --- the ledger
// -----------------------------------------------------------------------------------

// Nodes in a line: each is promoted by its turn, from a copy of what the one before it had.
class LedgerLine {
 public:
  LedgerLine(Ledger& ledger, char first) : ledger_(&ledger), id_(first) {
    s_.history.id = replid(id_);
    s_.backlog.emplace(model::Backlog::Kind::blocks, 1, std::int64_t{1} << 30);
    show();
  }
  void write(std::string_view bytes) {
    s_.backlog->append(bytes);
    s_.history.offset += static_cast<model::Offset>(bytes.size());
    truth_ += bytes;
    show();
  }
  // Somebody at `offset` goes on as the author of a history of their own.
  LedgerLine promoted(char id, model::Offset offset) const {
    LedgerLine child = *this;
    child.s_.backlog.emplace(model::Backlog::Kind::blocks, 1, std::int64_t{1} << 30);
    child.truth_ = truth_.substr(0, static_cast<std::size_t>(offset));
    child.s_.backlog->append(child.truth_);
    child.s_.history.offset = offset;
    child.s_.link.host = std::string("a");  // assigning the literal makes GCC 12 warn at -O3
    ++child.view_.life;
    child.last_ = {};
    child.show();  // as a replica, under the old id
    child.s_.link.host.clear();
    child.s_.history.id = replid(child.id_ = id);
    child.show();
    return child;
  }
  const std::string& truth() const { return truth_; }

 private:
  void show() {
    view_.state = &s_;
    const Glance now = scenarios::glance(view_);
    const scenarios::Seen seen{{}, 0, {}, {&view_, 1}};
    ledger_->saw(scenarios::Scene(seen, view_, last_, now, *ledger_));
    last_ = now;
  }

  Ledger* ledger_;
  model::State s_;
  char id_;
  NodeView view_{"a"};
  Glance last_;
  std::string truth_;
};

std::string read_all(const Ledger& ledger, char id, model::Offset from) {
  std::string result;
  for (;;) {
    const std::string_view piece =
        ledger.read(replid(id), from + static_cast<model::Offset>(result.size()), 5000);
    if (piece.empty()) return result;
    result += piece;
  }
}

TEST(Ledger, ReadsAsIfEveryHistoryWereWrittenDownInFull) {
  const auto bytes = [](std::size_t count, char salt) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) {
      result += static_cast<char>('!' + (i * 7 + static_cast<std::size_t>(salt)) % 90);
    }
    return result;
  };
  Ledger ledger;
  LedgerLine a(ledger, 'a');
  for (int i = 0; i < 9; ++i) a.write(bytes(7001, static_cast<char>(i)));
  LedgerLine b = a.promoted('b', 40000);
  b.write(bytes(20000, 'b'));
  LedgerLine c = b.promoted('c', 30000);  // from before b's own part
  c.write(bytes(100, 'c'));
  LedgerLine d = c.promoted('d', 30100);
  a.write("behind");
  d.write("d");

  const Ledger copy = ledger;
  for (const auto& [id, line] : {std::pair{'a', &a}, {'b', &b}, {'c', &c}, {'d', &d}}) {
    const auto length = static_cast<model::Offset>(line->truth().size());
    EXPECT_EQ(copy.end(replid(id)), length) << id;
    for (const model::Offset from : {model::Offset{1}, length / 3, length}) {
      EXPECT_EQ(read_all(copy, id, from), line->truth().substr(static_cast<std::size_t>(from - 1)))
          << id << " from " << from;
    }
  }
  EXPECT_EQ(copy.shared(replid('a'), replid('b')), 40000);
  EXPECT_EQ(copy.shared(replid('a'), replid('d')), 30000);
  EXPECT_EQ(copy.shared(replid('d'), replid('b')), 30000);
  EXPECT_EQ(copy.shared(replid('d'), replid('c')), 30100);
  EXPECT_EQ(copy.shared(replid('d'), replid('x')), std::nullopt);
}

}  // namespace
