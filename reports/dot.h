// The pieces of text that a drawing in the DOT language is made of.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace reports::dot {

// Plain words as HTML-like text; the functions below that take `html` want it escaped already.
std::string html(std::string_view words);

// The same, in lines that are not too long for a drawing.
std::string wrapped(std::string_view words);

// Anything, as the name of a node or the value of an attribute.
std::string quoted(std::string_view words);

std::string text(std::string_view html, std::string_view colour, int points = 0);  // 0: as around it

std::string with_commas(std::uint64_t number);  // 4,310

// Rows of cells without lines, a label for a node or an edge.
class Table {
 public:
  struct Cell {
    template <class Text>
    Cell(Text&& content, std::string_view aligned = "", std::size_t rows = 1)
        : html(std::forward<Text>(content)), align(aligned), height(rows) {}
    std::string html;
    std::string_view align;  // "LEFT", "RIGHT", "CENTER"; empty: as the table's other cells
    std::size_t height;      // how many rows it is beside
  };

  explicit Table(std::string_view align = "LEFT") : align_(align) {}
  Table& row(std::initializer_list<Cell> cells);
  std::string text() const;

 private:
  std::string_view align_;
  std::string rows_;
};

}  // namespace reports::dot
