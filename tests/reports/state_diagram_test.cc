#include "reports/state_diagram.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/reports/sample_machines.h"
#include "tests/support/source_tree.h"

namespace {

using reports::Counts;
using reports::Role;
using reports::StateMachine;
using reports::to_dot;
using reports::Tone;
using testing::Test;

// The kept drawing of this name. With UPDATE=1 in the environment it is the one that was made just now:
// look at it (dot -Tpng), then at the difference.
std::string golden(const std::string& name, const std::string& made) {
  const std::string path = test_support::in_tree("tests/reports/golden/" + name);
  if (std::getenv("UPDATE") != nullptr) std::ofstream(path, std::ios::binary) << made;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

sim::Record took(std::uint32_t host, std::string machine, std::string from, std::string to,
                 std::string on, std::uint32_t instance = 0) {
  return {sim::kStart, sim::record::Transition{host, std::move(machine), instance, std::move(from),
                                               std::move(to), std::move(on)}};
}

// A full resync, a lost link, and a partial one.
Counts link_counts() {
  const std::vector<std::vector<std::string>> handshake = {
      {"CONNECT", "CONNECTING", "dial"},
      {"CONNECTING", "RECEIVE_PING_REPLY", "connected"},
      {"RECEIVE_PING_REPLY", "SEND_HANDSHAKE", "+PONG"},
      {"SEND_HANDSHAKE", "RECEIVE_AUTH_REPLY", "written"},
      {"RECEIVE_AUTH_REPLY", "RECEIVE_PORT_REPLY", "no masterauth"},
      {"RECEIVE_PORT_REPLY", "RECEIVE_IP_REPLY", "any reply"},
      {"RECEIVE_IP_REPLY", "RECEIVE_CAPA_REPLY", "no announced address"},
      {"RECEIVE_CAPA_REPLY", "SEND_PSYNC", "any reply"},
      {"SEND_PSYNC", "RECEIVE_PSYNC_REPLY", "written"}};
  std::vector<sim::Record> records = {took(1, "replica-link", "NONE", "CONNECT", "REPLICAOF")};
  const auto shake_hands = [&] {
    for (const auto& edge : handshake)
      records.push_back(took(1, "replica-link", edge[0], edge[1], edge[2]));
  };
  shake_hands();
  for (int i = 0; i < 1500; ++i) {
    records.push_back(took(1, "replica-link", "RECEIVE_PSYNC_REPLY", "RECEIVE_PSYNC_REPLY", "newline"));
  }
  records.push_back(took(1, "replica-link", "RECEIVE_PSYNC_REPLY", "TRANSFER", "+FULLRESYNC"));
  records.push_back(took(1, "replica-link", "TRANSFER", "CONNECTED", "RDB loaded"));
  records.push_back(took(1, "replica-link", "CONNECTED", "CONNECT", "link lost"));
  shake_hands();
  records.push_back(took(1, "replica-link", "RECEIVE_PSYNC_REPLY", "CONNECTED", "+CONTINUE"));
  Counts counts = reports::counts_of(records, "replica-link");
  counts.source = "link-drop.json, seed 42";
  return counts;
}

TEST(StateDiagram, DrawsTheTableOfTheReplicasLink) {
  const std::string made = to_dot(samples::replica_link());
  EXPECT_EQ(made, golden("replica_link.dot", made));
}

TEST(StateDiagram, DrawsTheTableOfTheMastersFeed) {
  const std::string made = to_dot(samples::replica_feed());
  EXPECT_EQ(made, golden("replica_feed.dot", made));
}

TEST(StateDiagram, PaintsTheLinkWithTheCountsOfATrace) {
  const std::string made = to_dot(samples::replica_link(), link_counts());
  EXPECT_EQ(made, golden("replica_link_counts.dot", made));
}

TEST(StateDiagram, SaysNeverOfAllThatAnEmptyTraceDidNotReach) {
  const std::string made = to_dot(samples::replica_feed(), Counts{});
  EXPECT_EQ(made, golden("replica_feed_never.dot", made));
}

TEST(StateDiagram, ShowsEdgesThatTheTableDoesNotHave) {
  const StateMachine machine{"m", "M", "A", {{"A"}, {"B"}}, {{"A", "B", "go", Tone::normal}}};
  Counts counts;
  counts.edges[{"A", "C", "by magic"}] = 3;
  const std::string made = to_dot(machine, counts);
  EXPECT_NE(made.find("by magic (not in the table)"), std::string::npos) << made;
  EXPECT_NE(made.find(R"("C" [)"), std::string::npos) << made;
}

TEST(StateDiagram, EscapesNamesFromAnywhere) {
  const StateMachine machine{
      "m", "a < b & c", "\"", {{"\""}, {"<x>"}}, {{"\"", "<x>", "1 > 0", Tone::normal}}};
  const std::string made = to_dot(machine);
  EXPECT_NE(made.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_NE(made.find(R"("\"" -> "<x>")"), std::string::npos) << made;
  EXPECT_NE(made.find("1 &gt; 0"), std::string::npos);
}

TEST(Counts, AreOfOneMachineOnly) {
  const std::vector<sim::Record> records = {took(0, "door", "OPEN", "SHUT", "push"),
                                            took(0, "window", "OPEN", "SHUT", "wind")};
  const Counts counts = reports::counts_of(records, "door");
  ASSERT_EQ(counts.edges.size(), 1U);
  EXPECT_EQ(counts.edges.begin()->second, 1U);
  EXPECT_EQ(counts.edges.begin()->first, std::tuple("OPEN", "SHUT", "push"));
}

TEST(Counts, EnterTheFirstStateOfEachInstanceAndOfEachRestart) {
  const std::vector<sim::Record> records = {
      took(0, "door", "OPEN", "SHUT", "push", 1), took(0, "door", "OPEN", "SHUT", "push", 2),
      took(0, "door", "SHUT", "OPEN", "pull", 1),  // known to be shut
      took(0, "door", "OPEN", "SHUT", "push", 2),  // was shut: it must have been built anew
      took(1, "door", "OPEN", "SHUT", "push", 1)};
  const Counts counts = reports::counts_of(records, "door");
  EXPECT_EQ(counts.entered.at("OPEN"), 5U);
  EXPECT_EQ(counts.entered.at("SHUT"), 4U);
}

TEST(Counts, OfTwoRunsAddUp) {
  Counts sum = link_counts();
  reports::add(sum, link_counts());
  EXPECT_EQ(sum.edges.at({"NONE", "CONNECT", "REPLICAOF"}), 2U);
  EXPECT_EQ(sum.entered.at("CONNECTED"), 4U);
  EXPECT_EQ(sum.source, "link-drop.json, seed 42");
}

}  // namespace
