#include "sim/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sim {

std::uint64_t digest(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace sim
