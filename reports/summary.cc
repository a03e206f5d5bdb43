#include "reports/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace reports {
namespace {

using sim::Instant;
namespace record = sim::record;

enum class Weight : std::uint8_t { quiet, plain, strong, fault, failure };

struct Line {
  Instant at;
  std::string who;
  std::string what;
  Weight weight = Weight::plain;
  bool folds = false;       // may be counted with its likes
  std::uint64_t times = 1;  // how many it stands for
  Instant last{};           // when the last of them was
};

// Seconds; the digits below a millisecond only where there are any.
std::string seconds(Instant at) {
  const auto us = at.time_since_epoch().count();
  const auto tail = us % 1000;
  return fmt::format("{}.{:03}{}", us / 1'000'000, us / 1000 % 1000,
                     tail == 0 ? "" : fmt::format("{:03}", tail));
}

// Columns that UTF-8 text takes: its bytes, without those that continue a character.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t taken = columns(text);
  if (taken < width) text.append(width - taken, ' ');
  return text;
}

std::string cut(std::string text, std::size_t width) {
  if (columns(text) <= width) return text;
  std::size_t end = 0;
  for (std::size_t column = 0; end < text.size(); ++end) {
    if ((text[end] & 0xC0) != 0x80 && column++ + 1 >= width) break;
  }
  return text.substr(0, end) + "…";
}

// What a terminal would obey is shown, not sent.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

// The text with # for each number: what lines that repeat have in common.
std::string shape(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string out;
  for (const char c : text) {
    if (!digit(c)) {
      out += c;
    } else if (out.empty() || out.back() != '#') {
      out += '#';
    }
  }
  return out;
}

// --- one record, one line, or none ----------------------------------------------------------------

class Narrator {
 public:
  explicit Narrator(const TimelineOptions& options) : options_(options) {}

  std::vector<Line> tell(std::span<const sim::Record> records) {
    for (const sim::Record& record : records) {
      at_ = record.at;
      std::visit([this](const auto& what) { hear(what); }, record.what);
    }
    return std::move(lines_);
  }

 private:
  Line& say(std::string who, std::string_view what, Weight weight, bool folds) {
    return lines_.emplace_back(Line{at_, std::move(who), printable(what), weight, folds, 1, at_});
  }

  std::string host(std::uint32_t number) const {
    const auto found = names_.find(number);
    return found == names_.end() ? fmt::format("host {}", number) : found->second;
  }

  void hear(const record::Scenario& scenario) {
    say("scenario", fmt::format("{}, seed {}", scenario.name, scenario.seed), Weight::strong, false);
  }

  void hear(const record::Host& named) { names_[named.host] = named.name; }

  void hear(const record::Process& process) {
    const bool bad = process.what == "crash";
    const std::string why = process.why.empty() ? "" : ": " + process.why;
    const std::map<std::string_view, std::string_view> verbs = {{"start", "starts"},
                                                                {"crash", "crashes"},
                                                                {"exit", "exits"},
                                                                {"pause", "pauses"},
                                                                {"resume", "resumes"}};
    const auto verb = verbs.find(process.what);
    say(host(process.host), (verb == verbs.end() ? process.what : std::string(verb->second)) + why,
        bad ? Weight::fault : Weight::strong, false);
  }

  void hear(const record::Connection& connection) {
    const std::string peer = host(connection.peer);
    std::string what;
    if (connection.what == "refused") what = peer + " refuses the connection";
    if (connection.what == "reset") what = "connection to " + peer + " is reset";
    if (connection.what == "ended") what = "connection ended by " + peer;
    if (!what.empty()) say(host(connection.host), what, Weight::plain, true);
  }

  void hear(const record::Delivered&) {}
  void hear(const record::Gauge&) {}

  void hear(const record::Message& message) {
    say(fmt::format("{} → {}", host(message.host), host(message.peer)), message.text, Weight::plain,
        true);
  }

  // Edges that one machine takes in the same instant are one line: A → B → C (why, why).
  void hear(const record::Transition& edge) {
    const auto machine = std::tie(edge.host, edge.machine, edge.instance);
    const bool follows = chain_ != nullptr && chain_line_ == lines_.size() && lines_.back().at == at_;
    if (follows && chain_->to == edge.from &&
        std::tie(chain_->host, chain_->machine, chain_->instance) == machine) {
      path_ += " → " + edge.to;
      reasons_ += ", " + edge.on;
      lines_.pop_back();
    } else {
      path_ = edge.from + " → " + edge.to;
      reasons_ = edge.on;
    }
    chain_ = &edge;
    const std::string instance = edge.instance == 0 ? "" : fmt::format(" {}", edge.instance);
    say(host(edge.host), fmt::format("{}{}: {} ({})", edge.machine, instance, path_, reasons_),
        Weight::plain, true);
    chain_line_ = lines_.size();
  }

  void hear(const record::Mark& mark) {
    if (options_.marks) say(host(mark.host), "mark " + mark.name, Weight::quiet, true);
  }

