// replsim check and the command line around it, as a person meets them: what is printed where, and the
// exit code.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/scenario_files.h"

namespace {

namespace fs = std::filesystem;

struct Ended {
  int code = -1;
  std::string out, err;
};

class Shell : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("replsim_check_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    write("good.json", R"({"point": "x", "nodes": {"a": {}}, "steps": [{"sleep": "1s"}]})");
    write("typo.json", "{\n  \"point\": \"x\",\n  \"nodes\": {\"a\": {\"replica_of\": \"a\"}}\n}\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  // `replsim` stands for the program; runs in the folder of the files.
  Ended run(const std::string& line) {
    const std::string err_file = (folder_ / "stderr").string();
    const std::string command = "cd " + folder_.string() +
                                " && replsim() { \"" REPLSIM_PROGRAM "\" \"$@\"; }; { " + line + "; } 2>" +
                                err_file;
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

  fs::path folder_;
};

using Check = Shell;
using CommandLine = Shell;

TEST_F(Check, SaysThatAFileIsGood) {
  const Ended ended = run("replsim check good.json");
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out, "good.json: good, 1 node and 1 step\n");
  EXPECT_EQ(ended.err, "");
}

TEST_F(Check, PointsAtErrorsAndReadsAllFiles) {
  const Ended ended = run("replsim check typo.json good.json missing.json .");
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.out, "good.json: good, 1 node and 1 step\n");
  EXPECT_EQ(
      ended.err,
      "typo.json:3:19: /nodes/a/replica_of: expected a field of a node, found \"replica_of\" (did you mean "
      "\"replicaof\"?)\n"
      "missing.json: there is no such file\n"
      ".: is a directory; a scenario is a file\n");
}

TEST_F(Check, ReadsStandardInput) {
  EXPECT_EQ(run("replsim check - < good.json").out, "<stdin>: good, 1 node and 1 step\n");
  const Ended ended = run("printf '{' | replsim check -");
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.err, "<stdin>:1:2: the file ends too early: '{' of line 1, column 1 is not closed\n");
}

TEST_F(Check, GivesErrorsAsData) {
  const Ended ended = run("replsim check --json typo.json good.json");
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.err, "");
  const auto report = nlohmann::json::parse(ended.out);
  ASSERT_EQ(report["files"].size(), 2U);
  EXPECT_EQ(report["files"][0]["good"], false);
  const auto& error = report["files"][0]["errors"].at(0);
  EXPECT_EQ(error["line"], 3);
  EXPECT_EQ(error["column"], 19);
  EXPECT_EQ(error["pointer"], "/nodes/a/replica_of");
  EXPECT_EQ(error["nearest"], "replicaof");
  EXPECT_EQ(report["files"][1]["good"], true);
  EXPECT_EQ(report["files"][1]["errors"].size(), 0U);
}

TEST_F(Check, SurvivesHugeAndEndlessFiles) {
  const Ended endless = run("replsim check /dev/zero");
  EXPECT_EQ(endless.code, 2);
  EXPECT_EQ(endless.err, "/dev/zero:1:1: the file is larger than 16777216 bytes, which no scenario is\n");
  EXPECT_EQ(run("replsim check /dev/null").err, "/dev/null:1:1: the file is empty\n");
}

TEST_F(Check, NoticesThatItsOutputIsLost) { EXPECT_EQ(run("replsim check good.json > /dev/full").code, 4); }

TEST_F(CommandLine, BadUsageIsExplained) {
  const Ended typo = run("replsim chekc good.json");
  EXPECT_EQ(typo.code, 2);
  EXPECT_NE(typo.err.find("there is no verb \"chekc\" (did you mean \"check\"?)"), std::string::npos)
      << typo.err;
  const Ended option = run("replsim check --jsno good.json");
  EXPECT_EQ(option.code, 2);
  EXPECT_NE(option.err.find("--jsno (did you mean \"--json\"?)"), std::string::npos) << option.err;
  EXPECT_EQ(run("replsim check").code, 2);
  const Ended nothing = run("replsim");
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.err.find("check"), std::string::npos);
}

TEST_F(CommandLine, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(run("replsim --help").code, 0);
  EXPECT_EQ(run("replsim check --help").code, 0);
  const Ended version = run("replsim --version");
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out.find("replsim "), 0U);
}

TEST_F(CommandLine, AnInterruptEndsItWith130) {
  // A program that a shell starts in the background ignores the interrupt, unless it asks for it.
  EXPECT_EQ(run("mkfifo pipe; sleep 5 > pipe & timeout --preserve-status -s INT 0.5 \"" REPLSIM_PROGRAM
                "\" check pipe")
                .code,
            130);
}

}  // namespace
