// Words of a command line: compared in any letter case, matched against patterns.
#pragma once

#include <string>
#include <string_view>

namespace model {

std::string lower(std::string_view text);  // of A to Z only
std::string upper(std::string_view text);
bool same_word(std::string_view a, std::string_view b);  // in any letter case

// Redis's patterns: * ? [abc] [a-z] [^a] and \x for x itself.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace model
