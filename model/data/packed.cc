#include "model/data/packed.h"

#include <cstdint>
#include <limits>

#include "model/data/byte_reader.h"

namespace model {
namespace {

constexpr std::uint8_t kEnd = 0xff;
constexpr std::uint64_t kManyElements = 65535;  // "count them yourself"

// The element behind a listpack's first byte, which says how it is encoded.
std::optional<std::string> listpack_element(ByteReader& in) {
  const std::uint8_t first = in.byte();
  if (first < 0x80) return std::to_string(first);
  if (first < 0xc0) return std::string(in.take(first & 0x3f));
  if (first < 0xe0) {
    const int value = (first & 0x1f) << 8 | in.byte();
    return std::to_string(value >= 4096 ? value - 8192 : value);
  }
  if (first < 0xf0) {
    const std::uint64_t high = first & 0x0f;
    return std::string(in.take(high << 8 | in.byte()));
  }
  switch (first) {
    case 0xf0:
      return std::string(in.take(in.little(4)));
    case 0xf1:
      return std::to_string(in.little_signed(2));
    case 0xf2:
      return std::to_string(in.little_signed(3));
    case 0xf3:
      return std::to_string(in.little_signed(4));
    case 0xf4:
      return std::to_string(in.little_signed(8));
    default:
      return std::nullopt;
  }
}

// The size of an element again, behind it: seven bits a byte, the highest first, marked in all
// bytes but the first, so that it can be read from the end.
bool back_length_is(ByteReader& in, std::uint64_t size) {
  std::size_t bytes = 1;
  for (std::uint64_t limit = 127; bytes < 5 && size > limit - (bytes > 1 ? 1 : 0); ++bytes)
    limit = limit << 7 | 127;
  for (std::size_t i = bytes; i-- > 0;) {
    const std::uint64_t mark = i + 1 == bytes ? 0 : 0x80;
    if (in.byte() != (((size >> (7 * i)) & 0x7f) | mark)) return false;
  }
  return in.ok();
}

// The element of a ziplist, from its encoding on.
std::optional<std::string> ziplist_element(ByteReader& in) {
  const std::uint8_t first = in.byte();
  if (first < 0x40) return std::string(in.take(first));
  if (first < 0x80) {
    const std::uint64_t high = first & 0x3f;
    return std::string(in.take(high << 8 | in.byte()));
  }
  switch (first) {
    case 0x80:
      return std::string(in.take(in.big(4)));
    case 0xc0:
      return std::to_string(in.little_signed(2));
    case 0xd0:
      return std::to_string(in.little_signed(4));
    case 0xe0:
      return std::to_string(in.little_signed(8));
    case 0xf0:
      return std::to_string(in.little_signed(3));
    case 0xfe:
      return std::to_string(in.little_signed(1));
    default:
      if (first >= 0xf1 && first <= 0xfd) return std::to_string(first - 0xf1);
      return std::nullopt;
  }
}

std::uint64_t previous_length(ByteReader& in) {
  const std::uint8_t first = in.byte();
  return first == 0xfe ? in.little(4) : first;
}

// Of a zipmap; 255 never starts one.
std::uint64_t zipmap_length(ByteReader& in, std::uint8_t first) {
  return first == 0xfe ? in.little(4) : first;
}

}  // namespace

std::optional<Elements> read_intset(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint64_t width = in.little(4), count = in.little(4);
  if (!in.ok() || (width != 2 && width != 4 && width != 8) || in.left() != count * width)
    return std::nullopt;
  Elements elements;
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::int64_t member = in.little_signed(static_cast<std::size_t>(width));
    if (i > 0 && member <= last) return std::nullopt;
    elements.push_back(std::to_string(member));
    last = member;
  }
  return elements;
}

std::optional<Elements> read_listpack(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint64_t total = in.little(4), count = in.little(2);
  if (!in.ok() || total != bytes.size()) return std::nullopt;
  Elements elements;
  while (in.left() > 1) {
    const std::size_t start = in.position();
    std::optional<std::string> element = listpack_element(in);
    if (!element || !in.ok() || !back_length_is(in, in.position() - start)) return std::nullopt;
    elements.push_back(std::move(*element));
  }
  if (in.byte() != kEnd || !in.ok()) return std::nullopt;
  if (count != kManyElements && count != elements.size()) return std::nullopt;
  return elements;
}

std::optional<Elements> read_ziplist(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint64_t total = in.little(4), tail = in.little(4), count = in.little(2);
  if (!in.ok() || total != bytes.size()) return std::nullopt;
  Elements elements;
  std::uint64_t before = 0, last = in.position();
  while (in.left() > 1) {
    const std::size_t start = in.position();
    if (previous_length(in) != before) return std::nullopt;
    std::optional<std::string> element = ziplist_element(in);
    if (!element || !in.ok()) return std::nullopt;
    elements.push_back(std::move(*element));
    last = start;
    before = in.position() - start;
  }
  if (in.byte() != kEnd || !in.ok() || tail != last) return std::nullopt;
  if (count != kManyElements && count != elements.size()) return std::nullopt;
  return elements;
}

std::optional<Elements> read_zipmap(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t count = in.byte();
  Elements elements;
  for (std::uint8_t first = in.byte(); first != kEnd; first = in.byte()) {
    elements.emplace_back(in.take(zipmap_length(in, first)));
    const std::uint8_t second = in.byte();
    if (second == kEnd) return std::nullopt;
    const std::uint64_t size = zipmap_length(in, second);
    const std::uint8_t free = in.byte();  // bytes unused behind the value
    elements.emplace_back(in.take(size));
    in.take(free);
    if (!in.ok()) return std::nullopt;
  }
  if (!in.ok() || in.left() != 0) return std::nullopt;
  if (count < 254 && count != elements.size() / 2) return std::nullopt;
  return elements;
}

}  // namespace model
