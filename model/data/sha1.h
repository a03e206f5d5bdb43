// SHA-1 (FIPS 180-4): what DEBUG DIGEST and names of scripts are made of.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace model {

using Sha1 = std::array<std::uint8_t, 20>;

Sha1 sha1(std::string_view bytes);
std::string hex(const Sha1& digest);

}  // namespace model
