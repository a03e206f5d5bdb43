// The parts of a scenario as JSON values; write.cc puts them together.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <utility>
#include <vector>

#include "scenarios/language/scenario.h"

namespace scenarios::written {

using Json = nlohmann::ordered_json;

Json of(sim::Duration time);
Json size(std::uint64_t bytes);
Json bandwidth(std::uint64_t bytes_per_second);
Json name_or_null(const std::string& name);  // "" is null
Json one_or_list(const std::vector<std::string>& texts);
Json config(const ConfigLines& lines);

Json of(const Test& test);
Json of(const ReplyTest& reply);
Json of(const Condition& condition);

Json of(const Fault::What& what);  // the verb and its details
Json of(const Fault& fault);
Json of(const Step& step);

// Puts `value` at `key`, which must be new: what the language cannot say twice is a logic_error.
void put(Json& object, const std::string& key, Json value);

}  // namespace scenarios::written
