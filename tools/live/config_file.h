// redis.conf: a directive a line, "name value ...", with the quoting of redis-cli, # comments and include.
//
//      a setting that the model has         taken; a bad value is an error
//      port, bind, dir, dbfilename,         taken: they are the host's
//      replicaof
//      what redis-server knows besides      named as ignored, with file and line
//      anything else                        an error, with the nearest name
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/config.h"
#include "model/rules.h"

namespace live {

struct ConfigFile {
  std::vector<std::pair<std::string, std::string>> settings;  // of the model, in order
  std::optional<std::uint16_t> port;
  std::optional<std::string> bind;  // a loopback address
  std::optional<std::string> dir, dbfilename;
  std::optional<std::pair<std::string, int>> replicaof;
  std::vector<std::string> ignored;  // "redis.conf:12: appendfsync is ignored: ..."
  std::vector<std::string> errors;   // "redis.conf:13: ..."
};

// Reads the file and what it includes. `rules`: settings of other releases are unknown.
ConfigFile read_config_file(const std::string& path, const model::Rules& rules);
// The same from text, for a file of that name.
void read_config_text(const std::string& text, const std::string& name, const model::Rules& rules,
                      ConfigFile& config);

}  // namespace live
