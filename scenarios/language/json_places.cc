#include "scenarios/language/json_places.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

namespace scenarios {
namespace {

using nlohmann::json;

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kBlock = 1024;

LoadError error_at(Place place, std::string problem) {
  return {
      .place = std::move(place), .expected = {}, .found = {}, .nearest = {}, .problem = std::move(problem)};
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

std::string hex(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {kDigits[byte >> 4U], kDigits[byte & 15U]};
}

// The length of the character that begins here, or 0 if none does (RFC 3629).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

std::string escaped(std::string_view key) {  // RFC 6901
  std::string out;
  for (const char c : key) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

std::optional<std::string> between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = text.find(after, begin + before.size());
  return std::string(text.substr(begin + before.size(), end - begin - before.size()));
}

}  // namespace

// Takes the parser's calls and keeps a cursor in the text in step with them: the parser says what it
// has read, the cursor knows where that stands.
class Builder : public nlohmann::json_sax<json> {
 public:
  Builder(Document& document, LoadErrors& errors) : document_(document), errors_(errors) {}

  bool null() override { return add(Value::Kind::null, 4) != nullptr; }
  bool boolean(bool value) override {
    Value* added = add(Value::Kind::boolean, value ? 4 : 5);
    if (added != nullptr) added->boolean = value;
    return added != nullptr;
  }
  bool number_integer(number_integer_t value) override {
    return number(value < 0,
                  value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value));
  }
  bool number_unsigned(number_unsigned_t value) override { return number(false, value); }
  bool number_float(number_float_t, const string_t& written) override {
    Value* added = add(Value::Kind::fraction, number_length());
    if (added == nullptr) return false;
    if (written.find_first_of(".eE") == std::string::npos) {
      errors_.push_back(
          error_at(document_.place_of(*added), "the number " + written + " is larger than 64 bits hold"));
    }
    return true;
  }
  bool string(string_t& value) override {
    Value* added = add(Value::Kind::text, string_length());
    if (added != nullptr) added->text = std::move(value);
    return added != nullptr;
  }
  bool binary(binary_t&) override { return false; }  // no JSON text has it

  bool start_object(std::size_t) override { return open(Value::Kind::object); }
  bool start_array(std::size_t) override { return open(Value::Kind::list); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    key_offset_ = token();
    cursor_ = key_offset_ + string_length();
    const auto [first, is_new] = keys_.back().emplace(value, key_offset_);
    if (!is_new && errors_.size() < kMostErrors) {
      const Place before = document_.place_at(first->second, {});
      errors_.push_back(error_at(
          document_.place_at(key_offset_, pointer_below(*open_.back(), value)),
          "the key " + in_quotes(value) + " was given before, on line " + std::to_string(before.line)));
    }
    key_ = std::move(value);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception& error) override {
    explain(position, error.id, error.what());
    return false;
  }

 private:
  std::size_t token() const {  // where the next token begins
    return std::min(document_.text_.find_first_not_of(" \t\r\n,:", cursor_), document_.text_.size());
  }
  std::size_t number_length() const {
    const std::string_view text = document_.text_.substr(token());
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    const bool zero = text.substr(first, 1) == "0";  // then the whole part ends with it
    if (zero && (text.size() == first + 1 ||
                 std::string_view(".eE").find(text[first + 1]) == std::string_view::npos)) {
      return first + 1;
    }
    return std::min(text.find_first_not_of("+-.0123456789eE"), text.size());
  }
  std::size_t string_length() const {  // with its quotes; the parser has seen that they are there
    const std::size_t begin = token();
    std::size_t end = begin + 1;
    while (end < document_.text_.size() && document_.text_[end] != '"') {
      end += document_.text_[end] == '\\' ? 2 : 1;
    }
    return end + 1 - begin;
  }

  bool number(bool negative, std::uint64_t magnitude) {
    Value* added = add(Value::Kind::integer, number_length());
    if (added == nullptr) return false;
    added->negative = negative;
    added->magnitude = magnitude;
    return true;
  }

  Value* add(Value::Kind kind, std::size_t length) {
    const std::size_t begin = token();
    if (document_.values_.size() == kMostValues) {
      errors_.push_back(error_at(document_.place_at(begin, here()),
                                 "the file holds more than " + std::to_string(kMostValues) + " values"));
      return nullptr;
    }
    cursor_ = begin + length;
    Value& value = document_.values_.emplace_back();
    value.kind = kind;
    value.offset = value.key_offset = begin;
    if (open_.empty()) {
      document_.root_ = &value;
      return &value;
    }
    Value& parent = *open_.back();
    value.parent = &parent;
    value.index = parent.children.size();
    if (parent.kind == Value::Kind::object) {
      value.key = std::move(key_);
      value.key_offset = key_offset_;
    }
    parent.children.push_back(&value);
    key_.clear();
    return &value;
  }

