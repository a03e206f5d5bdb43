// The expected digests are those of a redis-server 7.0.15 that held the same data.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "model/data/debug_digest.h"

namespace {

using model::debug_digest;
using model::Keyspace;
using model::WallTime;

Keyspace one_of_each() {
  Keyspace data;
  data.put(0, "s", model::String("hello"));
  data.put(0, "l", model::List{"a", "b", "1"});
  data.put(0, "u", model::Set{"a", "b"});
  data.put(0, "z", model::SortedSet{{"a", 1}, {"b", 2.5}, {"c", HUGE_VAL}});
  data.put(0, "h", model::Hash{{"f", "v"}, {"g", "w"}},
           WallTime(std::chrono::milliseconds(4102444800000)));
  data.put(3, "s", model::String("1"));
  return data;
}

std::string value_digest(const Keyspace& data, std::string_view key) {
  return model::hex(debug_digest(data.find(0, key)));
}

TEST(DebugDigest, IsThatOfARealServer) {
  const Keyspace data = one_of_each();
  EXPECT_EQ(model::hex(debug_digest(data)), "de582fc9dd259f95deeaccc024692e89cfa79a43");
  EXPECT_EQ(value_digest(data, "s"), "36b23a1456b2dce2c3ed252c456761301dba8060");
  EXPECT_EQ(value_digest(data, "l"), "981fd62c1655c074205cff40b800bd5a5bfdcd41");
  EXPECT_EQ(value_digest(data, "u"), "dd99329063ca0f1f28df2ac68d94b82fd95501c6");
  EXPECT_EQ(value_digest(data, "z"), "692ab70d673d8bf452c3a17fb4be02bfcdf437bc");
  EXPECT_EQ(value_digest(data, "h"), "37a278b1093bd332eae0f0578cd769a70d741ab4");
}

TEST(DebugDigest, OfNothingIsZeros) {
  EXPECT_EQ(model::hex(debug_digest(Keyspace())), std::string(40, '0'));
  EXPECT_EQ(model::hex(debug_digest(nullptr)), std::string(40, '0'));
}

TEST(DebugDigest, KnowsThatAKeyExpiresAndNotWhen) {
  Keyspace data = one_of_each();
  const std::string before = model::hex(debug_digest(data));
  data.set_expiry(0, "h", WallTime(std::chrono::milliseconds(1)));
  EXPECT_EQ(model::hex(debug_digest(data)), before);
  data.set_expiry(0, "h", std::nullopt);
  EXPECT_NE(model::hex(debug_digest(data)), before);
}

}  // namespace
