// A scenario's raw peers against a server that somebody else runs: a master or a replica that misbehaves on
// purpose. The scenario has one node, which is that server; its peers listen and dial on real TCP, its steps
// are played, and what they expect is judged.
//
// Steps that can be taken: raw, run, replicaof, wait, expect, sleep, remember. Conditions that can be seen:
// info, keys (strings), role_state, got, and not and any of these. Anything else is named before anything
// is done. A scenario without steps is played until it is interrupted.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "tools/live/address.h"

namespace live {

struct ScriptOptions {
  std::string file;
  Address target;
  std::optional<std::uint16_t> port;  // that the first listening peer listens on; else as the file says
  std::string bind = "127.0.0.1";     // where peers listen
  std::string password;               // of the server
};

enum class Played { good, differs, bad_input, cannot_start, interrupted };
Played play_script(const ScriptOptions& options, std::ostream& out, std::ostream& log,
                   bool (*stop)() = nullptr);

}  // namespace live
