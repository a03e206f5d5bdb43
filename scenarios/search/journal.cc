#include "scenarios/search/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "sim/digest.h"

namespace scenarios {
namespace {

constexpr std::size_t kDigits = 16;
constexpr std::size_t kLargeFile = 16'000'000;

std::string line_of(std::string_view state) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::uint64_t digest = sim::digest(state);
  std::string line(kDigits, '0');
  for (std::size_t i = kDigits; i-- > 0; digest >>= 4) line[i] = kHex[digest & 15];
  line += ' ';
  line += state;
  line += '\n';
  return line;
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string because() { return std::strerror(errno); }

}  // namespace

JournalText read_journal(std::string_view text) {
  JournalText read;
  while (read.whole < text.size()) {
    const std::size_t end = text.find('\n', read.whole);
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(read.whole, end + 1 - read.whole);
    if (line.size() < kDigits + 2) break;
    const std::string_view state = line.substr(kDigits + 1, line.size() - kDigits - 2);
    if (line_of(state) != line) break;
    (read.plan ? read.last : read.plan) = std::string(state);
    read.whole = end + 1;
  }
  return read;
}

std::variant<Journal, Journal::Problem> Journal::begin(const std::string& path,
                                                       const std::string& plan) {
  return open(path, plan, false);
}
std::variant<Journal, Journal::Problem> Journal::resume(const std::string& path,
                                                        const std::string& plan) {
  return open(path, plan, true);
}

std::variant<Journal, Journal::Problem> Journal::open(const std::string& path,
                                                      const std::string& plan, bool may_exist) {
  std::error_code ignored;
  const bool there = std::filesystem::exists(path, ignored);
  if (there && !may_exist)
    return Problem{path + " is there already: resume that campaign, or name another folder"};
  if (!there && may_exist) return Problem{path + " is not there: this is no folder of a campaign"};
  Journal journal;
  journal.path_ = path;
  journal.plan_ = plan;
  constexpr mode_t kMode = 0644;
  journal.file_ = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, kMode);
  if (journal.file_ < 0) return Problem{path + " cannot be written: " + because()};
  if (flock(journal.file_, LOCK_EX | LOCK_NB) != 0)
    return Problem{path + " is in use: another campaign writes there"};

  JournalText read = read_journal(contents(path));
  if (read.plan && *read.plan != plan) {
    return Problem{path + " is of another campaign: it began with " + *read.plan +
                   ", and this one would with " + plan};
  }
  // A torn tail would run into the next line.
  if (ftruncate(journal.file_, static_cast<off_t>(read.whole)) != 0)
    return Problem{path + " cannot be written: " + because()};
  journal.size_ = read.whole;
  journal.last_ = std::move(read.last);
  if (!read.plan && !journal.append(line_of(plan)))
    return Problem{path + " cannot be written: " + because()};
  return journal;
}

Journal::Journal(Journal&& other) noexcept { *this = std::move(other); }

Journal& Journal::operator=(Journal&& other) noexcept {
  path_ = std::move(other.path_);
  plan_ = std::move(other.plan_);
  std::swap(file_, other.file_);
  size_ = other.size_;
  last_ = std::move(other.last_);
  return *this;
}

Journal::~Journal() {
  if (file_ >= 0) ::close(file_);
}

bool Journal::append(std::string_view text) {
  while (!text.empty()) {
    const std::size_t most = die_at_ ? std::max(*die_at_, size_) - size_ : text.size();
    if (most == 0) raise(SIGKILL);
    const ssize_t written = ::write(file_, text.data(), std::min(text.size(), most));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    size_ += static_cast<std::size_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool Journal::write(std::string_view state) {
  if (!append(line_of(state))) return false;
  last_ = std::string(state);
  return size_ < kLargeFile || compact();
}

bool Journal::compact() {
  const std::string fresh = path_ + ".new";
  constexpr mode_t kMode = 0644;
  const int file = ::open(fresh.c_str(), O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, kMode);
  if (file < 0) return false;
  Journal next;
  next.path_ = path_;
  next.plan_ = plan_;
  next.file_ = file;
  const bool good = flock(file, LOCK_EX | LOCK_NB) == 0 && next.append(line_of(plan_)) &&
                    next.append(line_of(*last_)) && fsync(file) == 0 &&
                    std::rename(fresh.c_str(), path_.c_str()) == 0;
  if (!good) return false;
  next.last_ = std::move(last_);
  *this = std::move(next);
  return true;
}

}  // namespace scenarios
