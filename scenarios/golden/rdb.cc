#include "scenarios/golden/rdb.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/data/lzf.h"
#include "scenarios/golden/case.h"
#include "scenarios/golden/words.h"

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFewKeys = 40;

const char* type_of(unsigned char code) {
  switch (code) {
    case 0:
      return "string";
    case 1:
      return "list";
    case 2:
      return "set";
    case 4:
      return "hash";
    case 5:
      return "zset";
    case 11:
      return "set (intset)";
    case 16:
      return "hash (listpack)";
    case 17:
      return "zset (listpack)";
    case 18:
      return "list (quicklist2)";
    default:
      return nullptr;
  }
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::size_t at() const { return at_; }

  std::string_view take(std::size_t count) {
    if (bytes_.size() - at_ < count) throw std::runtime_error("short RDB");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  unsigned char byte() { return static_cast<unsigned char>(take(1)[0]); }

  std::uint64_t big_endian(std::size_t count) {
    std::uint64_t value = 0;
    for (const char c : take(count)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
  std::int64_t little_endian(std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value |= std::uint64_t{byte()} << (8 * i);
    if (count < 8 && (value >> (8 * count - 1) & 1U) != 0)
      value |= ~std::uint64_t{0} << (8 * count);
    return static_cast<std::int64_t>(value);
  }

  struct Length {
    std::uint64_t value = 0;
    bool special = false;
  };
  Length length() {
    const unsigned char first = byte();
    switch (first >> 6U) {
      case 0:
        return {first & 63U};
      case 1:
        return {(first & 63U) << 8U | byte()};
      case 2:
        return {big_endian(first == 0x80 ? 4 : 8)};
      default:
        return {first & 63U, true};
    }
  }
  std::string string() {
    const Length n = length();
    if (!n.special) return std::string(take(n.value));
    if (n.value <= 2) return std::to_string(little_endian(std::size_t{1} << n.value));
    const std::uint64_t packed = length().value, size = length().value;
    const auto bytes = model::lzf_unpack(take(packed), size);
    if (!bytes) throw std::runtime_error("bad LZF");
    return *bytes;
  }

  void skip_value(unsigned char type) {
    if (type == 0 || type == 11 || type == 16 || type == 17) {
      string();
      return;
    }
    for (std::uint64_t left = length().value; left > 0; --left) {
      if (type == 18) length();
      string();
      if (type == 4) string();
      if (type == 5) take(8);
    }
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

Json key_of(Reader& in, unsigned char type, std::uint64_t db, std::optional<std::int64_t> expire) {
  Json key{{"db", db}, {"key", shown(cut_short(in.string()))}, {"type", type_of(type)}};
  if (expire) key["expire"] = *expire;
  if (type == 0)
    key["value"] = shown(cut_short(in.string()));
  else
    in.skip_value(type);
  return key;
}

Json told(Reader& in) {
  Json out{{"magic", shown(in.take(9))}, {"aux", Json::array()}, {"keys", Json::array()}};
  std::vector<Json> keys;
  std::uint64_t db = 0;
  std::optional<std::int64_t> expire;
  for (bool more = true; more;) {
    const unsigned char code = in.byte();
    if (code == 0xff) {
      const std::string_view sum = in.take(8);
      out["crc64"] =
          std::all_of(sum.begin(), sum.end(), [](char c) { return c == 0; }) ? "zero" : "present";
      more = false;
    } else if (code == 0xfa) {
      const std::string name = in.string(), value = in.string();
      out["aux"].push_back(
          {shown(name), name == "ctime" || name == "used-mem" ? "*" : shown(value)});
    } else if (code == 0xfe) {
      db = in.length().value;
    } else if (code == 0xfb) {
      in.length();
      in.length();
    } else if (code == 0xfc) {
      expire = in.little_endian(8);
    } else if (code == 0xf5) {
      in.string();
      out["functions"] = out.value("functions", 0) + 1;
    } else if (type_of(code) != nullptr) {
      keys.push_back(key_of(in, code, db, expire));
      expire.reset();
    } else {
      out["undecoded"] = "from opcode or type " + std::to_string(code) + " on";
      more = false;
    }
  }
  std::stable_sort(keys.begin(), keys.end(), [](const Json& a, const Json& b) {
    return a["db"] != b["db"] ? a["db"] < b["db"] : a["key"] < b["key"];
  });
  if (keys.size() > kFewKeys)
    out["keys"] = std::to_string(keys.size()) + " keys";
  else
    out["keys"] = keys;
  return out;
}

}  // namespace

void tell_rdb(Json& out, std::string_view payload) {
  Reader in(payload);
  try {
    out["rdb"] = told(in);
    if (!out["rdb"].contains("undecoded")) out["bytes_after_rdb_eof"] = payload.size() - in.at();
  } catch (const std::runtime_error& error) {
    out["rdb"] = std::string("undecoded: ") + error.what();
  }
}

}  // namespace scenarios::golden
