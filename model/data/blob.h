// A large immutable piece of bytes that many may hold: an RDB file, captured once, sent to all who
// wait for it. Sharing it does not show: copies are equal when their bytes are.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace model {

class Blob {
 public:
  Blob() = default;  // no bytes at all: "there is none"
  explicit Blob(std::string bytes)
      : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}

  explicit operator bool() const { return bytes_ != nullptr; }
  std::string_view view() const { return bytes_ ? std::string_view(*bytes_) : std::string_view(); }
  std::size_t size() const { return view().size(); }

  bool operator==(const Blob& o) const { return bool(*this) == bool(o) && view() == o.view(); }

 private:
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace model
