#include "tools/conform.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <variant>

#include "scenarios/golden/case.h"
#include "scenarios/golden/compare.h"
#include "scenarios/golden/play.h"
#include "tools/verbs.h"

namespace tools {
namespace {

namespace fs = std::filesystem;
namespace golden = scenarios::golden;
using Json = nlohmann::ordered_json;

enum class Verdict : std::uint8_t { agrees, known, differs, bad_input };

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::agrees:
      return "agrees";
    case Verdict::known:
      return "known difference";
    case Verdict::differs:
      return "differs";
    case Verdict::bad_input:
      break;
  }
  return "bad input";
}

struct Outcome {
  std::string name;
  Verdict verdict = Verdict::agrees;
  std::vector<std::string> notes;
  std::string problem, step;       // of a case that could not be read or played
  std::vector<std::string> heard;  // and what its links carried last
  const golden::KnownDifference* known = nullptr;
  std::vector<golden::Difference> differences;  // that nobody knew of
};

// --- one case
// -------------------------------------------------------------------------------------------

struct Unreadable {
  std::string problem;
};

std::variant<Json, Unreadable> read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Unreadable{file.string() + ": cannot be opened"};
  try {
    return Json::parse(in);
  } catch (const Json::exception& error) {
    return Unreadable{file.string() + ": " + error.what()};
  }
}

void judge(Outcome& outcome, const Json& recorded, const Json& played) {
  for (golden::Difference& difference : golden::differences(recorded, played)) {
    const auto* known = golden::known(outcome.name, difference.where);
    if (known == nullptr)
      outcome.differences.push_back(std::move(difference));
    else if (outcome.known == nullptr)
      outcome.known = known;
  }
  if (!outcome.differences.empty())
    outcome.verdict = Verdict::differs;
  else if (outcome.known != nullptr)
    outcome.verdict = Verdict::known;
}

Outcome bad(Outcome outcome, std::string problem) {
  outcome.verdict = Verdict::bad_input;
  outcome.problem = std::move(problem);
  return outcome;
}

Outcome conform(const fs::path& folder, const std::string& name) {
  Outcome outcome;
  outcome.name = name;
  const fs::path file = folder / "inputs" / (name + ".json");
  const auto input = read(file), recorded = read(folder / "cases" / (name + ".json"));
  for (const auto* one : {&input, &recorded}) {
    if (const auto* unreadable = std::get_if<Unreadable>(one))
      return bad(std::move(outcome), unreadable->problem);
  }
  const auto plan = golden::read_case(std::get<Json>(input));
  if (const auto* problem = std::get_if<golden::NotUnderstood>(&plan)) {
    outcome.step = problem->where;
    return bad(std::move(outcome), file.string() + ": " + problem->problem);
  }
  const auto& understood = std::get<golden::Case>(plan);
  for (const std::string& member : understood.unread)
    outcome.notes.push_back(file.string() + ": " + member + " is nothing that the recorder reads");
  const auto played = golden::play(understood);
  if (const auto* end = std::get_if<golden::Stuck>(&played)) {
    outcome.known = golden::known(name, "");
    outcome.verdict = outcome.known != nullptr ? Verdict::known : Verdict::differs;
    outcome.problem = end->problem;
    outcome.step = end->step;
    outcome.heard = end->heard;
    return outcome;
  }
  try {
    judge(outcome, std::get<Json>(recorded), std::get<Json>(played));
  } catch (const Json::exception& error) {
    return bad(std::move(outcome), (folder / "cases" / (name + ".json")).string() +
                                       ": not a golden result: " + error.what());
  }
  return outcome;
}

// --- for people
// -------------------------------------------------------------------------------------------

// Bytes that no terminal should get as they are.
std::string printable(const std::string& utf8) {
  std::string out;
  for (const char c : utf8) out += c >= ' ' || c < 0 ? c : '?';
  return out;
}

void print_line(const char* what, const std::string& text) {
  std::cout << "  " << what << printable(text) << '\n';
}

