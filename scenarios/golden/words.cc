#include "scenarios/golden/words.h"

#include <nlohmann/json.hpp>

#include "model/data/number.h"
#include "model/data/sha1.h"
#include "scenarios/golden/case.h"

namespace scenarios::golden {
namespace {

constexpr std::size_t kMark = 40;
constexpr std::string_view kLineEnd = "\r\n";

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    if (blank > 0) words.emplace_back(line.substr(0, blank));
    line.remove_prefix(std::min(blank + 1, line.size()));
  }
  return words;
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

std::optional<Message> first_message(std::string_view bytes) {
  const std::size_t end = bytes.find(kLineEnd);
  if (end == std::string_view::npos) return std::nullopt;
  Message message;
  std::size_t at = end + 2;
  const std::string_view line = bytes.substr(0, end);
  const char kind = line.empty() ? ' ' : line[0];
  const auto count = model::to_integer(line.substr(line.empty() ? 0 : 1));
  const auto bulk = [&](std::int64_t size) {
    if (size < 0) return true;
    const auto n = static_cast<std::size_t>(size);
    if (bytes.size() < at + n + 2) return false;
    message.words.emplace_back(bytes.substr(at, n));
    at += n + 2;
    return true;
  };
  if (kind == '$' && count) {
    if (!bulk(*count)) return std::nullopt;
  } else if (kind == '*' && count) {
    message.is_array = true;
    for (std::int64_t i = 0; i < *count; ++i) {
      const std::size_t stop = bytes.find(kLineEnd, at);
      if (stop == std::string_view::npos) return std::nullopt;
      const std::string_view head = bytes.substr(at, stop - at);
      at = stop + 2;
      const auto size = head.starts_with('$') ? model::to_integer(head.substr(1)) : std::nullopt;
      if (size && !bulk(*size)) return std::nullopt;
      if (!size) message.words.emplace_back(head);
    }
  } else if (kind == '+' || kind == '-' || kind == ':') {
    message.is_status = true;
    message.words = split(line);
  } else {
    message.words = split(line);
  }
  message.raw = bytes.substr(0, at);
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
    if (line.starts_with("+CONTINUE")) {
      parts.stream = e + 2;
      return parts;
    }
    if (line.starts_with('$')) {
      parts.header = i;
      parts.payload = e + 2;
      if (line.starts_with("$EOF:")) {
        const std::size_t mark = b.find(line.substr(5, kMark), e + 2);
        if (mark == std::string_view::npos) return parts;
        parts.payload_end = mark;
        parts.stream = mark + kMark;
      } else {
        const auto size = static_cast<std::size_t>(model::to_integer(line.substr(1)).value_or(0));
        if (b.size() >= e + 2 + size) parts.payload_end = parts.stream = e + 2 + size;
      }
      return parts;
    }
    if (!line.starts_with('+') && !line.starts_with('-') && !line.starts_with(':')) return parts;
    i = e + 2;
  }
  return parts;
}

}  // namespace scenarios::golden
