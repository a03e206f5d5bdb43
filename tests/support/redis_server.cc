#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace test_support {
namespace {

constexpr std::string_view kFile = "dump.rdb", kLog = "log";

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// One that was free a moment ago.
int free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(probe);
  return bound ? ntohs(address.sin_port) : 0;
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

RedisServer::RedisServer(const std::string& file, std::vector<std::string> options) {
  std::string pattern = (std::filesystem::temp_directory_path() / "replsim-redis-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) give_up("no temporary directory");
  folder_ = pattern;
  if (!file.empty()) std::ofstream(folder_ + "/" + std::string(kFile), std::ios::binary) << file;
  start(options);
  wait_until_ready();
}

RedisServer::~RedisServer() {
  stop();
}

void RedisServer::stop() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
  }
  if (folder_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RedisServer::give_up(const std::string& why) {
  const std::string logged = log();
  stop();
  throw std::runtime_error(why + (logged.empty() ? "" : "\nredis-server said:\n" + logged));
}

std::string RedisServer::log() const {
  return folder_.empty() ? "" : contents(folder_ + "/" + std::string(kLog));
}

void RedisServer::start(const std::vector<std::string>& options) {
  port_ = free_port();
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    std::to_string(port_),
                                    "--bind",
                                    "127.0.0.1",
                                    "--dir",
                                    folder_,
                                    "--dbfilename",
                                    std::string(kFile),
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--enable-debug-command",
                                    "yes"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string log_path = folder_ + "/" + std::string(kLog);
  process_ = ::fork();
  if (process_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no server behind
  const int out = ::open(log_path.c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::execvp(argv[0], argv.data());
  constexpr std::string_view kMissing =
      "there is no redis-server on the PATH: install it (apt-get install redis-server), these "
      "tests "
      "compare with it\n";
  const auto ignored = ::write(2, kMissing.data(), kMissing.size());
  ::_exit(ignored > 0 ? 127 : 126);
}

bool RedisServer::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port_);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return true;
  ::close(std::exchange(socket_, -1));
  return false;
}

void RedisServer::wait_until_ready() {
  constexpr auto kPatience = std::chrono::seconds(30);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      give_up("redis-server ended at once");
    }
    if (socket_ >= 0 || connect()) {
      if (command({"PING"}).text == "PONG") return;  // else it is still loading
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  give_up("redis-server did not answer within 30 s");
}

model::Reply RedisServer::command(const std::vector<std::string>& argv) {
  std::string bytes;
  model::append_request(bytes, argv);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) give_up("redis-server hung up while " + argv.front() + " was sent");
    at += static_cast<std::size_t>(sent);
  }
  model::Reply reply;
  while (replies_.next(reply) != model::ReplyParser::Got::reply) {
    std::array<char, 65536> buffer{};
    const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got <= 0) give_up("redis-server hung up instead of answering " + argv.front());
    replies_.feed({buffer.data(), static_cast<std::size_t>(got)});
  }
  return reply;
}

std::string RedisServer::saved() {
  const model::Reply reply = command({"SAVE"});
  if (reply.text != "OK") give_up("SAVE: " + reply.text);
  return contents(folder_ + "/" + std::string(kFile));
}

}  // namespace test_support
