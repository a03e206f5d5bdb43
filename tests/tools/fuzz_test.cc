// replsim fuzz, verify and shrink as a person, a script and a CI job meet them.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/support/scenario_files.h"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Ended {
  int code = -1;
  std::string out, err;
};

class Fuzz : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("replsim_fuzz_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Ended run(const std::string& arguments, const std::string& before = "") {
    const std::string err_file = (folder_ / "stderr").string();
    const std::string command = "cd " + folder_.string() + " && " + before + " \"" REPLSIM_PROGRAM "\" " +
                                arguments + " 2>" + err_file;
    Ended ended;
    std::FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> piece{};
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe))
      ended.out.append(piece.data(), count);
    const int status = pclose(pipe);
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ended.err = test_support::contents_of(err_file);
    return ended;
  }

  // Starts it, and sends the signal when the journal has some runs. Its exit code, or 128 + signal.
  int interrupted(const std::vector<std::string>& arguments, int signal) {
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(folder_.c_str()) != 0) _exit(99);
      if (std::freopen("/dev/null", "w", stdout) == nullptr || std::freopen("/dev/null", "w", stderr) == nullptr)
        _exit(99);
      std::vector<char*> argv;
      std::string program = REPLSIM_PROGRAM;
      argv.push_back(program.data());
      std::vector<std::string> copies = arguments;
      for (std::string& argument : copies) argv.push_back(argument.data());
      argv.push_back(nullptr);
      execv(program.c_str(), argv.data());
      _exit(99);
    }
    for (int i = 0; i < 600; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      std::error_code missing;
      if (fs::file_size(folder_ / "out" / "journal", missing) > 1000 && !missing) break;
    }
    kill(child, signal);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  json summary(const std::string& name = "out") {
    return json::parse(test_support::contents_of((folder_ / name / "summary.json").string()));
  }

  fs::path folder_;
};

const std::string kQuirk = " --quirk psync-ignores-history-id";

TEST_F(Fuzz, LeavesAFolderForPeopleMachinesAndCI) {
  const Ended ended = run("fuzz --runs 60 --seed 1 --jobs 2 --out out --shrink-runs 200" + kQuirk);
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_EQ(ended.out.rfind("FAIL  60 runs", 0), 0U) << ended.out;
  const json result = summary();
  EXPECT_EQ(result["runs"], 60);
  ASSERT_FALSE(result["failures"].empty());
  const json& failure = result["failures"][0];
  const fs::path place = folder_ / "out" / failure["folder"].get<std::string>();
  for (const char* file : {"README.md", "found.json", "shrunk.json", "timeline.txt", "trace.jsonl"})
    EXPECT_TRUE(fs::exists(place / file)) << place / file;
  // The command that repeats it does, and says the same.
  const Ended again = run(failure["command"].get<std::string>().substr(std::string("replsim ").size()));
  EXPECT_EQ(again.code, 1) << again.out;
  EXPECT_NE(test_support::contents_of((folder_ / "out" / "junit.xml").string()).find("<failure"),
            std::string::npos);
  EXPECT_NE(test_support::contents_of((folder_ / "out" / "summary.md").string()).find("## Failures"),
            std::string::npos);
  // Nobody overwrites it by accident.
  EXPECT_EQ(run("fuzz --runs 1 --out out").code, 2);

  // verify: the same seeds again.
  EXPECT_EQ(run("verify out --jobs 2").code, 0);
  const Ended all = run("verify out --all --json");
  EXPECT_EQ(all.code, 0) << all.out;
  EXPECT_EQ(json::parse(all.out)["summary_hash"], result["summary_hash"]);

  // shrink: what has been shrunk stays.
  const std::string shrunk = (place / "shrunk.json").string();
  const Ended twice = run("shrink --json " + shrunk);
  EXPECT_EQ(twice.code, 0) << twice.err;
  if (failure["complete"].get<bool>()) {
    EXPECT_EQ(json::parse(twice.out)["events"], failure["shrunk_events"]);
  }
}

