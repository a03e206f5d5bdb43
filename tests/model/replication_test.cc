// The behaviour of servers towards each other, as text (tests/data/replication_*.txt): inputs and effects
// alone (R2.20), each input one turn of the loop (R2.22).
#include <gtest/gtest.h>

#include "tests/support/server_bench.h"
#include "tests/support/source_tree.h"
#include "tests/support/text_test.h"

namespace {

std::string data_folder() {
  return test_support::in_tree("tests/data");
}

class Replication : public testing::TestWithParam<std::string> {};

// One file is one story: its blocks share the servers.
TEST_P(Replication, BehavesAsWritten) {
  test_support::ServerBench bench;
  test_support::run_text_test(GetParam(), [&](const std::vector<std::string>& input) {
    std::vector<std::string> answer;
    for (const std::string& line : input) bench.run(line, answer);
    return answer;
  });
}

INSTANTIATE_TEST_SUITE_P(Stories, Replication,
                         testing::ValuesIn(test_support::text_tests_in(data_folder(),
                                                                       "replication_")),
                         [](const auto& file) {
                           std::string name =
                               file.param.substr(file.param.rfind("replication_") + 12);
                           name.resize(name.size() - 4);
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

}  // namespace
