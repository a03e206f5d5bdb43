#include "model/data/rdb_output.h"

#include <optional>

#include "model/data/lzf.h"
#include "model/data/number.h"
#include "model/data/rdb_codes.h"

namespace model {

void RdbOutput::little(std::uint64_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) byte(number >> (8 * i));
}

void RdbOutput::big(std::uint64_t number, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) byte(number >> (8 * i));
}

void RdbOutput::length(std::uint64_t size) {
  if (size < 64) return byte(size);
  if (size < 16384) return big(0x4000 | size, 2);
  const bool fits = size <= 0xffffffff;
  byte(fits ? 0x80 : 0x81);
  big(size, fits ? 4 : 8);
}

void RdbOutput::string(std::string_view text) {
  constexpr std::size_t kLongestInteger = 11, kWorthPacking = 20, kLeastSaved = 4;
  if (text.size() <= kLongestInteger && integer(text)) return;
  if (compress_ && text.size() > kWorthPacking) {
    if (const std::optional<std::string> packed = lzf_pack(text, text.size() - kLeastSaved)) {
      byte(0xc0 | rdb::kLzf);
      length(packed->size());
      length(text.size());
      return raw(*packed);
    }
  }
  length(text.size());
  raw(text);
}

bool RdbOutput::integer(std::string_view text) {
  const std::optional<std::int64_t> number = to_integer(text);
  if (!number) return false;
  const auto fits = [&](int bits) { return *number >> (bits - 1) == *number >> 63; };
  if (!fits(32)) return false;
  const rdb::Encoding encoding = fits(8) ? rdb::kInt8 : fits(16) ? rdb::kInt16 : rdb::kInt32;
  byte(0xc0U | encoding);
  little(static_cast<std::uint64_t>(*number), std::size_t{1} << encoding);
  return true;
}

}  // namespace model