  void hear(const record::Note& note) {
    const bool turning_point = note.topic == "resync" || note.topic == "role";
    say(host(note.host), note.topic + ": " + note.text, turning_point ? Weight::strong : Weight::plain,
        !turning_point);
  }

  void hear(const record::Fault& fault) {
    const std::string_view verb = fault.what == "begin" ? "begins"
                                  : fault.what == "end" ? "ends"
                                                        : "strikes";
    say("fault", fmt::format("{}: {}", verb, fault.text), Weight::fault, false);
  }

  void hear(const record::Step& step) {
    const bool phase = step.what == "phase";
    const bool traffic = step.what == "run" || step.what == "reply";
    say("step", fmt::format("{}: {}", step.what, step.text), phase ? Weight::strong : Weight::plain,
        traffic);
  }

  // The verdicts as a whole are printed elsewhere; here stands what was broken, and when.
  void hear(const record::Verdict& verdict) {
    if (verdict.outcome != "fail" && verdict.outcome != "unknown") return;
    say("oracle", fmt::format("{} {}: {}", verdict.oracle, verdict.outcome, verdict.text),
        verdict.outcome == "fail" ? Weight::failure : Weight::fault, false);
  }

  const TimelineOptions& options_;
  std::map<std::uint32_t, std::string> names_;
  std::vector<Line> lines_;
  Instant at_{};
  const record::Transition* chain_ = nullptr;  // the last one
  std::size_t chain_line_ = 0;                 // how many lines there were with it
  std::string path_, reasons_;                 // of the line that it is in
};

// --- repetition -----------------------------------------------------------------------------------

constexpr std::uint64_t kWorthFolding = 3;

// Folds what repeats between two lines that do not fold.
std::vector<Line> folded(std::vector<Line> lines) {
  std::vector<Line> out;
  for (std::size_t begin = 0; begin < lines.size();) {
    if (!lines[begin].folds) {
      out.push_back(std::move(lines[begin++]));
      continue;
    }
    std::map<std::pair<std::string, std::string>, std::pair<std::uint64_t, Instant>>
        alike;  // times, last
    std::size_t end = begin;
    for (; end < lines.size() && lines[end].folds; ++end) {
      auto& [times, last] = alike[{lines[end].who, shape(lines[end].what)}];
      ++times;
      last = lines[end].at;
    }
    for (; begin < end; ++begin) {
      Line& line = lines[begin];
      auto& [times, last] = alike[{line.who, shape(line.what)}];
      if (times == 0) continue;  // stands for itself in an earlier line
      if (times >= kWorthFolding) {
        line.times = times;
        line.last = last;
        times = 0;
      }
      out.push_back(std::move(line));
    }
  }
  return out;
}

std::string_view colour_of(Weight weight) {
  switch (weight) {
    case Weight::quiet: return "\x1b[2m";
    case Weight::plain: return "";
    case Weight::strong: return "\x1b[1;36m";
    case Weight::fault: return "\x1b[1;33m";
    case Weight::failure: return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

void print_timeline(std::ostream& out, std::span<const sim::Record> records,
                    const TimelineOptions& options) {
  const std::vector<Line> lines = folded(Narrator(options).tell(records));
  if (lines.empty()) return;
  const auto before_point = [](Instant at) { return seconds(at).find('.'); };
  const std::size_t digits = std::max<std::size_t>(before_point(lines.back().at), 3);
  const std::size_t times = digits + 7;  // and the point, and six digits after it
  std::size_t names = 5;
  for (const Line& line : lines) names = std::max(names, columns(line.who));
  const std::size_t taken = times + 2 + names + 2;
  constexpr std::size_t kLeast = 20;  // of what happened, however narrow the terminal
  const std::size_t room =
      options.width == 0 ? std::string::npos : std::max(options.width, taken + kLeast) - taken;
  const auto painted = [&](Weight weight, const std::string& text) {
    const std::string_view colour = colour_of(weight);
    return options.color && !colour.empty() ? fmt::format("{}{}\x1b[0m", colour, text) : text;
  };
  const auto put = [&](const std::string& time, const Line& line, const std::string& repeats) {
    const std::size_t left = room == std::string::npos ? room : room - std::min(room, columns(repeats));
    out << padded(time, times) << "  "
        << painted(line.weight, padded(line.who, names) + "  " + cut(line.what, left))
        << painted(Weight::quiet, repeats) << '\n';
  };

  put(std::string(digits - 1, ' ') + "s", Line{{}, "where", "what happened", Weight::quiet}, "");
  std::optional<Instant> shown;
  for (const Line& line : lines) {
    // Points stand below each other, and the time of several lines only before the first.
    const std::string time =
        shown == line.at ? "" : std::string(digits - before_point(line.at), ' ') + seconds(line.at);
    shown = line.at;
    const std::string repeats =
        line.times == 1 ? "" : fmt::format("   ×{} until {}", line.times, seconds(line.last));
    put(time, line, repeats);
  }
}

}  // namespace reports
