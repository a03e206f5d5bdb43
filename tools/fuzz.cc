#include "tools/fuzz.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>

#include "scenarios/language/write.h"
#include "scenarios/run/quirks.h"
#include "scenarios/search/children.h"
#include "scenarios/search/conduct.h"
#include "scenarios/search/journal.h"
#include "scenarios/search/kill_matrix.h"
#include "scenarios/search/summary.h"
#include "scenarios/search/verdict.h"
#include "tools/fuzz_parts.h"
#include "tools/memory.h"
#include "tools/verbs.h"

namespace tools {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using scenarios::CampaignVerdict;
using scenarios::Plan;
using scenarios::Tally;

constexpr std::uint64_t kUsualRuns = 10'000;
constexpr std::size_t kMostFolders = 50;  // of different failures

int bad(const std::string& problem) {
  std::cerr << "replsim fuzz: " << problem << '\n';
  return kBadInput;
}

int exit_code(CampaignVerdict::Kind kind) {
  switch (kind) {
    case CampaignVerdict::Kind::pass: return kPass;
    case CampaignVerdict::Kind::fail: return kFail;
    case CampaignVerdict::Kind::not_tested: return kNotTested;
    case CampaignVerdict::Kind::defect: return kDefect;
  }
  return kDefect;
}

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

std::string short_number(double number) {
  std::ostringstream out;
  out.precision(number < 100'000 ? 0 : 1);
  out << std::fixed << (number < 100'000 ? number : number / 1e6);
  return out.str() + (number < 100'000 ? "" : " M");
}

// --- canaries -----------------------------------------------------------------------------------------

// "kill-at-4711": a kill in the middle of writing that byte of the journal, and "kill-at-0": one between two
// failures' folders.
std::optional<std::size_t> kill_point(std::string_view canary) {
  constexpr std::string_view kWord = "kill-at-";
  std::size_t byte = 0;
  if (!canary.starts_with(kWord)) return std::nullopt;
  const std::string_view digits = canary.substr(kWord.size());
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), byte);
  if (problem != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return byte;
}

// Defects of a campaign, planted to see that they are noticed.
bool plant(const std::string& canary, Plan& plan, scenarios::Demands& demands) {
  if (canary == "nondeterminism") {
    plan.disturb = [](scenarios::Scenario& s, bool again) { s.seed += again ? 1 : 0; };
  } else if (canary == "silent-oracle") {
    plan.disturb = [](scenarios::Scenario& s, bool) { s.leave_out["PREFIX"] = "a canary"; };
  } else if (canary == "crash") {
    plan.disturb = [](scenarios::Scenario& s, bool) {
      if (s.seed % 8 == 0) std::abort();
    };
  } else if (canary == "dead-mark") {
    demands.marks.push_back("canary-that-nobody-reaches");
    demands.long_enough = 0;
  }
  return canary.empty() || plan.disturb || demands.long_enough == 0 || kill_point(canary).has_value();
}

// --- one campaign -------------------------------------------------------------------------------------

class Campaign {
 public:
  Campaign(const FuzzOptions& options, Plan plan)
      : options_(options), plan_(std::move(plan)), folder_(options.resume.empty() ? options.out : options.resume) {}

  int run() {
    if (!plant(options_.canary, plan_, demands_))
      return bad("the canaries are nondeterminism, silent-oracle, dead-mark, crash and kill-at-N");
    if (!folder_.empty()) {
      if (const int problem = open_folder(); problem != kPass) return problem;
    }
    const auto& stop = stop_on_interrupt();
    Progress progress(options_.quiet, "replsim fuzz");
    began_ = Clock::now();
    before_ = tally_.runs;
    scenarios::Budget budget;
    budget.first = options_.first;
    budget.runs = options_.runs;
    if (!options_.time.empty()) budget.time = read_time(options_.time);
    if (!budget.runs && !budget.time) budget.runs = kUsualRuns;
    budget.workers = options_.jobs;
    budget.stop = &stop;
    if (budget.runs.value_or(1) > tally_.runs)
      conduct(plan_, budget, tally_, [&](const Tally&, bool more) { saw(more, progress); });
    save();
    took_ = seconds_since(began_);
    if (!stop) write_failures(progress, stop);
    progress.clear();
    return finish(stop);
  }

 private:
  int open_folder() {
    std::error_code problem;
    fs::create_directories(folder_, problem);
    if (problem) return bad(folder_ + " cannot be made: " + problem.message());
    const std::string path = (fs::path(folder_) / "journal").string();
    const std::string plan = scenarios::plan_json(plan_, options_.first);
    auto opened = options_.resume.empty() ? scenarios::Journal::begin(path, plan)
                                          : scenarios::Journal::resume(path, plan);
    if (auto* wrong = std::get_if<scenarios::Journal::Problem>(&opened)) return bad(wrong->sentence);
    journal_.emplace(std::move(std::get<scenarios::Journal>(opened)));
    if (const auto byte = kill_point(options_.canary); byte && *byte > 0) journal_->die_at(*byte);
    if (journal_->last()) {
      auto read = Tally::from_json(*journal_->last());
      if (!read) return bad(path + " holds a state that cannot be read");
      tally_ = std::move(*read);
      known_failures_ = tally_.failures.size();
    }
    return kPass;
  }

  // What is told has been written before.
  void saw(bool more, Progress& progress) {
    const bool news = tally_.failures.size() > known_failures_;
    constexpr auto kOften = std::chrono::milliseconds(250);
    const bool always = kill_point(options_.canary).has_value();
    if (more && (news || always || Clock::now() - saved_ >= kOften)) save();
    if (news) {
      for (const auto& [key, failure] : tally_.failures) {
        if (told_.insert(key).second) progress.say(key + ": " + failure.finding.sentence);
      }
      known_failures_ = tally_.failures.size();
    }
    progress.show(line());
  }

  std::string line() const {
    const double seconds = std::max(0.001, seconds_since(began_));
    const auto speed = [&](std::uint64_t count) { return short_number(static_cast<double>(count) / seconds); };
    const std::uint64_t made = tally_.runs - before_;
    std::string out = std::to_string(tally_.runs) + " runs, " + speed(made) + "/s, ";
    if (tally_.runs > 0) {
      const double part = static_cast<double>(made) / static_cast<double>(tally_.runs);
      out += speed(static_cast<std::uint64_t>(static_cast<double>(tally_.events) * part)) + " events/s, " +
             short_number(static_cast<double>(tally_.simulated.count()) * part / 1e6 / seconds) +
             " simulated s/s, ";
    }
    out += std::to_string(tally_.marks.size()) + " of " + std::to_string(demands_.marks.size()) + " marks";
    out += ", " + std::to_string(tally_.coverage.cells_reached()) + " cells";
    if (tally_.failures.empty()) return out + ", no failure";
    return out + ", " + std::to_string(tally_.failed_runs()) + " failed in " +
           std::to_string(tally_.failures.size()) + (tally_.failures.size() == 1 ? " way" : " ways");
  }

  void save() {
    saved_ = Clock::now();
    if (journal_ && !journal_->write(tally_.json()))
      std::cerr << "replsim fuzz: the journal in " << folder_ << " cannot be written\n";
  }

  void write_failures(Progress& progress, const std::atomic<bool>& stop) {
    if (folder_.empty()) return;
    std::vector<const scenarios::FailureTally*> all;
    for (const auto& [key, failure] : tally_.failures) all.push_back(&failure);
    std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->first < b->first; });
    if (all.size() > kMostFolders) all.resize(kMostFolders);
    std::size_t ready = 0;
    progress.show("writing " + std::to_string(all.size()) + " failures", true);
    const auto write = [&](std::size_t i) {
      write_failure(folder_, plan_, *all[i], options_.shrink_runs);
      return std::string();
    };
    const auto written = [&](std::size_t i, const scenarios::Answer& answer) {
      if (answer.death) {
        progress.say(all[i]->finding.key + ": its folder could not be written, the process came to its end by " +
                     answer.death->words);
      }
      if (kill_point(options_.canary) == 0U) std::raise(SIGKILL);
      progress.show("shrunk " + std::to_string(++ready) + " of " + std::to_string(all.size()) + " failures");
    };
    scenarios::in_children(options_.jobs, all.size(), write, written, &stop);
    for (const auto* failure : all) {
      if (auto files = read_failure(folder_, *failure)) files_.push_back(std::move(*files));
    }
  }

  std::string command() const {
    std::string out = "replsim fuzz --seed " + std::to_string(plan_.seed);
    if (options_.first > 0) out += " --first " + std::to_string(options_.first);
    out += " --runs " + std::to_string(tally_.runs);
    if (!plan_.profile.empty()) out += " --profile " + plan_.profile;
    for (const std::string& quirk : plan_.quirks) out += " --quirk " + quirk;
    if (!options_.canary.empty()) out += " --canary " + options_.canary;
    return out;
  }

  int finish(bool stopped) {
    scenarios::CampaignReport report{plan_, options_.first, tally_, demands_, files_, took_, options_.jobs, command()};
    const std::string markdown = campaign_markdown(report);
    bool written = true;
    if (!folder_.empty()) {
      const fs::path folder(folder_);
      written = write_file((folder / "summary.md").string(), markdown) &&
                write_file((folder / "summary.json").string(), campaign_json(report)) &&
                write_file((folder / "junit.xml").string(), campaign_junit(report));
    }
    step_summary(markdown);
    const CampaignVerdict verdict = verdict_of(tally_, demands_);
    if (options_.json) std::cout << campaign_json(report);
    else print(verdict);
    if (stopped) {
      if (!folder_.empty()) std::cerr << "replsim fuzz: stopped; go on with --resume " << folder_ << '\n';
      return kInterrupted;
    }
    return written ? exit_code(verdict.kind) : kBadInput;
  }

  static void step_summary(const std::string& markdown) {
    const char* const path = std::getenv("GITHUB_STEP_SUMMARY");
    constexpr std::size_t kMost = 900'000;  // a larger one is refused as a whole
    if (path == nullptr || *path == '\0' || markdown.size() > kMost) return;
    std::ofstream(path, std::ios::app) << markdown << '\n';
  }

  void print(const CampaignVerdict& verdict) const {
    std::cout << name(verdict.kind) << "  " << tally_.runs << " runs, summary hash " << tally_.summary_hash()
              << '\n';
    for (const std::string& reason : verdict.reasons) std::cout << "  " << reason << '\n';
    if (options_.quiet) return;
    for (const auto& files : files_) {
      std::cout << "  " << files.key << "  " << files.found_size << " events";
      if (files.shrunk) std::cout << ", shrunk to " << files.shrunk_size;
      std::cout << "  " << files.command << '\n';
    }
    if (!folder_.empty()) std::cout << "  " << (fs::path(folder_) / "summary.md").string() << '\n';
  }

  const FuzzOptions& options_;
  Plan plan_;
  std::string folder_;
  scenarios::Demands demands_ = scenarios::usual_demands();
  std::optional<scenarios::Journal> journal_;
  Tally tally_;
  std::vector<scenarios::FailureFiles> files_;
  std::set<std::string> told_;
  std::size_t known_failures_ = 0;
  std::uint64_t before_ = 0;  // runs that were made by earlier ones
  Clock::time_point began_{}, saved_{};
  double took_ = 0;
};

// --- the kill matrix ----------------------------------------------------------------------------------

int kill_matrix(const FuzzOptions& options) {
  std::string stored;
  if (!options.baseline.empty()) {
    std::ifstream in(options.baseline);
    if (!in) return bad(options.baseline + " cannot be read");
    stored.assign(std::istreambuf_iterator<char>(in), {});
  }
  std::vector<std::string> quirks = options.quirks;
  if (quirks.empty() && !stored.empty()) {
    quirks = scenarios::killed_in(stored);
    if (quirks.empty()) return bad(options.baseline + " is no kill matrix, or has no quirk that was found");
  }
  if (quirks.empty()) {
    for (const std::string_view quirk : scenarios::quirk_names()) quirks.emplace_back(quirk);
  }
  if (!make_plan(options.seed, options.profile, quirks, "fuzz")) return kBadInput;
  const auto& stop = stop_on_interrupt();
  scenarios::KillBudget budget;
  if (options.runs) budget.runs = *options.runs;
  if (!options.time.empty()) budget.time = read_time(options.time);
  budget.workers = options.jobs;
  budget.shrink.runs = options.shrink_runs;
  budget.stop = &stop;
  Progress progress(options.quiet, "replsim fuzz");
  // What fails without any quirk is no kill.
  if (const auto clean = make_plan(options.seed, options.profile, {}, "fuzz")) {
    scenarios::Budget same;
    same.runs = budget.runs;
    same.time = budget.time;
    same.workers = options.jobs;
    same.stop = &stop;
    Tally tally;
    conduct(*clean, same, tally, {});
    for (const auto& [key, failure] : tally.failures) {
      progress.say("without any quirk: " + key + ": " + failure.finding.sentence);
      budget.known.insert(key);
    }
  }
  std::size_t killed = 0, tried = 0;
  const auto told = [&](const scenarios::Kill& kill) {
    ++tried;
    killed += kill.killed ? 1 : 0;
    if (!kill.killed) progress.say(kill.quirk + ": not found in " + std::to_string(kill.runs) + " runs");
    progress.show(std::to_string(killed) + " of " + std::to_string(tried) + " quirks found, of " +
                  std::to_string(quirks.size()));
    if (options.out.empty() || kill.shrunk.nodes.empty()) return;
    scenarios::Scenario shrunk = kill.shrunk;
    shrunk.point = "Shrunk from a campaign with the quirk " + kill.quirk + ": " + kill.key + ".";
    write_file((fs::path(options.out) / (kill.quirk + ".json")).string(), write_scenario(shrunk));
  };
  std::error_code ignored;
  if (!options.out.empty()) fs::create_directories(options.out, ignored);
  const auto kills = scenarios::kill_matrix(
      quirks,
      [&](const std::string& quirk) { return *make_plan(options.seed, options.profile, {quirk}, "fuzz"); },
      budget, told);
  progress.clear();
  const std::string json = kills_json(kills, options.seed), table = kills_table(kills);
  if (!options.out.empty()) {
    write_file((fs::path(options.out) / "kill_matrix.json").string(), json);
    write_file((fs::path(options.out) / "kill_matrix.md").string(), table);
  }
  std::cout << (options.json ? json : table);
  if (stop) return kInterrupted;
  if (kills.empty()) return kNotTested;
  if (!stored.empty()) {
    const auto worse = scenarios::regressions(stored, kills);
    for (const std::string& sentence : worse) std::cerr << "replsim fuzz: " << sentence << '\n';
    return worse.empty() ? kPass : kFail;
  }
  return killed == kills.size() ? kPass : kFail;
}

}  // namespace

int fuzz(const FuzzOptions& options) {
  if (!options.time.empty() && !read_time(options.time))
    return bad("--for takes a time as 30s, 10m or 1h, not " + options.time);
  if (options.jobs == 0) return bad("--jobs needs at least one worker");
  keep_freed_memory();
  if (options.kill_matrix) return kill_matrix(options);
  auto plan = make_plan(options.seed, options.profile, options.quirks, "fuzz");
  if (!plan) return kBadInput;
  return Campaign(options, std::move(*plan)).run();
}

}  // namespace tools
