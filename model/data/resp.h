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

  // Limits as 7.0 has them: a bulk of 512 MiB, 2^31 - 1 arguments, lines of 64 KiB; a master's
  // session has no bulk limit (R7.34). A real server notices a line that is too long only when it
  // reads on without finding its end; here it is too long wherever the pieces were cut.
  void set_unlimited(bool unlimited);
  // From the next request on: the longest argument (proto-max-bulk-len), and whether this is somebody who
  // has yet to say a password, who gets ten arguments of 16 KiB.
  void set_limits(std::int64_t longest_bulk, bool stranger);

  void feed(std::string_view bytes);

  // The next whole request into `argv` (its storage is reused). Once malformed, stays so until
  // clear(); problem() then has Redis's words ("Protocol error: invalid bulk length").
  Got next(std::vector<std::string>& argv);
  const std::string& problem() const;

  // The bytes of the request given out last, as they came, skipped empty lines included. Valid
  // until the next feed(), next() or clear().
  std::string_view raw() const;

  // True when the request given out last was inline rather than an array.
  bool was_inline() const;

  // Number of bytes fed that are not yet part of a request given out.
  std::size_t pending() const;
  std::string_view pending_bytes() const;

  void clear();

  // Equal when they will give out the same from here on; what was given out already does not count.
  bool operator==(const RequestParser& other) const;

 private:
  struct Part {  // of buffer_, counted from request_
    std::size_t at, size;
    bool operator==(const Part&) const = default;
  };
  enum class Step : std::uint8_t { done, nothing_yet, malformed };

  Step parse_inline();
  Step parse_array();
  Step parse_count();
  Step parse_bulk();
  Step parse_length();
  Step line_to(char mark, std::string_view too_long, std::string_view& line);
  Step fail(std::string_view problem);
  bool give_out(std::vector<std::string>& argv);

  std::string buffer_;
  std::size_t raw_ = 0;             // the request given out last is [raw_, request_)
  std::size_t request_ = 0;         // where the bytes of the next one begin, skipped lines included
  std::size_t at_ = 0;              // all before it is understood
  std::size_t scanned_ = 0;         // no line ends in [at_, scanned_): where to look on
  std::vector<Part> parts_;         // the arguments of the next request that are whole
  std::vector<std::string> words_;  // those of a line
  std::int64_t missing_ = 0;        // how many are still to come; 0: its first line is
  std::int64_t bulk_ = -1;          // length of the next argument; -1: its line is still to come
  bool inline_ = false;
  bool unlimited_ = false;
  bool stranger_ = false;
  std::int64_t longest_bulk_ = 512 * 1024 * 1024;
  std::string problem_;
};

// Splits a line as redis-cli and inline requests do: blanks separate, "..." with \n \r \t \a \b
// \\ \" \xHH, '...' with \'. Nothing on unbalanced quotes.
std::optional<std::vector<std::string>> split_line(std::string_view line);

// *N, $len ... : what goes into a replication stream (R7.6). Appends.
void append_request(std::string& out, Args argv);
std::string request(std::initializer_list<std::string_view> argv);

// Replies, appended to a buffer of the caller's.
class ReplyWriter {
 public:
  explicit ReplyWriter(std::string& out) : out_(out) {}
  void simple(std::string_view text);  // +text
  void ok() { simple("OK"); }
  void error(std::string_view text);  // -text; `text` starts with its code, "ERR ..."
  void integer(std::int64_t value);   // :n
  void bulk(std::string_view bytes);  // $len
  void null();                        // $-1
  void null_array();                  // *-1
  void array(std::size_t count);      // *count; the elements follow
  void raw(std::string_view bytes) { out_ += bytes; }  // replies that are written already

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

// Arrays may be nested 32 deep. Once malformed, it stays so until clear().
class ReplyParser {
 public:
  enum class Got { reply, nothing_yet, malformed };
  void feed(std::string_view bytes);
  Got next(Reply& reply);
  // Number of bytes fed that are not yet part of a reply given out.
  std::size_t pending() const;
  void clear();
  // Equal when they will give out the same from here on.
  bool operator==(const ReplyParser& other) const;

 private:
  struct Open {  // an array that has begun
    Reply array;
    std::size_t missing = 0;
  };
  enum class Step : std::uint8_t { done, nothing_yet, malformed };

  Step parse_one(Reply& reply, std::size_t& elements);
  Step parse_bulk(std::int64_t length, Reply& reply, std::size_t& next) const;
  static Step parse_array(std::int64_t count, Reply& reply, std::size_t& elements);
  bool settle(Reply& reply);

  std::string buffer_;
  std::size_t reply_ = 0;    // where the bytes of the next reply begin
  std::size_t at_ = 0;       // all before it is in `open_` or given out
  std::size_t scanned_ = 0;  // no line ends in [at_, scanned_)
  std::vector<Open> open_;   // outermost first
  bool malformed_ = false;
};

// As redis-cli prints it, on one line: OK, (error) ERR ..., (integer) 1, "text", (nil), [a, b].
std::string to_text(const Reply& reply);

// Bytes made printable, in double quotes, as redis-cli quotes them.
std::string quoted(std::string_view bytes);

}  // namespace model
