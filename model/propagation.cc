#include "model/propagation.h"

#include <string>
#include <utility>

#include "model/own_streams.h"

namespace model {
namespace {

void append(State& s, std::string_view bytes) {
  if (s.backlog->append(bytes)) s.output_grew = true;
  s.history.offset += static_cast<Offset>(bytes.size());
}

void append_words(State& s, std::initializer_list<std::string_view> words) {
  append(s, request(words));
}

void select(State& s, unsigned db) {
  if (s.stream_db == static_cast<int>(db)) return;
  append_words(s, {"SELECT", std::to_string(db)});
  s.stream_db = static_cast<int>(db);
}

void write_operation(State& s, const Operation& operation) {
  select(s, operation.db);
  std::string bytes;
  append_request(bytes, operation.argv);
  append(s, bytes);
}

enum class End : std::uint8_t { written, missing };

void write_wrapped(State& s, const std::vector<Operation>& unit, End end) {
  append_words(s, {"MULTI"});
  for (const Operation& operation : unit) write_operation(s, operation);
  if (end == End::written) append_words(s, {"EXEC"});
}

// Returns the offset of its first byte.
Offset write_unit(Turn& t, const std::vector<Operation>& unit) {
  State& s = t.s;
  // Up to 6.2 EXEC has put MULTI and EXEC among the operations itself (V37).
  const bool by_size = s.rules.wrapping == Rules::Wrapping::by_size;
  const bool one = by_size && unit.size() > 1 && !s.unit_bare;
  if (one && !s.rules.select_inside_multi) select(s, unit.front().db);
  const Offset first = s.history.offset + 1;
  if (one && s.rules.wraps_units) {
    t.mark(Mark::unit_wrapped);
    const bool ends = s.rules.errors_end_units || !s.unit_failed;
    write_wrapped(s, unit, ends ? End::written : End::missing);
  } else {
    for (const Operation& operation : unit) write_operation(s, operation);
  }
  return first;
}

// Said for those who watch, and not taken from how it was written: what one call changed in several
// operations is one unit (R7.10), but for what R7.12 lets through.
void say_unit(Turn& t, std::size_t operations, Offset first) {
  const State& s = t.s;
  if (s.rules.wrapping != Rules::Wrapping::by_size || s.unit_bare || operations < 2) return;
  t.effect(WroteUnit{first, s.history.offset});
}

}  // namespace

bool writes_stream(const State& s) {
  if (feeds_each(s)) return !s.replicas.empty();
  return (s.is_master() || !relays(s)) && s.backlog.has_value();
}

void open_unit(Turn& t) {
  if (t.s.depth++ == 0) t.s.unit_bare = t.s.unit_failed = false;
}

void close_unit(Turn& t) {
  if (--t.s.depth > 0 || t.s.unit.empty()) return;
  std::vector<Operation> unit = std::exchange(t.s.unit, {});
  if (feeds_each(t.s)) {
    if (writes_stream(t.s)) feed_each_replica(t, unit);
  } else if (writes_stream(t.s)) {
    const Offset first = write_unit(t, unit);
    say_unit(t, unit.size(), first);
  }
  unit.clear();
  t.s.unit = std::move(unit);  // its storage serves the next one
}

void leave_unit_open(Turn& t) {
  const std::vector<Operation> unit = std::exchange(t.s.unit, {});
  if (unit.empty() || !t.s.backlog) return;
  select(t.s, unit.front().db);
  write_wrapped(t.s, unit, End::missing);
}

bool authors(const State& s) {
  return s.is_master() || !relays(s);
}

void propagate(Turn& t, Operation operation) {
  if (authors(t.s)) t.s.unit.push_back(std::move(operation));
}

void feed_ping(Turn& t) {
  if (feeds_each(t.s)) return ping_each_replica(t);
  append_words(t.s, {t.s.rules.lower_case_ping ? "ping" : "PING"});
}

void take_back_pings(Turn& t) {
  State& s = t.s;
  if (!s.backlog) return;
  const auto size = static_cast<Offset>(request({"ping"}).size());
  const Offset last = s.history.offset + 1 - size;
  if (last < s.backlog->first()) return;
  const std::string_view newest = s.backlog->read(last, std::string_view::npos);
  if (newest != request({"ping"}) && newest != request({"PING"})) return;
  s.backlog->take_back(size);
  s.history.offset -= size;
}

void feed_getack(Turn& t) {
  t.mark(Mark::getack_sent);
  append_words(t.s, {"REPLCONF", "GETACK", "*"});
}

void relay(Turn& t, std::string_view bytes) {
  append(t.s, bytes);
}

}  // namespace model
