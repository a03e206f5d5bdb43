#include "model/data/resp.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "model/data/number.h"

namespace model {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024;
constexpr std::int64_t kLongestBulk = 512 * 1024 * 1024;  // of a reply
constexpr std::int64_t kStrangersCount = 10;  // from somebody who has not said the password
constexpr std::int64_t kStrangersBulk = 16384;
constexpr std::size_t kDeepestReply = 32;

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

constexpr std::string_view kHexDigits = "0123456789abcdef";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_number(std::string& out, char sign, std::int64_t number) {
  std::array<char, 24> line;  // the longest number has 20 characters
  line[0] = sign;
  char* end = std::to_chars(line.data() + 1, line.data() + 22, number).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append(line.data(), end);
}

void append_bulk(std::string& out, std::string_view bytes) {
  append_number(out, '$', static_cast<std::int64_t>(bytes.size()));
  out += bytes;
  out += "\r\n";
}

// One word of a line, from behind the blanks in front of it.
class WordReader {
 public:
  explicit WordReader(std::string_view line) : line_(line) {}

  // False at the end of the line.
  bool skip_blanks() {
    while (!at_end() && is_blank(line_[at_])) ++at_;
    return !at_end();
  }

  std::optional<std::string> word() {
    std::string word;
    while (!at_end()) {
      const char c = line_[at_];
      if (c == '"' || c == '\'') {
        ++at_;
        if (!(c == '"' ? double_quoted(word) : single_quoted(word))) return std::nullopt;
        // Nothing may be glued to a closing quote.
        if (!at_end() && !is_blank(line_[at_])) return std::nullopt;
        return word;
      }
      std::size_t end = at_;
      while (end < line_.size() && !ends_piece(line_[end])) ++end;
      if (end == at_) break;
      word += line_.substr(at_, end - at_);
      at_ = end;
    }
    return word;
  }

 private:
  bool at_end() const { return at_ == line_.size(); }

  static bool ends_piece(char c) {  // not \v and \f, as in Redis
    return c == ' ' || c == '"' || c == '\'' || c == '\t' || c == '\r' || c == '\n';
  }

  bool double_quoted(std::string& word) {
    for (; !at_end(); ++at_) {
      if (line_[at_] == '"') return ++at_, true;
      if (line_[at_] != '\\' || at_ + 1 == line_.size()) {
        word += line_[at_];
      } else if (const std::optional<char> byte = hex_escape()) {
        word += *byte;
        at_ += 3;
      } else {
        word += unescaped(line_[++at_]);
      }
    }
    return false;
  }

  bool single_quoted(std::string& word) {
    for (; !at_end(); ++at_) {
      if (line_[at_] == '\'') return ++at_, true;
      if (line_.substr(at_, 2) == "\\'") ++at_;
      word += line_[at_];
    }
    return false;
  }

  std::optional<char> hex_escape() const {
    const std::string_view escape = line_.substr(at_, 4);
    if (escape.size() < 4 || escape[1] != 'x') return std::nullopt;
    const int high = hex_digit(escape[2]), low = hex_digit(escape[3]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<char>(high * 16 + low);
  }

  static char unescaped(char c) {
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'b':
        return '\b';
      case 'a':
        return '\a';
      default:
        return c;
    }
  }

  std::string_view line_;
  std::size_t at_ = 0;
};

}  // namespace

// --- requests
// --------------------------------------------------------------------------------------

void RequestParser::set_unlimited(bool unlimited) {
  unlimited_ = unlimited;
}

void RequestParser::set_limits(std::int64_t longest_bulk, bool stranger) {
  longest_bulk_ = longest_bulk;
  stranger_ = stranger;
}

void RequestParser::feed(std::string_view bytes) {
  // Drop what was given out, but not so often that a long tail is moved again and again.
  if (request_ == buffer_.size() || request_ > buffer_.size() / 2) {
    buffer_.erase(0, request_);
    at_ -= request_;
    scanned_ -= request_;
    request_ = 0;
  }
  raw_ = request_;
  buffer_ += bytes;
}

RequestParser::Got RequestParser::next(std::vector<std::string>& argv) {
  raw_ = request_;
  if (!problem_.empty()) return Got::malformed;
  while (at_ < buffer_.size()) {
    if (missing_ == 0) inline_ = buffer_[at_] != '*';
    const Step step = inline_ ? parse_inline() : parse_array();
    if (step == Step::malformed) return Got::malformed;
    if (step == Step::nothing_yet) return Got::nothing_yet;
    if (give_out(argv)) return Got::request;
  }
  return Got::nothing_yet;
}

