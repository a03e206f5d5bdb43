// The command line of replsim: which verb, which options, and what any of it may end in. The only file
// that knows CLI11.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/language/nearest.h"
#include "tools/conform.h"
#include "tools/conform_target.h"
#include "tools/replay.h"
#include "tools/diagram.h"
#include "tools/fuzz.h"
#include "tools/serve.h"
#include "tools/timeline.h"
#include "tools/lists.h"
#include "tools/verbs.h"

namespace tools {
namespace {

constexpr const char* kProgram = "replsim";

// A verb as the command line knows it: what it takes, and what it then does.
struct Verb {
  CLI::App* arguments;
  std::function<int()> run;
};

// --- options that several verbs have, in the same words -------------------------------------------

void add_scenario_files(CLI::App* verb, std::vector<std::string>& files) {
  verb->add_option("files", files, "Scenario files; - is standard input")->required()->type_name("FILE");
}

// An option that may be given several times, with one value each time.
CLI::Option* add_repeatable(CLI::App* verb, const std::string& name, std::vector<std::string>& values,
                            const std::string& what, const std::string& type = "NAME") {
  return verb->add_option(name, values, what + " (repeatable)")->type_name(type)->allow_extra_args(false);
}

void add_quirks_of_all(CLI::App* verb, std::vector<std::string>& quirks) {
  add_repeatable(verb, "--quirk", quirks, "Switch a quirk on, on every node");
}

void add_workers(CLI::App* verb, unsigned& jobs) {
  verb->add_option("--jobs", jobs, "Workers")->type_name("J")->capture_default_str();
}

CLI::App* add_list(CLI::App& app, const std::string& name, const std::string& what, ListOptions& options) {
  CLI::App* verb = app.add_subcommand(name, what);
  verb->add_flag("--json", options.json, "Print them as one JSON document");
  return verb;
}

// --- the verbs ------------------------------------------------------------------------------------

Verb add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* verb = app.add_subcommand("check", "Validate scenario files without running them");
  add_scenario_files(verb, options.files);
  verb->add_flag("--json", options.json, "Print the errors as one JSON document on standard output");
  return {verb, [&options] { return check(options); }};
}

Verb add_replay(CLI::App& app, ReplayOptions& options) {
  CLI::App* verb = app.add_subcommand("replay", "Run scenarios and show what happened");
  add_scenario_files(verb, options.files);
  CLI::Option* json = verb->add_flag("--json", options.json,
                                     "Print the results as one JSON document on standard output");
  verb->add_flag("--quiet", options.quiet, "Print the verdicts alone, a line each")->excludes(json);
  verb->add_option("--trace", options.trace,
                   "Write the whole trace there, as JSON Lines; of several scenarios into a folder")
      ->type_name("FILE");
  verb->add_option("--seed", options.seed, "Use this seed instead of the scenario's own")
      ->type_name("N");
  add_quirks_of_all(verb, options.quirks);
  verb->add_option("--profile", options.profile,
                   "Run every node that is of the default release as this one (replsim profiles)")
      ->type_name("NAME");
  return {verb, [&options] { return replay(options); }};
}

Verb add_diagram(CLI::App& app, DiagramOptions& options) {
  CLI::App* verb = app.add_subcommand("diagram", "Draw the state machines that the nodes run on");
  CLI::Option* master =
      verb->add_flag("--master", options.master, "What a master keeps for each replica");
  verb->add_flag_callback("--replica", [&options] { options.master = false; },
                          "The replica's link to its master (the default)")
      ->excludes(master);
  verb->add_option("--format", options.format, "dot, svg or png; the last two need Graphviz")
      ->check(CLI::IsMember({"dot", "svg", "png"}))
      ->capture_default_str();
  verb->add_option("--trace", options.trace, "Paint it with what this trace has seen")->type_name("FILE");
  verb->add_option("--output,-o", options.output, "Write it there; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  return {verb, [&options] { return diagram(options); }};
}

Verb add_timeline(CLI::App& app, TimelineVerbOptions& options) {
  CLI::App* verb = app.add_subcommand("timeline", "Tell what a trace has seen, a line each");
  verb->add_option("trace", options.trace, "Of replay --trace or serve --record")
      ->required()
      ->type_name("FILE");
  return {verb, [&options] { return timeline(options); }};
}

Verb add_quirks(CLI::App& app, ListOptions& options) {
  CLI::App* verb = add_list(app, "quirks", "List the bugs that can be switched on", options);
  return {verb, [&options] { return quirks(options); }};
}

Verb add_profiles(CLI::App& app, ListOptions& options) {
  CLI::App* verb =
      add_list(app, "profiles", "List the releases that a node can be, and how they differ", options);
  return {verb, [&options] { return profiles(options); }};
}

Verb add_marks(CLI::App& app, ListOptions& options) {
  CLI::App* verb = add_list(app, "marks", "List the rare paths, and which scenarios reach them", options);
  verb->add_option("files", options.files, "Scenario files to run")->type_name("FILE");
  return {verb, [&options] { return marks(options); }};
}

struct ConformUsage {
  ConformOptions golden;
  ConformTargetOptions target;
  ArmsOptions arms;
  double limit = 60;
};

// Three ways to hold one thing against another, by what is given: files, --golden or --target.
Verb add_conform(CLI::App& app, ConformUsage& usage) {
  CLI::App* verb = app.add_subcommand(
      "conform", "Hold the model against real servers, or any server against clauses");
  CLI::Option* golden =
      verb->add_option("--golden", usage.golden.golden,
                       "Instead: against recorded cases, a folder of inputs/ and cases/")
          ->type_name("DIR");
  ConformTargetOptions& of_target = usage.target;
  CLI::Option* target = verb->add_option("--target", of_target.target,
                                         "Instead: numbered statements about PSYNC, on this server")
                            ->type_name("HOST PORT")
                            ->expected(2)
                            ->excludes(golden);
  add_repeatable(verb, "--clause", of_target.clauses, "With --target: this one only, as M03")
      ->needs(target);
  verb->add_option("--junit", of_target.junit, "With --target: write the outcome there too")
      ->type_name("FILE")
      ->needs(target);
  verb->add_option("--password", of_target.password, "With --target: of the server")->needs(target);
  verb->add_flag("--allow-writes", of_target.allow_writes,
                 "With --target: also if it has data, which may be lost")
      ->needs(target);
  verb->add_option("files", usage.arms.files, "Scenario files; with --golden: names of cases, all without any")
      ->type_name("FILE");
  const auto of_arms = [&](CLI::Option* option) { return option->excludes(golden)->excludes(target); };
  of_arms(verb->add_option("--arm", usage.arms.arms, "sim,real compares; real plays on real servers alone")
              ->check(CLI::IsMember({"sim,real", "real,sim", "real"}))
              ->capture_default_str());
  of_arms(verb->add_option("--limit", usage.limit, "Most seconds that a scenario may take on real servers")
              ->type_name("S")
              ->check(CLI::PositiveNumber)
              ->capture_default_str());
  of_arms(verb->add_option("--jobs", usage.arms.jobs, "Scenarios at the same time")
              ->type_name("J")
              ->check(CLI::Range(1, 64))
              ->capture_default_str());
  CLI::Option* json = verb->add_flag("--json", usage.arms.json, "Print the outcome as one JSON document");
  of_arms(verb->add_flag("--table", usage.arms.table, "Print a Markdown table of scenarios and verdicts"))
      ->excludes(json);
  verb->add_flag("--all", usage.arms.all, "Print every difference, not only the first of each");
  return {verb, [&usage] {
            if (!usage.target.target.empty()) return conform_target(usage.target);
            if (!usage.golden.golden.empty()) {
              usage.golden.cases = usage.arms.files;
              usage.golden.all = usage.arms.all;
              usage.golden.json = usage.arms.json;
              return conform(usage.golden);
            }
            if (usage.arms.files.empty()) {
              std::cerr << kProgram << ": conform needs scenario files, --golden DIR or --target HOST PORT; see "
                        << kProgram << " conform --help\n";
              return kBadInput;
            }
            usage.arms.limit_ms = static_cast<std::int64_t>(usage.limit * 1000);
            return conform_arms(usage.arms);
          }};
}

Verb add_fuzz(CLI::App& app, FuzzOptions& options) {
  CLI::App* verb = app.add_subcommand("fuzz", "Make scenarios by chance, and find those that fail");
  verb->add_option("--runs", options.runs, "So many runs (10000); with --kill-matrix for each quirk")
      ->type_name("N");
  verb->add_option("--for", options.time, "So long: 30s, 10m, 2h; with --kill-matrix for each quirk")
      ->type_name("TIME");
  verb->add_option("--seed", options.seed, "Which campaign; equal seeds make equal runs")
      ->type_name("S")
      ->capture_default_str();
  verb->add_option("--first", options.first, "Index of the first run")->type_name("I")->capture_default_str();
  add_workers(verb, options.jobs);
  CLI::Option* out =
      verb->add_option("--out", options.out, "Write the results into this new folder")->type_name("DIR");
  verb->add_option("--resume", options.resume, "Go on with the campaign of this folder")
      ->type_name("DIR")
      ->excludes(out);
  add_quirks_of_all(verb, options.quirks);
  verb->add_option("--profile", options.profile, "Every node is of this release")->type_name("NAME");
  verb->add_option("--shrink-runs", options.shrink_runs, "Most runs to make one failure small; 0: leave it")
      ->type_name("N")
      ->capture_default_str();
  verb->add_flag("--json", options.json, "Print the summary as one JSON document on standard output");
  verb->add_flag("--quiet", options.quiet, "No progress, and the verdict alone");
  CLI::Option* matrix =
      verb->add_flag("--kill-matrix", options.kill_matrix, "Every quirk, alone, until it is found");
  verb->add_option("--baseline", options.baseline, "Fail if this stored kill matrix was better")
      ->type_name("FILE")
      ->needs(matrix);
  verb->add_option("--canary", options.canary,
                   "Plant a defect that must be noticed: nondeterminism, silent-oracle, dead-mark, crash; or a kill "
                   "while byte N of the journal is written: kill-at-N")
      ->type_name("NAME");
  return {verb, [&options] { return fuzz(options); }};
}

Verb add_shrink(CLI::App& app, ShrinkOptions& options) {
  CLI::App* verb = app.add_subcommand("shrink", "Make a failing scenario as small as it can be");
  verb->add_option("file", options.file, "A scenario file; - is standard input")->required()->type_name("FILE");
  verb->add_option("--out", options.out, "Write it there instead of to standard output")->type_name("FILE");
  add_quirks_of_all(verb, options.quirks);
  verb->add_option("--runs", options.runs, "Most runs to spend")->type_name("N")->capture_default_str();
  verb->add_flag("--json", options.json, "Print all that was found out as one JSON document");
  return {verb, [&options] { return shrink(options); }};
}

Verb add_verify(CLI::App& app, VerifyOptions& options) {
  CLI::App* verb = app.add_subcommand("verify", "The same seeds again: do they come to the same hashes?");
  verb->add_option("folder", options.folder, "A results folder of replsim fuzz; without one, runs are made twice")
      ->type_name("DIR");
  verb->add_option("--seed", options.seed, "Without a folder: which campaign")->type_name("S")->capture_default_str();
  verb->add_option("--runs", options.runs, "Without a folder: how many runs")->type_name("N")->capture_default_str();
  add_workers(verb, options.jobs);
  verb->add_flag("--all", options.all, "Every run of the folder, not only a sample");
  verb->add_flag("--json", options.json, "Print the result as one JSON document");
  return {verb, [&options] { return verify(options); }};
}

Verb add_serve(CLI::App& app, ServeVerbOptions& verb_options) {
  live::ServeOptions& options = verb_options.server;
  CLI::App* verb = app.add_subcommand("serve", "Be a server: the model on a real TCP port");
  verb->add_option("--port", options.port, "Listen there (6379); 0: a free one, which is printed")
      ->type_name("PORT");
  verb->add_option("--bind", options.bind, "Listen on this IP address; without it on loopback")
      ->type_name("IP");
  verb->add_option("--replicaof", options.replicaof, "Follow this master")
      ->type_name("HOST PORT")
      ->expected(2);
  verb->add_option("--profile", options.profile, "Be this release (replsim profiles)")->type_name("NAME");
  add_repeatable(verb, "--quirk", options.quirks, "Have this bug, see replsim quirks");
  verb->add_option("--config", options.config, "Settings, in the form of redis.conf")->type_name("FILE");
  add_repeatable(verb, "--set", options.settings, "A setting more: \"repl-diskless-sync no\"",
                 "\"NAME VALUE\"");
  verb->add_option("--dir", options.dir, "Load dump.rdb from there, and save it there")->type_name("DIR");
  verb->add_option("--record", options.record, "Write what happens there, as a trace")->type_name("FILE");
  verb->add_flag("--quiet", options.quiet, "No log");
  CLI::Option* script =
      verb->add_option("--script", verb_options.script,
                       "Instead of a server play the raw peers of this scenario, on the server of --target")
          ->type_name("FILE");
  verb->add_option("--target", verb_options.target, "With --script: the server under test")
      ->type_name("HOST PORT")
      ->expected(2)
      ->needs(script);
  verb->add_option("--password", verb_options.password, "With --script: of that server")->needs(script);
  return {verb, [&verb_options] { return serve(verb_options); }};
}

// The first argument that is no option should be a verb.
int explain_unknown_verb(const std::string& word, const std::vector<Verb>& verbs) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) names.push_back(verb.arguments->get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string meant = scenarios::nearest_word(word, known);
  std::cerr << kProgram << ": there is no verb \"" << word << "\"";
  if (!meant.empty()) std::cerr << " (did you mean \"" << meant << "\"?)";
  std::cerr << "; the verbs are";
  for (const std::string& name : names) std::cerr << ' ' << name;
  std::cerr << '\n';
  return kBadInput;
}

int explain_bad_usage(const CLI::Error& error, const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  const CLI::App& where = chosen.empty() ? app : *chosen.front();
  std::vector<std::string> known;
  for (const CLI::Option* option : where.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  std::cerr << kProgram << ": " << error.what();
  for (const std::string& extra : where.remaining()) {
    const std::string meant =
        scenarios::nearest_word(extra, std::vector<std::string_view>(known.begin(), known.end()));
    if (!meant.empty()) std::cerr << " (did you mean \"" << meant << "\"?)";
  }
  std::cerr << "; see " << kProgram << (chosen.empty() ? "" : " " + where.get_name()) << " --help\n";
  return kBadInput;
}

int run(int argc, char** argv) {
  CLI::App app("A deterministic simulator and test harness for Redis-style replication", kProgram);
  app.set_version_flag("--version", std::string(kProgram) + " " + REPLSIM_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);

  CheckOptions check_options;
  ConformUsage conform_options;
  ReplayOptions replay_options;
  DiagramOptions diagram_options;
  ListOptions quirk_options, profile_options, mark_options;
  FuzzOptions fuzz_options;
  ShrinkOptions shrink_options;
  VerifyOptions verify_options;
  ServeVerbOptions serve_options;
  TimelineVerbOptions timeline_options;
  const std::vector<Verb> verbs = {
      add_replay(app, replay_options),
      add_check(app, check_options),
      add_conform(app, conform_options),
      add_fuzz(app, fuzz_options),
      add_shrink(app, shrink_options),
      add_verify(app, verify_options),
      add_serve(app, serve_options),
      add_diagram(app, diagram_options),
      add_timeline(app, timeline_options),
      add_quirks(app, quirk_options),
      add_profiles(app, profile_options),
      add_marks(app, mark_options),
  };

  if (argc < 2) {
    std::cerr << app.help();
    return kBadInput;
  }
  const std::string first = argv[1];
  const bool known = std::any_of(verbs.begin(), verbs.end(),
                                 [&](const Verb& verb) { return verb.arguments->check_name(first); });
  if (!first.starts_with('-') && !known) return explain_unknown_verb(first, verbs);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::Error& error) {
    return explain_bad_usage(error, app);
  }
  for (const Verb& verb : verbs) {
    if (verb.arguments->parsed()) return verb.run();
  }
  return kDefect;  // a verb was required above
}

// Verbs that have something to save when they are stopped take the signal over.
void stop_at_once(int) { _exit(kInterrupted); }

}  // namespace
}  // namespace tools

int main(int argc, char** argv) {
  std::signal(SIGINT, tools::stop_at_once);
  try {
    const int code = tools::run(argc, argv);
    std::cout.flush();
    if (!std::cout) {
      std::cerr << "replsim: the output could not be written\n";
      return tools::kDefect;
    }
    return code;
  } catch (const std::exception& error) {
    std::cerr << "replsim: a defect of its own: " << error.what() << '\n';
  } catch (...) {
    std::cerr << "replsim: a defect of its own\n";
  }
  return tools::kDefect;
}
