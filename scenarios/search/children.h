// Work that is done in child processes, so that what it does to its process - a broken assertion, a bad
// access, a loop without end - ends that process alone, and says so.
//
//      Children children(2, [](std::string_view request) { return reply; });
//      while (children.has_room()) children.start(number, request);
//      for (Answer& answer : children.wait(tick)) ...          // a reply, or a death
//
// A child serves requests one after the other until its parent is gone; one that dies is replaced by a
// fresh one. The caller has no threads: each child begins as a copy of a process at rest.
//
// Whether something goes on for ever is not decided by the clock on the wall: a run counts its events, and
// has a most of them (campaign.h). Only one event that does not come to an end by itself is ended, when it
// has taken three seconds of its processor's own time, which is a hundred thousand times what an event takes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scenarios {

// What a child is at, in memory that outlives it.
struct Pulse {
  std::atomic<std::uint64_t> item{0};   // of a request, which
  std::atomic<std::uint64_t> beats{0};  // how far in it; here: events of a run
};
// The pulse of this process: its parent's to read in a child, and nobody's elsewhere.
Pulse& pulse();

// How a child ended, in words that are the same on every machine.
struct Death {
  std::string clause;  // "bad-access"
  std::string words;   // "a bad access to memory (SIGSEGV)"
  std::uint64_t item = 0, beats = 0;
};

struct Answer {
  std::uint64_t number = 0;  // of the request
  std::string reply;
  std::optional<Death> death;  // then there is no reply
};

class Children {
 public:
  using Handler = std::function<std::string(std::string_view request)>;
  static constexpr std::chrono::milliseconds kLongestEvent{3'000};  // of processor time

  Children(unsigned count, Handler handler, std::chrono::milliseconds longest_event = kLongestEvent);
  ~Children();  // ends them all
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  bool has_room() const;
  bool busy() const;
  void start(std::uint64_t number, const std::string& request);
  // As soon as there is one, or none after `longest`. An exception of the handler is thrown here again, as
  // a std::runtime_error.
  std::vector<Answer> wait(std::chrono::milliseconds longest);
  // One request of a single child, until it is answered.
  Answer ask(const std::string& request);

 private:
  struct Child;
  void fork(Child& child);
  void end(Child& child);
  std::optional<Answer> read_from(Child& child);
  void watch(Child& child);

  Handler handler_;
  std::chrono::milliseconds longest_event_;
  Pulse* pulses_ = nullptr;  // shared with the children, one each
  std::vector<Child> children_;
};

// work(0), work(1), ... work(count - 1), each once, in child processes. `done` is told of each. Ends soon when
// `stop` is set.
void in_children(unsigned workers, std::size_t count, const std::function<std::string(std::size_t)>& work,
                 const std::function<void(std::size_t, const Answer&)>& done,
                 const std::atomic<bool>* stop = nullptr);

}  // namespace scenarios
