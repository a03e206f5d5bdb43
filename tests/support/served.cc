#include "tests/support/served.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace test_support {
namespace {

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Served::Served(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "replsim-serve-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  folder_ = pattern;
  start();
}

Served::~Served() {
  client_.reset();
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Served::start() {
  const std::string out_path = folder_ + "/out", log_path = folder_ + "/log";
  std::error_code ignored;
  std::filesystem::remove(out_path, ignored);
  std::vector<std::string> words = {REPLSIM_PROGRAM, "serve", "--port", std::to_string(port_),
                                    "--dir", folder_, "--set", "enable-debug-command yes",
                                    "--set", "repl-diskless-sync-delay 0"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no server behind
    ::dup2(::open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    ::dup2(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  const bool ready = eventually([&] {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      return true;
    }
    return contents(out_path).find('\n') != std::string::npos;
  });
  const std::string line = contents(out_path);
  if (process_ < 0 || !ready || !line.starts_with("ready: listens on 127.0.0.1:"))
    throw std::runtime_error("replsim serve did not come up:\n" + line + log());
  port_ = std::stoi(line.substr(line.rfind(':') + 1));
  client_ = std::make_unique<LiveClient>(port_);
}

void Served::signal(int number) { ::kill(process_, number); }

int Served::wait() {
  int status = 0;
  const bool over = eventually([&] { return ::waitpid(process_, &status, WNOHANG) == process_; });
  if (!over) return 1000;
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void Served::start_again() { start(); }

std::string Served::log() const { return contents(folder_ + "/log"); }

}  // namespace test_support
