// A golden case: what was done to real servers, so that it can be done to ours. JSON in, plain data
// out.
//
// A golden directory holds inputs/NAME.json, the cases, and cases/NAME.json, what redis-server
// answered. Its README describes both; the names here are the names there.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/time.h"

namespace scenarios::golden {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Ask {  // {"cmd": node, "args": [...]}
  std::string node;
  std::vector<std::string> args;
  std::string conn = "main";
  std::uint32_t repeat = 1;
  bool async = false;  // collected by a later TakeReply
  bool mask_reply = false;
  sim::Duration within{10'000'000};
};
struct Burst {  // several commands in one write
  std::string node, conn = "main";
  std::vector<std::vector<std::string>> cmds;
};
struct TakeReply {
  std::string node, conn = "main";
  sim::Duration within{10'000'000};
};
struct Follow {
  std::string node, of;  // of: empty is NO ONE
  std::string word = "REPLICAOF";
};
struct WaitFor {  // all of these
  std::string node;
  Pairs info;  // field, what it must be: "x", "!x", ">=n"
  std::vector<std::pair<std::string, Pairs>> slave;
  std::string noslave, key, nokey, role_state;  // empty: not asked for
  sim::Duration within{15'000'000};
};
struct WaitSync {
  std::string master;
  std::vector<std::string> replicas;
  bool acked = true;
  sim::Duration within{20'000'000};
};
struct WaitWire {
  std::string link, what, text;
  bool to_master = false;  // dir: r2m
  std::int64_t conn = -1;  // below 0: counted from the newest
  std::size_t conns = 0;   // at least so many must have been
  std::size_t bytes = 0;
  sim::Duration within{15'000'000};
};
struct Fault {
  std::string link, kind;
  std::string mode = "rst", side = "both", base = "start";
  std::vector<bool> ways;  // to_master or not; both when the case names none
  std::optional<std::int64_t> bytes;
  bool on_next = false;  // when: next
  bool then_stall = false, freeze = false;
  bool connection_only = false;  // scope: conn; else every later connection as well
  sim::Duration drain{80'000};
  std::int64_t value = 1;            // 0: no longer
  std::optional<std::int64_t> conn;  // below 0: counted from the newest
};
struct Raw {
  std::string name, to;
  std::vector<std::vector<std::string>> cmds;
  std::string text;
  bool close = false;
};
struct Fake {
  std::string name;
};  // its rules are in Case::fakes
struct Kill {
  std::string node;
};
struct Shutdown {
  std::string node;
  std::vector<std::string> args;
};
struct Start {
  std::string node;
  Pairs config;
};
struct WaitExit {
  std::string node;
};
struct Series {
  std::string node;
  std::vector<std::string> args, fields, watch;
  std::uint32_t repeat = 1;
};
struct Sleep {
  sim::Duration time{0};
};
struct Checkpoint {
  enum class Keys : std::uint8_t { all, digest, none } keys = Keys::all;
  std::vector<std::string> nodes;  // empty: all
};

struct Step {
  using What = std::variant<Ask, Burst, TakeReply, Follow, WaitFor, WaitSync, WaitWire, Fault, Raw,
                            Fake, Kill, Shutdown, Start, WaitExit, Series, Sleep, Checkpoint>;
  What what;
  std::string text;  // as it stands in the case, on one line
  std::string key;   // what its times are about: the second argument
};

struct Node {
  std::string name;
  Pairs config;
  bool autostart = true;
};
struct FakeMaster {
  std::string name;
  // A request's first word, or first two, and the replies: one a connection, the last one for all
  // further ones. See fake_masters.h.
  std::vector<std::pair<std::string, std::vector<std::string>>> rules;
};

// How the wire of one connection ("B>A#0") or of all of a link ("B>A") was written down.
struct WireOptions {
  std::optional<std::string> end;
  std::optional<std::size_t> handshake;  // only so many lines of the answer
  bool mask_psync_offset = false, newlines = false, summary = false, hash_omitted = true;
  std::size_t first = 0;
  std::string acks;  // "last", "all", or as usual
};

struct Case {
  std::string name;
  std::vector<Node> nodes;
  std::vector<FakeMaster> fakes;
  std::vector<std::string> raws;
  std::vector<Step> steps;
  std::vector<std::string> track;
  std::map<std::string, WireOptions> wire_options;
  bool collapse_repeats = false, mask_digest = false;
  Pairs masks;                           // pattern, replacement
  std::vector<std::string> literal_ids;  // that the case itself writes out
  sim::Duration pace{0};
  // Members that the recorder does not read, so that they decided nothing: "steps[3].why".
  std::vector<std::string> unread;
};

// What a case has that this program does not know, and where. Steps and faults of unknown kinds,
// unknown words and names: whoever skipped them would compare something else than what was
// recorded.
struct NotUnderstood {
  std::string where;  // "steps[3] {...}", or empty
  std::string problem;
};

// What a golden file says of bytes: one character is one byte (latin-1).
std::string bytes_of(std::string_view utf8);
std::string shown(std::string_view bytes);

std::variant<Case, NotUnderstood> read_case(const nlohmann::ordered_json& input);

}  // namespace scenarios::golden
