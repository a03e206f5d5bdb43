// scenario.schema.json and the reader say the same: what one takes the other takes, and every name that
// the schema lists is one of the tables. With UPDATE=1 the lists in the schema are written anew.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "model/config.h"
#include "model/machines.h"
#include "model/marks.h"
#include "model/rules.h"
#include "scenarios/language/naming.h"
#include "tests/support/scenario_files.h"

namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using test_support::contents_of;
using test_support::in_tree;

const std::string kSchemaPath = in_tree("scenarios/scenario.schema.json");

class Schema {
 public:
  Schema() {
    const json text = json::parse(contents_of(kSchemaPath));
    valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(text), schema_);
  }
  bool takes(const std::string& scenario) const {
    const json parsed = json::parse(scenario, nullptr, false);
    if (parsed.is_discarded()) return false;
    valijson::Validator validator;
    return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(parsed), nullptr);
  }

 private:
  valijson::Schema schema_;
};

bool reader_takes(const std::string& scenario) { return test_support::complaints(scenario).empty(); }

std::vector<std::string> files_in(std::initializer_list<std::string_view> folders) {
  std::vector<std::string> files;
  for (const std::string_view folder : folders) {
    for (std::string& file : test_support::json_files_in(folder)) files.push_back(std::move(file));
  }
  return files;
}

TEST(ScenarioSchema, TakesWhatTheReaderTakes) {
  const Schema schema;
  for (const std::string& file : files_in({"scenarios/catalogue", "tests/scenarios/good"})) {
    EXPECT_TRUE(schema.takes(contents_of(file))) << file;
  }
}

// What the JSON parser before a schema lets pass; these files hold nothing else that is wrong.
const std::set<std::string> kNotForSchemas = {"byte-order-mark", "duplicate-keys", "nul-byte"};

TEST(ScenarioSchema, RefusesWhatTheReaderRefuses) {
  const Schema schema;
  for (const std::string& file : files_in({"tests/scenarios/broken"})) {
    const std::string name = std::filesystem::path(file).stem().string();
    EXPECT_EQ(schema.takes(contents_of(file)), kNotForSchemas.contains(name)) << file;
  }
}

// The examples that an editor shows are good steps.
TEST(ScenarioSchema, ExamplesAreGood) {
  const ordered_json schema = ordered_json::parse(contents_of(kSchemaPath));
  const Schema validator;
  int steps = 0;
  for (const auto& [name, definition] : schema["$defs"].items()) {
    if (!name.starts_with("step_")) continue;
    ASSERT_TRUE(definition.contains("examples")) << name << " has no example";
    for (const ordered_json& example : definition["examples"]) {
      ordered_json scenario = {{"point", "x"}};
      scenario["nodes"] = ordered_json::parse(R"({"a": {}, "b": {}, "c": {}})");
      scenario["peers"] = ordered_json::parse(R"({"m": {"listens": true}})");
      scenario["steps"] = ordered_json::array();
      if (name == "step_collect") {
        scenario["steps"].push_back(
            ordered_json::parse(R"({"run": "WAIT 1 0", "on": "a", "await": false})"));
      }
      scenario["steps"].push_back(example);
      EXPECT_EQ(test_support::joined(test_support::complaints(scenario.dump(2))), "") << scenario.dump(2);
      EXPECT_TRUE(validator.takes(scenario.dump())) << example.dump();
      ++steps;
    }
  }
  EXPECT_GE(steps, 31);
  for (const ordered_json& example : schema["examples"]) EXPECT_TRUE(reader_takes(example.dump()));
}

// The scenarios in the manual are good, and so is every step that it shows.
TEST(Manual, ShowsOnlyWhatIsGood) {
  const std::string manual = contents_of(in_tree("scenarios/LANGUAGE.md"));
  constexpr std::string_view kBegin = "```json\n";
  int blocks = 0;
  for (std::size_t at = manual.find(kBegin); at != std::string::npos; at = manual.find(kBegin, at + 1)) {
    const std::size_t begin = at + kBegin.size();
    std::string block = manual.substr(begin, manual.find("```", begin) - begin);
    ++blocks;
    if (!block.starts_with("{ \"point\"") &&
        !block.starts_with("{\n")) {  // steps, without their surroundings
      block = R"({"point": "x", "nodes": {"a": {}, "b": {}, "c": {}, "d": {}},
                  "peers": {"m": {"listens": true}}, "steps": [)" +
              block + "]}";
    }
    EXPECT_EQ(test_support::joined(test_support::complaints(block)), "") << block;
    EXPECT_TRUE(Schema().takes(block)) << block;
  }
  EXPECT_GE(blocks, 10);
}

