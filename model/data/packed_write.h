// Writes the compact containers that packed.h reads, byte for byte as Redis builds them by adding
// at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace model {

class ListpackWriter {
 public:
  void add(std::string_view text);  // as an integer when it is the canonical text of one
  void add(std::int64_t number);
  std::size_t size() const;  // of the listpack, were it finished now
  std::string finish() &&;

 private:
  void add_encoded(std::string_view encoded);

  std::string entries_;
  std::size_t count_ = 0;
};

// What an element takes in a listpack.
std::size_t listpack_bytes(std::string_view text);
std::size_t listpack_bytes(std::int64_t number);

class ZiplistWriter {
 public:
  void add(std::string_view text);
  std::string finish() &&;

 private:
  std::string entries_;
  std::size_t count_ = 0;
  std::size_t last_ = 0;      // where the last entry begins in entries_
  std::size_t before_ = 0;    // its size, which the next one begins with
};

// `members` ascend and are all different.
std::string write_intset(const std::vector<std::int64_t>& members);

}  // namespace model
