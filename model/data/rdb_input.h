// Reads what RdbOutput writes, and remembers the first problem: where it is, what was expected, what
// was found. From then on every read answers something empty, so that loops end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/data/rdb.h"

namespace model {

class RdbInput {
 public:
  explicit RdbInput(std::string_view bytes) : bytes_(bytes) {}

  bool good() const { return !error_; }
  const std::optional<RdbError>& error() const { return error_; }
  std::size_t position() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }

  // The first one counts.
  void fail(RdbError::Kind kind, std::string problem);
  void corrupt(std::string problem) { fail(RdbError::Kind::corrupt, std::move(problem)); }

  // `what` names what is read, for the error: "a score".
  std::string_view take(std::uint64_t size, std::string_view what);
  std::uint8_t byte(std::string_view what);
  std::uint64_t little(std::size_t size, std::string_view what);
  std::uint64_t big(std::size_t size, std::string_view what);
  std::int64_t little_signed(std::size_t size, std::string_view what);
  std::uint64_t length(std::string_view what);
  std::string string(std::string_view what);

 private:
  struct Length {
    std::uint64_t size = 0;
    bool encoded = false;  // then `size` is the number of a string encoding
  };
  Length any_length(std::string_view what);
  std::string packed_string(std::string_view what);

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::optional<RdbError> error_;
};

}  // namespace model
