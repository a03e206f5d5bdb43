#include "reports/summary.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using sim::Record;
namespace record = sim::record;

constexpr std::uint32_t kA = 0;
constexpr std::uint32_t kB = 1;

Record at(sim::Duration time, record::Any what) { return {sim::kStart + time, std::move(what)}; }

std::string timeline(const std::vector<Record>& records, const reports::TimelineOptions& options = {}) {
  std::vector<Record> all = {at(0us, record::Host{kA, "a"}), at(0us, record::Host{kB, "b"})};
  all.insert(all.end(), records.begin(), records.end());
  std::ostringstream out;
  out << '\n';  // so that the expected text can begin on a line of its own
  reports::print_timeline(out, all, options);
  return out.str();
}

record::Message said(std::uint32_t host, std::string text) {
  return {0, host, host == kA ? kB : kA, std::move(text), 0, 0};
}
record::Transition edge(std::string from, std::string to, std::string on) {
  return {kB, "replica-link", 0, std::move(from), std::move(to), std::move(on)};
}

TEST(Timeline, TellsARunFromHandshakeToVerdict) {
  EXPECT_EQ(timeline({
                at(0us, record::Scenario{"short-cut", "A short cut heals.", 42}),
                at(0us, record::Process{kA, "start", ""}),
                at(0us, record::Process{kB, "start", ""}),
                at(1ms, edge("NONE", "CONNECT", "REPLICAOF")),
                at(1ms, edge("CONNECT", "CONNECTING", "dial")),
                at(1ms, record::Connection{2, kB, kA, "dial"}),
                at(1250us, record::Connection{3, kA, kB, "accepted"}),
                at(1500us, record::Connection{2, kB, kA, "connected"}),
                at(1500us, edge("CONNECTING", "RECEIVE_PING_REPLY", "connected")),
                at(1500us, said(kB, "PING")),
                at(1750us, record::Delivered{3, 0, 14, 99}),
                at(1750us, said(kA, "+PONG")),
                at(2500us, record::Note{kA, "resync", "full, as b asks for no history; from offset 0"}),
                at(2500us, record::Mark{kA, "backlog_created_by_first_replica"}),
                at(2500us, record::Gauge{kA, "offset", 14}),
                at(2s, record::Step{"/steps/0", "run", "a: SET k 1"}),
                at(3s, record::Fault{0, "begin", "cut a-b with RST"}),
                at(3s, record::Connection{2, kB, kA, "reset"}),
                at(4s, record::Fault{0, "end", "cut a-b with RST"}),
                at(12s, record::Step{"/phases/1", "phase", "calm"}),
                at(20s, record::Verdict{"PREFIX", "pass", ""}),
                at(20s, record::Verdict{"CONV", "fail", "b holds 3 keys, a holds 4"}),
            }),
            R"(
  s         where     what happened
  0.000     scenario  short-cut, seed 42
            a         starts
            b         starts
  0.001     b         replica-link: NONE → CONNECT → CONNECTING (REPLICAOF, dial)
  0.001500  b         replica-link: CONNECTING → RECEIVE_PING_REPLY (connected)
            b → a     PING
  0.001750  a → b     +PONG
  0.002500  a         resync: full, as b asks for no history; from offset 0
            a         mark backlog_created_by_first_replica
  2.000     step      run: a: SET k 1
  3.000     fault     begins: cut a-b with RST
            b         connection to a is reset
  4.000     fault     ends: cut a-b with RST
 12.000     step      phase: calm
 20.000     oracle    CONV fail: b holds 3 keys, a holds 4
)");
}

TEST(Timeline, FoldsWhatRepeatsButForItsNumbers) {
  std::vector<Record> records;
  for (int second = 1; second <= 12; ++second) {
    records.push_back(at(second * 1s, said(kB, "REPLCONF ACK " + std::to_string(100 * second))));
    if (second % 5 == 0) records.push_back(at(second * 1s, said(kA, "PING")));
  }
  EXPECT_EQ(timeline(records), R"(
  s         where  what happened
  1.000     b → a  REPLCONF ACK 100   ×12 until 12.000
  5.000     a → b  PING
 10.000     a → b  PING
)");
}

TEST(Timeline, DoesNotFoldAcrossAFault) {
  std::vector<Record> records;
  for (int second = 1; second <= 8; ++second) {
    records.push_back(at(second * 1s, said(kB, "REPLCONF ACK 7")));
    if (second == 4) records.push_back(at(4500ms, record::Fault{0, "strike", "pause b"}));
  }
  EXPECT_EQ(timeline(records), R"(
  s         where  what happened
  1.000     b → a  REPLCONF ACK 7   ×4 until 4.000
  4.500     fault  strikes: pause b
  5.000     b → a  REPLCONF ACK 7   ×4 until 8.000
)");
}

TEST(Timeline, CutsLinesToTheTerminal) {
  const std::string text =
      timeline({at(1s, said(kA, "SET clé " + std::string(200, 'x')))}, {.width = 50});
  EXPECT_EQ(text, R"(
  s         where  what happened
  1.000     a → b  SET clé xxxxxxxxxxxxxxxxxxxxxx…
)");
}

TEST(Timeline, ShowsControlCharactersInsteadOfSendingThem) {
  EXPECT_NE(timeline({at(1s, said(kA, "\x1b[2J\r\n"))}).find(R"(\x1b[2J\r\n)"), std::string::npos);
}

TEST(Timeline, PaintsFaultsAndFailuresWhenAsked) {
  const std::vector<Record> records = {at(1s, record::Fault{0, "strike", "crash a"}),
                                       at(2s, record::Verdict{"CONV", "fail", "b lacks k"})};
  EXPECT_EQ(timeline(records).find('\x1b'), std::string::npos);
  const std::string text = timeline(records, {.color = true});
  EXPECT_NE(text.find("\x1b[1;33mfault"), std::string::npos);
  EXPECT_NE(text.find("\x1b[1;31moracle"), std::string::npos);
}

TEST(Timeline, IsEmptyForAnEmptyTrace) { EXPECT_EQ(timeline({}), "\n"); }

}  // namespace
