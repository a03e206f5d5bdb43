// RDB files: what is written is read back, what others write is read, and damage is always noticed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/lzf.h"
#include "model/data/packed.h"
#include "model/data/rdb.h"
#include "tests/model/data_values.h"

namespace {

using model::decode_rdb;
using model::encode_rdb;
using model::RdbContent;
using model::RdbError;
using model::RdbOptions;

constexpr unsigned kDatabases = 16;
constexpr int kNewest = 11;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i < hex.size();) {
    if (hex[i] == ' ') {
      ++i;
      continue;
    }
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
    i += 2;
  }
  return bytes;
}

std::variant<RdbContent, RdbError> decode(const std::string& file) {
  return decode_rdb(file, kNewest, kDatabases);
}

// "" when it was read; otherwise what was wrong.
std::string problem_of(const std::string& file) {
  const auto result = decode(file);
  const auto* const error = std::get_if<RdbError>(&result);
  return error == nullptr ? "" : error->problem;
}

std::optional<RdbError::Kind> kind_of(const std::string& file) {
  const auto result = decode(file);
  const auto* const error = std::get_if<RdbError>(&result);
  return error == nullptr ? std::nullopt : std::optional(error->kind);
}

RdbOptions some_options() {
  RdbOptions options;
  options.version = *rc::gen::inRange(9, 12);
  options.encoding.hash_max_listpack_entries = *rc::gen::inRange(0, 4);
  options.encoding.zset_max_listpack_value = *rc::gen::inRange(0, 20);
  options.encoding.set_max_intset_entries = *rc::gen::inRange(0, 4);
  options.encoding.set_max_listpack_entries = *rc::gen::inRange(0, 4);
  options.encoding.list_max_listpack_size = *rc::gen::inRange(-6, 4);
  if (options.version > 9 && *rc::gen::arbitrary<bool>())
    options.functions = {"#!lua name=a\nredis.register_function('f', function() end)", "b"};
  options.compress = *rc::gen::arbitrary<bool>();
  options.created = model::WallTime(std::chrono::milliseconds(1'700'000'000'000));
  if (*rc::gen::arbitrary<bool>())
    options.replication = model::RdbReplication{*rc::gen::inRange(-1, 16), std::string(40, 'a'),
                                                *rc::gen::arbitrary<std::int64_t>()};
  return options;
}

// A file without checksum that holds what `body` says, in database 0.
std::string file_of(std::string_view body_in_hex, std::string_view version = "0010") {
  return "REDIS" + std::string(version) + from_hex("fe00") + from_hex(body_in_hex) +
         from_hex("ff") + std::string(8, '\0');
}

// The one value, under the key "k", of a file with a record that starts with `type`.
model::Value value_of(std::string_view type, std::string_view value_in_hex) {
  auto result = decode(file_of(std::string(type) + "016b" + std::string(value_in_hex)));
  if (const auto* const error = std::get_if<RdbError>(&result)) {
    ADD_FAILURE() << error->problem << " at " << error->position;
    return {};
  }
  const model::Entry* const entry = std::get<RdbContent>(result).data.find(0, "k");
  if (entry == nullptr) return model::String("(missing)");
  return entry->value;
}

using model::Value;

// --- writing and reading
// ---------------------------------------------------------------------------

RC_GTEST_PROP(Rdb, IsReadBackAsItWasWritten, ()) {
  const RdbOptions options = some_options();
  const model::Keyspace data = model_test::some_keyspace(options.version > 9);
  const std::string file = encode_rdb(data, options);
  RC_ASSERT(encode_rdb(data, options) == file);
  const auto result = decode(file);
  const auto* const content = std::get_if<RdbContent>(&result);
  RC_ASSERT(content != nullptr);
  RC_ASSERT(content->data == data);
  RC_ASSERT(content->version == options.version);
  RC_ASSERT(content->replication == options.replication);
  RC_ASSERT(content->functions == options.functions);
}

// Older servers know fewer types, and no names or offsets of histories.
RC_GTEST_PROP(Rdb, OfOldVersionsIsReadBack, ()) {
  const model::Keyspace data = model_test::some_keyspace(false);
  RdbOptions options = some_options();
  options.version = *rc::gen::inRange(6, 9);
  options.functions.clear();
  const auto result = decode(encode_rdb(data, options));
  const auto* const content = std::get_if<RdbContent>(&result);
  RC_ASSERT(content != nullptr);
  RC_ASSERT(content->data == data);
}

