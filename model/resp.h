// The wire protocol (RESP2), fed in pieces of any size and given out in whole requests or replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace model {

using Args = std::span<const std::string>;

// Requests, as a server reads them: arrays of bulk strings, or inline lines with Redis's quoting.
// Empty lines and empty arrays are skipped; they count as bytes of the request that follows.
class RequestParser {
 public:
  enum class Got { request, nothing_yet, malformed };

  // Bulk and count limits as Redis has them (512 MiB, 1,048,576, inline 64 KiB); a master's session
  // has no bulk limit (R7.34).
  void set_unlimited(bool unlimited);

  void feed(std::string_view bytes);

  // The next whole request into `argv` (its storage is reused). Once malformed, stays so until clear();
  // problem() then has Redis's words ("Protocol error: invalid bulk length").
  Got next(std::vector<std::string>& argv);
  const std::string& problem() const;

  // The bytes of the request given out last, as they came, skipped empty lines included. Valid until
  // the next feed(), next() or clear().
  std::string_view raw() const;

  // True when the request given out last was inline rather than an array.
  bool was_inline() const;

  // Number of bytes fed that are not yet part of a request given out.
  std::size_t pending() const;
  std::string_view pending_bytes() const;

  void clear();

  bool operator==(const RequestParser&) const = default;
};

// Splits a line as redis-cli and inline requests do: blanks separate, "..." with \n \r \t \a \b \\ \"
// \xHH, '...' with \'. Nothing on unbalanced quotes.
std::optional<std::vector<std::string>> split_line(std::string_view line);

// *N, $len ... : what goes into a replication stream (R7.6). Appends.
void append_request(std::string& out, Args argv);
std::string request(std::initializer_list<std::string_view> argv);

// Replies, appended to a buffer of the caller's.
class ReplyWriter {
 public:
  explicit ReplyWriter(std::string& out) : out_(out) {}
  void simple(std::string_view text);        // +text
  void ok() { simple("OK"); }
  void error(std::string_view text);         // -text; `text` starts with its code, "ERR ..."
  void integer(std::int64_t value);          // :n
  void bulk(std::string_view bytes);         // $len
  void null();                               // $-1
  void null_array();                         // *-1
  void array(std::size_t count);             // *count; the elements follow

 private:
  std::string& out_;
};

// A reply as data, as a client reads it.
struct Reply {
  enum class Kind : std::uint8_t { simple, error, integer, bulk, null, null_array, array };
  Kind kind = Kind::null;
  std::string text;  // simple, error (without the sign), bulk; the decimal of an integer
  std::vector<Reply> elements;
  bool operator==(const Reply&) const = default;
};

class ReplyParser {
 public:
  enum class Got { reply, nothing_yet, malformed };
  void feed(std::string_view bytes);
  Got next(Reply& reply);
  std::size_t pending() const;
  void clear();
  bool operator==(const ReplyParser&) const = default;
};

// As redis-cli prints it, on one line: OK, (error) ERR ..., (integer) 1, "text", (nil), [a, b].
std::string to_text(const Reply& reply);

// Bytes made printable, in double quotes, as redis-cli quotes them.
std::string quoted(std::string_view bytes);

}  // namespace model