// False for an empty line or array: its bytes stay, as part of what follows.
bool RequestParser::give_out(std::vector<std::string>& argv) {
  if (inline_) {
    argv = std::move(words_);
    words_.clear();
  } else {
    argv.resize(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i)
      argv[i].assign(buffer_, request_ + parts_[i].at, parts_[i].size);
    parts_.clear();
  }
  if (argv.empty()) return false;
  request_ = at_;
  return true;
}

// The line that starts at at_ and ends in `mark`, which must come within the first 64 KiB. Redis
// looks for it with C's string functions: a zero byte hides all that is behind it.
RequestParser::Step RequestParser::line_to(char mark, std::string_view too_long,
                                           std::string_view& line) {
  const std::size_t limit = at_ + kLongestLine;
  while (scanned_ < buffer_.size() && scanned_ <= limit && buffer_[scanned_] != mark &&
         buffer_[scanned_] != '\0')
    ++scanned_;
  if (scanned_ < buffer_.size() && scanned_ <= limit && buffer_[scanned_] == mark) {
    line = std::string_view(buffer_).substr(at_, scanned_ - at_);
    return Step::done;
  }
  return buffer_.size() > limit ? fail(too_long) : Step::nothing_yet;
}

RequestParser::Step RequestParser::parse_inline() {
  std::string_view line;
  const Step step = line_to('\n', "Protocol error: too big inline request", line);
  if (step != Step::done) return step;
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::optional<std::vector<std::string>> words = split_line(line);
  if (!words) return fail("Protocol error: unbalanced quotes in request");
  words_ = std::move(*words);
  at_ = ++scanned_;
  return Step::done;
}

RequestParser::Step RequestParser::parse_array() {
  Step step = Step::done;
  if (missing_ == 0) step = parse_count();
  while (step == Step::done && missing_ > 0) step = parse_bulk();
  return step;
}

// The number in "$17\r\n" at at_, and past it: what nearly all lines of arrays look like. Nothing,
// and nothing is moved, when it is not all there, more than `most` or in any way unusual: the long
// way looks at it then.
std::optional<std::int64_t> RequestParser::plain_number(std::int64_t most) {
  constexpr std::size_t kMostDigits = 8;
  const std::size_t first = at_ + 1;
  const std::size_t last = std::min(buffer_.size(), first + kMostDigits + 1);
  std::int64_t number = 0;
  std::size_t at = first;
  for (; at < last && buffer_[at] >= '0' && buffer_[at] <= '9'; ++at)
    number = number * 10 + (buffer_[at] - '0');
  if (at == first || at >= last || buffer_[at] != '\r' || at + 1 >= buffer_.size())
    return std::nullopt;
  if ((buffer_[first] == '0' && at - first > 1) || number > most) return std::nullopt;
  at_ = scanned_ = at + 2;
  return number;
}

RequestParser::Step RequestParser::parse_count() {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (const auto count = plain_number(stranger_ ? kStrangersCount : kMost)) {
    constexpr std::int64_t kFew = 8;
    missing_ = *count;
    parts_.reserve(static_cast<std::size_t>(std::min(missing_, kFew)));
    return Step::done;
  }
  std::string_view line;
  const Step step = line_to('\r', "Protocol error: too big mbulk count string", line);
  if (step != Step::done) return step;
  if (scanned_ + 1 == buffer_.size()) return Step::nothing_yet;  // the \n, whatever it is
  const std::optional<std::int64_t> count = to_integer(line.substr(1));
  if (!count || *count > kMost) return fail("Protocol error: invalid multibulk length");
  if (stranger_ && *count > kStrangersCount)
    return fail("Protocol error: unauthenticated multibulk length");
  at_ = scanned_ += 2;
  missing_ = *count > 0 ? *count : 0;
  return Step::done;
}

RequestParser::Step RequestParser::parse_length() {
  if (!stranger_ && buffer_.size() > at_ && buffer_[at_] == '$') {
    if (const auto length = plain_number(longest_bulk_)) {
      bulk_ = *length;
      return Step::done;
    }
  }
  std::string_view line;
  const Step step = line_to('\r', "Protocol error: too big bulk count string", line);
  if (step != Step::done) return step;
  if (scanned_ + 1 == buffer_.size()) return Step::nothing_yet;
  if (buffer_[at_] != '$') {
    const char got = buffer_[at_] == '\n' || buffer_[at_] == '\r' ? ' ' : buffer_[at_];
    return fail(std::string("Protocol error: expected '$', got '") + got + "'");
  }
  const std::optional<std::int64_t> length = to_integer(line.substr(1));
  if (!length || *length < 0 || (!unlimited_ && *length > longest_bulk_))
    return fail("Protocol error: invalid bulk length");
  if (stranger_ && *length > kStrangersBulk)
    return fail("Protocol error: unauthenticated bulk length");
  at_ = scanned_ += 2;
  bulk_ = *length;
  return Step::done;
}

