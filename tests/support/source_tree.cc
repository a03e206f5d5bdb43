#include "tests/support/source_tree.h"

namespace test_support {

std::string in_tree(std::string_view path) {
  return std::string(REPLSIM_SOURCE_DIR) + "/" + std::string(path);
}

}  // namespace test_support
