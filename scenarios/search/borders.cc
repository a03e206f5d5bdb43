// Episodes about the last byte that is still there, the first that is not, and what is cut in the middle.
#include <algorithm>

#include "scenarios/search/plots.h"

namespace scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How far from a border: on it, one or two to either side.
std::string about(Script& s, const std::string& field) {
  const int off = s.dice.pick({0, 1, -1, 2, -2});
  return "@{" + field + (off > 0 ? "+" : "") + (off != 0 ? std::to_string(off) : "") + "}";
}

}  // namespace

// A replica by hand asks to be continued, from the very borders of what its master can continue.
void probe(Script& s) {
  const std::string node = s.dice.chance(1, 3) ? s.anybody() : s.top_of(s.a_link().first);
  const std::string name = s.fresh("p");
  Peer peer;
  peer.name = name;
  peer.place.pointer = "/peers/" + name;
  s.scenario.peers.push_back(peer);
  std::string asks = s.dice.weighted<std::string>({{4, "REPLCONF capa eof capa psync2\r\n"},
                                                   {2, "REPLCONF capa eof\r\n"},
                                                   {1, ""}});
  switch (s.dice.weighted<int>({{4, 0}, {3, 1}, {4, 2}, {1, 3}})) {
    case 0: {  // the next byte is offset + 1
      const std::string at = s.dice.pick({"+1}", "+2}", "}", "+3}", "-1}"});
      asks += "PSYNC @{" + node + ".master_replid} @{" + node + ".master_repl_offset" + at;
      break;
    }
    case 1:
      asks += "PSYNC @{" + node + ".master_replid} " + about(s, node + ".repl_backlog_first_byte_offset");
      break;
    case 2:
      asks += "PSYNC @{" + node + ".master_replid2} " + about(s, node + ".second_repl_offset");
      break;
    default:
      asks += "PSYNC @{" + node + ".master_replid2} " + about(s, node + ".repl_backlog_first_byte_offset");
  }
  s.later(s.moment());
  Raw dial;
  dial.peer = name;
  dial.dial = node;
  dial.needed = false;
  s.add(dial);
  Raw send;
  send.peer = name;
  send.send = asks + "\r\n";
  send.needed = false;
  s.add(send);
  if (s.dice.chance(1, 3)) return;
  s.later(milliseconds(s.dice.pick({100, 10, 1500})));
  Raw close;
  close.peer = name;
  close.close = s.dice.pick({"rst", "fin"});
  close.needed = false;
  s.add(close);
}

// The backlog is written full, up to about its last byte, while somebody is away who will come back.
void wrap(Script& s) {
  const auto [master, replica] = s.a_link();
  const std::string top = s.top_of(master);
  constexpr std::int64_t kSmallest = 16384;
  if (!s.on(Family::small_backlog)) s.run(top, {"CONFIG SET repl-backlog-size 16kb"}, "admin");
  if (s.dice.chance(1, 2)) s.run(top, operations(s, 1));
  Fault away;
  switch (s.dice.weighted<int>({{3, 0}, {s.on(Family::stalls) ? 2U : 0U, 1}, {2, 2}})) {
    case 0: {
      HoldWays hold;
      hold.ways = {{master, replica}, {replica, master}};
      away.what = std::move(hold);
      break;
    }
    case 1:
      away.what = Pause{replica};
      break;
    default:
      away.what = Welcoming{{replica, master}, sim::Welcome::refuse};
  }
  const sim::Duration longest = std::min<sim::Duration>(s.timeout, seconds(8));
  away.lasts = s.dice.chance(1, 2) ? longest + seconds(1) : longest - seconds(1);
  s.later(s.moment());
  s.fault(std::move(away));
  if (s.dice.chance(2, 3)) {
    Fault cut;
    cut.what = Cut{master, replica, sim::CloseHow::rst, "both", sim::InFlight::lost};
    s.fault(std::move(cut));
  }
  // *3 SET w <value>: so many bytes in the stream, and so many of them for all of the backlog.
  const auto size = static_cast<std::size_t>(s.dice.pick({900, 300, 150, 2000}));
  const std::string value = value_of(size, 'w');
  const auto bytes = static_cast<std::int64_t>(4 + 9 + 7 + 3 + std::to_string(size).size() + size + 2);
  const std::int64_t more = s.dice.pick({0, -1, 1, -2, 2, 5});
  Run run;
  run.node = top;
  run.client = "wrap";
  if (s.password) run.lines.emplace_back("AUTH secret");
  run.lines.push_back("SET w " + value);
  run.repeat = static_cast<std::uint32_t>(std::max<std::int64_t>(1, kSmallest / bytes + more));
  run.await = false;
  s.lines += 6;
  s.later(milliseconds(s.dice.pick({1, 20, 200})));
  s.add(std::move(run));
  if (s.dice.chance(1, 2)) {
    s.later(milliseconds(s.dice.pick({1, 100, 700})));
    const std::vector<std::string> tail = {"APPEND s0 " + value_of(1 + s.dice.below(40), 'v')};
    s.run(top, tail);
  }
  if (s.dice.chance(1, 3)) {
    s.later(s.moment());
    s.promote(replica);
    if (s.dice.chance(1, 2)) s.run(replica, operations(s, 1, '7'));
    s.later(s.moment());
    if (s.dice.chance(1, 2)) s.follow(top, replica);
    else s.follow(replica, top);
  }
  if (s.on(Family::probes) && s.dice.chance(1, 2)) probe(s);
}

