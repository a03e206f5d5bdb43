// Bytes, replies and messages in the words of the golden files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/resp.h"

namespace scenarios::golden {

// Long values by their beginning, size and SHA-1.
std::string cut_short(std::string_view bytes, std::size_t limit = 120);

// "+OK", "-ERR ..", ":1" as on the wire, a bulk as "$text", nil as null, an array as a list.
nlohmann::ordered_json told(const model::Reply& reply);

// One whole message of a recorded stream: a line or an array of bulks. Nothing when it is not
// whole.
struct Message {
  std::string_view raw;
  std::vector<std::string> words;  // of an array; of an inline line, split at blanks
  bool is_array = false;
  bool is_status = false;  // begins with + - or :
};
std::optional<Message> first_message(std::string_view bytes);

// Where the parts of what a master sends lie.
struct Parts {
  std::optional<std::size_t> header, payload, payload_end, stream;
};
Parts parts_of(std::string_view from_master);

}  // namespace scenarios::golden
