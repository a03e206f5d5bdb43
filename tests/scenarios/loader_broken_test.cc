// Broken scenarios, each with what the reader says about it: broken/errors.txt beside this file.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tests/support/scenario_files.h"
#include "tests/support/text_test.h"

namespace {

using test_support::in_tree;

constexpr std::string_view kFolder = "tests/scenarios/broken/";

std::string repeated(std::string_view piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

// A file of the folder, or too much of something: "nested [ 1000", "blanks 1000", "zeros 1000".
std::string text_for(const std::string& line) {
  const std::size_t space = line.rfind(' ');
  if (space == std::string::npos) return test_support::contents_of(in_tree(std::string(kFolder) + line));
  const std::size_t count = std::stoul(line.substr(space + 1));
  if (line.starts_with("nested ")) return repeated(line.substr(7, space - 7), count);
  if (line.starts_with("blanks ")) return repeated(" ", count);
  if (line.starts_with("zeros ")) return "[" + repeated("0,", count - 1) + "0]";
  ADD_FAILURE() << "no such text: " << line;
  return {};
}

TEST(BrokenScenarios, SayWhatIsWrongAndWhere) {
  test_support::run_text_test(in_tree(std::string(kFolder) + "errors.txt"),
                              [](const std::vector<std::string>& input) {
                                std::vector<std::string> said;
                                for (const std::string& line : input) {
                                  for (std::string& complaint : test_support::complaints(text_for(line))) {
                                    said.push_back(std::move(complaint));
                                  }
                                }
                                EXPECT_FALSE(said.empty()) << input.front() << " is good";
                                return said;
                              });
}

TEST(BrokenScenarios, AreAllListed) {
  const std::string errors = test_support::contents_of(in_tree(std::string(kFolder) + "errors.txt"));
  for (const std::string& file : test_support::json_files_in(kFolder)) {
    const std::string name = std::filesystem::path(file).filename().string();
    EXPECT_NE(errors.find("\n" + name + "\n"), std::string::npos) << name << " is not in errors.txt";
  }
}

// However early a file ends, it is no scenario, and the error points into it or right behind it.
TEST(BrokenScenarios, EveryTruncationIsAnErrorAtItsEnd) {
  const std::string whole = test_support::contents_of(in_tree("tests/scenarios/good/every-verb.json"));
  const std::size_t end = whole.find_last_of('}');
  for (std::size_t length = 0; length <= end; length += 7) {
    const auto result = scenarios::load_scenario(std::string_view(whole).substr(0, length), "test");
    const auto* errors = std::get_if<scenarios::LoadErrors>(&result);
    ASSERT_NE(errors, nullptr) << length;
    ASSERT_EQ(errors->size(), 1U) << length;
    const auto lines = static_cast<std::size_t>(
        std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n'));
    EXPECT_LE(errors->front().place.line, lines + 1) << length;
    EXPECT_GE(errors->front().place.line + 1, lines + 1) << length;
  }
}

}  // namespace
