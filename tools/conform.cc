#include "tools/conform.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "scenarios/golden/case.h"
#include "scenarios/golden/compare.h"
#include "scenarios/golden/play.h"
#include "tools/verbs.h"

namespace tools {
namespace {

namespace fs = std::filesystem;
namespace golden = scenarios::golden;
using Json = nlohmann::ordered_json;

// Nothing, and a word about it, when the file is not there or is no JSON.
std::optional<Json> read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::cerr << file.string() << ": cannot be opened\n";
    return std::nullopt;
  }
  try {
    return Json::parse(in);
  } catch (const Json::exception& error) {
    std::cerr << file.string() << ": " << error.what() << '\n';
    return std::nullopt;
  }
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Bytes that no terminal should get as they are.
std::string printable(const std::string& utf8) {
  std::string out;
  for (const char c : utf8) out += c >= ' ' || c < 0 ? c : '?';
  return out;
}

void print(const golden::Difference& difference) {
  std::cout << "  at        " << difference.where << '\n';
  if (!difference.step.empty()) std::cout << "  step      " << printable(difference.step) << '\n';
  for (const std::string& same : difference.before)
    std::cout << "  agreed    " << printable(same) << '\n';
  const auto side = [](const std::string& value) {
    return value.empty() ? std::string("(nothing)") : printable(value);
  };
  std::cout << "  recorded  " << side(difference.recorded) << '\n';
  std::cout << "  model     " << side(difference.model) << '\n';
}

enum class Verdict { agrees, known, differs, bad_input };

Verdict stuck(const std::string& name, const golden::Stuck& stuck) {
  if (const auto* known = golden::known(name, "")) {
    std::cout << name << "  known difference since " << known->since << ": " << known->reason
              << '\n';
    return Verdict::known;
  }
  std::cout << name << "  differs: the case could not be played to its end\n";
  if (!stuck.step.empty()) std::cout << "  step      " << printable(stuck.step) << '\n';
  std::cout << "  problem   " << printable(stuck.problem) << '\n';
  return Verdict::differs;
}

Verdict judge(const std::string& name, const std::vector<golden::Difference>& found, bool all) {
  const golden::KnownDifference* first_known = nullptr;
  std::vector<golden::Difference> fresh;
  for (const golden::Difference& difference : found) {
    const auto* known = golden::known(name, difference.where);
    if (known == nullptr)
      fresh.push_back(difference);
    else if (first_known == nullptr)
      first_known = known;
  }
  if (!fresh.empty()) {
    std::cout << name << "  differs in " << fresh.size()
              << (fresh.size() == 1 ? " place\n" : " places\n");
    for (std::size_t i = 0; i < (all ? fresh.size() : 1); ++i) print(fresh[i]);
    return Verdict::differs;
  }
  if (first_known != nullptr) {
    std::cout << name << "  known difference since " << first_known->since << ": "
              << first_known->reason << '\n';
    return Verdict::known;
  }
  std::cout << name << "  agrees\n";
  return Verdict::agrees;
}

Verdict conform(const fs::path& folder, const std::string& name, bool all) {
  const auto input = read(folder / "inputs" / (name + ".json"));
  const auto recorded = read(folder / "cases" / (name + ".json"));
  if (!input || !recorded) return Verdict::bad_input;
  const auto plan = golden::read_case(*input);
  if (const auto* bad = std::get_if<golden::NotUnderstood>(&plan)) {
    std::cerr << name << ": not a golden case: " << bad->problem << '\n';
    return Verdict::bad_input;
  }
  const auto played = golden::play(std::get<golden::Case>(plan));
  if (const auto* end = std::get_if<golden::Stuck>(&played)) return stuck(name, *end);
  try {
    return judge(name, golden::differences(*recorded, std::get<Json>(played)), all);
  } catch (const Json::exception& error) {
    std::cerr << name << ": not a golden result: " << error.what() << '\n';
    return Verdict::bad_input;
  }
}

}  // namespace

int conform(const ConformOptions& options) {
  const fs::path folder(options.golden);
  std::error_code ignored;
  if (!fs::is_directory(folder / "inputs", ignored) ||
      !fs::is_directory(folder / "cases", ignored)) {
    std::cerr << options.golden << ": no golden folder: it has no inputs/ and cases/\n";
    return kBadInput;
  }
  const std::vector<std::string> names =
      options.cases.empty() ? names_in(folder / "inputs") : options.cases;
  std::size_t counts[4] = {};
  for (const std::string& name : names)
    ++counts[static_cast<std::size_t>(conform(folder, name, options.all))];
  const auto [agree, known, differ, bad] = counts;
  std::cout << names.size() << (names.size() == 1 ? " case: " : " cases: ") << agree << " agree, "
            << known << " with known differences, " << differ << " differ\n";
  if (bad > 0) return kBadInput;
  return differ > 0 ? kFail : kPass;
}

}  // namespace tools
