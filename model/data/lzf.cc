#include "model/data/lzf.h"

#include <lzf.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace model {
namespace {

constexpr std::size_t kLongestLiteral = 32;
constexpr std::size_t kShortestMatch = 3;
constexpr std::size_t kLongestMatch = 264;
constexpr std::size_t kFarthest = 8192;

char low_byte(std::size_t number) {
  return static_cast<char>(number & 0xff);
}

// Remembers where three bytes were seen last.
class Recent {
 public:
  explicit Recent(std::string_view bytes)
      : bytes_(bytes),
        shift_(32 - static_cast<unsigned>(std::clamp<std::size_t>(
                        static_cast<std::size_t>(std::bit_width(bytes.size())), 6, 14))),
        places_(std::size_t{1} << (32 - shift_), kNowhere) {}

  // The place before `at` with the same three bytes, if near enough; remembers `at` instead.
  std::optional<std::size_t> exchange(std::size_t at) {
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < kShortestMatch; ++i)
      three = three << 8 | static_cast<unsigned char>(bytes_[at + i]);
    std::size_t& place = places_[(three * std::uint32_t{2654435761}) >> shift_];
    const std::size_t before = std::exchange(place, at);
    const bool usable = before != kNowhere && at - before <= kFarthest &&
                        bytes_.substr(before, kShortestMatch) == bytes_.substr(at, kShortestMatch);
    return usable ? std::optional(before) : std::nullopt;
  }

 private:
  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

  std::string_view bytes_;
  unsigned shift_;
  std::vector<std::size_t> places_;
};

void put_literals(std::string& out, std::string_view literals) {
  while (!literals.empty()) {
    const std::string_view run = literals.substr(0, kLongestLiteral);
    out += low_byte(run.size() - 1);
    out += run;
    literals.remove_prefix(run.size());
  }
}

void put_match(std::string& out, std::size_t distance, std::size_t length) {
  const std::size_t far = distance - 1, more = length - 2;
  out += low_byte(std::min<std::size_t>(more, 7) << 5 | far >> 8);
  if (more >= 7) out += low_byte(more - 7);
  out += low_byte(far);
}

}  // namespace

std::optional<std::string> lzf_pack(std::string_view bytes, std::size_t limit) {
  std::string out;
  Recent recent(bytes);
  std::size_t at = 0, literals_from = 0;
  while (at + kShortestMatch <= bytes.size() && out.size() <= limit) {
    const std::optional<std::size_t> before = recent.exchange(at);
    if (!before) {
      ++at;
      continue;
    }
    const std::size_t longest = std::min(kLongestMatch, bytes.size() - at);
    std::size_t length = kShortestMatch;
    while (length < longest && bytes[*before + length] == bytes[at + length]) ++length;
    put_literals(out, bytes.substr(literals_from, at - literals_from));
    put_match(out, at - *before, length);
    at += length;
    literals_from = at;
  }
  put_literals(out, bytes.substr(literals_from));
  return out.size() <= limit ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> lzf_unpack(std::string_view packed, std::size_t size) {
  constexpr std::size_t kBest = kLongestMatch / 3 + 1;  // three bytes can stand for 264
  constexpr std::size_t kMost = std::numeric_limits<unsigned>::max();
  if (packed.empty() || size == 0 || packed.size() > kMost || size > kMost) return std::nullopt;
  if (size > packed.size() * kBest) return std::nullopt;
  std::string out(size, '\0');
  const unsigned got = ::lzf_decompress(packed.data(), static_cast<unsigned>(packed.size()),
                                        out.data(), static_cast<unsigned>(size));
  return got == size ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace model
