// Where the source tree is that the tests were built from.
#pragma once

#include <string>
#include <string_view>

namespace test_support {

// The full path of `path`, which is given from the root of the tree: "scenarios/catalogue".
std::string in_tree(std::string_view path);

}  // namespace test_support
