// Settings of redis.conf, from JSON, each held against the model's own table.
#pragma once

#include "model/config.h"
#include "model/rules.h"
#include "scenarios/language/reading.h"
#include "scenarios/language/scenario.h"

namespace scenarios {

// Puts the settings in `value` into `lines`, under their modern names, each once, and into `config`.
// With a profile, a setting that its release does not have is refused.
void read_config(const Value& value, ConfigLines& lines, model::Config& config, Errors& errors,
                 const model::Profile* profile = nullptr);

}  // namespace scenarios
