// The rules that make a release, as rows for people: `replsim profiles`, model/PROFILES.md. Every V row
// of the reference's section 11 is either here, or has a word on where it went.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/rules.h"

namespace model {

struct RuleRow {
  std::string_view rows;   // "V17, V18"
  std::string_view name;   // of the field in Rules
  std::string_view about;  // what the value says
  std::string (*value)(const Rules&);  // as text: "yes", "own", "listening-port capa"
};
std::span<const RuleRow> rule_rows();  // in the order of their rows

// A V row that no field says by itself: which other thing it follows from, or why there is nothing.
struct RowNote {
  std::string_view row;
  bool modelled = false;
  std::string_view note;
};
std::span<const RowNote> row_notes();

}  // namespace model