// The type bytes that a version writes for one small value of each type (R13.1).
std::string types_of(int version) {
  model::Keyspace data;
  data.put(0, "a", model::String("v"));
  data.put(0, "b", model::List{"v"});
  data.put(0, "c", model::Set{"1", "2"});
  data.put(0, "d", model::Set{"v"});
  data.put(0, "e", model::SortedSet{{"v", 1}});
  data.put(0, "f", model::Hash{{"f", "v"}});
  model::Stream stream;
  stream.append({1, 1}, {"f", "v"}, {});
  data.put(0, "g", stream);
  RdbOptions options;
  options.version = version;
  const std::string file = encode_rdb(data, options);
  std::string types;
  for (char key = 'a'; key <= 'g'; ++key) {
    const std::size_t at = file.find(std::string("\x01") + key, file.find("\xfe"));
    types += (types.empty() ? "" : " ") + std::to_string(static_cast<unsigned char>(file[at - 1]));
  }
  return types;
}

TEST(RdbWriter, WritesWhatItsVersionDoes) {
  EXPECT_EQ(types_of(6), "0 10 11 2 12 13 15");
  EXPECT_EQ(types_of(7), "0 14 11 2 12 13 15");
  EXPECT_EQ(types_of(9), "0 14 11 2 12 13 15");
  EXPECT_EQ(types_of(10), "0 18 11 2 17 16 19");
  EXPECT_EQ(types_of(11), "0 18 11 20 17 16 21");
}

RC_GTEST_PROP(Rdb, EveryTruncationIsAShortRead, ()) {
  const std::string file = encode_rdb(model_test::some_keyspace(), some_options());
  for (std::size_t size = 0; size < file.size(); ++size)
    RC_ASSERT(kind_of(file.substr(0, size)) == RdbError::Kind::short_read);
}

RC_GTEST_PROP(Rdb, EveryDamagedByteIsAnError, ()) {
  std::string file = encode_rdb(model_test::some_keyspace(), some_options());
  const auto damage = *rc::gen::inRange(1, 256);
  for (char& byte : file) {
    const char good = byte;
    byte = static_cast<char>(byte ^ damage);
    RC_ASSERT(kind_of(file).has_value());
    byte = good;
  }
}

RC_GTEST_PROP(Rdb, SurvivesAnything, ()) {
  // Without a checksum the damage reaches the parsers; any outcome but a crash will do.
  RdbOptions options = some_options();
  options.checksum = false;
  std::string file = encode_rdb(model_test::some_keyspace(), options);
  for (int i = *rc::gen::inRange(1, 5); i > 0; --i)
    file[*rc::gen::inRange<std::size_t>(0, file.size())] = *rc::gen::arbitrary<char>();
  decode(file);
}

RC_GTEST_PROP(Packed, SurvivesAnything, (const std::string& bytes)) {
  model::read_listpack(bytes);
  model::read_ziplist(bytes);
  model::read_intset(bytes);
  model::read_zipmap(bytes);
  model::lzf_unpack(bytes, 100);
}

// Appendix A of the reference.
TEST(Rdb, HasTheGoldenBytes) {
  RdbOptions options;
  options.server_version = "";
  model::Keyspace data;
  EXPECT_EQ(encode_rdb(data, options), from_hex("524544495330303130 ff a9fd37fe89a77eeb"));
  data.put(0, "k", "v");
  EXPECT_EQ(encode_rdb(data, options),
            from_hex("524544495330303130 fe00 fb0100 00 016b 0176 ff bfc684baad6ca103"));
}

TEST(Rdb, ChecksumIsTheOneOfJones) {
  EXPECT_EQ(model::crc64(0, ""), 0U);
  EXPECT_EQ(model::crc64(0, "123456789"), 0xe9c6d914c4b8d9caU);
  const std::string text = "a text of more than eight bytes, in two pieces";
  for (std::size_t i = 0; i <= text.size(); ++i)
    EXPECT_EQ(model::crc64(model::crc64(0, text.substr(0, i)), text.substr(i)),
              model::crc64(0, text));
}

