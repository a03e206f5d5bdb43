// Every data command, as text: tests/data/commands_*.txt. What they expect was compared with a
// redis-server 7.0.15 (replies and replication stream) when it was written.
#include <gtest/gtest.h>

#include "tests/model/data_bench.h"
#include "tests/support/source_tree.h"
#include "tests/support/text_test.h"

namespace {

class CommandText : public testing::TestWithParam<std::string> {};

// One keyspace a file: blocks build on each other.
TEST_P(CommandText, AnswersAndStreamAreAsWritten) {
  model_test::Bench bench;
  test_support::run_text_test(GetParam(), [&](const std::vector<std::string>& input) {
    std::vector<std::string> answers;
    for (const std::string& line : input)
      for (std::string& answer : bench.run_line(line)) answers.push_back(std::move(answer));
    return answers;
  });
}

std::string name_of(const testing::TestParamInfo<std::string>& info) {
  const std::size_t start = info.param.rfind('/') + 1;
  return info.param.substr(start, info.param.rfind('.') - start);
}

INSTANTIATE_TEST_SUITE_P(
    Data, CommandText,
    testing::ValuesIn(test_support::text_tests_in(test_support::in_tree("tests/data"), "commands_")),
    name_of);

}  // namespace
