// Conditions and the tests in them, from JSON.
#pragma once

#include "scenarios/language/naming.h"
#include "scenarios/language/scenario.h"

namespace scenarios {

Condition read_condition(const Value& value, const Names& names, Errors& errors);

// null, a number, or a text like "up", ">=3", "!=x", "like:*glob*", "is:>=3".
Test read_test(const Value& value, const Names& names, Errors& errors);

ReplyTest read_reply(const Value& value, const Names& names, Errors& errors);

}  // namespace scenarios
