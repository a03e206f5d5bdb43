// A model server on a TCP port, for as long as it lives: options to a Host, its notes to a log, signals to
// SIGTERM.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/live/host.h"

namespace live {

struct ServeOptions {
  std::optional<std::uint16_t> port;          // 6379 unless the file says otherwise; 0: a free one
  std::optional<std::string> bind;            // an IP address; loopback unless this says otherwise
  std::vector<std::string> replicaof;         // host and port, or nothing
  std::string profile;                        // a release; empty: the default
  std::vector<std::string> quirks;
  std::string config;                         // a file
  std::vector<std::string> settings;          // "name value", after those of the file
  std::optional<std::string> dir;             // nothing: no files
  std::string record;                         // a trace is written there
  bool quiet = false;
};

// What is to be hosted; complaints go to `problems`, and what a file says in vain to `remarks`. Nothing
// if there are complaints.
std::optional<HostOptions> host_options(const ServeOptions& options,
                                        std::vector<std::string>& problems,
                                        std::vector<std::string>& remarks);

enum class Served { ended, died, bad_input, cannot_start };
// "ready: listens on 127.0.0.1:6379" goes to `out`, all else to `log`.
Served serve(const ServeOptions& options, std::ostream& out, std::ostream& log);

}  // namespace live
