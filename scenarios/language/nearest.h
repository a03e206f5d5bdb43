// The known word that a misspelt one was probably meant to be.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scenarios {

// Empty if no known word is close: a third of the letters may differ, be missing, be too many or stand
// the wrong way round. Letter case counts little, and '-' is as good as '_'.
std::string nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace scenarios
