#include "tools/live/redis_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tools/live/loopback.h"

namespace live {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "redis-server";
constexpr std::string_view kConfig = "redis.conf";
constexpr int kLogBuffer = 1 << 20;

// Never at a state that a condition can be asked for: the kernel tells nobody when a port begins to
// listen, so it is asked again after this.
constexpr auto kBetweenLooks = std::chrono::milliseconds(1);

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

RedisProcess::RedisProcess() {
  std::string pattern = (fs::temp_directory_path() / "replsim-redis-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no temporary directory: " + std::string(std::strerror(errno)));
  folder_ = pattern;
}

RedisProcess::~RedisProcess() {
  kill();
  if (log_end_ >= 0) ::close(log_end_);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void RedisProcess::start(const std::string& address, int port, const Options& options) {
  if (runs()) return;
  address_ = address;
  port_ = port;
  ended_.reset();
  Options all = {{"port", std::to_string(port)}, {"bind", address},    {"dir", folder_},
                 {"dbfilename", "dump.rdb"},     {"appendonly", "no"}, {"protected-mode", "no"}};
  all.insert(all.end(), options.begin(), options.end());
  // A file, not arguments: it takes values of several words and empty ones alike.
  std::string text;
  for (const auto& [name, value] : all)
    text += name + ' ' + (value.empty() ? "\"\"" : value) + '\n';
  write_file(std::string(kConfig), text);
  const std::string config = folder_ + "/" + std::string(kConfig);
  drain_log();
  if (log_end_ >= 0) ::close(log_end_);
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe can be had: " + std::string(std::strerror(errno)));
  log_end_ = ends[0];
  ::fcntl(log_end_, F_SETPIPE_SZ, kLogBuffer);
  ::fcntl(log_end_, F_SETFL, O_NONBLOCK);
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ != 0) {
    ::close(ends[1]);
    if (process_ > 0) return;
    throw std::runtime_error("no process can be had: " + std::string(std::strerror(errno)));
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // gone already
  ::setpgid(0, 0);                        // Ctrl-C is ours to handle
  ::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write(), see fill_disk()
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  ::dup2(ends[1], 1);
  ::dup2(ends[1], 2);
  ::close_range(3, ~0U, 0);  // what we listen on must not live on in it
  ::execlp(kProgram, kProgram, config.c_str(), static_cast<char*>(nullptr));
  constexpr std::string_view kMissing =
      "there is no redis-server on the PATH: install it (apt-get install redis-server)\n";
  const auto written = ::write(2, kMissing.data(), kMissing.size());
  ::_exit(written > 0 ? 127 : 126);
}

void RedisProcess::note_end(int status) {
  process_ = -1;
  paused_ = false;
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool RedisProcess::runs() {
  if (process_ < 0) return false;
  drain_log();
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) != process_) return true;
  note_end(status);
  return false;
}

bool RedisProcess::listens() {
  if (!runs()) return false;
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = socket_address(address_, port_);
  const bool yes = ::connect(probe, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  ::close(probe);
  return yes;
}

bool RedisProcess::wait_until_it_listens(int most_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(most_ms);
  while (runs() && std::chrono::steady_clock::now() < end) {
    if (listens()) return true;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return false;
}

void RedisProcess::kill() {
  if (!runs()) return;
  const std::vector<pid_t> jobs = children();
  ::kill(process_, SIGKILL);
  for (const pid_t job : jobs) ::kill(job, SIGKILL);  // they would write on into a folder that goes
  int status = 0;
  if (::waitpid(process_, &status, 0) == process_) note_end(status);
  ended_.reset();
}

void RedisProcess::terminate() {
  if (runs()) ::kill(process_, SIGTERM);
}

void RedisProcess::pause() {
  if (!runs() || paused_) return;
  ::kill(process_, SIGSTOP);
  int status = 0;
  const pid_t stopped = ::waitpid(process_, &status, WUNTRACED);
  if (stopped != process_) return;
  if (WIFSTOPPED(status))
    paused_ = true;
  else
    note_end(status);
}

void RedisProcess::resume() {
  if (!runs() || !paused_) return;
  ::kill(process_, SIGCONT);
  paused_ = false;
}

void RedisProcess::fill_disk(bool full) {
  if (!runs()) return;
  rlimit limit{};
  if (::prlimit(process_, RLIMIT_FSIZE, nullptr, &limit) != 0) return;
  limit.rlim_cur = full ? 0 : limit.rlim_max;
  ::prlimit(process_, RLIMIT_FSIZE, &limit, nullptr);
}

std::vector<pid_t> RedisProcess::children() const {
  std::vector<pid_t> found;
  if (process_ < 0) return found;
  const std::string id = std::to_string(process_);
  std::ifstream in("/proc/" + id + "/task/" + id + "/children");
  for (pid_t child = 0; in >> child;) found.push_back(child);
  return found;
}

void RedisProcess::kill_children() {
  for (const pid_t child : children()) ::kill(child, SIGKILL);
}

void RedisProcess::write_file(const std::string& name, const std::string& bytes) const {
  std::ofstream(folder_ + "/" + name, std::ios::binary) << bytes;
}

std::string RedisProcess::read_file(const std::string& name) const {
  return contents(folder_ + "/" + name);
}

void RedisProcess::forget_files() const {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    std::error_code ignored;
    fs::remove_all(entry.path(), ignored);
  }
}

void RedisProcess::drain_log() {
  if (log_end_ < 0) return;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto got = ::read(log_end_, buffer.data(), buffer.size());
    if (got <= 0) return;
    log_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

const std::string& RedisProcess::log() {
  drain_log();
  return log_;
}

std::size_t RedisProcess::logged(const std::string& text) {
  std::istringstream in(log());
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line);)
    lines += line.find(text) != std::string::npos ? 1 : 0;
  return lines;
}

}  // namespace live
