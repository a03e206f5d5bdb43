// Reads numbers and runs of bytes from front to back, and never outside. The first read that would
// is answered with zero or nothing, and so are all after it: check ok() before believing what was
// read, and in every loop whose length came from the bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace model {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }

  std::string_view take(std::uint64_t size) {
    if (!ok_ || size > left()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += taken.size();
    return taken;
  }

  std::uint8_t byte() {
    const std::string_view taken = take(1);
    return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
  }

  // Of 1 to 8 bytes, least or most significant first.
  std::uint64_t little(std::size_t size) {
    std::uint64_t number = 0;
    const std::string_view taken = take(size);
    for (std::size_t i = taken.size(); i-- > 0;) number = number << 8 | at(taken, i);
    return number;
  }
  std::uint64_t big(std::size_t size) {
    std::uint64_t number = 0;
    const std::string_view taken = take(size);
    for (std::size_t i = 0; i < taken.size(); ++i) number = number << 8 | at(taken, i);
    return number;
  }
  std::int64_t little_signed(std::size_t size) {
    const std::size_t unused = 64 - 8 * size;
    return std::bit_cast<std::int64_t>(little(size) << unused) >> unused;
  }

 private:
  static std::uint64_t at(std::string_view bytes, std::size_t i) {
    return static_cast<unsigned char>(bytes[i]);
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace model
