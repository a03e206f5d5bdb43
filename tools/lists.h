// replsim quirks, replsim profiles, replsim marks: the model's tables for people.
#pragma once

#include <string>
#include <vector>

namespace tools {

struct ListOptions {
  std::vector<std::string> files;  // marks: scenarios to run, to say who reaches what
  bool json = false;
};

int quirks(const ListOptions& options);
int profiles(const ListOptions& options);

// kNotTested when scenarios were run and a mark was reached by none of them.
int marks(const ListOptions& options);

}  // namespace tools
