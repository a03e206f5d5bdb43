// How small a value must be to be held in one of the compact encodings, by the names of the
// settings. What a key's encoding is shows in OBJECT ENCODING and in RDB files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/data/stream.h"
#include "model/data/value.h"

namespace model {

struct EncodingLimits {
  std::int64_t hash_max_listpack_entries = 512;
  std::int64_t hash_max_listpack_value = 64;
  std::int64_t zset_max_listpack_entries = 128;
  std::int64_t zset_max_listpack_value = 64;
  std::int64_t set_max_intset_entries = 512;
  std::int64_t set_max_listpack_entries = 128;  // 7.2 and later
  std::int64_t set_max_listpack_value = 64;
  std::int64_t list_max_listpack_size = -2;  // entries in a node, or -1 to -5: 4 KiB to 64 KiB
  std::int64_t stream_node_max_bytes = 4096;
  std::int64_t stream_node_max_entries = 100;
  bool operator==(const EncodingLimits&) const = default;
};

StreamNodeLimits stream_node_limits(const EncodingLimits& limits);

// Whether a value of this size and these elements, written at once, would be held compactly. How it
// came to be is not remembered: a real server's hash that has been large stays a table.
bool is_listpack(const Hash& hash, const EncodingLimits& limits);
bool is_listpack(const SortedSet& sorted, const EncodingLimits& limits);
bool is_listpack(const Set& set, const EncodingLimits& limits);  // 7.2 and later, if no intset
bool is_intset(const Set& set, const EncodingLimits& limits);

// The word of OBJECT ENCODING. `small_sets`: sets know listpacks (7.2 and later).
std::string_view encoding_name(const Value& value, const EncodingLimits& limits,
                               bool small_sets = false);

}  // namespace model
