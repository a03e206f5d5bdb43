#include "model/propagation.h"

#include <string>
#include <utility>

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

void write_unit(Turn& t, const std::vector<Operation>& unit) {
  State& s = t.s;
  const bool wrap = unit.size() > 1 && !s.unit_bare && s.rules.wraps_units;
  if (wrap) {
    t.mark(Mark::unit_wrapped);
    select(s, unit.front().db);
    append_words(s, {"MULTI"});
  }
  for (const Operation& operation : unit) write_operation(s, operation);
  if (wrap) append_words(s, {"EXEC"});
}

}  // namespace

bool writes_stream(const State& s) {
  return s.is_master() && s.backlog.has_value();
}

void open_unit(Turn& t) {
  if (t.s.depth++ == 0) t.s.unit_bare = false;
}

void close_unit(Turn& t) {
  if (--t.s.depth > 0) return;
  const std::vector<Operation> unit = std::exchange(t.s.unit, {});
  if (!unit.empty() && writes_stream(t.s)) write_unit(t, unit);
}

void propagate(Turn& t, Operation operation) {
  if (t.s.is_master()) t.s.unit.push_back(std::move(operation));
}

void feed_ping(Turn& t) {
  append_words(t.s, {t.s.rules.lower_case_ping ? "ping" : "PING"});
}

void feed_getack(Turn& t) {
  t.mark(Mark::getack_sent);
  append_words(t.s, {"REPLCONF", "GETACK", "*"});
}

void relay(Turn& t, std::string_view bytes) {
  append(t.s, bytes);
}

}  // namespace model
