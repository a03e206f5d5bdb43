// Any bytes are an RDB file or an error; what was read can be written, and is read back equal. The
// checksum is put right first, or nothing behind it would ever be reached.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "model/data/rdb.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kNewest = 10;
  constexpr unsigned kDatabases = 16;
  constexpr std::size_t kChecksum = 8;
  std::string file(data, data + size);
  model::decode_rdb(file, kNewest, kDatabases);
  if (file.size() > kChecksum) {
    std::uint64_t sum = model::crc64(0, std::string_view(file).substr(0, file.size() - kChecksum));
    for (std::size_t i = file.size() - kChecksum; i < file.size(); ++i, sum >>= 8)
      file[i] = static_cast<char>(sum & 0xff);
  }
  const auto decoded = model::decode_rdb(file, kNewest, kDatabases);
  const auto* content = std::get_if<model::RdbContent>(&decoded);
  if (content == nullptr) return 0;
  const auto again = model::decode_rdb(encode_rdb(content->data, {}), kNewest, kDatabases);
  const auto* back = std::get_if<model::RdbContent>(&again);
  if (back == nullptr || back->data.digest() != content->data.digest()) std::abort();
  return 0;
}