// --- names ----------------------------------------------------------------------------------------

ordered_json one_of(std::string_view description,
                    const std::vector<std::pair<std::string, std::string>>& words) {
  ordered_json out = {{"description", description}, {"anyOf", ordered_json::array()}};
  for (const auto& [word, meaning] : words) {
    ordered_json choice = {{"const", word}};
    if (!meaning.empty()) choice["description"] = meaning;
    out["anyOf"].push_back(std::move(choice));
  }
  return out;
}

ordered_json value_of(const model::Setting& setting) {
  ordered_json out = {{"description", "Takes " + std::string(setting.expects) + "."}};
  std::vector<std::string> words;
  for (const std::string_view word : {"yes", "no", "local", "disabled", "on-empty-db", "swapdb", "ignore",
                                      "panic", "panic-on-replicas"}) {
    model::Config probe;
    const bool free_text = !setting.set(probe, "neither this nor that").has_value();
    if (!free_text && !setting.set(probe, word)) words.emplace_back(word);
  }
  if (words.empty()) out["type"] = {"string", "integer"};
  else out["enum"] = words;
  out["default"] = setting.get(model::Config());
  return out;
}

ordered_json settings() {
  ordered_json out = {
      {"type", "object"},
      {"description", "Settings by their redis.conf names, values as redis.conf writes them."},
      {"properties", ordered_json::object()},
      {"additionalProperties", false},
      {"examples", {{{"repl-backlog-size", "16kb"}, {"repl-timeout", 5}}}}};
  for (const model::Setting& setting : model::settings()) {
    out["properties"][std::string(setting.name)] = value_of(setting);
    if (setting.alias.empty()) continue;
    ordered_json alias = value_of(setting);
    alias["description"] = "The old name of " + std::string(setting.name) + ".";
    alias["deprecated"] = true;
    out["properties"][std::string(setting.alias)] = std::move(alias);
  }
  return out;
}

ordered_json link_states() {
  std::vector<std::pair<std::string, std::string>> words;
  for (std::uint8_t state = 0; state <= static_cast<std::uint8_t>(model::LinkState::connected); ++state) {
    words.emplace_back(model::name(static_cast<model::LinkState>(state)), "");
  }
  ordered_json out = one_of("A state of a replica's link to its master, as the diagram names it.", words);
  out["anyOf"].push_back({{"type", "null"}});
  out["anyOf"].push_back({{"type", "string"}, {"pattern", "^(!=|like:)"}});
  return out;
}

std::map<std::string, ordered_json> lists() {
  std::vector<std::pair<std::string, std::string>> profiles, quirks, marks, oracles;
  for (const model::Profile& p : model::profiles()) profiles.emplace_back(p.name, p.about);
  for (const model::Quirk& q : model::quirks()) quirks.emplace_back(q.name, q.about);
  for (const model::MarkName& m : model::marks()) marks.emplace_back(m.name, m.text);
  for (const std::string_view oracle : scenarios::oracle_words()) oracles.emplace_back(oracle, "");
  return {{"config", settings()},
          {"profile", one_of("Whose behaviour it is: a release of the real server.", profiles)},
          {"quirk", one_of("A bug that replication really had, switched on.", quirks)},
          {"mark", one_of("A rare path of the model.", marks)},
          {"oracle", one_of("A judge of the run; EXPECT is the scenario's own expectations.", oracles)},
          {"link_state", link_states()}};
}

TEST(ScenarioSchema, ListsTheNamesOfTheTables) {
  ordered_json schema = ordered_json::parse(contents_of(kSchemaPath));
  const char* const update = std::getenv("UPDATE");
  const bool rewrite = update != nullptr && std::string(update) == "1";
  for (auto& [name, list] : lists()) {
    ASSERT_TRUE(schema["$defs"].contains(name)) << name;
    if (rewrite) schema["$defs"][name] = list;
    EXPECT_EQ(schema["$defs"][name].dump(2), list.dump(2)) << "UPDATE=1 writes it anew";
  }
  if (rewrite) std::ofstream(kSchemaPath, std::ios::binary) << schema.dump(2) << "\n";
}

}  // namespace
