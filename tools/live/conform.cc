#include "tools/live/conform.h"

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <ostream>

#include "tools/live/stage.h"

namespace live {
namespace {

using Verdict = ClauseOutcome::Verdict;
constexpr std::size_t kTalkShown = 12;

// Bytes that no terminal and no XML should get as they are.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

ClauseOutcome play(Stage& stage, const Clause& clause) {
  ClauseOutcome outcome;
  outcome.clause = &clause;
  const auto began = std::chrono::steady_clock::now();
  try {
    stage.begin_clause();
    clause.check(stage);
    outcome.verdict = Verdict::pass;
  } catch (const Unmet& unmet) {
    outcome.verdict = Verdict::fail;
    outcome.expected = unmet.expected;
    outcome.came = unmet.came;
    const Talk& talk = stage.talk();
    const std::size_t shown = std::min(talk.size(), kTalkShown);
    outcome.talk.assign(talk.end() - static_cast<std::ptrdiff_t>(shown), talk.end());
  } catch (const Untested& untested) {
    outcome.verdict = Verdict::untested;
    outcome.why = untested.why;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  outcome.seconds = took.count();
  return outcome;
}

std::string refusal(std::uint64_t keys) {
  return "it holds " + std::to_string(keys) +
         (keys == 1 ? " key" : " keys") +
         ". The suite writes keys of its own, and has the server follow a master that it plays itself: its data "
         "would be replaced. Point it at an empty server, or say --allow-writes if these data may be lost";
}

}  // namespace

std::size_t Conformance::count(Verdict verdict, bool mandatory_only) const {
  return static_cast<std::size_t>(
      std::count_if(outcomes.begin(), outcomes.end(), [&](const ClauseOutcome& outcome) {
        return outcome.verdict == verdict && (outcome.clause->mandatory || !mandatory_only);
      }));
}

const Clause* find_clause(std::string_view name) {
  for (const auto& clauses : {master_clauses(), replica_clauses()}) {
    for (const Clause& clause : clauses) {
      if (clause.name == name) return &clause;
    }
  }
  return nullptr;
}

Conformance conform(Loop& loop, const ConformOptions& options, bool (*stop)()) {
  Conformance result;
  std::vector<const Clause*> wanted;
  for (const std::string& name : options.clauses) {
    const Clause* const clause = find_clause(name);
    if (clause == nullptr) {
      result.refused = "there is no clause " + name;
      return result;
    }
    wanted.push_back(clause);
  }
  if (wanted.empty()) {
    for (const Clause& clause : master_clauses()) wanted.push_back(&clause);
    for (const Clause& clause : replica_clauses()) wanted.push_back(&clause);
  }
  Stage stage(loop, options.target, options.password);
  if ((result.refused = stage.look())) return result;
  if (const std::uint64_t keys = stage.keys(); keys > 0 && !options.allow_writes) {
    result.refused = refusal(keys);
    return result;
  }
  result.version = stage.version();
  for (const Clause* const clause : wanted) {
    if (stop != nullptr && stop()) {
      result.interrupted = true;
      break;
    }
    result.outcomes.push_back(play(stage, *clause));
  }
  stage.put_back();
  return result;
}

void print_card(std::ostream& out, const ConformOptions& options, const Conformance& conformance) {
  out << "PSYNC clauses, " << text(options.target) << ", version " << printable(conformance.version)
      << "\n\n";
  for (const ClauseOutcome& outcome : conformance.outcomes) {
    const Clause& clause = *outcome.clause;
    const char* const word = outcome.verdict == Verdict::pass   ? "pass"
                             : outcome.verdict == Verdict::fail ? "FAIL"
                                                                : "not tested";
    out << "  " << clause.name << "  " << std::left << std::setw(10) << word << "  " << std::setw(6)
        << clause.rule << std::right << std::fixed << std::setprecision(1) << std::setw(5)
        << outcome.seconds << " s  " << (clause.mandatory ? "" : "(optional) ") << clause.says
        << '\n';
    if (outcome.verdict == Verdict::untested) out << "         because   " << printable(outcome.why) << '\n';
    if (outcome.verdict != Verdict::fail) continue;
    out << "         expected  " << printable(outcome.expected) << '\n'
        << "         came      " << printable(outcome.came) << '\n';
    for (const std::string& said : outcome.talk) out << "         wire      " << printable(said) << '\n';
  }
  const std::size_t failed = conformance.count(Verdict::fail);
  const std::size_t grave = conformance.count(Verdict::fail, true);
  out << '\n'
      << conformance.outcomes.size() << " clauses: " << conformance.count(Verdict::pass) << " pass, "
      << failed << " fail";
  if (failed > 0) out << " (" << grave << " of them mandatory)";
  out << ", " << conformance.count(Verdict::untested) << " not tested\n";
}

void write_junit(std::ostream& out, const ConformOptions& options, const Conformance& conformance) {
  double seconds = 0;
  for (const ClauseOutcome& outcome : conformance.outcomes) seconds += outcome.seconds;
  const auto counts = [&](std::ostream& to) {
    to << " tests=\"" << conformance.outcomes.size() << "\" failures=\""
       << conformance.count(Verdict::fail, true) << "\" errors=\"0\" skipped=\""
       << conformance.count(Verdict::untested) +
              (conformance.count(Verdict::fail) - conformance.count(Verdict::fail, true))
       << "\" time=\"" << std::fixed << std::setprecision(3) << seconds << "\"";
  };
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites";
  counts(out);
  out << ">\n <testsuite name=\"psync clauses of " << escaped(text(options.target)) << "\"";
  counts(out);
  out << ">\n";
  for (const ClauseOutcome& outcome : conformance.outcomes) {
    const Clause& clause = *outcome.clause;
    out << "  <testcase classname=\"psync." << (clause.mandatory ? "mandatory" : "optional") << "\" name=\""
        << clause.name << " " << clause.rule << " " << escaped(clause.says) << "\" time=\""
        << outcome.seconds << "\">";
    if (outcome.verdict == Verdict::untested) {
      out << "<skipped message=\"" << escaped(outcome.why) << "\"/>";
    } else if (outcome.verdict == Verdict::fail) {
      const std::string both = "expected " + outcome.expected + "; came " + outcome.came;
      if (clause.mandatory) {
        out << "<failure message=\"" << escaped(both) << "\" type=\"" << clause.rule << "\">";
        for (const std::string& said : outcome.talk) out << escaped(said) << '\n';
        out << "</failure>";
      } else {
        out << "<skipped message=\"optional, and not met: " << escaped(both) << "\"/>";
      }
    }
    out << "</testcase>\n";
  }
  out << " </testsuite>\n</testsuites>\n";
}

}  // namespace live
