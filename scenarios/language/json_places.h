// JSON text as a tree whose every value knows where it stands, so that an error can point at it.
//
// Stricter than a usual reader where that helps a person: a key given twice, an integer that no
// 64 bits hold, a byte order mark, bytes that are not UTF-8 and a NUL are errors. Never throws on
// bad input, and needs no stack for nesting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/loader.h"

namespace scenarios {

// What a file may have; beyond it is refused with a clear word, not tried.
constexpr std::size_t kLargestFile = 16 * 1024 * 1024;
constexpr std::size_t kDeepestNesting = 64;
constexpr std::size_t kMostValues = 1'000'000;
constexpr std::size_t kMostErrors = 200;

struct Value {
  enum class Kind : std::uint8_t { null, boolean, integer, fraction, text, list, object };
  Kind kind = Kind::null;
  bool boolean = false;
  bool negative = false;
  std::uint64_t magnitude = 0;         // of an integer
  std::string text;                    // the characters of a text
  std::vector<const Value*> children;  // of a list or an object, in the order of the file

  const Value* parent = nullptr;
  std::string key;             // in the object that it belongs to
  std::size_t index = 0;       // in the list that it belongs to
  std::size_t offset = 0;      // of its first byte
  std::size_t key_offset = 0;  // of its key's first byte, or its own

  const Value* find(std::string_view name) const;  // the member of an object, or null
};

// Owns the values; the text must outlive it.
class Document {
 public:
  explicit Document(std::string_view text);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // False if there is no tree, as the text is no JSON; `errors` then ends with the reason. Errors that
  // leave a tree (a key given twice) are noted as well, and reading may go on.
  bool parse(LoadErrors& errors);
  const Value& root() const { return *root_; }

  Place place_of(const Value& value) const;
  Place place_of_key(const Value& value) const;
  Place place_at(std::size_t offset, std::string pointer) const;
  std::string_view written(const Value& value) const;  // the text from its first byte on

 private:
  friend class Builder;
  std::size_t characters_before(std::size_t offset) const;

  std::string_view text_;
  std::vector<std::size_t> line_starts_;
  std::vector<std::size_t> characters_;  // before each block of the text: a line may be very long
  std::deque<Value> values_;
  const Value* root_ = nullptr;
};

std::string pointer_of(const Value& value);  // RFC 6901
std::string pointer_below(const Value& value, std::string_view key);

// A piece of text in double quotes, on one line, short enough for a message, and always UTF-8.
std::string in_quotes(std::string_view text);

}  // namespace scenarios
