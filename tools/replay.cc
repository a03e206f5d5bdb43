#include "tools/replay.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "scenarios/language/nearest.h"
#include "scenarios/run/quirks.h"
#include "tools/input.h"
#include "tools/replay_text.h"
#include "tools/verbs.h"

namespace tools {
namespace {

namespace fs = std::filesystem;
using scenarios::Outcome;

// What standard output is: colours and a width are for terminals.
struct Screen {
  bool color = false;
  std::size_t width = 0;
};

Screen screen() {
  if (isatty(STDOUT_FILENO) == 0) return {};
  Screen found;
  const char* const no_color = std::getenv("NO_COLOR");
  found.color = no_color == nullptr || *no_color == '\0';
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) found.width = size.ws_col;
  return found;
}

// All scenarios, with the quirks and the seed of the command line; nothing if one of them is bad.
std::optional<std::vector<scenarios::Scenario>> load_all(const ReplayOptions& options) {
  bool good = true;
  std::vector<scenarios::Scenario> all;
  for (const std::string& file : options.files) {
    auto loaded = load_file(file);
    if (const auto* errors = std::get_if<scenarios::LoadErrors>(&loaded)) {
      for (const scenarios::LoadError& error : *errors)
        std::cerr << to_text(error, shown_name(file)) << '\n';
      good = false;
      continue;
    }
    all.push_back(std::move(std::get<scenarios::Scenario>(loaded)));
    if (options.seed) all.back().seed = *options.seed;
  }
  for (const std::string& quirk : options.quirks) {
    for (scenarios::Scenario& scenario : all) {
      if (switch_on(scenario, quirk)) continue;
      const std::string meant = scenarios::nearest_word(quirk, scenarios::quirk_names());
      std::cerr << "replsim replay: there is no quirk \"" << quirk << '"';
      if (!meant.empty()) std::cerr << " (did you mean \"" << meant << "\"?)";
      std::cerr << '\n';
      return std::nullopt;
    }
  }
  for (scenarios::Scenario& scenario : all) {
    if (options.profile.empty() || run_as(scenario, options.profile)) continue;
    const std::string meant = scenarios::nearest_word(options.profile, scenarios::profile_names());
    std::cerr << "replsim replay: there is no profile \"" << options.profile << '"';
    if (!meant.empty()) std::cerr << " (did you mean \"" << meant << "\"?)";
    std::cerr << '\n';
    return std::nullopt;
  }
  if (!good) return std::nullopt;
  return all;
}

bool write_trace_file(const ReplayOptions& options, const scenarios::RunResult& run) {
  fs::path path = options.trace;
  std::error_code problem;
  if (options.files.size() > 1) fs::create_directories(path, problem);
  if (!problem && fs::is_directory(path, problem)) path /= run.scenario + ".jsonl";
  std::ofstream out(path, std::ios::binary);
  sim::write_trace(out, run.trace);
  out.close();
  if (!out) std::cerr << "replsim replay: cannot write the trace to " << path.string() << '\n';
  return static_cast<bool>(out);
}

int exit_code(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return kPass;
    case Outcome::fail:
      return kFail;
    case Outcome::unknown:
    case Outcome::not_tested:
      return kNotTested;
  }
  return kDefect;
}

// A failure is worse than something that was not tested.
int worse(int one, int other) {
  if (one == kFail || other == kFail) return kFail;
  return std::max(one, other);
}

}  // namespace

int replay(const ReplayOptions& options) {
  const auto all = load_all(options);
  if (!all) return kBadInput;
  const Screen out = screen();
  const bool reads = !options.quiet && !options.json;
  const bool keep = reads || !options.trace.empty();
  int code = kPass;
  nlohmann::ordered_json report{{"scenarios", nlohmann::ordered_json::array()}};
  for (const scenarios::Scenario& scenario : *all) {
    const auto began = std::chrono::steady_clock::now();
    Replayed replayed;
    replayed.run =
        scenarios::run(scenario, keep ? sim::TraceMode::keep : sim::TraceMode::hash_only);
    replayed.took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - began);
    code = worse(code, exit_code(replayed.run.outcome));
    if (!options.trace.empty() && !write_trace_file(options, replayed.run)) return kBadInput;
    if (options.json) {
      report["scenarios"].push_back(as_json(replayed));
    } else if (options.quiet) {
      print_verdict(std::cout, replayed, out.color);
    } else {
      if (&scenario != &all->front()) std::cout << "\n\n";
      print_replay(std::cout, replayed, out.color, out.width);
    }
  }
  if (options.json) {
    std::cout << report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << '\n';
  }
  return code;
}

}  // namespace tools
