// Settings of redis.conf, from JSON, each held against the model's own table.
#pragma once

#include "model/config.h"
#include "scenarios/language/reading.h"
#include "scenarios/language/scenario.h"

namespace scenarios {

// Puts the settings in `value` into `lines`, under their modern names, each once, and into `config`.
void read_config(const Value& value, ConfigLines& lines, model::Config& config, Errors& errors);

}  // namespace scenarios
