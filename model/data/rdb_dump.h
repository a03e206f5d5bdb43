// What DUMP answers and RESTORE takes: one value as in an RDB file, the version of the format, a
// checksum (reference 13.12). Neither key nor expiry.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "model/data/encoding.h"
#include "model/data/rdb.h"
#include "model/data/value.h"

namespace model {

std::string encode_dump(const Value& value, int version, const EncodingLimits& limits,
                        bool compress = true);

// `newest`: the highest version accepted. not_an_rdb: version or checksum are wrong; corrupt: the
// value is.
std::variant<Value, RdbError> decode_dump(std::string_view dump, int newest);

}  // namespace model
