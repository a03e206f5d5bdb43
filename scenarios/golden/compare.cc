#include "scenarios/golden/compare.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace scenarios::golden {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongest = 400, kContext = 3, kHeard = 6;

std::string text(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

class Comparison {
 public:
  explicit Comparison(std::vector<Difference>& out) : out_(out) {}

  void compare(const Json& recorded, const Json& model, const std::string& where) {
    if (recorded.is_object() && model.is_object()) return members(recorded, model, where);
    if (recorded.is_array() && model.is_array()) return elements(recorded, model, where);
    if (recorded != model) differ(where, text(recorded), text(model));
  }
  void step(std::string text, std::vector<std::string> heard) {
    step_ = std::move(text);
    heard_ = std::move(heard);
  }
  void differ(const std::string& where, std::string recorded, std::string model) {
    out_.push_back({where, step_, std::move(recorded), std::move(model), before_, heard_});
  }

 private:
  void members(const Json& recorded, const Json& model, const std::string& where) {
    for (const auto& [name, value] : recorded.items()) {
      const std::string at = where + "." + name;
      if (model.contains(name))
        compare(value, model[name], at);
      else
        differ(at, text(value), "");
    }
    for (const auto& [name, value] : model.items()) {
      if (!recorded.contains(name)) differ(where + "." + name, "", text(value));
    }
  }
  void elements(const Json& recorded, const Json& model, const std::string& where) {
    const std::vector<std::string> outer = before_;
    const std::size_t both = std::min(recorded.size(), model.size());
    for (std::size_t i = 0; i < both; ++i) {
      if (recorded[i] == model[i]) continue;
      before_.clear();
      for (std::size_t k = i - std::min(i, kContext); k < i; ++k)
        before_.push_back(text(recorded[k]));
      compare(recorded[i], model[i], where + "[" + std::to_string(i) + "]");
    }
    before_.clear();
    for (std::size_t k = both - std::min(both, kContext); k < both; ++k)
      before_.push_back(text(recorded[k]));
    for (std::size_t i = both; i < std::max(recorded.size(), model.size()); ++i) {
      differ(where + "[" + std::to_string(i) + "]", i < recorded.size() ? text(recorded[i]) : "",
             i < model.size() ? text(model[i]) : "");
    }
    before_ = outer;
  }

  std::vector<Difference>& out_;
  std::string step_;
  std::vector<std::string> before_, heard_;
};

}  // namespace

std::vector<Difference> differences_in(const Json& recorded, const Json& model) {
  std::vector<Difference> out;
  Comparison comparison(out);
  for (const auto& [name, value] : recorded.items()) {
    const Json none;
    comparison.compare(value, model.contains(name) ? model[name] : none, name);
  }
  for (const auto& [name, value] : model.items()) {
    if (!recorded.contains(name)) comparison.differ(name, "", text(value));
  }
  return out;
}

std::vector<Difference> differences(const Json& recorded, const Json& model) {
  std::vector<Difference> out;
  Comparison comparison(out);
  std::vector<std::string> heard;
  const Json& steps = recorded.at("steps");
  if (steps.size() != model.at("steps").size())
    comparison.differ("steps", std::to_string(steps.size()) + " steps",
                      std::to_string(model["steps"].size()) + " steps in the input");
  for (std::size_t i = 0; i < std::min(steps.size(), model["steps"].size()); ++i) {
    Json order = steps[i];
    order.erase("result");
    if (model["steps"][i].contains("heard")) {
      for (const Json& line : model["steps"][i]["heard"]) heard.push_back(line.get<std::string>());
    }
    if (heard.size() > kHeard)
      heard.erase(heard.begin(), heard.end() - static_cast<std::ptrdiff_t>(kHeard));
    comparison.step(text(order), heard);
    const std::string where = "steps[" + std::to_string(i) + "].result";
    const Json none;
    const Json& real = steps[i].contains("result") ? steps[i]["result"] : none;
    const Json& ours = model["steps"][i].contains("result") ? model["steps"][i]["result"] : none;
    comparison.compare(real, ours, where);
  }
  comparison.step("", {});
  comparison.compare(recorded.at("wire"), model["wire"], "wire");
  const Json none = Json::object();
  comparison.compare(recorded.contains("times") ? recorded["times"] : none,
                     model.contains("times") ? model["times"] : none, "times");
  return out;
}

}  // namespace scenarios::golden
