// Numbers, lengths and strings as RDB files hold them (reference 13.3, 13.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace model {

class RdbOutput {
 public:
  // `compress`: long strings are packed with LZF where that saves something.
  explicit RdbOutput(bool compress) : compress_(compress) {}

  void byte(std::uint64_t value) { out_ += static_cast<char>(value & 0xff); }
  void little(std::uint64_t number, std::size_t size);
  void big(std::uint64_t number, std::size_t size);
  void length(std::uint64_t size);
  void string(std::string_view text);
  void raw(std::string_view bytes) { out_ += bytes; }

  const std::string& bytes() const { return out_; }

 private:
  bool integer(std::string_view text);

  bool compress_;
  std::string out_;
};

}  // namespace model
