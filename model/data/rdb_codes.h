// The bytes an RDB file is told apart by (reference 13.2, 13.4, 13.5).
#pragma once

#include <cstdint>
#include <string_view>

namespace model::rdb {

inline constexpr std::string_view kSignature = "REDIS";
inline constexpr int kFirstChecksummed = 5;  // files of older versions end with kEof

enum Opcode : std::uint8_t {
  kFunction2 = 0xf5,
  kFunction = 0xf6,  // of 7.0's release candidates only
  kModuleAux = 0xf7,
  kIdle = 0xf8,
  kFreq = 0xf9,
  kAux = 0xfa,
  kResizeDb = 0xfb,
  kExpireMs = 0xfc,
  kExpireSeconds = 0xfd,
  kSelectDb = 0xfe,
  kEof = 0xff,
};

enum Type : std::uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kZset = 3,  // scores as text
  kHash = 4,
  kZset2 = 5,
  kModule = 6,
  kModule2 = 7,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kZsetZiplist = 12,
  kHashZiplist = 13,
  kListQuicklist = 14,
  kStream = 15,
  kHashListpack = 16,
  kZsetListpack = 17,
  kListQuicklist2 = 18,
  kStream2 = 19,
  kSetListpack = 20,
  kStream3 = 21,
};

// Strings whose length is none: 11xxxxxx.
enum Encoding : std::uint8_t { kInt8 = 0, kInt16 = 1, kInt32 = 2, kLzf = 3 };

}  // namespace model::rdb
