#include "scenarios/language/read_config.h"

#include <map>

#include "model/releases.h"

namespace scenarios {
namespace {

using Kind = Value::Kind;

Words setting_words() {
  Words words;
  for (const model::Setting& setting : model::settings()) {
    words.push_back(setting.name);
    if (!setting.alias.empty()) words.push_back(setting.alias);
  }
  return words;
}

// Settings that are written elsewhere in a scenario.
bool said_elsewhere(const Value& member, Errors& errors) {
  if (member.key != "replicaof" && member.key != "slaveof") return false;
  errors.say_about_key(member, "whom a node follows is its field \"replicaof\", beside \"config\"");
  return true;
}

std::optional<std::string> value_text(const Value& value, const model::Setting& setting, Errors& errors) {
  if (value.kind == Kind::text) return value.text;
  if (value.kind == Kind::integer) return (value.negative ? "-" : "") + std::to_string(value.magnitude);
  if (value.kind == Kind::boolean && setting.expects == "yes or no") {
    errors.expected(value, value.boolean ? "\"yes\" as in redis.conf" : "\"no\" as in redis.conf");
  } else {
    errors.expected(value, std::string(setting.expects));
  }
  return std::nullopt;
}

}  // namespace

void read_config(const Value& value, ConfigLines& lines, model::Config& config, Errors& errors,
                 const model::Profile* profile) {
  if (value.kind != Kind::object)
    return errors.expected(value, "settings in { }, by their redis.conf names");
  std::map<std::string_view, std::string> seen;  // a setting and an alias of it are one
  for (const Value* member : value.children) {
    const model::Setting* setting = model::find_setting(member->key);
    const bool known =
        setting != nullptr && (member->key == setting->name || member->key == setting->alias);
    if (!known) {  // CONFIG takes any letter case; a file has one way to write a name
      if (!said_elsewhere(*member, errors))
        errors.unknown_key(*member, "a configuration name", setting_words());
      continue;
    }
    if (const auto [first, is_new] = seen.emplace(setting->name, member->key); !is_new) {
      if (first->second == member->key) continue;  // the parser has complained
      errors.say_about_key(*member,
                           "\"" + member->key + "\" sets the same as \"" + first->second + "\" before it");
    }
    if (profile != nullptr && !model::has_setting(profile->rules, setting->name)) {
      errors.say_about_key(*member, std::string(profile->name) + " has no setting \"" + member->key + "\"");
      continue;
    }
    const auto text = value_text(*member, *setting, errors);
    if (!text) continue;
    if (const auto problem = setting->set(config, *text)) {
      errors.expected(*member, std::string(setting->expects) + ", for " + std::string(setting->name));
      continue;
    }
    lines.emplace_back(setting->name, *text);
  }
}

}  // namespace scenarios
