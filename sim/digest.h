// A 64-bit digest of bytes, the same on every machine; for recognising equal bytes, not for secrets.
#pragma once

#include <cstdint>
#include <string_view>

namespace sim {

std::uint64_t digest(std::string_view bytes);

}  // namespace sim
