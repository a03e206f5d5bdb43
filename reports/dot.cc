#include "reports/dot.h"

#include <fmt/format.h>

#include <algorithm>

namespace reports::dot {

std::string html(std::string_view words) {
  std::string out;
  for (const char c : words) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string wrapped(std::string_view words) {
  constexpr std::size_t kWidth = 34;
  constexpr std::string_view kEndOfLine = R"(<BR ALIGN="LEFT"/>)";
  std::string out;
  while (words.size() > kWidth) {
    // The last blank that fits, or else the first that does not.
    const std::size_t blank = std::min(words.rfind(' ', kWidth), words.find(' ', kWidth));
    if (blank == std::string_view::npos) break;
    out += html(words.substr(0, blank)) + std::string(kEndOfLine);
    words.remove_prefix(blank + 1);
  }
  return out.empty() ? html(words) : out + html(words) + std::string(kEndOfLine);
}

std::string quoted(std::string_view words) {
  std::string out = "\"";
  for (const char c : words) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string text(std::string_view html, std::string_view colour, int points) {
  const std::string size = points == 0 ? "" : fmt::format(R"(POINT-SIZE="{}" )", points);
  return fmt::format(R"(<FONT {}COLOR="{}">{}</FONT>)", size, colour, html);
}

std::string with_commas(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

Table& Table::row(std::initializer_list<Cell> cells) {
  rows_ += "<TR>";
  for (const Cell& cell : cells) {
    const std::string height = cell.height == 1 ? "" : fmt::format(R"( ROWSPAN="{}")", cell.height);
    rows_ += fmt::format(R"(<TD ALIGN="{}"{}>{}</TD>)", cell.align.empty() ? align_ : cell.align,
                         height, cell.html);
  }
  rows_ += "</TR>";
  return *this;
}

std::string Table::text() const {
  return fmt::format(R"(<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{}</TABLE>)",
                     rows_);
}

}  // namespace reports::dot