  bool open(Value::Kind kind) {
    if (open_.size() == kDeepestNesting) {
      errors_.push_back(error_at(
          document_.place_at(token(), here()),
          "more than " + std::to_string(kDeepestNesting) + " brackets are open inside each other"));
      return false;
    }
    Value* added = add(kind, 1);
    if (added == nullptr) return false;
    open_.push_back(added);
    keys_.emplace_back();
    return true;
  }

  bool close() {
    cursor_ = token() + 1;
    open_.pop_back();
    keys_.pop_back();
    return true;
  }

  std::string here() const {  // the pointer of the value that would come next
    if (open_.empty()) return {};
    const Value& parent = *open_.back();
    if (parent.kind == Value::Kind::list)
      return pointer_below(parent, std::to_string(parent.children.size()));
    return key_.empty() ? pointer_of(parent) : pointer_below(parent, key_);
  }

  void fail(std::size_t offset, std::string problem) {
    errors_.push_back(error_at(document_.place_at(offset, here()), std::move(problem)));
  }
  void fail(std::size_t offset, std::string expected, std::string found, std::string_view remark = {}) {
    LoadError error = error_at(document_.place_at(offset, here()), {});
    error.problem = "expected " + expected + ", found " + found;
    if (!remark.empty()) error.problem += " (" + std::string(remark) + ")";
    error.expected = std::move(expected);
    error.found = std::move(found);
    errors_.push_back(std::move(error));
  }

  void explain(std::size_t position, int id, std::string_view what);
  void explain_string(std::size_t begin, std::size_t position, std::string_view reason);
  void explain_end();

  Document& document_;
  LoadErrors& errors_;
  std::size_t cursor_ = 0;    // behind the last token that the parser has told of
  std::vector<Value*> open_;  // brackets
  std::vector<std::map<std::string, std::size_t>> keys_;  // of each open bracket, and where
  std::string key_;                                       // waiting for its value
  std::size_t key_offset_ = 0;
};

// What the parser says about bad text, in words for people. `position` counts the bytes that it has read.
void Builder::explain(std::size_t position, int id, std::string_view what) {
  const std::string_view text = document_.text_;
  constexpr int kNumberOutOfRange = 406;
  const std::size_t last = std::min(position == 0 ? 0 : position - 1, text.size());
  const bool structural =
      last < text.size() && std::string_view("{}[],:").find(text[last]) != std::string_view::npos;
  const std::string reason = between(what, " - ", "; last read").value_or("");
  const bool in_lexer = what.find("; last read") != std::string_view::npos;
  const std::size_t begin = structural && !in_lexer ? last : token();

  if (id == kNumberOutOfRange) return fail(begin, "the number is too large");
  if (begin >= text.size()) return explain_end();
  if (text[begin] == '"' && in_lexer) return explain_string(begin, last, reason);

  std::string expected = between(what, "; expected ", "\n").value_or("a value");
  expected.resize(std::min(expected.find("; last read"), expected.size()));
  if (expected == "'[', '{', or a literal") expected = "a value";
  if (expected == "string literal") expected = "a key in double quotes";
  if (expected == "end of input") expected = "the end of the file";
  if (expected == "']'" || expected == "'}'") expected = "',' or " + expected;

  std::size_t end = begin + 1;
  const bool is_text = text[begin] == '"';
  if (is_text) end = begin + string_length();
  else if (!structural || in_lexer) end = text.find_first_of(" \t\r\n,:[]{}\"", end);
  end = std::min(end, text.size());
  const std::string found(text.substr(begin, end - begin));
  const std::size_t before =
      begin == 0 ? std::string_view::npos : text.find_last_not_of(kBlanks, begin - 1);
  const bool after_comma = before != std::string_view::npos && text[before] == ',';
  const bool after_zero = before != std::string_view::npos && text[before] == '0';
  std::string_view remark;
  if (found.starts_with("//") || found.starts_with("/*") || found.starts_with('#')) {
    remark = "JSON has no comments; a step takes a remark as \"why\"";
  } else if (found.starts_with('\'')) {
    remark = "JSON writes texts in double quotes";
  } else if ((found == "]" || found == "}") && after_comma) {
    remark = "the comma before it is one too many";
  } else if (found == "True" || found == "False" || found == "None" || found == "Null") {
    remark = "JSON writes true, false and null";
  } else if (after_zero && before + 1 == begin) {
    remark = "a number does not begin with a zero";
  } else if (reason.starts_with("invalid number")) {
    remark = "a number is written like -12 or 1.5";
  }
  fail(begin, std::move(expected), is_text ? "the text " + found : in_quotes(found), remark);
}

void Builder::explain_string(std::size_t begin, std::size_t position, std::string_view reason) {
  const std::string_view text = document_.text_;
  const char c = position < text.size() ? text[position] : '\n';
  if (reason.find("missing closing quote") != std::string_view::npos || c == '\n' || c == '\r') {
    return fail(begin, "the text that begins here has no closing quote on its line");
  }
  if (static_cast<unsigned char>(c) < 0x20) {
    return fail(position, "the control character 0x" + hex(static_cast<unsigned char>(c)) +
                              " must be written as \\u00" + hex(static_cast<unsigned char>(c)));
  }
  if (reason.find("backslash") != std::string_view::npos) {
    return fail(position, "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000",
                in_quotes(text.substr(position - 1, 2)));
  }
  const std::size_t colon = reason.find(": ");
  fail(position,
       "in this text, " + std::string(colon == std::string_view::npos ? reason : reason.substr(colon + 2)));
}

void Builder::explain_end() {
  const std::string_view text = document_.text_;
  if (open_.empty()) return fail(text.size(), "the file ends where a value is expected");
  const Place open = document_.place_of(*open_.back());
  const bool object = open_.back()->kind == Value::Kind::object;
  fail(text.size(), std::string("the file ends too early: ") + (object ? "'{'" : "'['") + " of line " +
                        std::to_string(open.line) + ", column " + std::to_string(open.column) +
                        " is not closed");
}

// --- Document -------------------------------------------------------------------------------------

Document::Document(std::string_view text) : text_(text) {
  line_starts_.push_back(0);
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % kBlock == 0) characters_.push_back(characters);
    if (text[i] == '\n') line_starts_.push_back(i + 1);
    if (begins_character(text[i])) ++characters;
  }
  characters_.push_back(characters);
}