// A transaction is on its way when the link breaks inside it; perhaps the replica has other plans then.
void cut_in_unit(Script& s) {
  const auto [master, replica] = s.a_link();
  const std::string top = s.top_of(master);
  std::vector<std::string> lines = {"MULTI"};
  const std::size_t parts = 2 + s.dice.below(4);
  while (lines.size() <= parts) {
    for (std::string& line : operations(s, 1)) {
      if (line != "MULTI" && line != "EXEC" && line != "DISCARD") lines.push_back(std::move(line));
    }
  }
  lines.emplace_back("EXEC");
  Fault cut;
  Cut how{master, replica, sim::CloseHow::rst, "both", sim::InFlight::lost};
  if (s.dice.chance(1, 4)) how.how = sim::CloseHow::fin;
  cut.what = how;
  BytePoint point;
  point.way = {master, replica};
  point.base = BytePoint::Base::now;
  point.count = s.dice.between(1, static_cast<std::int64_t>(30 * lines.size()));
  point.connection = BytePoint::Which::current;
  cut.after_bytes = point;
  if (s.dice.chance(1, 4)) cut.times = 2;
  s.later(s.moment());
  s.fault(std::move(cut));
  s.run(top, lines, s.fresh("tx"));
  if (s.dice.chance(1, 3)) s.run(top, operations(s, 1));
  if (!s.on(Family::role_changes) || !s.dice.chance(1, 2)) return;
  s.later(milliseconds(s.dice.pick({2, 5, 50, 500})));
  switch (s.dice.below(3)) {
    case 0:
      s.promote(replica);
      break;
    case 1:
      s.follow(replica, s.other_than(replica));
      break;
    default:
      s.follow(top, replica);
      s.promote(replica);
  }
  s.run(replica, operations(s, 1, '7'));
}

// More in one transaction than a replica's output limit, or the backlog, takes.
void big_transaction(Script& s) {
  const std::string top = s.top_of(s.a_link().first);
  const std::size_t size = s.dice.pick({9000U, 4000U, 20000U});
  const std::size_t count = s.dice.pick({8U, 5U, 12U});
  std::vector<std::string> lines = {"MULTI"};
  for (std::size_t i = 0; i < count; ++i) lines.push_back("SET b" + std::to_string(i % 2) + " " + value_of(size, 'v'));
  lines.emplace_back("INCR n0");
  lines.emplace_back("EXEC");
  s.later(s.moment());
  s.run(top, std::move(lines), s.fresh("tx"));
  s.later(s.moment());
  s.run(top, operations(s, 1));
}

}  // namespace scenarios
