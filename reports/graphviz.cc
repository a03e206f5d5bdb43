#include "reports/graphviz.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

extern char** environ;

namespace reports {
namespace {

using Kind = RenderError::Kind;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

std::string first_line(std::FILE* file) {
  std::rewind(file);
  std::string line(400, '\0');
  line.resize(std::fread(line.data(), 1, line.size(), file));
  return line.substr(0, line.find('\n'));
}

// Runs the program on `input` and waits. All three streams are files, so nobody can block.
struct Ended {
  int spawn_error = 0;  // an errno, if it could not even start
  int status = 0;       // as waitpid() has it
};
Ended run(const std::string& program, const char* format, std::FILE* input, int output,
          std::FILE* errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(input), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors), STDERR_FILENO);
  std::string name = program;
  std::string flag = std::string("-T") + format;
  char* arguments[] = {name.data(), flag.data(), nullptr};
  pid_t child = 0;
  Ended ended;
  ended.spawn_error = posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (ended.spawn_error == 0) {
    while (waitpid(child, &ended.status, 0) < 0 && errno == EINTR) {
    }
  }
  return ended;
}

}  // namespace

std::optional<RenderError> render_with(const std::string& program, std::string_view dot,
                                       ImageFormat format, const std::string& path) {
  const File input(std::tmpfile());
  const File errors(std::tmpfile());
  if (!input || !errors || std::fwrite(dot.data(), 1, dot.size(), input.get()) != dot.size() ||
      std::fflush(input.get()) != 0) {
    return RenderError{Kind::cannot_write, fmt::format("no temporary file: {}", std::strerror(errno))};
  }
  std::rewind(input.get());

  // A picture appears under its name only when it is whole.
  const bool to_stdout = path == "-";
  const std::string unfinished = path + ".unfinished";
  File output;
  if (to_stdout) {
    std::fflush(stdout);
  } else {
    output.reset(std::fopen(unfinished.c_str(), "wb"));
    if (!output) {
      return RenderError{Kind::cannot_write,
                         fmt::format("cannot write {}: {}", path, std::strerror(errno))};
    }
  }

  const Ended ended = run(program, format == ImageFormat::svg ? "svg" : "png", input.get(),
                          to_stdout ? STDOUT_FILENO : fileno(output.get()), errors.get());
  std::optional<RenderError> error;
  // 127 is what a spawn without a usable errno leaves behind.
  if (ended.spawn_error != 0 || (WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 127)) {
    error = {Kind::no_program,
             fmt::format("cannot run {}: {}; Debian has it in the package graphviz", program,
                         std::strerror(ended.spawn_error != 0 ? ended.spawn_error : ENOENT))};
  } else if (!WIFEXITED(ended.status) || WEXITSTATUS(ended.status) != 0) {
    error = {Kind::failed, fmt::format("{} could not draw: {}", program, first_line(errors.get()))};
  } else if (!to_stdout && std::rename(unfinished.c_str(), path.c_str()) != 0) {
    error = {Kind::cannot_write, fmt::format("cannot write {}: {}", path, std::strerror(errno))};
  }
  if (error && !to_stdout) std::remove(unfinished.c_str());
  return error;
}

std::optional<RenderError> render(std::string_view dot, ImageFormat format, const std::string& path) {
  return render_with("dot", dot, format, path);
}

}  // namespace reports
