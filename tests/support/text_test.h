// Text tests: behaviour as people read it. A file is a list of blocks, separated by blank lines:
//
//      # what the block is about
//      SET k 1            <- input: handed to the test as it stands
//      INCR k
//      ----
//      OK                 <- what the test must answer
//      (integer) 2
//
// With UPDATE=1 in the environment the answers in the file are replaced by those given, and the
// diff is then reviewed as the change in behaviour.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace test_support {

struct TextBlock {
  int line = 0;                       // of the first input line, counted from 1
  std::vector<std::string> comments;  // as written
  std::vector<std::string> input;
  std::vector<std::string> expected;
};

// Blocks without input hold comments only.
std::vector<TextBlock> parse_text_test(const std::string& text);
std::string print_text_test(const std::vector<TextBlock>& blocks);

using TextRunner = std::function<std::vector<std::string>(const std::vector<std::string>& input)>;

// Runs every block of a file, in order, through `run`. Each answer that differs is a failure of the
// running GoogleTest with file and line.
void run_text_test(const std::string& path, const TextRunner& run);

// The paths of <folder>/<prefix>*.txt, in order.
std::vector<std::string> text_tests_in(const std::string& folder, const std::string& prefix);

}  // namespace test_support