RequestParser::Step RequestParser::parse_bulk() {
  if (bulk_ == -1)
    if (const Step step = parse_length(); step != Step::done) return step;
  const auto size = static_cast<std::size_t>(bulk_);
  if (buffer_.size() - at_ < 2 || buffer_.size() - at_ - 2 < size) return Step::nothing_yet;
  parts_.push_back({at_ - request_, size});
  at_ = scanned_ = at_ + size + 2;  // the two bytes behind it are not looked at, as in Redis
  bulk_ = -1;
  --missing_;
  return Step::done;
}

RequestParser::Step RequestParser::fail(std::string_view problem) {
  problem_ = problem;
  return Step::malformed;
}

const std::string& RequestParser::problem() const {
  return problem_;
}

std::string_view RequestParser::raw() const {
  return std::string_view(buffer_).substr(raw_, request_ - raw_);
}

bool RequestParser::was_inline() const {
  return inline_;
}

std::size_t RequestParser::pending() const {
  return buffer_.size() - request_;
}

std::string_view RequestParser::pending_bytes() const {
  return std::string_view(buffer_).substr(request_);
}

void RequestParser::clear() {
  const bool unlimited = unlimited_, stranger = stranger_;
  const std::int64_t longest_bulk = longest_bulk_;
  *this = RequestParser();
  unlimited_ = unlimited;
  set_limits(longest_bulk, stranger);
}

bool RequestParser::operator==(const RequestParser& other) const {
  return unlimited_ == other.unlimited_ && stranger_ == other.stranger_ &&
         longest_bulk_ == other.longest_bulk_ && problem_ == other.problem_ &&
         pending_bytes() == other.pending_bytes();
}

std::optional<std::vector<std::string>> split_line(std::string_view line) {
  std::vector<std::string> words;
  constexpr std::size_t kUsual = 4;
  words.reserve(kUsual);
  WordReader reader(line.substr(0, line.find('\0')));
  while (reader.skip_blanks()) {
    std::optional<std::string> word = reader.word();
    if (!word) return std::nullopt;
    words.push_back(std::move(*word));
  }
  return words;
}

void append_request(std::string& out, Args argv) {
  constexpr std::size_t kAround = 16;  // what stands around a word, or in front of all, at the most
  std::size_t needed = kAround;
  for (const std::string& argument : argv) needed += argument.size() + kAround;
  if (out.capacity() - out.size() < needed) out.reserve(out.size() + needed);
  append_number(out, '*', static_cast<std::int64_t>(argv.size()));
  for (const std::string& argument : argv) append_bulk(out, argument);
}

std::string request(std::initializer_list<std::string_view> argv) {
  std::string out;
  append_number(out, '*', static_cast<std::int64_t>(argv.size()));
  for (const std::string_view argument : argv) append_bulk(out, argument);
  return out;
}

// --- replies
// ---------------------------------------------------------------------------------------

void ReplyWriter::simple(std::string_view text) {
  (out_ += '+').append(text) += "\r\n";
}

void ReplyWriter::error(std::string_view text) {
  // A reply is one line, whatever the arguments were that the text repeats.
  out_ += '-';
  for (const char c : text) out_ += c == '\r' || c == '\n' ? ' ' : c;
  out_ += "\r\n";
}

void ReplyWriter::integer(std::int64_t value) {
  append_number(out_, ':', value);
}

void ReplyWriter::bulk(std::string_view bytes) {
  append_bulk(out_, bytes);
}

void ReplyWriter::null() {
  out_ += "$-1\r\n";
}

void ReplyWriter::null_array() {
  out_ += "*-1\r\n";
}

void ReplyWriter::array(std::size_t count) {
  append_number(out_, '*', static_cast<std::int64_t>(count));
}

void ReplyParser::feed(std::string_view bytes) {
  if (reply_ == buffer_.size() || reply_ > buffer_.size() / 2) {
    buffer_.erase(0, reply_);
    at_ -= reply_;
    scanned_ -= reply_;
    reply_ = 0;
  }
  buffer_ += bytes;
}

ReplyParser::Got ReplyParser::next(Reply& reply) {
  while (!malformed_) {
    Reply part;
    std::size_t elements = 0;
    const Step step = parse_one(part, elements);
    if (step == Step::nothing_yet) return Got::nothing_yet;
    if (step == Step::malformed || (elements > 0 && open_.size() == kDeepestReply)) break;
    if (elements > 0) {
      open_.push_back({std::move(part), elements});
    } else if (settle(part)) {
      reply = std::move(part);
      reply_ = at_;
      return Got::reply;
    }
  }
  malformed_ = true;
  return Got::malformed;
}