void print(const golden::Difference& difference) {
  print_line("at        ", difference.where);
  if (!difference.step.empty()) print_line("step      ", difference.step);
  for (const std::string& heard : difference.heard) print_line("wire      ", heard);
  for (const std::string& same : difference.before) print_line("agreed    ", same);
  const auto side = [](const std::string& value) {
    return value.empty() ? std::string("(nothing)") : value;
  };
  print_line("recorded  ", side(difference.recorded));
  print_line("model     ", side(difference.model));
}

void print(const Outcome& outcome, bool all) {
  for (const std::string& note : outcome.notes) std::cerr << note << '\n';
  if (outcome.verdict == Verdict::bad_input) {
    std::cerr << outcome.name << ": " << printable(outcome.problem) << '\n';
    if (!outcome.step.empty()) std::cerr << "  at " << printable(outcome.step) << '\n';
    return;
  }
  std::cout << outcome.name << "  " << word(outcome.verdict);
  if (outcome.verdict == Verdict::known) {
    std::cout << " since " << outcome.known->since << ": " << outcome.known->reason << '\n';
    return;
  }
  if (!outcome.problem.empty()) {
    std::cout << ": the case could not be played to its end\n";
    if (!outcome.step.empty()) print_line("step      ", outcome.step);
    for (const std::string& heard : outcome.heard) print_line("wire      ", heard);
    print_line("problem   ", outcome.problem);
    return;
  }
  const std::size_t count = outcome.differences.size();
  if (count > 0) std::cout << " in " << count << (count == 1 ? " place" : " places");
  std::cout << '\n';
  for (std::size_t i = 0; i < (all ? count : std::min<std::size_t>(count, 1)); ++i)
    print(outcome.differences[i]);
}

// --- for machines
// -----------------------------------------------------------------------------------------

Json told(const golden::Difference& difference) {
  Json out{{"at", difference.where}};
  if (!difference.step.empty()) out["step"] = difference.step;
  out["recorded"] = difference.recorded;
  out["model"] = difference.model;
  if (!difference.before.empty()) out["agreed"] = difference.before;
  if (!difference.heard.empty()) out["wire"] = difference.heard;
  return out;
}

Json told(const Outcome& outcome, bool all) {
  Json out{{"case", outcome.name}, {"verdict", word(outcome.verdict)}};
  if (outcome.known != nullptr)
    out["known"] = {{"since", outcome.known->since}, {"reason", outcome.known->reason}};
  if (!outcome.step.empty()) out["step"] = outcome.step;
  if (!outcome.problem.empty()) out["problem"] = outcome.problem;
  if (!outcome.heard.empty()) out["wire"] = outcome.heard;
  if (!outcome.notes.empty()) out["notes"] = outcome.notes;
  if (outcome.differences.empty()) return out;
  out["places"] = outcome.differences.size();
  out["differences"] = Json::array();
  for (std::size_t i = 0; i < (all ? outcome.differences.size() : 1); ++i)
    out["differences"].push_back(told(outcome.differences[i]));
  return out;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
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
  Json cases = Json::array();
  for (const std::string& name : names) {
    const Outcome outcome = conform(folder, name);
    ++counts[static_cast<std::size_t>(outcome.verdict)];
    if (options.json)
      cases.push_back(told(outcome, options.all));
    else
      print(outcome, options.all);
  }
  const auto [agree, known, differ, bad] = counts;
  if (options.json) {
    const Json all{{"golden", options.golden}, {"agree", agree},   {"known", known},
                   {"differ", differ},         {"bad_input", bad}, {"cases", cases}};
    std::cout << all.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    std::cout << names.size() << (names.size() == 1 ? " case: " : " cases: ") << agree << " agree, "
              << known << " with known differences, " << differ << " differ";
    if (bad > 0) std::cout << ", " << bad << " not understood";
    std::cout << '\n';
  }
  if (bad > 0) return kBadInput;
  return differ > 0 ? kFail : kPass;
}

}  // namespace tools
