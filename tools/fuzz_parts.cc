#include "tools/fuzz_parts.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "scenarios/language/nearest.h"
#include "scenarios/run/quirks.h"
#include "scenarios/search/generate.h"
#include "tools/verbs.h"

namespace tools {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void on_interrupt(int) {
  if (interrupted.exchange(true)) _exit(kInterrupted);
}

bool known(const std::string& word, const std::vector<std::string_view>& words,
           std::string_view what, std::string_view verb) {
  if (std::find(words.begin(), words.end(), word) != words.end()) return true;
  const std::string meant = scenarios::nearest_word(word, words);
  std::cerr << "replsim " << verb << ": there is no " << what << " \"" << word << '"';
  if (!meant.empty()) std::cerr << " (did you mean \"" << meant << "\"?)";
  std::cerr << '\n';
  return false;
}

}  // namespace

std::optional<scenarios::Plan> make_plan(std::uint64_t seed, const std::string& profile,
                                         const std::vector<std::string>& quirks,
                                         std::string_view verb) {
  bool good = profile.empty() || known(profile, scenarios::profile_names(), "profile", verb);
  for (const std::string& quirk : quirks)
    good = known(quirk, scenarios::quirk_names(), "quirk", verb) && good;
  if (!good) return std::nullopt;
  scenarios::Menu menu;
  menu.profile = profile;
  menu.quirks = quirks;
  scenarios::Plan plan;
  plan.seed = seed;
  plan.profile = profile;
  plan.quirks = quirks;
  plan.generate = [menu](sim::Choice& choice) { return scenarios::generate(choice, menu); };
  return plan;
}

std::optional<std::chrono::nanoseconds> read_time(const std::string& text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double seconds = 0;
  if (unit == "ms") seconds = 0.001;
  if (unit == "s") seconds = 1;
  if (unit == "m") seconds = 60;
  if (unit == "h") seconds = 3600;
  constexpr double kLongest = 1e7;  // seconds
  if (problem != std::errc{} || seconds <= 0 || number < 0 || number * seconds > kLongest)
    return std::nullopt;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(number * seconds));
}

const std::atomic<bool>& stop_on_interrupt() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  return interrupted;
}

bool write_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::binary);
  out << text;
  out.close();
  if (out && std::rename(fresh.c_str(), path.c_str()) == 0) return true;
  std::cerr << "replsim: cannot write " << path << '\n';
  return false;
}

Progress::Progress(bool quiet, std::string what)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0), what_(std::move(what)), last_(Clock::now()) {}

void Progress::show(const std::string& line, bool now) {
  if (quiet_) return;
  constexpr auto kOften = std::chrono::milliseconds(100);
  constexpr auto kSeldom = std::chrono::seconds(30);
  const auto at = Clock::now();
  if (!now && at - last_ < (terminal_ ? Clock::duration(kOften) : Clock::duration(kSeldom))) return;
  last_ = at;
  if (terminal_) {
    std::cerr << "\r\x1b[K" << what_ << ": " << line << std::flush;
    shown_ = true;
  } else {
    std::cerr << what_ << ": " << line << '\n';
  }
}

void Progress::say(const std::string& line) {
  if (quiet_) return;
  clear();
  std::cerr << what_ << ": " << line << '\n';
}

void Progress::clear() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

}  // namespace tools
