// A redis-server process of ours: on an address of the loopback device, in a directory of its own
// that goes with it. It can be killed, stopped in good order, made to stand still and started again
// with the files it left.
//
// Whatever becomes of us, the process ends: the kernel kills it when the thread that started it is
// gone (so start and destroy it on one thread). No other process is ever touched: signals go to ids
// that we were given by fork() and have not waited for yet.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace live {

class RedisProcess {
 public:
  using Options = std::vector<std::pair<std::string, std::string>>;  // redis.conf name, value

  // A directory of its own under the system's temporary one. Nothing runs yet. Throws
  // std::runtime_error, in a sentence, when that cannot be had.
  RedisProcess();
  ~RedisProcess();
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  // Starts the program. Later options replace earlier ones of the same name. It does not listen
  // yet: see answers(). Throws std::runtime_error when no process can be had.
  void start(const std::string& address, int port, const Options& options);

  bool runs();     // looks whether it has ended meanwhile
  bool listens();  // whether a connection to it can be made now
  const std::string& address() const { return address_; }
  int port() const { return port_; }
  pid_t id() const { return process_; }
  // How its last life ended, if by itself: its exit status, or minus the signal.
  std::optional<int> ended() const { return ended_; }

  void kill();       // SIGKILL, and waits until it is gone
  void terminate();  // SIGTERM
  void pause();      // SIGSTOP, and waits until it stands still
  void resume();     // SIGCONT
  bool paused() const { return paused_; }
  // From now on it can (not) write to files: writes fail as on a full disk.
  void fill_disk(bool full);
  // Processes that it has forked and that still run: jobs that save.
  std::vector<pid_t> children() const;
  void kill_children();

  // Waits until it listens, at most so many milliseconds. False: it ended, or time is over.
  bool wait_until_it_listens(int most_ms);

  const std::string& folder() const { return folder_; }
  void write_file(const std::string& name, const std::string& bytes) const;
  std::string read_file(const std::string& name) const;
  void forget_files() const;
  // What it has logged in all its lives.
  const std::string& log();
  // Lines of the log that have this in them.
  std::size_t logged(const std::string& text);

 private:
  void drain_log();
  void note_end(int status);

  std::string folder_, address_;
  int port_ = 0;
  pid_t process_ = -1;
  int log_end_ = -1;  // a pipe: a disk that is full must not silence it
  std::string log_;
  bool paused_ = false;
  std::optional<int> ended_;
};

}  // namespace live
