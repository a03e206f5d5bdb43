#include "tools/timeline.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <variant>
#include <vector>

#include "reports/summary.h"
#include "sim/trace.h"
#include "tools/verbs.h"

namespace tools {

int timeline(const TimelineVerbOptions& options) {
  std::ifstream file(options.trace);
  if (!file) {
    std::cerr << options.trace << ": cannot be read\n";
    return kBadInput;
  }
  const auto trace = sim::read_trace(file);
  if (const auto* const error = std::get_if<sim::TraceError>(&trace)) {
    std::cerr << options.trace << ":" << error->line << ": " << error->problem << '\n';
    return kBadInput;
  }
  reports::TimelineOptions how;
  if (isatty(STDOUT_FILENO) != 0) {
    const char* const no_color = std::getenv("NO_COLOR");
    how.color = no_color == nullptr || *no_color == '\0';
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) how.width = size.ws_col;
  }
  reports::print_timeline(std::cout, std::get<std::vector<sim::Record>>(trace), how);
  return kPass;
}

}  // namespace tools
