// The tables of the data commands that have files of their own, beside those in command.h.
#pragma once

#include <span>

#include "model/commands/command.h"

namespace model {

std::span<const Command> geo_commands();   // commands_geo.cc
std::span<const Command> sort_commands();  // commands_sort.cc
std::span<const Command> hll_commands();   // commands_hll.cc: PFADD, PFCOUNT, PFMERGE
std::span<const Command> scan_commands();  // commands_scan.cc: HSCAN, ..., HRANDFIELD, ZRANDMEMBER
std::span<const Command> lcs_commands();   // commands_lcs.cc

}  // namespace model
