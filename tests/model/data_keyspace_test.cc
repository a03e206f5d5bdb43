// Keyspace against slow, obvious versions of itself.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/data/keyspace.h"
#include "tests/model/data_values.h"

namespace {

using model::Keyspace;
using model::WallTime;

constexpr unsigned kDatabases = 3;

// The same data in a keyspace that was filled in one go, in another order.
Keyspace rebuilt(const Keyspace& data) {
  Keyspace copy(data.databases());
  for (unsigned db = data.databases(); db-- > 0;) {
    const auto& keys = data.database(db);
    for (auto item = keys.rbegin(); item != keys.rend(); ++item)
      copy.put(db, item->first, item->second.value, item->second.expires);
  }
  return copy;
}

void change_somehow(model::Value& value) {
  value = *rc::gen::weightedElement<model::Value>(
      {{3, model_test::some_value()}, {1, model::List()}, {1, model::String()}, {1, value}});
}

void step(Keyspace& data) {
  const auto db = *rc::gen::inRange(0U, kDatabases);
  const std::string key(1, *rc::gen::inRange('a', 'f'));
  switch (*rc::gen::inRange(0, 10)) {
    case 0:
    case 1:
    case 2:
      return data.put(db, key, model_test::some_value(), model_test::some_expiry());
    case 3:
    case 4:
      if (data.find(db, key) != nullptr) data.edit(db, key, change_somehow);
      return;
    case 5:
    case 6:
      return data.set_expiry(db, key, model_test::some_expiry());
    case 7:
      data.erase(db, key);
      return;
    case 8:
      return data.swap(db, *rc::gen::inRange(0U, kDatabases));
    default:
      return *rc::gen::inRange(0, 4) == 0 ? data.clear(db) : void();
  }
}

std::vector<std::string> overdue_by_scan(const Keyspace& data, unsigned db, WallTime now,
                                         std::size_t limit) {
  std::vector<std::pair<WallTime, std::string>> found;
  for (const auto& [key, entry] : data.database(db))
    if (entry.expires && now > *entry.expires) found.emplace_back(*entry.expires, key);
  std::sort(found.begin(), found.end());
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < found.size() && i < limit; ++i) keys.push_back(found[i].second);
  return keys;
}

std::optional<WallTime> first_by_scan(const Keyspace& data, unsigned db) {
  std::optional<WallTime> first;
  for (const auto& [key, entry] : data.database(db))
    if (entry.expires && (!first || *entry.expires < *first)) first = entry.expires;
  return first;
}

void check_against_scan(const Keyspace& data) {
  std::optional<WallTime> first_of_all;
  for (unsigned db = 0; db < data.databases(); ++db) {
    const auto& keys = data.database(db);
    const auto expiring = std::count_if(keys.begin(), keys.end(),
                                        [](const auto& item) { return item.second.expires; });
    RC_ASSERT(data.expiring(db) == static_cast<std::size_t>(expiring));
    const std::optional<WallTime> first = first_by_scan(data, db);
    RC_ASSERT(data.first_expiry(db) == first);
    if (first && (!first_of_all || *first < *first_of_all)) first_of_all = first;
    const WallTime now(std::chrono::milliseconds(*rc::gen::inRange(0, 60)));
    const auto limit = *rc::gen::inRange<std::size_t>(0, 6);
    RC_ASSERT(data.overdue(db, now, limit) == overdue_by_scan(data, db, now, limit));
  }
  RC_ASSERT(data.first_expiry() == first_of_all);
}

RC_GTEST_PROP(Keyspace, DigestAndIndexFollowEveryChange, ()) {
  Keyspace data(kDatabases);
  for (int steps = *rc::gen::inRange(0, 30); steps > 0; --steps) {
    const Keyspace before = data;
    step(data);
    RC_ASSERT(data.digest() == rebuilt(data).digest());
    RC_ASSERT((data == before) == (data.digest() == before.digest()));
    RC_ASSERT((data == before) == !data.difference(before).has_value());
    check_against_scan(data);
  }
}

RC_GTEST_PROP(Keyspace, KeepsNoEmptyAggregates, ()) {
  Keyspace data(kDatabases);
  for (int steps = *rc::gen::inRange(0, 30); steps > 0; --steps) step(data);
  for (unsigned db = 0; db < kDatabases; ++db)
    for (const auto& [key, entry] : data.database(db))
      RC_ASSERT(!model::is_empty_aggregate(entry.value));
}

// The digest is part of stored results: it may not change by accident.
TEST(Keyspace, DigestIsTheSameEverywhere) {
  Keyspace data;
  EXPECT_EQ(data.digest(), 0U);
  data.put(0, "string", "value");
  data.put(1, "list", model::List{"a", "", "b"}, WallTime(std::chrono::milliseconds(1234)));
  data.put(1, "set", model::Set{"x", "a longer member, of more than eight bytes"});
  data.put(2, "hash", model::Hash{{"f", "v"}});
  data.put(2, "zset", model::SortedSet{{"m", 1.5}, {"n", -0.0}});
  EXPECT_EQ(data.digest(), 14456379332442954916U);
}

TEST(Keyspace, DigestTellsApartWhatIsApart) {
  Keyspace one, two;
  one.put(0, "k", "v");
  two.put(1, "k", "v");
  EXPECT_NE(one.digest(), two.digest());  // another database
  two.swap(0, 1);
  EXPECT_EQ(one.digest(), two.digest());
  two.set_expiry(0, "k", WallTime(std::chrono::milliseconds(5)));
  EXPECT_NE(one.digest(), two.digest());  // an expiry
  two.put(0, "k", model::List{"v"});
  one.put(0, "k", model::Set{"v"});
  EXPECT_NE(one.digest(), two.digest());  // another type
  one.put(0, "k", model::List{"ab", "c"});
  two.put(0, "k", model::List{"a", "bc"});
  EXPECT_NE(one.digest(), two.digest());  // other borders
  one.put(0, "k", model::SortedSet{{"m", 0.0}});
  two.put(0, "k", model::SortedSet{{"m", -0.0}});
  EXPECT_EQ(one.digest(), two.digest());  // equal numbers
}

TEST(Keyspace, SaysTheFirstDifference) {
  Keyspace one, two;
  EXPECT_EQ(one.difference(two), std::nullopt);
  one.put(0, "k", "1");
  EXPECT_EQ(one.difference(two), R"(db 0, key "k": string "1" here, missing there)");
  EXPECT_EQ(two.difference(one), R"(db 0, key "k": missing here, string "1" there)");
  two.put(0, "k", model::List{"1", "2"}, WallTime(std::chrono::milliseconds(77)));
  EXPECT_EQ(one.difference(two),
            R"(db 0, key "k": string "1" here, list ["1", "2"] until 77 there)");
}

}  // namespace
