#include "model/data/packed_write.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "model/data/number.h"

namespace model {
namespace {

constexpr std::size_t kManyElements = 65535;  // a count that does not fit
constexpr char kEnd = '\xff';

void append_little(std::string& out, std::uint64_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

void append_big(std::string& out, std::uint64_t number, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) out += static_cast<char>(number >> (8 * i) & 0xff);
}

std::uint64_t bits_of(std::int64_t number) {
  return static_cast<std::uint64_t>(number);
}

bool fits(std::int64_t number, int bits) {
  return number >> (bits - 1) == number >> 63;
}

std::string listpack_encoding(std::int64_t number) {
  std::string out;
  if (number >= 0 && number < 128) {
    append_big(out, bits_of(number), 1);
  } else if (fits(number, 13)) {
    append_big(out, 0xc000U | (bits_of(number) & 0x1fffU), 2);
  } else {
    struct Form {
      int bits;
      unsigned char mark;
    };
    constexpr Form kForms[] = {{16, 0xf1}, {24, 0xf2}, {32, 0xf3}, {64, 0xf4}};
    const Form* form = std::begin(kForms);
    while (!fits(number, form->bits)) ++form;
    out += static_cast<char>(form->mark);
    append_little(out, bits_of(number), static_cast<std::size_t>(form->bits) / 8);
  }
  return out;
}

// The longest integer has 20 characters with its sign: longer texts need not be tried.
std::string listpack_encoding(std::string_view text) {
  if (const std::optional<std::int64_t> number = to_integer(text))
    return listpack_encoding(*number);
  std::string out;
  if (text.size() < 64) {
    append_big(out, 0x80U | text.size(), 1);
  } else if (text.size() < 4096) {
    append_big(out, 0xe000U | text.size(), 2);
  } else {
    out += '\xf0';
    append_little(out, text.size(), 4);
  }
  return out += text;
}

std::size_t back_length_bytes(std::size_t size) {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  return size < 268435455 ? 4 : 5;
}

std::string ziplist_encoding(std::string_view text) {
  constexpr std::size_t kLongestTried = 31;
  std::string out;
  const std::optional<std::int64_t> number =
      text.size() <= kLongestTried ? to_integer(text) : std::nullopt;
  if (number) {
    if (*number >= 0 && *number <= 12) {
      out += static_cast<char>(0xf1 + *number);
      return out;
    }
    struct Form {
      int bits;
      unsigned char mark;
    };
    constexpr Form kForms[] = {{8, 0xfe}, {16, 0xc0}, {24, 0xf0}, {32, 0xd0}, {64, 0xe0}};
    const Form* form = std::begin(kForms);
    while (!fits(*number, form->bits)) ++form;
    out += static_cast<char>(form->mark);
    append_little(out, bits_of(*number), static_cast<std::size_t>(form->bits) / 8);
    return out;
  }
  if (text.size() < 64) {
    append_big(out, text.size(), 1);
  } else if (text.size() < 16384) {
    append_big(out, 0x4000U | text.size(), 2);
  } else {
    out += '\x80';
    append_big(out, text.size(), 4);
  }
  return out += text;
}

}  // namespace

void ListpackWriter::add_encoded(std::string_view encoded) {
  entries_ += encoded;
  const std::size_t bytes = back_length_bytes(encoded.size());
  for (std::size_t i = bytes; i-- > 0;) {
    const std::size_t group = encoded.size() >> (7 * i) & 0x7f;
    entries_ += static_cast<char>(i + 1 == bytes ? group : group | 0x80);
  }
  ++count_;
}

void ListpackWriter::add(std::string_view text) {
  add_encoded(listpack_encoding(text));
}

void ListpackWriter::add(std::int64_t number) {
  add_encoded(listpack_encoding(number));
}

std::size_t ListpackWriter::size() const {
  return 6 + entries_.size() + 1;
}

std::string ListpackWriter::finish() && {
  std::string out;
  append_little(out, size(), 4);
  append_little(out, std::min(count_, kManyElements), 2);
  return (out += entries_) += kEnd;
}

std::size_t listpack_bytes(std::string_view text) {
  const std::size_t size = listpack_encoding(text).size();
  return size + back_length_bytes(size);
}

std::size_t listpack_bytes(std::int64_t number) {
  const std::size_t size = listpack_encoding(number).size();
  return size + back_length_bytes(size);
}

void ZiplistWriter::add(std::string_view text) {
  last_ = entries_.size();
  if (before_ < 254) {
    entries_ += static_cast<char>(before_);
  } else {
    entries_ += '\xfe';
    append_little(entries_, before_, 4);
  }
  entries_ += ziplist_encoding(text);
  before_ = entries_.size() - last_;
  ++count_;
}

std::string ZiplistWriter::finish() && {
  constexpr std::size_t kHeader = 10;
  std::string out;
  append_little(out, kHeader + entries_.size() + 1, 4);
  append_little(out, kHeader + last_, 4);
  append_little(out, std::min(count_, kManyElements), 2);
  return (out += entries_) += kEnd;
}

std::string write_intset(const std::vector<std::int64_t>& members) {
  std::size_t width = 2;
  for (const std::int64_t member : members)
    while (!fits(member, static_cast<int>(width) * 8)) width *= 2;
  std::string out;
  append_little(out, width, 4);
  append_little(out, members.size(), 4);
  for (const std::int64_t member : members) append_little(out, bits_of(member), width);
  return out;
}

}  // namespace model
