// Which settings and commands a release has, and what its settings are when nobody says anything
// (reference 9.6). Both are tables of what came when; a release is `Rules::release`.
//
// Old and new spellings of a setting ("slave-..." and "replica-...") are taken by all releases, and
// so are REPLICAOF and SLAVEOF: a scenario can then be run on any of them as it stands.
#pragma once

#include <string_view>

#include "model/config.h"
#include "model/rules.h"

namespace model {

bool has_setting(const Rules& rules, std::string_view name);  // its modern name
bool has_command(const Rules& rules, std::string_view name);  // lower case
int command_since(std::string_view name);                     // the release that it came with
bool is_there(const Rules& rules, int since);                 // what came with a release

bool has_info_field(const Rules& rules, std::string_view name);  // V53

// What a server of this release starts with, Rules::defaults applied.
Config default_config(const Rules& rules);

// Whether `word` is one of `words`, which are parted by blanks: lists in Rules are written so.
bool lists(std::string_view words, std::string_view word);

}  // namespace model
