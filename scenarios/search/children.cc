#include "scenarios/search/children.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <utility>

namespace scenarios {

// A child, and what its parent knows about it.
struct Children::Child {
  pid_t process = -1;
  int to = -1, from = -1;
  Pulse* pulse = nullptr;
  std::optional<std::uint64_t> number;  // of the request that it is at
  std::string read;
  bool endless = false;
  // When its pulse was last seen to have moved on: where it was, and its processor time.
  std::uint64_t seen_item = 0, seen_beats = 0;
  std::chrono::nanoseconds seen_at{0};
};

namespace {

using Clock = std::chrono::steady_clock;

Pulse own_pulse;
Pulse* current_pulse = &own_pulse;

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

// --- messages: eight bytes of length, the lowest first, then so many bytes ----------------------------

constexpr std::size_t kHead = 8;

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_message(int file, std::string_view text) {
  std::string message;
  for (std::size_t i = 0; i < kHead; ++i)
    message += static_cast<char>(text.size() >> (8 * i) & 0xff);
  message += text;
  return write_all(file, message);
}

std::size_t length_of(std::string_view head) {
  std::size_t length = 0;
  for (std::size_t i = kHead; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(head[i]);
  return length;
}

bool read_exactly(int file, std::string& text, std::size_t size) {
  text.resize(size);
  for (std::size_t got = 0; got < size;) {
    const ssize_t count = ::read(file, text.data() + got, size - got);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    got += static_cast<std::size_t>(count);
  }
  return true;
}

// --- in the child -------------------------------------------------------------------------------------

constexpr char kReplied = 'r', kThrew = 't';

// Memory that grows without end is to be an exception here, and not the end of other processes. Sanitizers
// reserve more addresses than that for themselves.
void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return;
#endif
#endif
  constexpr rlim_t kMost = rlim_t{3} << 30;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, kMost);
  setrlimit(RLIMIT_AS, &limit);
#endif
}

// Nothing of the parent's but both pipes: its locks on files are not to outlive it.
void close_all_but(int one, int other) {
  const int low = std::min(one, other), high = std::max(one, other);
  const auto close_between = [](int first, int last) {
    if (first <= last) close_range(static_cast<unsigned>(first), static_cast<unsigned>(last), 0);
  };
  close_between(STDERR_FILENO + 1, low - 1);
  close_between(low + 1, high - 1);
  close_range(static_cast<unsigned>(high) + 1, ~0U, 0);
}

[[noreturn]] void serve(const Children::Handler& handler, int requests, int replies) {
  std::string head, request;
  while (read_exactly(requests, head, kHead) && read_exactly(requests, request, length_of(head))) {
    std::string reply;
    try {
      reply = kReplied + handler(request);
    } catch (const std::exception& error) {
      reply = kThrew + std::string(error.what());
    }
    if (!write_message(replies, reply)) break;
  }
  _exit(0);
}

// --- in the parent ------------------------------------------------------------------------------------

std::chrono::nanoseconds processor_time(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0)
    return std::chrono::nanoseconds(0);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Death death_of(int status) {
  if (!WIFSIGNALED(status)) return {"ended", "the end of the process", 0, 0};
  switch (WTERMSIG(status)) {
    case SIGABRT: return {"aborted", "an abort: an assertion was broken, or nobody caught an exception (SIGABRT)", 0, 0};
    case SIGSEGV: return {"bad-access", "a bad access to memory, or calls without end (SIGSEGV)", 0, 0};
    case SIGBUS: return {"bad-access", "a bad access to memory (SIGBUS)", 0, 0};
    case SIGFPE: return {"bad-arithmetic", "a division by zero or the like (SIGFPE)", 0, 0};
    case SIGILL: return {"bad-instruction", "a bad instruction (SIGILL)", 0, 0};
    case SIGTRAP: return {"bad-instruction", "a trap (SIGTRAP)", 0, 0};
    case SIGKILL: return {"killed", "a kill from outside, as for lack of memory (SIGKILL)", 0, 0};
    default: return {"killed", "a signal from outside", 0, 0};
  }
}

}  // namespace

Pulse& pulse() { return *current_pulse; }