TEST_F(Fuzz, AKillLosesNothing) {
  const std::string plan = "fuzz --seed 5 --runs 200 --shrink-runs 0 --quiet --json";
  const Ended whole = run(plan + kQuirk);
  const std::vector<std::string> arguments = {"fuzz", "--seed", "5", "--runs", "200", "--shrink-runs", "0",
                                              "--jobs", "2", "--quirk", "psync-ignores-history-id"};
  auto begin = arguments;
  begin.insert(begin.end(), {"--out", "out"});
  interrupted(begin, SIGKILL);
  auto resume = arguments;
  resume.insert(resume.end(), {"--resume", "out"});
  interrupted(resume, SIGKILL);
  const Ended end = run(plan + kQuirk + " --resume out --jobs 3");
  EXPECT_EQ(end.code, whole.code) << end.err;
  EXPECT_EQ(json::parse(end.out)["summary_hash"], json::parse(whole.out)["summary_hash"]);
  // Another plan does not go on with it.
  EXPECT_EQ(run("fuzz --seed 6 --runs 200 --resume out").code, 2);
}

// Killed while this and that byte of the journal is written, and resumed, with any number of workers.
TEST_F(Fuzz, AKillAtAnyByteLosesNothing) {
  const std::string plan = "fuzz --seed 5 --runs 150 --shrink-runs 0 --quiet --json" + kQuirk;
  const json whole = json::parse(run(plan).out);
  int at = 0;
  for (const std::string first : {"1", "300", "2500", "9000"}) {
    const std::string out = "out" + std::to_string(at++);
    const int begun = run(plan + " --jobs 2 --out " + out + " --canary kill-at-" + first).code;
    EXPECT_EQ(begun, 128 + SIGKILL) << first;
    // A second kill, farther on; the journal may have been over before.
    run(plan + " --jobs 5 --resume " + out + " --canary kill-at-14000");
    const std::string jobs = at % 3 == 0 ? "1" : at % 3 == 1 ? "2" : "5";
    const Ended end = run(plan + " --resume " + out + " --jobs " + jobs);
    ASSERT_EQ(end.code, 1) << end.err;
    json summary = json::parse(end.out);
    EXPECT_EQ(summary["summary_hash"], whole["summary_hash"]) << first;
    EXPECT_EQ(summary["cells"], whole["cells"]) << first;
    EXPECT_EQ(summary["marks"], whole["marks"]) << first;
    ASSERT_EQ(summary["failures"].size(), whole["failures"].size());
    for (std::size_t i = 0; i < summary["failures"].size(); ++i) {
      EXPECT_EQ(summary["failures"][i]["key"], whole["failures"][i]["key"]);
      EXPECT_EQ(summary["failures"][i]["count"], whole["failures"][i]["count"]);
    }
  }
}

TEST_F(Fuzz, AKillBetweenTwoFailuresFoldersLosesNone) {
  const std::string plan = "fuzz --seed 5 --runs 60 --shrink-runs 20 --quiet" + kQuirk;
  EXPECT_EQ(run(plan + " --out out --canary kill-at-0").code, 128 + SIGKILL);
  EXPECT_EQ(run(plan + " --resume out").code, 1);
  for (const json& failure : summary()["failures"])
    EXPECT_TRUE(fs::exists(folder_ / "out" / failure["folder"].get<std::string>() / "README.md"));
  EXPECT_EQ(run("verify out").code, 0);
}

// A run that ends its process is a finding like any other, and the campaign goes on.
TEST_F(Fuzz, ACrashIsAFinding) {
  const std::string plan = "fuzz --seed 5 --runs 100 --shrink-runs 50 --canary crash --json --quiet";
  const Ended two = run(plan + " --jobs 2 --out out");
  ASSERT_EQ(two.code, 1) << two.err;
  const json summary = json::parse(two.out);
  EXPECT_EQ(summary["runs"], 100);
  const json* crash = nullptr;
  for (const json& failure : summary["failures"]) {
    if (failure["oracle"] == "CRASH") crash = &failure;
  }
  ASSERT_NE(crash, nullptr) << summary["failures"];
  EXPECT_EQ((*crash)["key"], "CRASH/aborted");
  EXPECT_GT((*crash)["count"], 5);
  EXPECT_TRUE(fs::exists(folder_ / "out" / (*crash)["folder"].get<std::string>() / "found.json"));
  for (const char* jobs : {"1", "5"})
    EXPECT_EQ(json::parse(run(plan + " --jobs " + jobs).out)["summary_hash"], summary["summary_hash"]) << jobs;
}

