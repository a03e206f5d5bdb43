// Graphviz as a process: a drawing in the DOT language becomes a file. No shell is involved, and the
// program's absence is an answer like any other: the caller still has the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reports {

enum class ImageFormat : std::uint8_t { svg, png };

struct RenderError {
  enum class Kind : std::uint8_t {
    no_program,    // dot is not installed
    failed,        // it ran, and did not like the drawing
    cannot_write,  // the output's file or folder
  };
  Kind kind;
  std::string problem;  // one sentence, with the cure if there is one

  bool operator==(const RenderError&) const = default;
};

// Writes the picture to `path`, whole or not at all, or to standard output if it is "-".
std::optional<RenderError> render(std::string_view dot, ImageFormat format, const std::string& path);

// The same with another program in dot's place, for tests.
std::optional<RenderError> render_with(const std::string& program, std::string_view dot,
                                       ImageFormat format, const std::string& path);

}  // namespace reports
