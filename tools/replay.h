// replsim replay: runs scenarios and shows what happened, to a person or as data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tools {

struct ReplayOptions {
  std::vector<std::string> files;  // "-" is standard input
  bool json = false;
  bool quiet = false;  // the verdict alone
  std::string trace;   // where the whole trace goes; with several scenarios a directory
  std::optional<std::uint64_t> seed;  // instead of the scenarios' own
  std::vector<std::string> quirks;    // switched on, on all nodes
  std::string profile;                // of all nodes that are of the default release; empty: as it is
};

// An exit code: of several scenarios the worst. Nothing is run when a file is bad.
int replay(const ReplayOptions& options);

}  // namespace tools