Children::Children(unsigned count, Handler handler, std::chrono::milliseconds longest_event)
    : handler_(std::move(handler)), longest_event_(longest_event) {
  count = std::max(1U, count);
  void* const shared = mmap(nullptr, count * sizeof(Pulse), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("no shared memory");
  pulses_ = static_cast<Pulse*>(shared);
  children_.resize(count);
  for (unsigned i = 0; i < count; ++i) children_[i].pulse = new (pulses_ + i) Pulse;
}

Children::~Children() {
  for (Child& child : children_) end(child);
  munmap(pulses_, children_.size() * sizeof(Pulse));
}

void Children::fork(Child& child) {
  int requests[2], replies[2];
  if (pipe2(requests, O_CLOEXEC) != 0 || pipe2(replies, O_CLOEXEC) != 0) fail("no pipe");
  const pid_t parent = getpid();
  const pid_t process = ::fork();
  if (process < 0) fail("no process");
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    signal(SIGINT, SIG_IGN);  // the parent's to answer
    for (const int other : {SIGTERM, SIGPIPE, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) signal(other, SIG_DFL);
    close_all_but(requests[0], replies[1]);
    limit_memory();
    current_pulse = child.pulse;
    serve(handler_, requests[0], replies[1]);
  }
  ::close(requests[0]);
  ::close(replies[1]);
  child.process = process;
  child.to = requests[1];
  child.from = replies[0];
  child.read.clear();
  child.endless = false;
}

void Children::end(Child& child) {
  if (child.process < 0) return;
  kill(child.process, SIGKILL);
  ::close(child.to);
  ::close(child.from);
  while (waitpid(child.process, nullptr, 0) < 0 && errno == EINTR) {
  }
  child.process = -1;
}

bool Children::has_room() const {
  return std::any_of(children_.begin(), children_.end(), [](const Child& c) { return !c.number; });
}

bool Children::busy() const {
  return std::any_of(children_.begin(), children_.end(), [](const Child& c) { return c.number.has_value(); });
}

void Children::start(std::uint64_t number, const std::string& request) {
  // One that is yet to be born first: who died is followed by a fresh one.
  auto free = std::find_if(children_.begin(), children_.end(), [](const Child& c) { return c.process < 0; });
  if (free == children_.end())
    free = std::find_if(children_.begin(), children_.end(), [](const Child& c) { return !c.number; });
  Child& child = *free;
  child.number = number;
  child.seen_item = child.seen_beats = 0;
  child.pulse->item = 0;
  child.pulse->beats = 0;
  // One that was killed while it had nothing to do takes no request; a fresh one does.
  constexpr int kAttempts = 2;
  for (int i = 0; i < kAttempts; ++i) {
    if (child.process < 0) fork(child);
    child.seen_at = processor_time(child.process);
    struct sigaction quiet {};
    struct sigaction before {};
    quiet.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &quiet, &before);
    const bool written = write_message(child.to, request);
    sigaction(SIGPIPE, &before, nullptr);
    if (written) return;
    if (i + 1 < kAttempts) end(child);
  }
}

// Ends one whose event has taken too much time; it is read as dead then.
void Children::watch(Child& child) {
  const std::uint64_t item = child.pulse->item, beats = child.pulse->beats;
  const std::chrono::nanoseconds now = processor_time(child.process);
  if (item != child.seen_item || beats != child.seen_beats) {
    child.seen_item = item;
    child.seen_beats = beats;
    child.seen_at = now;
  } else if (now - child.seen_at > longest_event_ && !child.endless) {
    child.endless = true;
    kill(child.process, SIGKILL);
  }
}

std::optional<Answer> Children::read_from(Child& child) {
  constexpr std::size_t kAtOnce = 65536;
  const std::size_t before = child.read.size();
  child.read.resize(before + kAtOnce);
  ssize_t count = -1;
  do count = ::read(child.from, child.read.data() + before, kAtOnce);
  while (count < 0 && errno == EINTR);
  child.read.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  Answer answer;
  answer.number = *child.number;
  if (count <= 0) {
    int status = 0;
    while (waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
    }
    answer.death = child.endless
                       ? Death{"endless", "an event that does not come to an end", 0, 0}
                       : death_of(status);
    answer.death->item = child.pulse->item;
    answer.death->beats = child.pulse->beats;
    ::close(child.to);
    ::close(child.from);
    child.process = -1;
    child.number.reset();
    return answer;
  }
  if (child.read.size() < kHead || child.read.size() < kHead + length_of(child.read)) return std::nullopt;
  child.number.reset();
  answer.reply = child.read.substr(kHead + 1);
  const bool threw = child.read[kHead] == kThrew;
  child.read.clear();
  if (threw) throw std::runtime_error(answer.reply);
  return answer;
}

std::vector<Answer> Children::wait(std::chrono::milliseconds longest) {
  constexpr std::chrono::milliseconds kTick{100};
  std::vector<Answer> answers;
  const auto until = Clock::now() + longest;
  while (busy() && answers.empty()) {
    std::vector<pollfd> files;
    std::vector<Child*> whose;
    for (Child& child : children_) {
      if (!child.number) continue;
      files.push_back({child.from, POLLIN, 0});
      whose.push_back(&child);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    const auto tick = std::clamp(left, std::chrono::milliseconds(0), std::min(kTick, longest_event_));
    const int ready = poll(files.data(), static_cast<nfds_t>(files.size()), static_cast<int>(tick.count()));
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (ready > 0 && files[i].revents != 0) {
        if (auto answer = read_from(*whose[i])) answers.push_back(std::move(*answer));
      } else {
        watch(*whose[i]);
      }
    }
    if (Clock::now() >= until) break;
  }
  return answers;
}

Answer Children::ask(const std::string& request) {
  start(0, request);
  for (;;) {
    for (Answer& answer : wait(std::chrono::seconds(1))) return std::move(answer);
  }
}

void in_children(unsigned workers, std::size_t count, const std::function<std::string(std::size_t)>& work,
                 const std::function<void(std::size_t, const Answer&)>& done, const std::atomic<bool>* stop) {
  if (count == 0) return;
  Children children(std::min(std::max(1U, workers), static_cast<unsigned>(std::min<std::size_t>(count, 1024))),
                    [&](std::string_view which) { return work(std::stoul(std::string(which))); });
  for (std::size_t next = 0; next < count || children.busy();) {
    if (stop != nullptr && *stop) return;
    for (; next < count && children.has_room(); ++next) children.start(next, std::to_string(next));
    for (const Answer& answer : children.wait(std::chrono::milliseconds(100)))
      done(static_cast<std::size_t>(answer.number), answer);
  }
}

}  // namespace scenarios