// What a folder says about its failures is tried again as well.
TEST_F(Fuzz, VerifyReplaysTheFailures) {
  run("fuzz --runs 40 --seed 1 --out out --shrink-runs 100" + kQuirk);
  const Ended good = run("verify out --json");
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_GT(json::parse(good.out)["failures"], 0);
  const json failure = summary()["failures"][0];
  const fs::path place = folder_ / "out" / failure["folder"].get<std::string>();
  std::ofstream(place / "shrunk.json") << R"({"point": "x", "nodes": {"a": {}}, "steps": [{"sleep": "1s"}]})";
  const Ended bad = run("verify out");
  EXPECT_EQ(bad.code, 1) << bad.out;
  EXPECT_NE(bad.out.find("shrunk.json: was " + failure["key"].get<std::string>() + ", is no failure"),
            std::string::npos)
      << bad.out;
}

TEST_F(Fuzz, CtrlCLeavesAUsableState) {
  EXPECT_EQ(interrupted({"fuzz", "--seed", "5", "--for", "1h", "--out", "out"}, SIGINT), 130);
  const json stopped = summary();
  EXPECT_GT(stopped["runs"].get<std::uint64_t>(), 0U);
  const Ended more = run("fuzz --seed 5 --runs 1 --resume out --quiet");  // has them already
  EXPECT_NE(more.code, 130);
  EXPECT_GE(summary()["runs"], stopped["runs"]);
}

TEST_F(Fuzz, CanariesAreFailures) {
  EXPECT_EQ(run("fuzz --runs 0").code, 3);
  EXPECT_EQ(run("fuzz --runs 32 --canary nondeterminism").code, 4);
  EXPECT_NE(run("fuzz --runs 32 --canary silent-oracle").code, 0);
  const Ended mark = run("fuzz --runs 32 --canary dead-mark");
  EXPECT_NE(mark.code, 0);
  EXPECT_NE(mark.out.find("canary-that-nobody-reaches"), std::string::npos) << mark.out;
  EXPECT_EQ(run("fuzz --runs 1 --canary yellow").code, 2);
}

TEST_F(Fuzz, BadUsageIsExplained) {
  const Ended quirk = run("fuzz --runs 1 --quirk psync-ignores-histori-id");
  EXPECT_EQ(quirk.code, 2);
  EXPECT_NE(quirk.err.find("did you mean \"psync-ignores-history-id\"?"), std::string::npos) << quirk.err;
  EXPECT_EQ(run("fuzz --for 10").code, 2);
  EXPECT_EQ(run("fuzz --runs 1 --jobs 0").code, 2);
  EXPECT_EQ(run("fuzz --runs 1 --resume nowhere").code, 2);
  EXPECT_EQ(run("verify nowhere").code, 2);
  EXPECT_EQ(run("verify --runs 0").code, 3);
  EXPECT_EQ(run("verify --runs 20 --jobs 2").code, 0);
}

TEST_F(Fuzz, TellsGitHubWhenItRunsThere) {
  run("fuzz --runs 16 --quiet", "GITHUB_STEP_SUMMARY=step.md");
  EXPECT_EQ(test_support::contents_of((folder_ / "step.md").string()).rfind("# Campaign: ", 0), 0U);
}

TEST_F(Fuzz, ShrinkSaysWhenThereIsNothingToDo) {
  std::ofstream(folder_ / "good.json") << R"({"point": "x", "nodes": {"a": {}}, "steps": [{"sleep": "1s"}]})";
  EXPECT_EQ(run("shrink good.json").code, 3);
  EXPECT_EQ(run("shrink nowhere.json").code, 2);
}

}  // namespace