std::size_t Document::characters_before(std::size_t offset) const {
  const std::size_t block = std::min(offset / kBlock, characters_.size() - 1);
  std::size_t count = characters_[block];
  for (std::size_t i = block * kBlock; i < std::min(offset, text_.size()); ++i) {
    if (begins_character(text_[i])) ++count;
  }
  return count;
}

bool Document::parse(LoadErrors& errors) {
  const auto refuse = [&](std::size_t offset, std::string problem) {
    errors.push_back(error_at(place_at(offset, {}), std::move(problem)));
    return false;
  };
  if (text_.size() > kLargestFile) {
    return refuse(
        0, "the file is larger than " + std::to_string(kLargestFile) + " bytes, which no scenario is");
  }
  if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff")) {
    return refuse(0, "the file is written in UTF-16; a scenario is UTF-8");
  }
  if (text_.starts_with("\xef\xbb\xbf")) {
    return refuse(0, "the file begins with a byte order mark; a scenario is UTF-8 without one");
  }
  for (std::size_t i = 0; i < text_.size();) {
    if (text_[i] == '\0') return refuse(i, "a NUL byte stands here; a scenario is plain text");
    const std::size_t length = utf8_length(text_.substr(i));
    if (length == 0) {
      return refuse(i, "the byte 0x" + hex(static_cast<unsigned char>(text_[i])) +
                           " is not UTF-8 here; a scenario is UTF-8");
    }
    i += length;
  }
  if (text_.find_first_not_of(kBlanks) == std::string_view::npos) return refuse(0, "the file is empty");

  Builder builder(*this, errors);
  return json::sax_parse(text_, &builder) && root_ != nullptr;
}

Place Document::place_at(std::size_t offset, std::string pointer) const {
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  // Columns count characters, as editors do.
  const std::size_t column = characters_before(offset) - characters_before(*std::prev(next)) + 1;
  return {std::move(pointer), static_cast<std::size_t>(next - line_starts_.begin()), column};
}

Place Document::place_of(const Value& value) const { return place_at(value.offset, pointer_of(value)); }
Place Document::place_of_key(const Value& value) const {
  return place_at(value.key_offset, pointer_of(value));
}

std::string_view Document::written(const Value& value) const { return text_.substr(value.offset); }

const Value* Value::find(std::string_view name) const {
  if (kind != Kind::object) return nullptr;
  for (const Value* child : children) {
    if (child->key == name) return child;
  }
  return nullptr;
}

std::string pointer_of(const Value& value) {
  if (value.parent == nullptr) return {};
  const bool member = value.parent->kind == Value::Kind::object;
  return pointer_below(*value.parent, member ? value.key : std::to_string(value.index));
}

std::string pointer_below(const Value& value, std::string_view key) {
  return pointer_of(value) + "/" + escaped(key);
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    if (i >= kLongest) {
      out += "...";
      break;
    }
    const std::size_t length = utf8_length(text.substr(i));
    const auto byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '\n') out += "\\n";
    else if (text[i] == '\r') out += "\\r";
    else if (text[i] == '\t') out += "\\t";
    else if (text[i] == '"' || text[i] == '\\') (out += '\\') += text[i];
    else if (length == 0 || byte < 0x20 || byte == 0x7f) out += "\\x" + hex(byte);
    else out += text.substr(i, length);
    i += std::max<std::size_t>(length, 1);
  }
  return out + '"';
}

}  // namespace scenarios
