// A snapshot as the golden files tell it: fields in order, keys with their types and encodings. A
// reader of its own, beside model/rdb_read: slow, obvious, and it knows no more than the recorder.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace scenarios::golden {

// {"rdb": {...}, "bytes_after_rdb_eof": n}
void tell_rdb(nlohmann::ordered_json& out, std::string_view payload);

}  // namespace scenarios::golden
