#include "reports/graphviz.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

using reports::ImageFormat;
using reports::render;
using reports::render_with;
using Kind = reports::RenderError::Kind;
namespace fs = std::filesystem;

constexpr std::string_view kDrawing = "digraph { a -> b; }";

// A folder that goes away with the test; its name has a blank in it.
class Graphviz : public testing::Test {
 protected:
  Graphviz() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / ("replsim graphviz " + std::string(test->name()));
    fs::remove_all(folder_);
    fs::create_directory(folder_);
  }
  ~Graphviz() override { fs::remove_all(folder_); }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  static std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder_;
};

TEST_F(Graphviz, DrawsSvgAndPng) {
  ASSERT_EQ(render(kDrawing, ImageFormat::svg, path("a.svg")), std::nullopt);
  EXPECT_NE(contents(path("a.svg")).find("</svg>"), std::string::npos);
  ASSERT_EQ(render(kDrawing, ImageFormat::png, path("a.png")), std::nullopt);
  EXPECT_EQ(contents(path("a.png")).substr(0, 4), "\x89PNG");
}

TEST_F(Graphviz, SaysWhatToInstallWhenThereIsNoDot) {
  const auto error = render_with("no-such-dot", kDrawing, ImageFormat::svg, path("a.svg"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, Kind::no_program);
  EXPECT_NE(error->problem.find("package graphviz"), std::string::npos) << error->problem;
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(Graphviz, KeepsTheOldPictureWhenTheDrawingIsBad) {
  std::ofstream(path("a.svg")) << "old";
  const auto error = render("digraph {", ImageFormat::svg, path("a.svg"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, Kind::failed);
  EXPECT_NE(error->problem.find("syntax error"), std::string::npos) << error->problem;
  EXPECT_EQ(contents(path("a.svg")), "old");
  EXPECT_FALSE(fs::exists(path("a.svg.unfinished")));
}

TEST_F(Graphviz, NamesTheFileThatCannotBeWritten) {
  const auto error = render(kDrawing, ImageFormat::svg, path("no/such/folder.svg"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, Kind::cannot_write);
  EXPECT_NE(error->problem.find("folder.svg"), std::string::npos) << error->problem;
}

}  // namespace