TEST(Rdb, AuxFieldsAreKeptInOrder) {
  RdbOptions options;
  options.replication = model::RdbReplication{3, std::string(40, 'b'), 1234};
  const auto result = decode(encode_rdb(model::Keyspace(), options));
  std::vector<std::string> names;
  for (const auto& [name, value] : std::get<RdbContent>(result).aux) names.push_back(name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"redis-ver", "redis-bits", "ctime", "used-mem",
                                      "repl-stream-db", "repl-id", "repl-offset", "aof-base"}));
}

// --- what other writers write
// ----------------------------------------------------------------------

TEST(RdbReader, KnowsEveryStringEncoding) {
  EXPECT_EQ(value_of("00", "c0fb"), Value("-5"));
  EXPECT_EQ(value_of("00", "c1e803"), Value("1000"));
  EXPECT_EQ(value_of("00", "c2ffffff7f"), Value("2147483647"));
  EXPECT_EQ(value_of("00", "400161"), Value("a"));
  EXPECT_EQ(value_of("00", "800000000161"), Value("a"));
  EXPECT_EQ(value_of("00", "81000000000000000161"), Value("a"));
  // One literal, then eight bytes from one back.
  EXPECT_EQ(value_of("00", "c3 04 09 0061 c000"), Value("aaaaaaaaa"));
}

TEST(RdbReader, KnowsEveryListEncoding) {
  const Value abc = model::List{"a", "1", "-5"};
  EXPECT_EQ(value_of("01", "03 0161 c001 c0fb"), abc);
  // Listpack, the example of 13.7; as one packed node and a plain one.
  EXPECT_EQ(value_of("12", "01 02 0f 0f000000 0300 8161 02 01 01 dffb 02 ff"), abc);
  EXPECT_EQ(value_of("12", "02 01 0161 02 0c 0c000000 0200 01 01 dffb 02 ff"), abc);
  // Ziplist: a, immediate 1, int8 -5.
  const std::string ziplist = "13 13000000 0f000000 0300 00 0161 03 f2 02 fefb ff";
  EXPECT_EQ(value_of("0a", ziplist), abc);
  EXPECT_EQ(value_of("0e", "01" + ziplist), abc);
}

TEST(RdbReader, KnowsEverySetEncoding) {
  const Value set = model::Set{"1", "-2"};
  EXPECT_EQ(value_of("02", "02 c001 c0fe"), set);
  EXPECT_EQ(value_of("0b", "0c 02000000 02000000 feff 0100"), set);
  EXPECT_EQ(value_of("14", "0c 0c000000 0200 01 01 dffe 02 ff"), set);
  EXPECT_EQ(value_of("0b", "18 08000000 02000000 feffffffffffffff 0100000000000000"), set);
}

TEST(RdbReader, KnowsEveryHashEncoding) {
  const Value hash = model::Hash{{"f", "1"}};
  EXPECT_EQ(value_of("04", "01 0166 c001"), hash);
  EXPECT_EQ(value_of("10", "0c 0c000000 0200 8166 02 01 01 ff"), hash);
  EXPECT_EQ(value_of("0d", "10 10000000 0d000000 0200 00 0166 03 f2 ff"), hash);
  EXPECT_EQ(value_of("09", "07 01 0166 01 00 31 ff"), hash);
  EXPECT_EQ(value_of("09", "09 01 0166 01 02 31 0000 ff"), hash);  // two bytes unused
}

TEST(RdbReader, KnowsEverySortedSetEncoding) {
  const Value sorted = model::SortedSet{{"m", 1.5}};
  EXPECT_EQ(value_of("03", "01 016d 03312e35"), sorted);
  EXPECT_EQ(value_of("05", "01 016d 000000000000f83f"), sorted);
  EXPECT_EQ(value_of("11", "0f 0f000000 0200 816d 02 83312e35 04 ff"), sorted);
  EXPECT_EQ(value_of("0c", "13 13000000 0d000000 0200 00 016d 03 03312e35 ff"), sorted);
  EXPECT_EQ(value_of("03", "02 0161 fe 0162 ff"),
            Value(model::SortedSet{{"a", HUGE_VAL}, {"b", -HUGE_VAL}}));
}

