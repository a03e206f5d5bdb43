// The wire: landmarks and messages, however the bytes are cut into pieces.
#include "scenarios/world/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using scenarios::Landmarks;
using scenarios::Wire;
using ::testing::ElementsAre;

constexpr sim::EndId kAsker{4}, kAnswerer{5};
constexpr sim::HostId kReplica{1}, kMaster{0};
const std::string kId = "0123456789abcdef0123456789abcdef01234567";

// A conversation in which each side's words go out in pieces of `piece` bytes.
class Talk {
 public:
  explicit Talk(std::size_t piece) : piece_(piece), trace_(sim::TraceMode::keep) {
    wire_.opened(kAsker, kReplica, kMaster);
  }
  Talk& asks(const std::string& bytes) { return send(kAsker, bytes); }
  Talk& answers(const std::string& bytes, std::uint64_t payload = 0) {
    return send(kAnswerer, bytes, payload);
  }

  Wire& wire() { return wire_; }
  const Landmarks& asked() const { return wire_.find(kAsker)->landmarks(); }
  const Landmarks& answered() const { return wire_.find(kAnswerer)->landmarks(); }
  // "from+count text", the asker's with > before.
  std::vector<std::string> messages() const {
    std::vector<std::string> told;
    for (const sim::Record& record : trace_.records()) {
      const auto& m = std::get<sim::record::Message>(record.what);
      told.push_back((m.host == number(kReplica) ? ">" : "") + std::to_string(m.from) + "+" +
                     std::to_string(m.count) + " " + m.text);
    }
    return told;
  }

 private:
  Talk& send(sim::EndId end, const std::string& bytes, std::uint64_t payload = 0) {
    for (std::size_t i = 0; i < bytes.size(); i += piece_) {
      wire_.sent(end, std::string_view(bytes).substr(i, piece_), payload, sim::kStart, trace_);
    }
    return *this;
  }

  std::size_t piece_;
  Wire wire_;
  sim::Trace trace_;
};

class WireInPieces : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Pieces, WireInPieces, ::testing::Values(1, 2, 7, 1000));

TEST_P(WireInPieces, FindsThePartsOfAFullResync) {
  Talk talk(GetParam());
  talk.asks("*1\r\n$4\r\nPING\r\n").answers("+PONG\r\n");
  talk.asks("PSYNC ? -1\r\n").answers("\n\n+FULLRESYNC " + kId + " 0\r\n");
  talk.answers("\n$5\r\nREDIS*1\r\n$4\r\nping\r\n").asks("REPLCONF ACK 0\r\n");
  EXPECT_EQ(talk.answered(), (Landmarks{9, 66, 70, 75, 75}));
  EXPECT_EQ(talk.asked().stream, 26U);
  EXPECT_THAT(talk.messages(), ElementsAre(">0+14 PING", "0+7 +PONG", ">14+12 PSYNC ? -1",
                                           "9+56 +FULLRESYNC 01234567 0", "66+9 payload of 5 bytes",
                                           "75+14 ping", ">26+16 REPLCONF ACK 0"));
}

TEST_P(WireInPieces, FindsTheEndOfAPayloadByItsMark) {
  const std::string mark(40, 'm');
  Talk talk(GetParam());
  talk.asks("PSYNC ? -1\r\n").answers("+FULLRESYNC " + kId + " 0\r\n");
  talk.answers("$EOF:" + mark + "\r\n", 6);
  EXPECT_EQ(talk.answered().payload, 103U);
  EXPECT_EQ(talk.answered().payload_end, 103U + 6U + 40U);  // the sender knew
  EXPECT_EQ(talk.answered().stream, std::nullopt);
  talk.answers("mmREDI" + mark + "*1\r\n$4\r\nping\r\n");
  EXPECT_EQ(talk.answered().stream, 149U);
  EXPECT_EQ(talk.messages().back(), "149+14 ping");
}

TEST_P(WireInPieces, FindsTheStreamBehindAGrant) {
  Talk talk(GetParam());
  talk.asks("PSYNC " + kId + " 51\r\n")
      .answers("+CONTINUE\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n");
  EXPECT_EQ(talk.answered().reply, 0U);
  EXPECT_EQ(talk.answered().stream, 11U);
  EXPECT_EQ(talk.answered().payload, std::nullopt);
  EXPECT_THAT(talk.messages(),
              ElementsAre(">0+51 PSYNC 01234567 51", "0+11 +CONTINUE", "11+28 SET k \"\\r\\n\""));
}

TEST_P(WireInPieces, FollowsTheWayBackToSync) {
  Talk talk(GetParam());
  talk.asks("PSYNC ? -1\r\n")
      .answers("-ERR unknown command\r\n")
      .asks("SYNC\r\n")
      .answers("\n$3\r\nabc\r\n");
  EXPECT_EQ(talk.answered().header, 23U);
  EXPECT_EQ(talk.answered().payload, 27U);
  EXPECT_EQ(talk.answered().stream, 30U);
}

TEST_P(WireInPieces, PassesOverAnswersToOtherQuestions) {
  Talk talk(GetParam());
  talk.asks("GET k\r\nLRANGE l 0 -1\r\nPSYNC ? -1\r\n");
  talk.answers("$10\r\n+CONTINUE\n\r\n*2\r\n$1\r\na\r\n:1\r\n+CONTINUE " + kId + "\r\n");
  EXPECT_EQ(talk.answered().reply, 17U + 4U + 7U + 4U);
}

TEST(Wire, CountsMessagesThatAreWatchedFor) {
  Talk talk(1000);
  const std::size_t acks = talk.wire().watch(kReplica, kMaster, "REPLCONF ACK *");
  EXPECT_EQ(talk.wire().watch(kReplica, kMaster, "REPLCONF ACK *"), acks);
  const std::size_t header = talk.wire().watch(kMaster, kReplica, "$EOF:*");
  talk.asks("PSYNC ? -1\r\nREPLCONF ACK 1\r\nREPLCONF ACK 2\r\nREPLCONF GETACK *\r\n");
  talk.answers("+FULLRESYNC " + kId + " 0\r\n$EOF:" + std::string(40, 'm') + "\r\n");
  EXPECT_EQ(talk.wire().seen(acks), 2U);
  EXPECT_EQ(talk.wire().seen(header), 1U);
}

TEST(Wire, KeepsConnectionsApart) {
  Wire wire;
  wire.opened(sim::EndId{2}, kReplica, kMaster);
  wire.opened(sim::EndId{6}, kMaster, kReplica);
  EXPECT_EQ(wire.find(sim::EndId{4}), nullptr);
  EXPECT_EQ(wire.horizon(), 4U);
  const auto ways = wire.between(kMaster, kReplica);
  ASSERT_EQ(ways.size(), 2U);
  EXPECT_EQ(ways[0]->end(), sim::EndId{3});
  EXPECT_EQ(ways[1]->end(), sim::EndId{6});
}

}  // namespace
