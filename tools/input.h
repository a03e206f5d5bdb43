// What a person names on the command line, read.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "scenarios/language/loader.h"

namespace tools {

// How messages name it: "-" is "<stdin>".
std::string shown_name(std::string_view file);

// The scenario in a file, or in standard input if it is "-"; or every error in it. A file that cannot
// be read gives one error without a line.
std::variant<scenarios::Scenario, scenarios::LoadErrors> load_file(const std::string& file);

}  // namespace tools