TEST(RdbReader, KnowsEveryElementOfAListpack) {
  const auto read = [](std::string_view entries, std::size_t count) {
    std::string bytes = from_hex(entries);
    const std::size_t total = bytes.size() + 7;
    return model::read_listpack(std::string{static_cast<char>(total & 0xff),
                                            static_cast<char>(total >> 8), 0, 0,
                                            static_cast<char>(count), 0} +
                                bytes + '\xff');
  };
  using List = model::Elements;
  EXPECT_EQ(read("7f01", 1), List{"127"});
  EXPECT_EQ(read("d00002 cfff02", 2), (List{"-4096", "4095"}));
  EXPECT_EQ(read("f1ff7f03", 1), List{"32767"});
  EXPECT_EQ(read("f200008004", 1), List{"-8388608"});
  EXPECT_EQ(read("f3ffffff7f05", 1), List{"2147483647"});
  EXPECT_EQ(read("f4000000000000008009", 1), List{"-9223372036854775808"});
  EXPECT_EQ(read("e00161 03", 1), List{"a"});
  EXPECT_EQ(read("f00100000061 06", 1), List{"a"});
  EXPECT_EQ(read("7f02", 1), std::nullopt);  // wrong back length
  EXPECT_EQ(read("7f01", 2), std::nullopt);  // wrong count
  std::string hundreds = "e0c8";             // 200 bytes: a back length of two
  for (int i = 0; i < 200; ++i) hundreds += "78";
  EXPECT_EQ(read(hundreds + "01ca", 1), List{std::string(200, 'x')});
}

TEST(RdbReader, KnowsEveryElementOfAZiplist) {
  const auto read = [](std::string_view entry) {
    std::string bytes = from_hex(entry);
    const std::size_t total = bytes.size() + 12;
    return model::read_ziplist(
        std::string{static_cast<char>(total), 0, 0, 0, 10, 0, 0, 0, 1, 0, 0} + bytes + '\xff');
  };
  using List = model::Elements;
  EXPECT_EQ(read("c0ff7f"), List{"32767"});
  EXPECT_EQ(read("d0ffffff7f"), List{"2147483647"});
  EXPECT_EQ(read("e00000000000000080"), List{"-9223372036854775808"});
  EXPECT_EQ(read("f0000080"), List{"-8388608"});
  EXPECT_EQ(read("fe80"), List{"-128"});
  EXPECT_EQ(read("f1"), List{"0"});
  EXPECT_EQ(read("fd"), List{"12"});
  EXPECT_EQ(read("400161"), List{"a"});
  EXPECT_EQ(read("800000000161"), List{"a"});
  EXPECT_EQ(read("c1"), std::nullopt);
}

