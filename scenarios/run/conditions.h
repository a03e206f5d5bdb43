// Judging conditions against the world as it is now.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/data/resp.h"
#include "model/data/keyspace.h"
#include "scenarios/run/formula.h"
#include "scenarios/language/scenario.h"
#include "scenarios/world/world.h"

namespace scenarios {

bool holds(const Sight& sight, const Condition& condition);

// What the condition asks for: "role of b is slave and b's link is CONNECTED".
std::string wanted(const Condition& condition);

// What is seen of the parts that do not hold: "role of b is master". Empty when all hold.
std::string seen_instead(const Sight& sight, const Condition& condition);

// Whether a value passes a test. An absent value passes `absent` and `is_not` alone. Numbers
// compare as numbers; a test by size fails on anything else.
bool passes(const Sight& sight, const Test& test, const std::optional<std::string>& value);
bool passes(const ValueOf& of, const Test& test, const std::optional<std::string>& value);

// Whether a reply is as it should be.
bool passes(const Sight& sight, const ReplyTest& test, const model::Reply& reply);
bool passes(const ValueOf& of, const ReplyTest& test, const model::Reply& reply);
std::string wanted(const ReplyTest& test);

// A value as a person would write it: a string as it is, others as a list.
std::string value_text(const model::Value& value);

// Conditions that count messages need them counted from the beginning.
void watch_messages(World& world, const Scenario& scenario);

}  // namespace scenarios
