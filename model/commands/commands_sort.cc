// SORT and SORT_RO: elements of a list, set or sorted set in order of themselves or of other keys'
// values.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "model/commands/command_parts.h"
#include "model/commands/commands_zset_range.h"
#include "model/commands/families.h"
#include "model/data/number.h"
#include "model/data/text.h"

namespace model {
namespace {

struct SortOptions {
  bool descending = false, alphabetic = false, sorts = true;
  std::int64_t skip = 0, most = -1;
  std::string by;
  std::vector<std::string> get;
  std::optional<std::string> store;
};

bool parse_one(Call& call, SortOptions& options, std::size_t& i, bool read_only) {
  const std::string& word = call.argv[i];
  const std::size_t more = call.argv.size() - i - 1;
  if (same_word(word, "ASC")) return options.descending = false, true;
  if (same_word(word, "DESC")) return options.descending = true;
  if (same_word(word, "ALPHA")) return options.alphabetic = true;
  if (same_word(word, "LIMIT") && more >= 2) {
    const auto skip = integer_argument(call, call.argv[i + 1]);
    const auto most = skip ? integer_argument(call, call.argv[i + 2]) : std::nullopt;
    if (!most) return false;
    options.skip = *skip;
    options.most = *most;
    i += 2;
    return true;
  }
  if (same_word(word, "STORE") && more >= 1 && !read_only)
    return options.store = call.argv[++i], true;
  if (same_word(word, "BY") && more >= 1) {
    options.by = call.argv[++i];
    // Without a star there is nothing to sort by: the elements stay in the order they are in.
    options.sorts = options.by.find('*') != std::string::npos;
    return true;
  }
  if (same_word(word, "GET") && more >= 1) return options.get.push_back(call.argv[++i]), true;
  call.syntax_error();
  return false;
}

// "#" is the element; otherwise the star stands for it, and "->field" asks for a field of a hash.
std::optional<std::string> look_up(Call& call, const std::string& pattern,
                                   const std::string& element) {
  if (pattern == "#") return element;
  const std::size_t star = pattern.find('*');
  if (star == std::string::npos) return std::nullopt;
  std::size_t arrow = pattern.find("->", star + 1);
  if (arrow != std::string::npos && arrow + 2 == pattern.size()) arrow = std::string::npos;
  const std::string key =
      pattern.substr(0, star) + element +
      pattern.substr(star + 1, arrow == std::string::npos ? arrow : arrow - star - 1);
  const Entry* const entry = call.look(key);
  if (entry == nullptr) return std::nullopt;
  if (arrow == std::string::npos) {
    const String* const string = std::get_if<String>(&entry->value);
    return string == nullptr ? std::nullopt : std::optional(*string);
  }
  const Hash* const hash = std::get_if<Hash>(&entry->value);
  if (hash == nullptr) return std::nullopt;
  const auto field = hash->find(pattern.substr(arrow + 2));
  return field == hash->end() ? std::nullopt : std::optional(field->second);
}

struct Elements {
  std::vector<std::string> all;
  bool is_set = false;
};

// Nothing, after an error, when the key is of another type.
std::optional<Elements> elements_of(Call& call, const SortOptions& options) {
  const Entry* const entry = call.look(call.argv[1]);
  if (entry == nullptr) return Elements{};
  const bool backwards = !options.sorts && options.descending;
  if (const List* const list = std::get_if<List>(&entry->value)) {
    Elements elements{{list->begin(), list->end()}};
    if (backwards) std::reverse(elements.all.begin(), elements.all.end());
    return elements;
  }
  if (const Set* const set = std::get_if<Set>(&entry->value))
    return Elements{{set->begin(), set->end()}, true};
  if (const SortedSet* const sorted = std::get_if<SortedSet>(&entry->value)) {
    Elements elements;
    for (const auto* item : ranking(*sorted)) elements.all.push_back(item->first);
    if (backwards) std::reverse(elements.all.begin(), elements.all.end());
    return elements;
  }
  call.wrong_type();
  return std::nullopt;
}

struct Weighted {
  std::string element;
  double number = 0;
  std::optional<std::string> text;
};

// Whatever strtod reads wholly; a missing weight is zero.
std::optional<double> weight_of(const std::optional<std::string>& text) {
  if (!text) return 0.0;
  char* end = nullptr;
  errno = 0;
  const double number = std::strtod(text->c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(number)) return std::nullopt;
  return number;
}

// False, after an error, when a weight is no number.
bool sort_elements(Call& call, const SortOptions& options, std::vector<std::string>& elements) {
  std::vector<Weighted> weighted;
  for (const std::string& element : elements) {
    Weighted one{element, 0, options.by.empty() ? element : look_up(call, options.by, element)};
    if (!options.alphabetic) {
      const auto number = weight_of(one.text);
      if (!number)
        return call.error("ERR One or more scores can't be converted into double"), false;
      one.number = *number;
    }
    weighted.push_back(std::move(one));
  }
  const auto before = [&](const Weighted& a, const Weighted& b) {
    if (options.alphabetic) return a.text < b.text;  // equal ones stay as they were
    if (a.number != b.number) return a.number < b.number;
    return a.element < b.element;  // so that equal weights come out one way
  };
  std::stable_sort(weighted.begin(), weighted.end(), [&](const Weighted& a, const Weighted& b) {
    return options.descending ? before(b, a) : before(a, b);
  });
  for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = std::move(weighted[i].element);
  return true;
}

void run_sort(Call& call, bool read_only) {
  SortOptions options;
  for (std::size_t i = 2; i < call.argv.size(); ++i)
    if (!parse_one(call, options, i, read_only)) return;
  std::optional<Elements> found = elements_of(call, options);
  if (!found) return;
  // A set has no order of its own: what is stored must not depend on how it is held.
  if (found->is_set && !options.sorts && options.store) {
    options.sorts = options.alphabetic = true;
    options.by.clear();
  }
  std::vector<std::string>& elements = found->all;
  if (options.sorts && !sort_elements(call, options, elements)) return;
  const auto size = static_cast<std::int64_t>(elements.size());
  const std::int64_t start = std::clamp<std::int64_t>(options.skip, 0, size);
  const std::int64_t end =
      options.most < 0 ? size
                       : std::min(size, options.most > size - start ? size : start + options.most);
  std::vector<std::optional<std::string>> result;
  for (std::int64_t i = start; i < end; ++i) {
    const std::string& element = elements[static_cast<std::size_t>(i)];
    if (options.get.empty()) result.emplace_back(element);
    for (const std::string& pattern : options.get)
      result.push_back(look_up(call, pattern, element));
  }
  if (options.store) {
    List list;
    for (auto& one : result) list.push_back(std::move(one).value_or(std::string()));
    const std::size_t count = list.size();
    return store_result(call, *options.store, std::move(list), count);
  }
  call.reply.array(result.size());
  for (const auto& one : result) one ? call.reply.bulk(*one) : call.reply.null();
}

void sort(Call& call) {
  run_sort(call, false);
}
void sort_ro(Call& call) {
  run_sort(call, true);
}

constexpr auto kCommands = std::to_array<Command>({
    {"sort", -2, flag::write | flag::denyoom, sort},
    {"sort_ro", -2, flag::readonly, sort_ro},
});

}  // namespace

std::span<const Command> sort_commands() {
  return kCommands;
}

}  // namespace model