TEST(RdbReader, PrefixesBelongToTheNextKeyOnly) {
  const auto result =
      decode(file_of("fdd2029649 00 0161 00  fce803000000000000 00 0162 00  00 0163 00"
                     "f907 f80a 00 0164 00"));
  const auto& data = std::get<RdbContent>(result).data;
  EXPECT_EQ(data.find(0, "a")->expires, model::WallTime(std::chrono::seconds(1'234'567'890)));
  EXPECT_EQ(data.find(0, "b")->expires, model::WallTime(std::chrono::seconds(1)));
  EXPECT_EQ(data.find(0, "c")->expires, std::nullopt);
  EXPECT_NE(data.find(0, "d"), nullptr);
}

TEST(RdbReader, KeepsFunctionsAsText) {
  const auto result = decode(file_of("f5 03 616263"));
  EXPECT_EQ(std::get<RdbContent>(result).functions, std::vector<std::string>{"abc"});
}

TEST(RdbReader, LeavesOutEmptyAggregates) {
  EXPECT_EQ(value_of("01", "00"), Value("(missing)"));
}

TEST(RdbReader, OldVersionsHaveNoChecksum) {
  EXPECT_EQ(problem_of("REDIS0003" + from_hex("fe00 00 0161 00 ff")), "");
}

// --- damage
// ----------------------------------------------------------------------------------------

// Duplicate keys among it (R13.2), and databases that are not there (R13.3).
TEST(RdbReader, SaysWhatIsWrong) {
  EXPECT_EQ(problem_of("RUBBISH__"), "wrong signature, expected \"REDIS\"");
  EXPECT_EQ(problem_of("REDIS001x"), "version is not a number of four digits");
  EXPECT_EQ(problem_of("REDIS0000"), "can't handle RDB format version 0");
  EXPECT_EQ(problem_of("REDIS0012"), "can't handle RDB format version 12");
  EXPECT_EQ(problem_of("REDIS0010"),
            "the file ends too early: expected 1 bytes of an opcode or a type, found 0");
  EXPECT_EQ(problem_of(file_of("00 0161 0c6162")).substr(0, 70),
            "the file ends too early: expected 12 bytes of a string, found 11");
  EXPECT_EQ(problem_of(file_of("") + "x"), "expected the end, found 1 bytes more");
  EXPECT_EQ(problem_of(file_of("00 0161 00 00 0161 00")),
            "expected keys that differ, found \"a\" twice");
  EXPECT_EQ(problem_of(file_of("fe10")), "expected a database below 16, found 16");
  EXPECT_EQ(problem_of(file_of("02 016b 02 0161 0161")),
            "expected set members that differ, found one twice");
  EXPECT_EQ(problem_of(file_of("04 016b 02 0161 00 0161 00")),
            "expected hash fields that differ, found one twice");
  EXPECT_EQ(problem_of(file_of("05 016b 02 0161 0000000000000000 0161 0000000000000000")),
            "expected members that differ, found one twice");
  EXPECT_EQ(problem_of(file_of("05 016b 01 0161 000000000000f87f")),
            "expected a score, found what is not a number");
  EXPECT_EQ(problem_of(file_of("07 016b")),
            "expected a value, found a module's, and there are no modules");
  EXPECT_EQ(problem_of(file_of("f7 81 2d5f25d4c46bc000")),
            "the file contains data of module 'LV8l1MRrw', and there are no modules");
  EXPECT_EQ(problem_of(file_of("f0 016b")),
            "expected an opcode or the type of a value, found 240");
  EXPECT_EQ(problem_of(file_of("00 016b 82")),
            "expected the length of a string, found the byte 130, which begins none");
  EXPECT_EQ(problem_of(file_of("00 016b c4")),
            "expected a string, found the unknown string encoding 4");
  EXPECT_EQ(problem_of(file_of("01 016b c0")),
            "expected the length of a list, found a string encoding (0)");
  EXPECT_EQ(problem_of(file_of("0b 016b 01 00")),
            "expected an intset, found 1 bytes that are none");
  std::string file = encode_rdb(model::Keyspace(), {});
  file.back() = static_cast<char>(file.back() ^ 1);
  EXPECT_EQ(problem_of(file), "wrong checksum");
}

// Lengths that promise more than the file can hold are no reason to allocate it.
TEST(RdbReader, DoesNotBelieveLengths) {
  for (const std::string_view body :
       {"00 016b 81ffffffffffffffff", "01 016b 81ffffffffffffffff 00",
        "02 016b 81ffffffffffffffff 00", "00 016b c3 01 81ffffffffffffffff 00",
        "00 016b c3 04 80ffffffff 0061 c000", "12 016b 81ffffffffffffffff 01 00",
        "0b 016b 08 08000000 ffffffff", "10 016b 07 ffffffff 0000 ff"})
    EXPECT_NE(problem_of(file_of(body)), "") << body;
}

// --- LZF
// -------------------------------------------------------------------------------------------

RC_GTEST_PROP(Lzf, UnpacksWhatWasPacked, ()) {
  const std::string text = model_test::some_text();
  const auto packed = model::lzf_pack(text, text.size() + text.size() / 32 + 1);
  RC_ASSERT(packed.has_value());
  RC_PRE(!text.empty());
  RC_ASSERT(model::lzf_unpack(*packed, text.size()) == text);
  RC_ASSERT(model::lzf_unpack(*packed, text.size() + 1) == std::nullopt);
}

TEST(Lzf, ReachesBackAsFarAsTheFormatAllows) {
  std::string noise;
  std::uint32_t state = 1;
  for (int i = 0; i < 8192; ++i)
    noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const std::string text = noise + noise + std::string(1000, 'x') + noise;
  const auto packed = model::lzf_pack(text, text.size());
  ASSERT_TRUE(packed.has_value());
  EXPECT_LT(packed->size(), text.size() - 7000);
  EXPECT_EQ(model::lzf_unpack(*packed, text.size()), text);
}

TEST(Lzf, GivesUpWhenItDoesNotPay) {
  EXPECT_EQ(model::lzf_pack("abcdefghijklmnopqrstuvwxyz", 22), std::nullopt);
}

}  // namespace
