// The differences between what was recorded and what the model did.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace scenarios::golden {

struct Difference {
  std::string where;                // "steps[3].result.A.master_repl_offset"
  std::string step;                 // the step it belongs to, if it belongs to one
  std::string recorded, model;      // as JSON; empty: not there
  std::vector<std::string> before;  // in a list: the elements just before, on which both agree
  std::vector<std::string> heard;   // in a step: what the model's links carried until it was done
};

// Results of steps, the wire and times, in this order. `steps` of the recording hold the steps as
// well.
std::vector<Difference> differences(const nlohmann::ordered_json& recorded,
                                    const nlohmann::ordered_json& model);

// The same of any two values, member by member, in the order of the first: places, not steps.
std::vector<Difference> differences_in(const nlohmann::ordered_json& recorded,
                                       const nlohmann::ordered_json& model);

// A difference that is known and why it stands. `where` is how its place begins; empty: the whole
// case.
struct KnownDifference {
  std::string_view test, where, since, reason;
};
const KnownDifference* known(std::string_view test, std::string_view where);

}  // namespace scenarios::golden
