#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/data/little_endian.h"
#include "model/data/rdb.h"

namespace model {
namespace {

// The Jones polynomial 0xad93d23594c935a9, bits reversed: the checksum shifts to the right.
constexpr std::uint64_t kPolynomial = 0x95ac9329ac4bc9b5;

using Table = std::array<std::uint64_t, 256>;

// tables[0] moves one byte through the register; tables[k] moves a byte followed by k zero bytes,
// so that eight bytes can be looked up side by side.
constexpr std::array<Table, 8> make_tables() {
  std::array<Table, 8> tables{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t before = tables[k - 1][byte];
      tables[k][byte] = tables[0][before & 0xff] ^ (before >> 8);
    }
  return tables;
}

constexpr std::array<Table, 8> kTables = make_tables();

}  // namespace

std::uint64_t crc64(std::uint64_t crc, std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= 8; at += 8) {
    crc ^= eight_at(at);
    crc = kTables[7][crc & 0xff] ^ kTables[6][crc >> 8 & 0xff] ^ kTables[5][crc >> 16 & 0xff] ^
          kTables[4][crc >> 24 & 0xff] ^ kTables[3][crc >> 32 & 0xff] ^
          kTables[2][crc >> 40 & 0xff] ^ kTables[1][crc >> 48 & 0xff] ^ kTables[0][crc >> 56];
  }
  for (; at != end; ++at) crc = kTables[0][(crc ^ byte_at(at)) & 0xff] ^ (crc >> 8);
  return crc;
}

}  // namespace model