// Puts a whole reply into the array that waits for it, and that one into its own when it was the
// last. True when nothing waits: `reply` is then the outermost one.
bool ReplyParser::settle(Reply& reply) {
  while (!open_.empty()) {
    open_.back().array.elements.push_back(std::move(reply));
    if (--open_.back().missing > 0) return false;
    reply = std::move(open_.back().array);
    open_.pop_back();
  }
  return true;
}

// One reply without its elements: an array that has any reports how many will follow.
ReplyParser::Step ReplyParser::parse_one(Reply& reply, std::size_t& elements) {
  const std::size_t end = buffer_.find("\r\n", scanned_);
  if (end == std::string::npos) {
    scanned_ = std::max(at_, buffer_.size() - (buffer_.ends_with('\r') ? 1 : 0));
    return Step::nothing_yet;
  }
  if (end == at_) return Step::malformed;
  scanned_ = at_;  // until the bytes of a bulk are here, its short line is found again
  const char sign = buffer_[at_];
  reply.text = buffer_.substr(at_ + 1, end - at_ - 1);
  std::size_t next = end + 2;
  if (sign == '+' || sign == '-') {
    reply.kind = sign == '+' ? Reply::Kind::simple : Reply::Kind::error;
  } else {
    const std::optional<std::int64_t> number = to_integer(reply.text);
    if (!number) return Step::malformed;
    const Step step = sign == ':'   ? (reply.kind = Reply::Kind::integer, Step::done)
                      : sign == '$' ? parse_bulk(*number, reply, next)
                      : sign == '*' ? parse_array(*number, reply, elements)
                                    : Step::malformed;
    if (step != Step::done) return step;
  }
  at_ = scanned_ = next;
  return Step::done;
}

// `next` is where its bytes begin, and becomes where they end.
ReplyParser::Step ReplyParser::parse_bulk(std::int64_t length, Reply& reply,
                                          std::size_t& next) const {
  if (length < -1 || length > kLongestBulk) return Step::malformed;
  reply.kind = length == -1 ? Reply::Kind::null : Reply::Kind::bulk;
  reply.text.clear();
  if (length == -1) return Step::done;
  const auto size = static_cast<std::size_t>(length);
  if (buffer_.size() - next < size + 2) return Step::nothing_yet;
  if (buffer_.compare(next + size, 2, "\r\n") != 0) return Step::malformed;
  reply.text = buffer_.substr(next, size);
  next += size + 2;
  return Step::done;
}

ReplyParser::Step ReplyParser::parse_array(std::int64_t count, Reply& reply,
                                           std::size_t& elements) {
  if (count < -1 || count > std::numeric_limits<std::int32_t>::max()) return Step::malformed;
  reply.kind = count == -1 ? Reply::Kind::null_array : Reply::Kind::array;
  reply.text.clear();
  elements = count == -1 ? 0 : static_cast<std::size_t>(count);
  return Step::done;
}

std::size_t ReplyParser::pending() const {
  return buffer_.size() - reply_;
}

void ReplyParser::clear() {
  *this = ReplyParser();
}

bool ReplyParser::operator==(const ReplyParser& other) const {
  return malformed_ == other.malformed_ && std::string_view(buffer_).substr(reply_) ==
                                               std::string_view(other.buffer_).substr(other.reply_);
}

std::string to_text(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::simple:
      return reply.text;
    case Reply::Kind::error:
      return "(error) " + reply.text;
    case Reply::Kind::integer:
      return "(integer) " + reply.text;
    case Reply::Kind::bulk:
      return model::quoted(reply.text);
    case Reply::Kind::null:
    case Reply::Kind::null_array:
      return "(nil)";
    case Reply::Kind::array:
      break;
  }
  std::string text = "[";
  for (const Reply& element : reply.elements)
    text += (&element == &reply.elements.front() ? "" : ", ") + to_text(element);
  return text + "]";
}

std::string quoted(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    switch (c) {
      case '\\':
        text += "\\\\";
        break;
      case '"':
        text += "\\\"";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\t':
        text += "\\t";
        break;
      case '\a':
        text += "\\a";
        break;
      case '\b':
        text += "\\b";
        break;
      default:
        if (is_printable(c)) {
          text += c;
        } else {
          const auto byte = static_cast<unsigned char>(c);
          ((text += "\\x") += kHexDigits[byte >> 4]) += kHexDigits[byte & 15];
        }
    }
  }
  return text + '"';
}

}  // namespace model
