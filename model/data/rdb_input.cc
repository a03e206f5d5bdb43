#include "model/data/rdb_input.h"

#include <bit>
#include <utility>

#include "model/data/lzf.h"
#include "model/data/rdb_codes.h"

namespace model {

void RdbInput::fail(RdbError::Kind kind, std::string problem) {
  if (!error_) error_ = RdbError{kind, at_, std::move(problem)};
}

std::string_view RdbInput::take(std::uint64_t size, std::string_view what) {
  if (!good()) return {};
  if (size > left()) {
    fail(RdbError::Kind::short_read, "the file ends too early: expected " + std::to_string(size) +
                                         " bytes of " + std::string(what) + ", found " +
                                         std::to_string(left()));
    return {};
  }
  const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(size));
  at_ += taken.size();
  return taken;
}

std::uint8_t RdbInput::byte(std::string_view what) {
  return static_cast<std::uint8_t>(little(1, what));
}

std::uint64_t RdbInput::little(std::size_t size, std::string_view what) {
  const std::string_view taken = take(size, what);
  std::uint64_t number = 0;
  for (std::size_t i = taken.size(); i-- > 0;)
    number = number << 8 | static_cast<unsigned char>(taken[i]);
  return number;
}

std::uint64_t RdbInput::big(std::size_t size, std::string_view what) {
  const std::string_view taken = take(size, what);
  std::uint64_t number = 0;
  for (const char c : taken) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::int64_t RdbInput::little_signed(std::size_t size, std::string_view what) {
  const std::size_t unused = 64 - 8 * size;
  return std::bit_cast<std::int64_t>(little(size, what) << unused) >> unused;
}

RdbInput::Length RdbInput::any_length(std::string_view what) {
  const std::uint64_t first = byte(what);
  switch (first >> 6) {
    case 0:
      return {first & 0x3f};
    case 1:
      return {(first & 0x3f) << 8 | byte(what)};
    case 3:
      return {first & 0x3f, true};
    default:
      break;
  }
  if (first == 0x80) return {big(4, what)};
  if (first == 0x81) return {big(8, what)};
  corrupt("expected the length of " + std::string(what) + ", found the byte " +
          std::to_string(first) + ", which begins none");
  return {};
}

std::uint64_t RdbInput::length(std::string_view what) {
  const Length length = any_length(what);
  if (length.encoded)
    corrupt("expected the length of " + std::string(what) + ", found a string encoding (" +
            std::to_string(length.size) + ")");
  return good() ? length.size : 0;
}

std::string RdbInput::string(std::string_view what) {
  const Length length = any_length(what);
  if (!good()) return {};
  if (!length.encoded) return std::string(take(length.size, what));
  switch (length.size) {
    case rdb::kInt8:
      return std::to_string(little_signed(1, what));
    case rdb::kInt16:
      return std::to_string(little_signed(2, what));
    case rdb::kInt32:
      return std::to_string(little_signed(4, what));
    case rdb::kLzf:
      return packed_string(what);
    default:
      corrupt("expected " + std::string(what) + ", found the unknown string encoding " +
              std::to_string(length.size));
  }
  return {};
}

std::string RdbInput::packed_string(std::string_view what) {
  const std::uint64_t packed_size = length(what), size = length(what);
  const std::string_view packed = take(packed_size, what);
  if (!good()) return {};
  std::optional<std::string> bytes = lzf_unpack(packed, static_cast<std::size_t>(size));
  if (!bytes)
    corrupt("expected LZF that unpacks to " + std::to_string(size) + " bytes of " +
            std::string(what) + ", found something else");
  return std::move(bytes).value_or(std::string());
}

}  // namespace model
