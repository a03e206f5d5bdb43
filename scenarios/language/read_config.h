// Settings of redis.conf, from JSON, each held against the model's own table.
#pragma once

#include "model/config.h"
#include "model/rules.h"
#include "scenarios/language/reading.h"
#include "scenarios/language/scenario.h"

namespace scenarios {

// Appends the settings in `value` to `lines`, under their modern names, and sets them in `config`.
// With a profile, a setting that its release does not have is refused.
void read_config(const Value& value, ConfigLines& lines, model::Config& config, Errors& errors,
                 const model::Profile* profile = nullptr);

}  // namespace scenarios
