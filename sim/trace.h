// What happened, as data: one typed record an event, in the one order of events, with a running hash.
// Everything that a person sees is rendered from this. When nobody wants to look, only the hash is
// computed; it is the same number either way.
//
// A record type is a struct with a `kind` (its name in the file) and a `fields` function that names
// each member once. That one list gives the hash, the JSON line and the way back from it.
//
// A target of its own, without the rest of the simulator: reports/ reads traces and nothing else.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/time.h"

namespace sim::record {

// The world is described first, so that a trace can be read without its scenario.
struct Scenario {
  static constexpr std::string_view kind = "scenario";
  std::string name;   // the file's stem
  std::string point;  // what it is to show
  std::uint64_t seed = 0;
  template <class V> void fields(V&& v) { v("name", name); v("point", point); v("seed", seed); }
  bool operator==(const Scenario&) const = default;
};

struct Host {
  static constexpr std::string_view kind = "host";
  std::uint32_t host = 0;
  std::string name;
  template <class V> void fields(V&& v) { v("host", host); v("name", name); }
  bool operator==(const Host&) const = default;
};

// The software on a host starts (or starts again) or is gone.
struct Process {
  static constexpr std::string_view kind = "process";
  std::uint32_t host = 0;
  std::string what;  // "start", "crash", "exit", "pause", "resume"
  std::string why;
  template <class V> void fields(V&& v) { v("host", host); v("what", what); v("why", why); }
  bool operator==(const Process&) const = default;
};

// A connection's life, by the end that experiences it: "dial", "accepted", "connected", "refused",
// "ended", "reset", "closed".
struct Connection {
  static constexpr std::string_view kind = "connection";
  std::uint32_t end = 0;
  std::uint32_t host = 0;
  std::uint32_t peer = 0;
  std::string what;
  template <class V> void fields(V&& v) {
    v("end", end); v("host", host); v("peer", peer); v("what", what);
  }
  bool operator==(const Connection&) const = default;
};

// Bytes handed to the software at the other side of `end`; [from, from+count) of what `end` sends.
struct Delivered {
  static constexpr std::string_view kind = "delivered";
  std::uint32_t end = 0;
  std::uint64_t from = 0;
  std::uint64_t count = 0;
  std::uint64_t digest = 0;  // of the bytes
  template <class V> void fields(V&& v) {
    v("end", end); v("from", from); v("count", count); v("digest", digest);
  }
  bool operator==(const Delivered&) const = default;
};

// What the software of one host said to another, in words: one protocol unit, as it was written.
struct Message {
  static constexpr std::string_view kind = "message";
  std::uint32_t end = 0;
  std::uint32_t host = 0;
  std::uint32_t peer = 0;
  std::string text;
  std::uint64_t from = 0;  // stream position of its first byte on the connection
  std::uint64_t count = 0;
  template <class V> void fields(V&& v) {
    v("end", end); v("host", host); v("peer", peer); v("text", text); v("from", from); v("count", count);
  }
  bool operator==(const Message&) const = default;
};

// A state machine on a host took an edge.
struct Transition {
  static constexpr std::string_view kind = "transition";
  std::uint32_t host = 0;
  std::string machine;
  std::uint32_t instance = 0;  // which of several of the same machine on this host, 0 if only one
  std::string from, to, on;
  template <class V> void fields(V&& v) {
    v("host", host); v("machine", machine); v("instance", instance);
    v("from", from); v("to", to); v("on", on);
  }
  bool operator==(const Transition&) const = default;
};

// A rare path that is named in the code was taken.
struct Mark {
  static constexpr std::string_view kind = "mark";
  std::uint32_t host = 0;
  std::string name;
  template <class V> void fields(V&& v) { v("host", host); v("name", name); }
  bool operator==(const Mark&) const = default;
};

// A decision or change of a host that a reader wants to see in the timeline, in a sentence:
// a resync with its reason and offsets, a change of role, a snapshot that starts or fails.
struct Note {
  static constexpr std::string_view kind = "note";
  std::uint32_t host = 0;
  std::string topic;  // "resync", "role", "snapshot", "load", ...
  std::string text;
  template <class V> void fields(V&& v) { v("host", host); v("topic", topic); v("text", text); }
  bool operator==(const Note&) const = default;
};

// A number on a host that has changed: an offset, the size of a buffer.
struct Gauge {
  static constexpr std::string_view kind = "gauge";
  std::uint32_t host = 0;
  std::string name;
  std::int64_t value = 0;
  template <class V> void fields(V&& v) { v("host", host); v("name", name); v("value", value); }
  bool operator==(const Gauge&) const = default;
};

struct Fault {
  static constexpr std::string_view kind = "fault";
  std::uint32_t number = 0;
  std::string what;   // "begin", "end", or for one that takes no time "strike"
  std::string text;
  template <class V> void fields(V&& v) { v("number", number); v("what", what); v("text", text); }
  bool operator==(const Fault&) const = default;
};

// A step of the scenario: a client's command with its reply, a wait that came true, an expectation.
struct Step {
  static constexpr std::string_view kind = "step";
  std::string place;  // JSON pointer into the scenario
  std::string what;   // "run", "reply", "wait", "met", "expect", "phase", ...
  std::string text;
  template <class V> void fields(V&& v) { v("place", place); v("what", what); v("text", text); }
  bool operator==(const Step&) const = default;
};

// An oracle or an expectation was judged.
struct Verdict {
  static constexpr std::string_view kind = "verdict";
  std::string oracle;
  std::string outcome;  // "pass", "fail", "unknown", "not tested"
  std::string text;
  template <class V> void fields(V&& v) { v("oracle", oracle); v("outcome", outcome); v("text", text); }
  bool operator==(const Verdict&) const = default;
};

using Any = std::variant<Scenario, Host, Process, Connection, Delivered, Message, Transition, Mark,
                         Note, Gauge, Fault, Step, Verdict>;

// Words for people that repeat what other records already fix. They are written only when a trace is
// kept, and are no part of the hash, so that a run without readers never formats them.
template <class R> inline constexpr bool kProse = false;
template <> inline constexpr bool kProse<Message> = true;
template <> inline constexpr bool kProse<Note> = true;
template <> inline constexpr bool kProse<Gauge> = true;

}  // namespace sim::record

