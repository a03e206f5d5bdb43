#include "tools/input.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "scenarios/language/json_places.h"

namespace tools {
namespace {

namespace fs = std::filesystem;

struct Unreadable {
  std::string problem;
};

// One byte more than a scenario may have, at most: the loader then says that it is too large.
std::variant<std::string, Unreadable> contents(std::FILE* file) {
  std::string text;
  std::array<char, 65536> piece{};
  while (text.size() <= scenarios::kLargestFile) {
    const std::size_t count = std::fread(piece.data(), 1, piece.size(), file);
    text.append(piece.data(), count);
    if (count < piece.size()) break;
  }
  if (std::ferror(file) != 0) return Unreadable{std::string("cannot be read: ") + std::strerror(errno)};
  return text;
}

std::variant<std::string, Unreadable> contents(const std::string& path) {
  if (path == "-") return contents(stdin);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return Unreadable{"is a directory; a scenario is a file"};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (file == nullptr) {
    return Unreadable{errno == ENOENT ? "there is no such file"
                                      : std::string("cannot be opened: ") + std::strerror(errno)};
  }
  return contents(file.get());
}

}  // namespace

std::string shown_name(std::string_view file) { return file == "-" ? "<stdin>" : std::string(file); }

std::variant<scenarios::Scenario, scenarios::LoadErrors> load_file(const std::string& file) {
  const auto read = contents(file);
  if (const auto* unreadable = std::get_if<Unreadable>(&read)) {
    scenarios::LoadError error;
    error.problem = unreadable->problem;
    return scenarios::LoadErrors{error};
  }
  const std::string stem = file == "-" ? "stdin" : fs::path(file).stem().string();
  return scenarios::load_scenario(std::get<std::string>(read), stem);
}

}  // namespace tools
