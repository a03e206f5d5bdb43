#include "tests/support/text_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace test_support {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

std::vector<TextBlock> parse_text_test(const std::string& text) {
  std::vector<TextBlock> blocks;
  std::istringstream lines(text);
  bool open = false, answering = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) {
      open = false;
      continue;
    }
    if (!open) {
      blocks.emplace_back();
      open = true;
      answering = false;
    }
    TextBlock& block = blocks.back();
    if (answering) {
      block.expected.push_back(line);
    } else if (line == "----") {
      answering = true;
    } else if (line.front() == '#' && block.input.empty()) {
      block.comments.push_back(line);
    } else {
      if (block.input.empty()) block.line = number;
      block.input.push_back(line);
    }
  }
  return blocks;
}

std::string print_text_test(const std::vector<TextBlock>& blocks) {
  std::string text;
  for (const TextBlock& block : blocks) {
    if (!text.empty()) text += '\n';
    text += joined(block.comments) + joined(block.input);
    if (!block.input.empty()) text += "----\n" + joined(block.expected);
  }
  return text;
}

void run_text_test(const std::string& path, const TextRunner& run) {
  std::vector<TextBlock> blocks = parse_text_test(read_file(path));
  ASSERT_FALSE(blocks.empty()) << path << " holds no test";
  const char* const update = std::getenv("UPDATE");
  const bool rewrite = update != nullptr && std::string(update) == "1";
  for (TextBlock& block : blocks) {
    if (block.input.empty()) continue;
    std::vector<std::string> got = run(block.input);
    if (rewrite) {
      block.expected = std::move(got);
    } else if (got != block.expected) {
      ADD_FAILURE_AT(path.c_str(), block.line) << joined(block.input) << "---- expected\n"
                                               << joined(block.expected) << "---- got\n"
                                               << joined(got);
    }
  }
  if (rewrite) std::ofstream(path, std::ios::binary) << print_text_test(blocks);
}

std::vector<std::string> text_tests_in(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> paths;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    if (file.path().filename().string().starts_with(prefix) && file.path().extension() == ".txt")
      paths.push_back(file.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace test_support
