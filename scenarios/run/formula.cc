#include "scenarios/run/formula.h"

#include "model/info.h"
#include "model/data/number.h"
#include "model/releases.h"
#include "model/state.h"

namespace scenarios {
namespace {

// "name:value" lines, as INFO writes them.
std::optional<std::string> line_value(std::string_view text, std::string_view field) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > field.size() && line.starts_with(field) && line[field.size()] == ':') {
      return std::string(line.substr(field.size() + 1));
    }
  }
  return std::nullopt;
}

// "term+1-2": the term, and the sum of what is added to it.
struct Terms {
  std::string_view term;
  std::int64_t added = 0;
};

Terms split_terms(std::string_view formula) {
  Terms terms{formula};
  for (;;) {
    const std::size_t sign = terms.term.find_last_of("+-");
    if (sign == std::string_view::npos || sign == 0) return terms;
    const auto number = model::to_integer(terms.term.substr(sign + 1));
    if (!number) return terms;
    terms.added += terms.term[sign] == '+' ? *number : -*number;
    terms.term = terms.term.substr(0, sign);
  }
}

std::optional<std::string> value_of(const Sight& sight, std::string_view term) {
  if (const auto it = sight.remembered.find(term); it != sight.remembered.end()) return it->second;
  const std::size_t dot = term.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto node = sight.world.node_named(term.substr(0, dot));
  if (!node) return std::nullopt;
  return info_field(sight.world, *node, term.substr(dot + 1));
}

template <class Of>
std::string evaluate(const Of& of, std::string_view formula, std::string& problem) {
  const auto known = [&of](std::string_view term) {
    return model::to_integer(term) ? std::optional(std::string(term)) : of(term);
  };
  if (const auto whole = known(formula)) return *whole;
  const Terms terms = split_terms(formula);
  const auto value = known(terms.term);
  if (!value) {
    problem = "\"" + std::string(terms.term) + "\" has no value here";
    return {};
  }
  const auto number = model::to_integer(*value);
  if (!number) {
    problem = "\"" + std::string(terms.term) + "\" is \"" + *value + "\", which is no number";
    return {};
  }
  return std::to_string(*number + terms.added);
}

}  // namespace

std::optional<std::string> info_field(const World& world, std::size_t node,
                                      std::string_view field) {
  const model::State* const s = world.state(node);
  if (s == nullptr) return std::nullopt;
  if (!model::has_info_field(s->rules, field)) return std::nullopt;
  // Those that are waited for most often are read without composing the whole.
  if (field == "role") return s->is_master() ? "master" : "slave";
  if (field == "master_repl_offset") return std::to_string(s->history.offset);
  if (field == "master_replid") return std::string(s->history.id.view());
  if (field == "sync_full") return std::to_string(s->stats.sync_full);
  if (field == "sync_partial_ok") return std::to_string(s->stats.sync_partial_ok);
  if (field == "sync_partial_err") return std::to_string(s->stats.sync_partial_err);
  if (field == "loading") return s->loading() ? "1" : "0";
  if (field == "rdb_bgsave_in_progress") return s->snapshot ? "1" : "0";
  return line_value(model::info(*s, model::Instant(world.now().time_since_epoch()), "all"), field);
}

namespace {

template <class Of>
Resolved resolved_by(const Of& of, std::string_view text) {
  Resolved resolved;
  for (;;) {
    const std::size_t open = text.find("@{");
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    resolved.text += text.substr(0, open);
    resolved.text += evaluate(of, text.substr(open + 2, close - open - 2), resolved.problem);
    text.remove_prefix(close + 1);
  }
  resolved.text += text;
  return resolved;
}

}  // namespace

Resolved resolve(const Sight& sight, std::string_view text) {
  return resolved_by([&sight](std::string_view term) { return value_of(sight, term); }, text);
}

Resolved resolve(const ValueOf& of, std::string_view text) {
  return resolved_by(of, text);
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (;;) {
    const std::size_t at = text.find(from);
    if (at == std::string_view::npos) break;
    out += text.substr(0, at);
    out += to;
    text.remove_prefix(at + from.size());
  }
  out += text;
  return out;
}

}  // namespace scenarios
