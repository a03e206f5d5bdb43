// LZF, as RDB files hold long strings.
//
//      c < 32     c + 1 literal bytes follow
//      otherwise  length L = c >> 5, plus the next byte when it is 7; distance D = (c & 31) << 8,
//      plus
//                 the next byte, plus 1; stands for L + 2 bytes of the output, from D back
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace model {

// Nothing when it would need more than `limit` bytes. Equal input gives equal output, which
// liblzf's own compressor does not promise: its table starts with whatever is on the stack.
std::optional<std::string> lzf_pack(std::string_view bytes, std::size_t limit);

// Nothing unless `packed` unpacks to exactly `size` bytes. Does not allocate what `packed` could
// never fill.
std::optional<std::string> lzf_unpack(std::string_view packed, std::size_t size);

}  // namespace model
