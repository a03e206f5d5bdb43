// replsim fuzz, verify, shrink: campaigns over generated scenarios, and what they found made small.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tools {

struct FuzzOptions {
  std::uint64_t seed = 1;
  std::uint64_t first = 0;  // index of the first run
  std::optional<std::uint64_t> runs;
  std::string time;  // "10m"
  unsigned jobs = 1;
  std::string out;     // a new folder for the results
  std::string resume;  // a folder to go on in
  std::string profile;
  std::vector<std::string> quirks;
  std::uint64_t shrink_runs = 4000;  // for each failure
  bool json = false;
  bool quiet = false;
  std::string canary;  // plants a defect that the campaign must notice
  bool kill_matrix = false;
  std::string baseline;  // a stored kill matrix that this one is held against
};
int fuzz(const FuzzOptions& options);

struct VerifyOptions {
  std::string folder;  // of a campaign; empty: runs of `seed` are made twice
  std::uint64_t seed = 1;
  std::uint64_t runs = 200;
  unsigned jobs = 1;
  bool all = false;  // every run of the folder's campaign, not only a sample
  bool json = false;
};
int verify(const VerifyOptions& options);

struct ShrinkOptions {
  std::string file;
  std::string out;  // "-" or empty: standard output
  std::vector<std::string> quirks;
  std::uint64_t runs = 10'000;
  bool json = false;
};
int shrink(const ShrinkOptions& options);

}  // namespace tools
