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

// One whole message, as the recorder reads them: an array, a bulk, a status (+ - :) or, whatever
// else it begins with, a line of its own.
struct Message {
  enum class Kind : std::uint8_t { array, bulk, status, line, nil } kind = Kind::line;
  std::string_view raw;
  // Elements of an array; else the words of a bulk or a line. A status has none.
  std::vector<std::string> words;
};
// Nothing when the first message is not whole.
std::optional<Message> first_message(std::string_view bytes);

// Parted at any white space.
std::vector<std::string> split_words(std::string_view text);
// With a blank between any two.
std::string joined(const std::vector<std::string>& words);

// Where the parts of what a master sends lie.
struct Parts {
  std::optional<std::size_t> reply;  // +FULLRESYNC or +CONTINUE
  std::optional<std::size_t> header, payload, payload_end, stream;
};
Parts parts_of(std::string_view from_master);

}  // namespace scenarios::golden