namespace sim {

enum class TraceMode : std::uint8_t { hash_only, keep };

struct Record {
  Instant at;
  record::Any what;
  bool operator==(const Record&) const = default;
};

class Trace {
 public:
  explicit Trace(TraceMode mode = TraceMode::hash_only) : mode_(mode) {}

  // True when records are kept: the only case in which prose need be composed.
  bool keeps() const { return mode_ == TraceMode::keep; }

  // Appends a record and mixes it into the hash (prose is kept only, see kProse).
  template <class R> void add(Instant at, R record);

  // The same, of a record's fields in their order: no record is made when only the hash is wanted.
  template <class R, class... Fields> void tell(Instant at, const Fields&... fields);

  // Of all records so far, in order, times included. Equal on every machine for equal records.
  std::uint64_t hash() const { return hash_; }
  std::uint64_t count() const { return count_; }
  const std::vector<Record>& records() const { return records_; }

  bool operator==(const Trace&) const = default;

 private:
  TraceMode mode_;
  std::uint64_t hash_ = 0;
  std::uint64_t count_ = 0;
  std::vector<Record> records_;
};

// JSON Lines: first {"format":"replsim-trace","version":1}, then one object a record,
// {"t":<microseconds>,"kind":...,fields...}, last {"hash":"<16 hex>","records":n}. 64-bit numbers that
// may pass 2^53 are written as strings. Bytes that are not UTF-8 are written as \u00XX, one character
// a byte. read_trace() gives back exactly what was written, or an error that names the line.
void write_trace(std::ostream& out, const Trace& trace);

struct TraceError {
  std::size_t line = 0;
  std::string problem;
};
std::variant<std::vector<Record>, TraceError> read_trace(std::istream& in);

}  // namespace sim

#include "sim/trace_hash.h"  // the body of Trace::add
