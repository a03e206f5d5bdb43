#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

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

constexpr std::uint64_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

}  // namespace

std::uint64_t crc64(std::uint64_t crc, std::string_view bytes) {
  while (bytes.size() >= 8) {
    for (std::size_t i = 0; i < 8; ++i) crc ^= byte_at(bytes, i) << (8 * i);
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < 8; ++i) next ^= kTables[7 - i][(crc >> (8 * i)) & 0xff];
    crc = next;
    bytes.remove_prefix(8);
  }
  for (std::size_t i = 0; i < bytes.size(); ++i)
    crc = kTables[0][(crc ^ byte_at(bytes, i)) & 0xff] ^ (crc >> 8);
  return crc;
}

}  // namespace model
