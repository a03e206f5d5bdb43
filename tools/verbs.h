// The verbs of `replsim`, each a function in a file of its own. main.cc fills in the options from the
// command line; a verb prints and returns the exit code.
//
// A new verb: its options and its function here, its file, and an entry in main.cc.
#pragma once

#include <string>
#include <vector>

namespace tools {

// Exit codes, for all verbs.
constexpr int kPass = 0;
constexpr int kFail = 1;
constexpr int kBadInput = 2;  // bad usage, or a bad file
constexpr int kNotTested = 3;
constexpr int kDefect = 4;         // of our own
constexpr int kInterrupted = 130;  // Ctrl-C

struct CheckOptions {
  std::vector<std::string> files;  // "-" is standard input
  bool json = false;
};
int check(const CheckOptions& options);

}  // namespace tools
