// Scenario files of the source tree, and what the reader says about a text, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scenarios/language/loader.h"
#include "tests/support/source_tree.h"

namespace test_support {

inline std::string contents_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path << " cannot be read";
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Every .json below a folder of the tree, in order.
inline std::vector<std::string> json_files_in(std::string_view folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(in_tree(folder))) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// "line:column: pointer: problem" for each error; none for a good scenario.
inline std::vector<std::string> complaints(std::string_view json) {
  std::vector<std::string> lines;
  const auto loaded = scenarios::load_scenario(json, "test");
  if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
    EXPECT_FALSE(errors->empty());
    for (const scenarios::LoadError& error : *errors) {
      lines.push_back(scenarios::to_text(error, "").substr(1));
    }
  }
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// The scenario of a text that must be good.
inline scenarios::Scenario loaded(std::string_view json) {
  auto result = scenarios::load_scenario(json, "test");
  if (auto* scenario = std::get_if<scenarios::Scenario>(&result)) return std::move(*scenario);
  ADD_FAILURE() << joined(complaints(json)) << "in\n" << json;
  return {};
}

}  // namespace test_support
