// RDB files against a real redis-server 7.0.15 (R13.1 to R13.3): ours load there, its load here,
// and both then hold the same data. Needs redis-server on the PATH.
#include "model/data/rdb.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <variant>
#include <vector>

#include "model/data/debug_digest.h"
#include "model/data/keyspace.h"
#include "model/data/rdb_dump.h"
#include "tests/support/redis_server.h"

namespace {

using model::Keyspace;
using test_support::RedisServer;

constexpr unsigned kDatabases = 16;
constexpr int kVersion = 10;
const model::WallTime kFarAway{std::chrono::milliseconds(4'102'444'800'000)};

std::string text(int i) {
  switch (i % 5) {
    case 0:
      return std::to_string(i * 7919);
    case 1:
      return "text " + std::to_string(i);
    case 2:
      return std::string(static_cast<std::size_t>(i % 90), 'x') + std::to_string(i);
    case 3:
      return std::to_string(-(std::int64_t{1} << (i % 63)));
    default:
      return std::string("\0\r\n\xff", 4) + std::to_string(i);
  }
}

model::Stream stream(int entries) {
  model::Stream stream;
  for (int i = 1; i <= entries; ++i) {
    std::vector<std::string> pairs = {"f", text(i)};
    if (i % 3 == 0) pairs = {"g", text(i), "h", text(i + 1)};
    stream.append({static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(i % 2)}, pairs, {});
  }
  for (int i = 5; i <= entries; i += 5)
    stream.erase({static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(i % 2)});
  if (entries == 0) return stream;
  model::StreamGroup& group = stream.groups["group"];
  group.last = stream.last();
  group.entries_read = stream.entries_added();
  group.consumers["idle"] = {1'700'000'000'000, -1};
  group.consumers["busy"] = {1'700'000'000'001, -1};
  group.pending[{1, 1}] = {"busy", 1'700'000'000'000, 1};
  group.pending[{2, 0}] = {"busy", 1'700'000'000'002, 3};
  stream.groups["unknown"].last = {1, 0};
  return stream;
}

// Values of every type, small and large, so that each encoding occurs.
Keyspace every_kind() {
  Keyspace data;
  for (int i = 0; i < 40; ++i) data.put(0, "string" + std::to_string(i), model::String(text(i)));
  data.put(0, "empty string", model::String());
  data.put(1, "long string", model::String(std::string(100'000, 'y') + "end"), kFarAway);
  for (const int size : {1, 10, 600, 3000}) {
    const std::string name = std::to_string(size);
    model::List list;
    model::Set set, integers;
    model::Hash hash;
    model::SortedSet sorted;
    for (int i = 0; i < size; ++i) {
      list.push_back(text(i));
      set.insert(text(i));
      integers.insert(std::to_string(i * (size > 100 ? std::int64_t{1} << 33 : 3)));
      hash[text(i)] = text(i + 1);
      sorted[text(i)] = i % 4 == 0 ? i : i / 7.0;
    }
    sorted["high"] = HUGE_VAL;
    sorted["low"] = -HUGE_VAL;
    const unsigned db = size > 100 ? 9 : 0;
    data.put(db, "list" + name, list, size == 10 ? std::optional(kFarAway) : std::nullopt);
    data.put(db, "set" + name, set);
    data.put(db, "integers" + name, integers);
    data.put(db, "hash" + name, hash);
    data.put(db, "sorted" + name, sorted, kFarAway);
  }
  data.put(
      15, "list of large elements",
      model::List{std::string(9000, 'a'), "b", std::string(9000, 'c'), std::string(70'000, 'd')});
  data.put(15, "hash of a long value", model::Hash{{"f", std::string(65, 'v')}});
  for (const int size : {0, 1, 7, 350}) data.put(3, "stream" + std::to_string(size), stream(size));
  return data;
}

std::string file_of(const Keyspace& data, int version) {
  model::RdbOptions options;
  options.version = version;
  options.created = model::WallTime(std::chrono::seconds(1'700'000'000));
  return encode_rdb(data, options);
}

TEST(LiveRdb, OursLoadsThere) {
  const Keyspace data = every_kind();
  for (const int version : {6, 7, 8, 9, 10}) {
    RedisServer server(file_of(data, version));
    EXPECT_EQ(server.command({"DEBUG", "DIGEST"}).text, model::hex(debug_digest(data))) << version;
  }
}

// What has one form only is dumped there as it is here. Tables are not: they have no order.
TEST(LiveRdb, DumpsAreTheSame) {
  const Keyspace data = every_kind();
  RedisServer server(file_of(data, kVersion), {"--rdbcompression", "no"});
  const model::EncodingLimits limits;
  int compared = 0;
  for (unsigned db = 0; db < data.databases(); ++db) {
    server.command({"SELECT", std::to_string(db)});
    for (const auto& [key, entry] : data.database(db)) {
      const std::string_view encoding = encoding_name(entry.value, limits);
      EXPECT_EQ(server.command({"DEBUG", "DIGEST-VALUE", key}).elements.at(0).text,
                model::hex(model::debug_digest(&entry)))
          << key;
      if (encoding == "hashtable") continue;
      EXPECT_EQ(server.command({"DUMP", key}).text,
                encode_dump(entry.value, kVersion, limits, false))
          << key << ", " << encoding;
      ++compared;
    }
  }
  EXPECT_GT(compared, 50);
}

// Each value alone, by RESTORE, and back.
TEST(LiveRdb, OurDumpsAreRestoredThere) {
  const Keyspace data = every_kind();
  RedisServer server;
  for (unsigned db = 0; db < data.databases(); ++db) {
    server.command({"SELECT", std::to_string(db)});
    for (const auto& [key, entry] : data.database(db)) {
      const std::string ttl = entry.expires ? "4102444800000" : "0";
      EXPECT_EQ(
          server.command({"RESTORE", key, ttl, encode_dump(entry.value, kVersion, {}), "ABSTTL"})
              .text,
          "OK")
          << key;
    }
  }
  EXPECT_EQ(server.command({"DEBUG", "DIGEST"}).text, model::hex(debug_digest(data)));
}

void expect_same(RedisServer& server, const std::string& file) {
  auto read = model::decode_rdb(file, kVersion, kDatabases);
  if (const auto* const error = std::get_if<model::RdbError>(&read)) {
    ADD_FAILURE() << error->problem << " at " << error->position;
    return;
  }
  EXPECT_EQ(model::hex(debug_digest(std::get<model::RdbContent>(read).data)),
            server.command({"DEBUG", "DIGEST"}).text);
}

TEST(LiveRdb, ItsFileLoadsHere) {
  RedisServer server;
  for (int i = 0; i < 2000; ++i) {
    const std::string n = std::to_string(i % 7), a = text(i), b = text(i + 3);
    if (i % 250 == 0) server.command({"SELECT", std::to_string(i / 250)});
    server.command({"SET", "s" + std::to_string(i % 50), a});
    server.command({"RPUSH", "l" + n, a, b});
    server.command({"SADD", "u" + n, a, b});
    server.command({"SADD", "i" + n, std::to_string(i * 1000)});
    server.command({"HSET", "h" + n, a, b});
    server.command({"ZADD", "z" + n, std::to_string(i / 8.0), a});
    server.command({"XADD", "x" + n, std::to_string(i + 1) + "-1", "f", a, "g", b});
    if (i % 9 == 0) server.command({"XDEL", "x" + n, std::to_string(i + 1) + "-1"});
    if (i % 100 == 0) server.command({"PEXPIREAT", "h" + n, "4102444800000"});
    if (i % 90 == 0) server.command({"XGROUP", "CREATE", "x" + n, "g", "0"});
    server.command({"XREADGROUP", "GROUP", "g", "c" + n, "COUNT", "3", "STREAMS", "x" + n, ">"});
  }
  server.command({"FUNCTION", "LOAD",
                  "#!lua name=lib\nredis.register_function('f', function() return 1 end)"});
  const std::string file = server.saved();
  expect_same(server, file);
  const auto read = model::decode_rdb(file, kVersion, kDatabases);
  EXPECT_EQ(std::get<model::RdbContent>(read).functions.size(), 1U);
}

// Streams with all they know, not only their entries: written again they are the same bytes.
TEST(LiveRdb, ItsStreamsKeepTheirGroups) {
  RedisServer server({}, {"--rdbcompression", "no"});
  for (int i = 1; i <= 250; ++i)
    server.command({"XADD", "x", std::to_string(i) + "-0", "f", text(i)});
  server.command({"XTRIM", "x", "MAXLEN", "200"});
  server.command({"XDEL", "x", "70-0", "90-0"});
  server.command({"XGROUP", "CREATE", "x", "g", "60"});
  server.command({"XGROUP", "CREATE", "x", "h", "$", "ENTRIESREAD", "250"});
  server.command({"XREADGROUP", "GROUP", "g", "c", "COUNT", "5", "STREAMS", "x", ">"});
  server.command({"XREADGROUP", "GROUP", "g", "d", "COUNT", "5", "STREAMS", "x", ">"});
  server.command({"XACK", "x", "g", "62-0"});
  const std::string dump = server.command({"DUMP", "x"}).text;
  const auto read = model::decode_dump(dump, kVersion);
  ASSERT_TRUE(std::holds_alternative<model::Value>(read));
  EXPECT_EQ(encode_dump(std::get<model::Value>(read), kVersion, {}, false), dump);
}

// Damage that we see, it sees as well.
TEST(LiveRdb, RefusesWhatWeRefuse) {
  std::string damaged = file_of(every_kind(), kVersion);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  EXPECT_THROW(RedisServer server(damaged), std::runtime_error);
  EXPECT_THROW(RedisServer server(file_of(every_kind(), kVersion + 1)), std::runtime_error);
  EXPECT_TRUE(
      std::holds_alternative<model::RdbError>(model::decode_rdb(damaged, kVersion, kDatabases)));
}

}  // namespace
