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

// Never an empty aggregate.
inline model::Value some_value() {
  const int kind = *rc::gen::inRange(0, 5);
  if (kind == 0) return some_text();
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

inline model::Keyspace some_keyspace() {
  model::Keyspace data;
  for (int keys = *rc::gen::inRange(0, 8); keys > 0; --keys)
    data.put(*rc::gen::inRange(0U, data.databases()), some_text(), some_value(), some_expiry());
  return data;
}

}  // namespace model_test
