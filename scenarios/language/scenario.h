// A scenario as plain data: what loader.cc makes of a JSON file and what runner.cc runs. The language
// itself, with examples, is described in scenarios/README.md and scenario.schema.json; the names here
// are the names there.
//
// A scenario opens with its point. It names nodes and links, then lists steps, which are taken one
// after the other. Every element remembers where it stood in the file, so that a failure can point.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/link.h"
#include "sim/time.h"

namespace scenarios {

// Where an element stands in its file. `pointer` is RFC 6901.
struct Place {
  std::string pointer;
  std::size_t line = 0;
  std::size_t column = 0;
  // Where something stands is not what it says: scenarios that say the same are equal.
  bool operator==(const Place&) const { return true; }
};

using ConfigLines = std::vector<std::pair<std::string, std::string>>;  // redis.conf name, value

// --- nodes and links ------------------------------------------------------------------------------

struct Node {
  std::string name;
  Place place;
  std::string profile = "redis-7.0";
  ConfigLines config;                    // scenario-wide lines first, the node's own after them
  std::string replicaof;                 // node or peer that it follows from its start; empty: a master
  std::vector<std::string> quirks;       // the scenario's and its own
  std::vector<std::string> data;         // commands that make its data before the run begins
  bool start = true;                     // false: down until a restart step
  sim::Duration clock_offset{0};         // wall clock minus true time at the start
  std::int32_t clock_drift_ppm = 0;      // wall clock gains so many microseconds a second
  bool operator==(const Node&) const = default;
};

// A raw peer: a hand-written master or replica. It dials (step `raw` with `dial`) or listens under its
// name, and answers from a script or only when a step says so.
struct Peer {
  std::string name;
  Place place;
  bool listens = false;
  int port = 6379;                       // that it listens on
  // First word (or first two words) of a request -> replies, one a connection, the last one repeated.
  // A reply's parts are separated by '|': "+FULLRESYNC <id> 0|@rdb" sends the line, then a payload.
  std::vector<std::pair<std::string, std::vector<std::string>>> replies;
  bool operator==(const Peer&) const = default;
};

// Both directions, unless `from` and `to` are given by the file: then that direction only.
struct Link {
  std::string from, to;
  bool both_ways = true;
  Place place;
  sim::LinkProfile profile;
  bool operator==(const Link&) const = default;
};

// --- conditions -----------------------------------------------------------------------------------

// A test of one value: "up", ">=3", "!=x", "*glob*", or a formula "@{a.master_repl_offset+1}". Numbers
// compare as numbers. An empty optional stands for JSON null: the thing must be absent.
struct Test {
  enum class Op : std::uint8_t { is, is_not, less, at_most, more, at_least, like, absent };
  Op op = Op::is;
  std::string value;  // may hold @{...}, resolved when judged
  bool operator==(const Test&) const = default;
};

struct Condition;

// Each kind of condition is one alternative; a condition of several kinds is a conjunction of them.
struct InfoIs {  // a field of INFO, any section
  std::string node, field;
  Test test;
  bool operator==(const InfoIs&) const = default;
};
struct KeyIs {   // the value of a key as a client of that node would read it; absent = no such key
  std::string node;
  unsigned db = 0;
  std::string key;
  Test test;
  bool operator==(const KeyIs&) const = default;
};
struct LinkStateIs {   // the state of the node's link to its master: "CONNECTED", "TRANSFER", ...
  std::string node;
  Test test;
  bool operator==(const LinkStateIs&) const = default;
};
struct RoleStateIs {   // the word ROLE answers on a replica: "connect", "sync", "connected", ...
  std::string node;
  Test test;
  bool operator==(const RoleStateIs&) const = default;
};
struct ReplicaStateIs {  // how `node` sees its replica: "wait_bgsave", "send_bulk", "bg_rdb_load", "online"; or absent
  std::string node, replica;
  Test test;
  bool operator==(const ReplicaStateIs&) const = default;
};
struct Synced {  // the first is a master; all others are online, at its offset, and have acknowledged it
  std::vector<std::string> nodes;
  bool operator==(const Synced&) const = default;
};
struct Equal {   // same data
  std::vector<std::string> nodes;
  bool operator==(const Equal&) const = default;
};
struct IsUp {    // the process runs
  std::string node;
  bool up = true;
  bool operator==(const IsUp&) const = default;
};
struct WireHas {  // so many messages like `text` (a glob over the message as the timeline prints it)
  std::string from, to, text;
  Test times{Test::Op::at_least, "1"};
  bool operator==(const WireHas&) const = default;
};
struct MarkReached {
  std::string mark;
  bool operator==(const MarkReached&) const = default;
};
struct RawGot {  // what a raw peer received so far on its newest connection, as a whole, is like this
  std::string peer;
  Test test;
  bool operator==(const RawGot&) const = default;
};
struct StreamIs {  // the commands that entered the node's stream since its `tap` step, each like its glob
  std::string node;
  std::vector<std::string> commands;
  bool operator==(const StreamIs&) const = default;
};
struct Not {
  std::shared_ptr<const Condition> inner;
  bool operator==(const Not& other) const;  // of what they deny
};
struct Any {
  std::vector<Condition> inner;
  bool operator==(const Any& other) const;
};

struct Condition {
  using Part = std::variant<InfoIs, KeyIs, LinkStateIs, RoleStateIs, ReplicaStateIs, Synced, Equal,
                            IsUp, WireHas, MarkReached, RawGot, StreamIs, Not, Any>;
  std::vector<Part> all_of;  // at least one
  Place place;
  bool operator==(const Condition&) const = default;
};

inline bool Not::operator==(const Not& other) const {
  return inner == other.inner || (inner && other.inner && *inner == *other.inner);
}
inline bool Any::operator==(const Any& other) const { return inner == other.inner; }

// --- faults ---------------------------------------------------------------------------------------

// The direction from one node to another; most network faults name one or both.
struct Way {
  std::string from, to;
  bool operator==(const Way&) const = default;
};

struct Cut {
  std::string one, other;  // every connection between them
  sim::CloseHow how = sim::CloseHow::rst;
  std::string noticed_by;  // "both" (default), "nobody", or a node's name
  sim::InFlight in_flight = sim::InFlight::lost;
  bool operator==(const Cut&) const = default;
};
struct HoldWays {          // partition and clog
  std::vector<Way> ways;
  sim::Hold what = sim::Hold::everything;
  bool operator==(const HoldWays&) const = default;
};
struct Freeze {            // stop delivery on the connections of one way at this very byte ("then stall")
  Way way;
  bool operator==(const Freeze&) const = default;
};
struct Reshape {           // slow, throttle, trickle: fields present replace those of the link
  std::vector<Way> ways;
  std::optional<sim::Duration> latency, jitter;
  std::optional<std::uint64_t> bytes_per_second;
  std::optional<sim::Pieces> pieces;
  bool operator==(const Reshape&) const = default;
};
struct Welcoming {         // refuse, silence
  Way way;
  sim::Welcome what = sim::Welcome::refuse;
  bool operator==(const Welcoming&) const = default;
};
struct Crash {
  std::string node;
  bool silent = false;     // power loss: the peers are told nothing
  bool operator==(const Crash&) const = default;
};
struct Restart {
  std::string node;
  bool keep_disk = true;
  ConfigLines config;      // replaces earlier values
  std::optional<std::string> replicaof;  // given: its place in the configuration; "" = a master
  bool operator==(const Restart&) const = default;
};
struct Pause {
  std::string node;
  bool operator==(const Pause&) const = default;
};
struct Resume {
  std::string node;
  bool operator==(const Resume&) const = default;
};
struct Stop {  // SIGTERM: it ends in good order (R10.19)
  std::string node;
  bool operator==(const Stop&) const = default;
};
struct SlowLoop {          // every turn of the event loop takes this much longer
  std::string node;
  sim::Duration by{0};
  bool operator==(const SlowLoop&) const = default;
};
struct JobFault {
  std::string node;
  enum class Job : std::uint8_t { snapshot, load } job = Job::snapshot;
  enum class Does : std::uint8_t { fails_to_start, dies, takes, ends_late, fails } does = Does::dies;
  sim::Duration time{0};   // for `takes` (its whole duration) and `ends_late` (after it was cancelled)
  bool operator==(const JobFault&) const = default;
};
struct DiskFault {
  std::string node;
  enum class Does : std::uint8_t { full, write_error } does = Does::full;
  bool operator==(const DiskFault&) const = default;
};
struct ClockFault {
  std::string node;
  sim::Duration step{0};
  std::optional<std::int32_t> drift_ppm;
  bool operator==(const ClockFault&) const = default;
};

// A point in the byte stream of one way. `base` says from where `count` counts.
struct BytePoint {
  Way way;
  enum class Base : std::uint8_t {
    connection,   // the first byte of the connection
    now,          // the next byte to be delivered
    reply,        // the first byte of the answer to PSYNC or SYNC
    header,       // the first byte of the payload's header line
    payload,      // the first byte of the payload
    payload_end,  // the first byte behind the payload (and its mark)
    stream,       // the first byte of the replication stream
  } base = Base::connection;
  std::int64_t count = 0;              // may be negative with payload_end
  std::optional<std::uint32_t> percent;  // of the payload, instead of count
  enum class Which : std::uint8_t { current_or_next, current, next } connection = Which::current_or_next;
  Place place;
  bool operator==(const BytePoint&) const = default;
};

struct Flip {
  BytePoint at;
  unsigned bit = 0;
  bool operator==(const Flip&) const = default;
};

struct Fault {
  using What = std::variant<Cut, HoldWays, Freeze, Reshape, Welcoming, Crash, Restart, Stop, Pause,
                            Resume, SlowLoop, JobFault, DiskFault, ClockFault, Flip>;
  What what;
  std::string name;                        // for `heal`; may be empty
  std::string text;                        // as the timeline prints it: described(what)
  std::optional<Condition> when;           // armed: strikes when this first holds
  std::optional<BytePoint> after_bytes;    // armed: strikes exactly there
  std::optional<sim::Duration> lasts;      // then it is undone
  std::uint32_t times = 1;                 // an armed fault strikes so often, then is spent
  bool operator==(const Fault&) const = default;
};

// --- steps ----------------------------------------------------------------------------------------

// What a reply must look like. Strings match simple strings and bulks; a glob is marked by `like`.
struct ReplyTest {
  enum class Kind : std::uint8_t { text, like, integer, error, nil, list, anything } kind = Kind::anything;
  std::string text;                 // for an error: how it begins
  std::vector<ReplyTest> elements;
  bool operator==(const ReplyTest&) const = default;
};

struct Run {                        // client commands on a node
  std::string node;
  std::string client = "main";      // connections are by (node, client) and stay open
  std::vector<std::string> lines;   // each is one command as in redis-cli; may hold @{...} and {i}
  std::uint32_t repeat = 1;
  bool pipelined = false;           // all in one write, replies collected after
  bool await = true;                // false: the reply is collected by a later `reply` step
  std::vector<ReplyTest> replies;   // none: replies are not judged; one: for each; else one a line
  sim::Duration within{10'000'000};
  bool operator==(const Run&) const = default;
};
struct CollectReply {
  std::string node, client;
  std::vector<ReplyTest> replies;
  sim::Duration within{10'000'000};
  bool operator==(const CollectReply&) const = default;
};
struct ReplicaOf {
  std::vector<std::pair<std::string, std::string>> pairs;  // node -> master or ""
  bool operator==(const ReplicaOf&) const = default;
};
struct Wait {
  Condition until;
  sim::Duration within{60'000'000};
  bool needed = true;               // false: if it does not come true the steps go on, and nothing is broken
  bool operator==(const Wait&) const = default;
};
struct Expect {
  Condition holds;
  bool operator==(const Expect&) const = default;
};
struct Throughout {
  Condition holds;
  sim::Duration lasts{0};
  bool never = false;
  bool operator==(const Throughout&) const = default;
};
struct Sleep {
  sim::Duration time{0};
  bool operator==(const Sleep&) const = default;
};
struct Heal {
  std::vector<std::string> names;
  bool all = false;
  bool operator==(const Heal&) const = default;
};
struct Checkpoint {
  std::string name;
  bool operator==(const Checkpoint&) const = default;
};
struct Remember {
  std::string name, node, field;  // later: @{name+1}
  bool operator==(const Remember&) const = default;
};
struct Load {                       // a background generator of commands
  std::string node;
  std::string client = "load";
  std::vector<std::string> lines;   // drawn one at a time; {key} and {n} are filled in
  unsigned db = 0;
  std::uint32_t keys = 10;
  std::uint32_t per_second = 100;
  std::optional<std::uint32_t> count;  // ends after so many commands,
  sim::Duration lasts{0};              // or after this time; 0 = until the calm
  bool operator==(const Load&) const = default;
};
struct Tap {  // from here on its stream is looked at (condition `stream`)
  std::string node;
  bool operator==(const Tap&) const = default;
};
struct Raw {                        // one action of a raw peer
  std::string peer;
  std::optional<std::string> dial;  // node to connect to
  std::optional<std::string> send;  // exact bytes; may hold @{...}
  std::optional<std::string> close; // "fin" or "rst"
  bool needed = true;               // false: where it cannot be done the steps go on all the same
  bool operator==(const Raw&) const = default;
};

struct Step {
  using What = std::variant<Run, CollectReply, ReplicaOf, Wait, Expect, Throughout, Sleep, Heal,
                            Checkpoint, Remember, Load, Tap, Raw, Fault>;
  What what;
  Place place;
  std::string why;                          // shown in the timeline
  std::optional<sim::Duration> at;          // not before this time of the run
  std::optional<sim::Duration> after;       // this long after the step before it was done
  bool operator==(const Step&) const = default;
};

// --- the whole ------------------------------------------------------------------------------------

struct Scenario {
  std::string name;    // the file's stem
  std::string point;
  std::vector<std::string> rules;  // of the reference, that it shows: "R5.1", "V21"
  std::uint64_t seed = 1;
  std::vector<Node> nodes;   // in order of the file
  std::vector<Peer> peers;
  std::vector<Link> links;
  sim::LinkProfile default_link;
  bool one_address = false;  // all nodes and peers are at 127.0.0.1 and known by their ports
  std::vector<Step> steps;
  std::map<std::string, std::string> leave_out;  // oracle -> reason
  std::vector<std::string> must_fail;  // oracles that must fail: a witness; empty: all must hold
  bool calm = true;                    // false: no calm phase (a scenario that stays broken on purpose)
  sim::Duration calm_within{0};        // 0: computed from sizes, rates and timeouts
  bool operator==(const Scenario&) const = default;
};

}  // namespace scenarios
