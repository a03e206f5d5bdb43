#include "scenarios/golden/words.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/data/number.h"
#include "model/data/sha1.h"
#include "scenarios/golden/case.h"

namespace scenarios::golden {
namespace {

constexpr std::size_t kMark = 40;
constexpr std::string_view kLineEnd = "\r\n";

// The end of the value that begins at `at`; `text` gets its own bytes, if it has any, and
// `elements` those of its elements.
std::optional<std::size_t> pass(std::string_view bytes, std::size_t at, Message::Kind& kind,
                                std::string_view& text, std::vector<std::string>* elements) {
  using Kind = Message::Kind;
  if (at >= bytes.size()) return std::nullopt;
  const std::size_t end = bytes.find(kLineEnd, at);
  if (end == std::string_view::npos) return std::nullopt;
  const char first = bytes[at];
  const std::string_view line = bytes.substr(at, end - at);
  const auto count = model::to_integer(line.substr(std::min<std::size_t>(1, line.size())));
  text = line;
  if (first == '+' || first == '-' || first == ':') {
    kind = Kind::status;
    return end + 2;
  }
  if ((first != '$' && first != '*') || !count) {
    kind = Kind::line;
    return end + 2;
  }
  const std::int64_t announced = *count;
  if (announced < 0) {
    kind = Kind::nil;
    return end + 2;
  }
  const auto size = static_cast<std::size_t>(announced);
  if (first == '$') {
    kind = Kind::bulk;
    if (bytes.size() < end + 4 + size) return std::nullopt;
    text = bytes.substr(end + 2, size);
    return end + 4 + size;
  }
  std::size_t next = end + 2;
  for (std::size_t i = 0; i < size; ++i) {
    Kind inner{};
    std::string_view element;
    const auto after = pass(bytes, next, inner, element, nullptr);
    if (!after) return std::nullopt;
    if (elements != nullptr) elements->emplace_back(element);
    next = *after;
  }
  kind = Kind::array;
  return next;
}

}  // namespace

std::string cut_short(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return std::string(bytes);
  return std::string(bytes.substr(0, 24)) + "...<" + std::to_string(bytes.size()) +
         " bytes, sha1 " + model::hex(model::sha1(bytes)).substr(0, 12) + ">";
}

nlohmann::ordered_json told(const model::Reply& reply) {
  using Kind = model::Reply::Kind;
  switch (reply.kind) {
    case Kind::simple:
      return shown("+" + reply.text);
    case Kind::error:
      return shown("-" + reply.text);
    case Kind::integer:
      return ":" + reply.text;
    case Kind::bulk:
      return shown("$" + cut_short(reply.text));
    case Kind::null:
      return nullptr;
    case Kind::null_array:
      return "*-1";
    case Kind::array:
      break;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const model::Reply& element : reply.elements) list.push_back(told(element));
  return list;
}

std::vector<std::string> split_words(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n\r\v\f";
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(kBlank, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBlank, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::optional<Message> first_message(std::string_view bytes) {
  Message message;
  std::string_view text;
  const auto end = pass(bytes, 0, message.kind, text, &message.words);
  if (!end) return std::nullopt;
  message.raw = bytes.substr(0, *end);
  if (message.kind == Message::Kind::bulk || message.kind == Message::Kind::line)
    message.words = split_words(text);
  return message;
}

Parts parts_of(std::string_view b) {
  Parts parts;
  std::size_t i = 0;
  while (i < b.size()) {
    if (b[i] == '\n') {
      ++i;
      continue;
    }
    const std::size_t e = b.find(kLineEnd, i);
    if (e == std::string_view::npos) return parts;
    const std::string_view line = b.substr(i, e - i);
    if (line.starts_with("+FULLRESYNC") || line.starts_with("+CONTINUE")) {
      parts.reply = i;
      if (line.starts_with("+CONTINUE")) {
        parts.stream = e + 2;
        return parts;
      }
    } else if (line.starts_with('$')) {
      parts.header = i;
      parts.payload = e + 2;
      if (line.starts_with("$EOF:")) {
        const std::size_t mark = b.find(line.substr(5, kMark), e + 2);
        if (mark == std::string_view::npos) return parts;
        parts.payload_end = mark;
        parts.stream = mark + kMark;
      } else {
        // A size below 0 ends the payload before it began; the recorder does the same.
        const std::int64_t end =
            static_cast<std::int64_t>(e) + 2 + model::to_integer(line.substr(1)).value_or(0);
        if (static_cast<std::int64_t>(b.size()) >= end)
          parts.payload_end = parts.stream =
              static_cast<std::size_t>(std::max<std::int64_t>(end, 0));
      }
      return parts;
    } else if (!line.starts_with('+') && !line.starts_with('-') && !line.starts_with(':')) {
      return parts;
    }
    i = e + 2;
  }
  return parts;
}

}  // namespace scenarios::golden
