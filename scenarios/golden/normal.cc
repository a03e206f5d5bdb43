#include "scenarios/golden/normal.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "model/data/number.h"
#include "scenarios/golden/varying.h"

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

class Names {
 public:
  Names(const Case& plan, const std::set<std::string>& ids, std::int64_t began, std::int64_t ended)
      : plan_(plan),
        ids_(ids),
        low_(began - std::int64_t{3'600'000}),
        high_(ended + std::int64_t{40} * 86'400'000) {
    for (const auto& [pattern, with] : plan.masks)
      masks_.emplace_back(std::regex(shown(pattern)), shown(with));
  }

  // What is said about `key`, if it is about one.
  Json walk(const Json& at, const std::string& name, const std::string& key) {
    about_ = key;
    return walk(at, name);
  }

  Json relative() const {
    Json out = Json::object();
    for (std::size_t i = 1; i <= times_.size(); ++i) {
      const auto it = relative_.find("T" + std::to_string(i));
      if (it == relative_.end()) continue;
      out[it->first] = std::to_string(it->second - 500) + " to " + std::to_string(it->second) +
                       " ms after it went over the wire";
    }
    return out;
  }

 private:
  Json walk(const Json& at, const std::string& name) {
    if (at.is_object()) return walk_members(at);
    if (at.is_array()) {
      Json out = Json::array();
      for (const Json& element : at) out.push_back(walk(element, name));
      return out;
    }
    if (name == "digest" && plan_.mask_digest) {
      const auto [it, fresh] = digests_.try_emplace(at.get<std::string>(), digests_.size() + 1);
      return "D" + std::to_string(it->second);
    }
    if (name == "digest" || at.is_null() || at.is_boolean()) return at;
    if (at.is_number()) {
      const std::string text = at.dump();
      const std::string named = text.size() == kTimeLength ? time_name(text) : text;
      return named == text ? at : Json(named);
    }
    std::string text = with_ids_renamed(at.get<std::string>(),
                                        [this](const std::string& id) { return id_name(id); });
    text = with_times_renamed(text, [this](const std::string& time) { return time_name(time); });
    for (const auto& [pattern, with] : masks_) text = std::regex_replace(text, pattern, with);
    return text;
  }

  Json walk_members(const Json& at) {
    const std::string about = about_;
    const std::optional<std::int64_t> sent = sent_;
    if (at.contains("_t")) {
      sent_ = at["_t"].get<std::int64_t>();
      about_ = at.value("_k", std::string());
    } else if (at.contains("key") && at.contains("type")) {
      about_ = at["key"].get<std::string>();
    }
    Json out = Json::object();
    for (const auto& [name, value] : at.items()) {
      if (name == "_t" || name == "_k") continue;
      if (value.is_object() && value.contains("type") && value.contains("value")) about_ = name;
      out[name] = walk(value, name);
    }
    about_ = about;
    sent_ = sent;
    return out;
  }

  std::string id_name(const std::string& id) {
    if (id == std::string(kIdLength, '0')) return "Z40";
    const auto& literal = plan_.literal_ids;
    if (!ids_.contains(id) || std::find(literal.begin(), literal.end(), id) != literal.end())
      return id;
    return "R" + std::to_string(id_names_.try_emplace(id, id_names_.size() + 1).first->second);
  }

  std::string time_name(const std::string& text) {
    const std::int64_t time = model::to_integer(text).value_or(0);
    if (time < low_ || time > high_) return text;
    const auto [it, fresh] = times_.try_emplace({about_, time}, times_.size() + 1);
    const std::string name = "T" + std::to_string(it->second);
    if (sent_) {
      constexpr std::int64_t kStep = 500'000;
      const std::int64_t ahead = time * 1000 - *sent_;  // rounded up to half a second
      const std::int64_t steps = ahead >= 0 ? (ahead + kStep - 1) / kStep : -(-ahead / kStep);
      relative_.try_emplace(name, steps * (kStep / 1000));
    }
    return "<" + name + ">";
  }

  const Case& plan_;
  const std::set<std::string>& ids_;
  std::int64_t low_, high_;
  std::vector<std::pair<std::regex, std::string>> masks_;
  std::map<std::string, std::size_t> id_names_, digests_;
  std::map<std::pair<std::string, std::int64_t>, std::size_t> times_;
  std::map<std::string, std::int64_t> relative_;
  std::string about_;
  std::optional<std::int64_t> sent_;
};

}  // namespace

Json normal_form(const Case& plan, const Json& steps, const Json& wire,
                 const std::set<std::string>& ids, std::int64_t began, std::int64_t ended) {
  Names names(plan, ids, began, ended);
  Json out{{"steps", Json::array()}};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Json step = Json::object();
    if (steps[i].contains("result"))
      step["result"] = names.walk(steps[i]["result"], "result", plan.steps[i].key);
    if (steps[i].contains("heard")) step["heard"] = steps[i]["heard"];
    out["steps"].push_back(std::move(step));
  }
  out["wire"] = names.walk(wire, "wire", "");
  const Json times = names.relative();
  if (!times.empty()) out["times"] = times;
  return out;
}

}  // namespace scenarios::golden
