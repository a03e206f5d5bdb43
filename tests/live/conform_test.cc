// The clause suite: redis-server 7.0.15 passes every mandatory clause, so does the model, and each clause fails
// on a deviation of the model that is named beside it: one that cannot fail says nothing.
#include "tools/live/conform.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/live_client.h"
#include "tests/support/redis_server.h"
#include "tools/live/serve.h"
#include "tools/live/stage.h"

namespace {

using live::Clause;
using live::ClauseOutcome;
using Verdict = live::ClauseOutcome::Verdict;

std::string card(const live::ConformOptions& options, const live::Conformance& conformance) {
  std::ostringstream out;
  print_card(out, options, conformance);
  return out.str();
}

live::ConformOptions at_port(int port) {
  live::ConformOptions options;
  options.target.port = static_cast<std::uint16_t>(port);
  return options;
}

// The model in this process, on the suite's own loop.
class Served {
 public:
  explicit Served(const live::ServeOptions& options) {
    std::vector<std::string> problems, remarks;
    live::ServeOptions own = options;
    own.port = 0;
    auto given = host_options(own, problems, remarks);
    EXPECT_TRUE(given.has_value()) << (problems.empty() ? "" : problems.front());
    host_.emplace(loop_, std::move(*given));
    EXPECT_EQ(host_->start(), std::nullopt);
  }
  live::Conformance conform(const std::vector<std::string>& clauses = {}) {
    live::ConformOptions options = at_port(host_->port());
    options.clauses = clauses;
    return live::conform(loop_, options);
  }
  live::Host& host() { return *host_; }
  live::Loop& loop() { return loop_; }

 private:
  live::Loop loop_;
  std::optional<live::Host> host_;
};

void expect_all_pass(const live::Conformance& conformance, const live::ConformOptions& options) {
  ASSERT_EQ(conformance.refused, std::nullopt);
  EXPECT_EQ(conformance.count(Verdict::fail), 0U) << card(options, conformance);
  EXPECT_EQ(conformance.count(Verdict::untested), 0U) << card(options, conformance);
  EXPECT_EQ(conformance.outcomes.size(),
            live::master_clauses().size() + live::replica_clauses().size());
}

TEST(LiveConform, ARealServerPassesAll) {
  test_support::RedisServer real;
  live::Loop loop;
  const live::ConformOptions options = at_port(real.port());
  expect_all_pass(conform(loop, options), options);
  // It is as it was.
  test_support::LiveClient client(real.port());
  EXPECT_EQ(client.info("role"), "master");
  EXPECT_EQ(client.text({"DBSIZE"}), "0");
  EXPECT_EQ(client.command({"CONFIG", "GET", "repl-ping-replica-period"}).elements.at(1).text, "10");
  EXPECT_EQ(client.command({"CONFIG", "GET", "repl-diskless-sync-delay"}).elements.at(1).text, "5");
}

TEST(LiveConform, TheModelPassesAll) {
  Served model({});
  expect_all_pass(model.conform(), at_port(0));
}

// Who followed somebody follows him again.
TEST(LiveConform, GivesBackTheMaster) {
  test_support::RedisServer master({}, {"--repl-diskless-sync-delay", "0"}), replica;
  test_support::LiveClient asked(replica.port());
  asked.command({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
  live::Loop loop;
  live::ConformOptions options = at_port(replica.port());
  options.clauses = {"M02", "S10"};
  const live::Conformance conformance = conform(loop, options);
  EXPECT_EQ(conformance.count(Verdict::pass), 2U) << card(options, conformance);
  EXPECT_EQ(asked.info("master_port"), std::to_string(master.port()));
  EXPECT_TRUE(test_support::eventually([&] { return asked.info("master_link_status") == "up"; }));
}

TEST(LiveConform, LeavesDataAlone) {
  test_support::RedisServer real;
  real.command({"SET", "precious", "1"});
  live::Loop loop;
  live::ConformOptions options = at_port(real.port());
  live::Conformance conformance = conform(loop, options);
  ASSERT_TRUE(conformance.refused.has_value());
  EXPECT_NE(conformance.refused->find("--allow-writes"), std::string::npos);
  EXPECT_TRUE(conformance.outcomes.empty());
  options.allow_writes = true;
  options.clauses = {"M03"};
  conformance = conform(loop, options);
  EXPECT_EQ(conformance.count(Verdict::pass), 1U);
  EXPECT_EQ(real.command({"GET", "precious"}).text, "1");
}

}  // namespace

namespace live {
void PrintTo(const Clause& clause, std::ostream* out) { *out << clause.name; }
}  // namespace live

namespace {

class LiveClauses : public testing::TestWithParam<Clause> {};
std::vector<Clause> all_clauses() {
  std::vector<Clause> all(live::master_clauses().begin(), live::master_clauses().end());
  all.insert(all.end(), live::replica_clauses().begin(), live::replica_clauses().end());
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, LiveClauses, testing::ValuesIn(all_clauses()),
                         [](const auto& clause) { return std::string(clause.param.name); });

TEST_P(LiveClauses, CanFail) {
  const Clause& clause = GetParam();
  live::ServeOptions options;
  ASSERT_TRUE(!clause.quirk.empty() || !clause.profile.empty());
  if (!clause.quirk.empty()) options.quirks = {std::string(clause.quirk)};
  if (!clause.profile.empty()) options.profile = std::string(clause.profile);
  Served model(options);
  const live::Conformance conformance = model.conform({std::string(clause.name)});
  ASSERT_EQ(conformance.refused, std::nullopt);
  const ClauseOutcome& outcome = conformance.outcomes.at(0);
  EXPECT_EQ(outcome.verdict, Verdict::fail) << outcome.why;
  EXPECT_FALSE(outcome.expected.empty());
  EXPECT_FALSE(outcome.came.empty());
}

TEST(LiveConform, WritesJUnit) {
  live::ServeOptions options;
  options.quirks = {"psync-accepts-future-offset"};
  Served model(options);
  const live::Conformance conformance = model.conform({"M02", "M03"});
  std::ostringstream out;
  write_junit(out, at_port(1), conformance);
  const std::string xml = out.str();
  EXPECT_NE(xml.find("tests=\"2\" failures=\"1\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("name=\"M03 R5.1 "), std::string::npos) << xml;
  EXPECT_NE(xml.find("<failure message=\"expected +FULLRESYNC &lt;id&gt;"), std::string::npos) << xml;
  EXPECT_TRUE(xml.ends_with("</testsuites>\n"));
}

}  // namespace
