// Values, expiry times and keyspaces as rapidcheck draws them.
#pragma once

#include <rapidcheck.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "model/data/keyspace.h"
#include "model/types.h"
#include "model/data/value.h"

namespace model_test {

// Numbers, short text, text that packs well, any bytes: each has an encoding of its own in a file.
inline std::string some_text() {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return std::to_string(*rc::gen::arbitrary<std::int64_t>());
    case 1:
      return std::to_string(*rc::gen::arbitrary<std::int8_t>());
    case 2: {
      const auto once = *rc::gen::arbitrary<std::string>();
      std::string text;
      for (int i = *rc::gen::inRange(0, 30); i > 0; --i) text += once;
      return text;
    }
    default:
      return *rc::gen::arbitrary<std::string>();
  }
}

inline double some_score() {
  return *rc::gen::element(0.0, 1.0, -2.5, 3.1, 1e300, HUGE_VAL, -HUGE_VAL, 5e-324);
}

// With gaps, groups, and consumers that have not acknowledged all they got.
inline model::Stream some_stream() {
  model::Stream stream;
  model::StreamId id;
  std::vector<model::StreamId> ids;
  const model::StreamNodeLimits limits{*rc::gen::element<std::size_t>(0, 60, 4096),
                                       *rc::gen::inRange<std::size_t>(0, 4)};
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
    id = {id.ms + *rc::gen::inRange<std::uint64_t>(0, 3), id.seq + 1};
    ids.push_back(id);
    std::vector<std::string> pairs = {*rc::gen::element<std::string>("f", "g"), some_text()};
    if (*rc::gen::arbitrary<bool>()) pairs.insert(pairs.end(), {some_text(), some_text()});
    stream.append(id, pairs, limits);
  }
  for (const model::StreamId one : ids)
    if (*rc::gen::inRange(0, 4) == 0) stream.erase(one);
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    model::StreamGroup& group = stream.groups[some_text()];
    group.last = stream.last();
    group.entries_read = stream.entries_added();
    group.consumers["idle"] = {5, -1};
    for (const model::StreamId one : ids) {
      if (*rc::gen::arbitrary<bool>()) continue;
      const auto consumer = *rc::gen::element<std::string>("c", "d");
      group.pending[one] = {consumer, 1000, 1};
      group.consumers[consumer] = {1000, 1000};
    }
  }
  return stream;
}

// Never an empty aggregate.
inline model::Value some_value(bool streams = true) {
  const int kind = *rc::gen::inRange(0, streams ? 6 : 5);
  if (kind == 0) return some_text();
  if (kind == 5) return some_stream();
  model::List list;
  model::Set set;
  model::Hash hash;
  model::SortedSet sorted;
  for (int i = *rc::gen::inRange(1, 5); i > 0; --i) {
    if (kind == 1) list.push_back(some_text());
    if (kind == 2) set.insert(some_text());
    if (kind == 3) hash[some_text()] = some_text();
    if (kind == 4) sorted[some_text()] = some_score();
  }
  if (kind == 1) return list;
  if (kind == 2) return set;
  if (kind == 3) return hash;
  return sorted;
}

inline std::optional<model::WallTime> some_expiry() {
  const int ms = *rc::gen::inRange(-20, 60);
  if (ms < 0) return std::nullopt;
  return model::WallTime(std::chrono::milliseconds(ms));
}

// Files of versions before 10 lose some of a stream's counters: those do without streams.
inline model::Keyspace some_keyspace(bool streams = true) {
  model::Keyspace data;
  for (int keys = *rc::gen::inRange(0, 8); keys > 0; --keys)
    data.put(*rc::gen::inRange(0U, data.databases()), some_text(), some_value(streams),
             some_expiry());
  return data;
}

}  // namespace model_test
